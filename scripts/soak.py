"""Run dynamics of a few molecules for very many steps, and watch the memory of the process.

Whenever a row comes to the table of energies, the memory of the process is read from /proc, and
the number of programs that JAX has compiled from what it logs. A rise that comes with a program is
that program; any other is a leak. The exit code is 1 if the resident memory of the last tenth of
the rows is, in the median, more than 5 % above that of the second tenth.

python scripts/soak.py [--steps 500000] [--every 1000] [--seed 0] [--density-g-per-cm3 1]
    [--folder FOLDER] [-- FLAG …]
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box

MOLECULES = 8
"""Number of water molecules."""

FLAGS = [
    *("--electrostatics", "truncated", "--cutoff-angstrom", "5", "--trajectory", "h5md"),
    *("--checkpoint-minutes", "1"),
]
"""Flags of the run unless others are given: little work per step."""

MEMORY = ("VmRSS", "RssAnon", "RssFile", "VmHWM")
"""Names of what is read from /proc/PID/status, in kB there and in MB here."""

LARGEST_RISE = 1.05
"""Ratio of the memory at the end to that at the beginning that is no leak."""

PAUSE = 0.05
"""Time in s between two looks at the table."""


def main() -> None:
    """Run, watch, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--every", type=int, default=1000, help="steps between two readings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--density-g-per-cm3", type=float, default=1.0, help="a low one makes lists grow"
    )
    parser.add_argument("--folder", type=Path, help="folder to work in, new")
    parser.add_argument("flags", nargs="*", help="flags of the run, after --")
    options = parser.parse_args()
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="sundog-soak-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    write_extxyz(folder / "water.extxyz", water_box(MOLECULES, options.density_g_per_cm3))
    command = [sys.executable, "-P", "-m", "sundog", "npt", str(folder / "water.extxyz")]
    command += ["-o", str(folder / "run"), "--steps", str(options.steps)]
    command += ["--sample-every", str(options.every), "--frame-every", str(options.every)]
    command += ["--seed", str(options.seed), *(options.flags or FLAGS)]
    begin, rows = time.monotonic(), []
    with (
        (folder / "log").open("wb") as log,
        (folder / "memory.csv").open("w", newline="") as file,
        subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "JAX_LOG_COMPILES": "1"}
        ) as process,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["step", "seconds", *(f"{name}_mb" for name in MEMORY), "programs"])
        for count in watched(process, folder / "run" / "energies.csv"):
            seconds = time.monotonic() - begin
            programs = (folder / "log").read_bytes().count(b"Finished XLA compilation")
            row = [count * options.every, f"{seconds:.1f}", *memory(process.pid), programs]
            table.writerow(row)
            file.flush()
            rows.append(row)
    print(f"{command[4:]} ended with {process.returncode}; readings are in {folder / 'memory.csv'}")
    sys.exit(process.returncode or report(rows))


def watched(process: subprocess.Popen, table: Path) -> Iterator[int]:
    """Yield the number of rows of a table whenever there are more, until the process ends."""
    known, size = 0, -1
    while process.poll() is None:
        time.sleep(PAUSE)
        grown = table.stat().st_size if table.exists() else 0
        if grown != size:
            size, rows = grown, table.read_bytes().count(b"\n") - 1 if grown else 0
            if rows > known:
                known = rows
                yield rows


def memory(pid: int) -> list[float]:
    """Return the figures `MEMORY` of a process; nothing if it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return []
    told = dict(line.split(":", 1) for line in status.splitlines())
    if MEMORY[0] not in told:
        return []
    return [round(int(told[name].split()[0]) / 1024, 1) for name in MEMORY]


def report(rows: list[list]) -> int:
    """Print what became of the memory, and return 1 if it leaks."""
    rows = [row for row in rows if len(row) == len(MEMORY) + 3]
    tenth = max(len(rows) // 10, 1)
    early, late = ([row[2] for row in part] for part in (rows[tenth : 2 * tenth], rows[-tenth:]))
    print(f"steps {rows[-1][0]}, {float(rows[-1][1]):.0f} s")
    print(f"resident: {median(early):.1f} MB in the second tenth, {median(late):.1f} in the last")
    for before, after in pairwise(rows):
        if after[2] - before[2] > 5:
            print(
                f"step {after[0]}: {after[2] - before[2]:+.1f} MB, "
                f"{after[-1] - before[-1]} programs compiled"
            )
    return int(median(late) > LARGEST_RISE * median(early))


if __name__ == "__main__":
    main()
