"""Treat the program as badly as machines and people do, and count how it takes that.

    kills      kill -9 at random moments: each run goes on and ends bit for bit as one left in peace
    disks      full disks, folders and logs that cannot be written
    signals    requests to stop at any moment: a sentence, an exit code, and a run that goes on
    streams    standard output that is closed, full or gone
    pairs      two processes that write to one output: the second is refused

The exit code is 1 if anything was met wrongly; what was is kept and named.

python scripts/hardships.py [--kills 200] [--seed 1] [--only PART] [--folder FOLDER] [PART …]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

PARTS = ("kills", "disks", "signals", "streams", "pairs")
"""Names of the parts."""


def main() -> None:
    """Run the parts that were asked for and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the names of cases that are meant")
    parser.add_argument(
        "--folder", type=Path, help="folder to work in, new; by default a temporary"
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part: {', '.join(sorted(unknown))}")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="sundog-hardships-"))
    folder = folder.absolute()
    from hardship.processes import warm

    warm(folder)
    wrong = 0
    for part in options.parts or PARTS:
        begin, own = time.perf_counter(), folder / part
        own.mkdir(parents=True)
        tried, failed = _sweep(part, own, options)
        wrong += failed
        seconds = time.perf_counter() - begin
        print(f"{part}: {tried} tried, {failed} wrong, in {seconds:.0f} s\n", flush=True)
    sys.exit(wrong > 0)


def _sweep(part: str, folder: Path, options: argparse.Namespace) -> tuple[int, int]:
    """Run a part and return how much was tried, and how much of it was wrong."""
    if part == "kills":
        from hardship.kills import sweep

        return sweep(folder, options.kills, options.seed, options.only)
    from hardship.trials import sweep as try_all

    return try_all(part, folder, options.only)


if __name__ == "__main__":
    main()
