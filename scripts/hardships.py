"""Treat commands badly, and see whether anything is lost or ends without words.

    disk      files that may not grow beyond a random size, as on a full disk
    folders   folders, files and caches that may not be written or read
    streams   standard output and error closed, full, gone or in ASCII
    signals   SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU at random moments, some twice
    pairs     two commands at once with one output, for every two kinds of commands that write
    modules   files with names of modules in the current folder

Right is what docs/reliability.md promises: an exit code that says what happened, a sentence, no
traceback, nothing of before removed, no file in halves, no lock and no temporary file left, and a
run that is continued ends as one that was left in peace. What is wrong is named, and kept.

python scripts/hardships.py [KIND …] [--tries 20] [--seed 1] [--folder FOLDER]
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Try all kinds, or those that were named, and print the figures."""
    from hard.disk import disk
    from hard.folders import folders
    from hard.modules import modules
    from hard.pairs import pairs
    from hard.signals import signals
    from hard.streams import streams
    from hard.tries import Ground
    from killed.processes import warm

    kinds = {one.__name__: one for one in (disk, folders, streams, signals, pairs, modules)}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", help="all by default")
    parser.add_argument("--tries", type=int, default=20, help="of kinds with random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--folder", type=Path, help="folder to work in, new; by default a temporary one"
    )
    options = parser.parse_args()
    if unknown := set(options.kinds) - kinds.keys():
        parser.error(f"unknown kinds: {', '.join(sorted(unknown))}")
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="sundog-hard-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    warm(folder)
    ground, failed = Ground(folder, options.tries), 0
    for name in options.kinds or kinds:
        begin, tried, wrong = time.perf_counter(), 0, 0
        for what, found in kinds[name](ground, random.Random(f"{options.seed} {name}")):
            tried += 1
            if found is not None:
                wrong += 1
                print(f"{name}, {what}: {found}", flush=True)
        seconds = time.perf_counter() - begin
        print(f"{name}: {tried} tried, {tried - wrong} right, {wrong} wrong, in {seconds:.0f} s")
        failed += wrong
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
