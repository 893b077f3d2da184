"""Kill runs at random moments, and compare what comes of them with runs left in peace.

Runs of every trajectory format, thermostat and barostat, replicas, sums over all images and
protocols are killed with SIGKILL, resumed to the end, and compared bit for bit: energies, frames,
checkpoints and the last structure. The exit code is 1 if anything differs; what does is kept and
named.

python scripts/kills.py [--kills 200] [--seed 1] [--only PART] [--folder FOLDER]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Kill as many runs as were asked for and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the names of runs that are meant")
    parser.add_argument(
        "--folder", type=Path, help="folder to work in, new; by default a temporary one"
    )
    options = parser.parse_args()
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="sundog-kills-"))).absolute()
    from killed.processes import warm
    from killed.runs import sweep

    warm(folder)
    begin = time.perf_counter()
    wrong = sweep(folder, options.kills, options.seed, options.only)
    print(f"{time.perf_counter() - begin:.0f} s")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
