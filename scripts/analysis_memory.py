"""Measure the memory of `sundog analyze` against the length of a trajectory.

    python scripts/analysis_memory.py --gigabytes 1,10 --what density,msd --folder DIR

A DCD file of trembling water is written, the same 64 frames over and over, and analysed by a
process whose peak of resident memory the kernel tells. The files are removed afterwards.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from sundog.io.pdb import write_topology
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories import open_trajectory
from sundog.io.trajectories.dcd import FRAME_COUNT_OFFSETS, HEADER_BYTES
from sundog.prepare.water import water_box

BLOCK = 64
"""Number of frames that are repeated."""

ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""Variables of the environment that leave one thread to arithmetic."""

SPARE = 5e9
"""Free space in bytes that is left on the disk."""


def write_trajectory(path: Path, molecules: int, size: float) -> int:
    """Write a trajectory of a size, and the structure beside it; return the number of frames.

    Args:
        path: file to write, DCD.
        molecules: number of water molecules.
        size: size in bytes, reached within a block of frames.
    """
    atoms = water_box(molecules)
    write_topology(path.with_suffix(".pdb"), topology_from_atoms(atoms))
    draw = np.random.default_rng(0)
    with open_trajectory(path, atoms) as file:
        for k in range(BLOCK):
            shift = draw.normal(scale=0.05, size=(len(atoms), 3))
            file.write(atoms.positions + shift, atoms.cell.array, 0.1 * k, 100 * k)
    whole = path.read_bytes()
    block = whole[HEADER_BYTES:]
    copies = max(1, round(size / len(block)))
    with path.open("r+b") as file:
        for at in FRAME_COUNT_OFFSETS:
            file.seek(at)
            file.write(int(copies * BLOCK).to_bytes(4, "little"))
        file.seek(HEADER_BYTES)
        for _ in range(copies):
            file.write(block)
    return copies * BLOCK


def analyzed(path: Path, what: str, every: int) -> tuple[float, float]:
    """Analyse a trajectory in a process of its own; return peak memory in MB and time in s.

    Args:
        path: trajectory, with its structure beside it.
        what: observables.
        every: frames from one that counts to the next.
    """
    folder = path.with_suffix("")
    command = [
        *(sys.executable, "-P", "-m", "sundog", "analyze", str(path), "-o", str(folder)),
        *("--topology", str(path.with_suffix(".pdb")), "--what", what, "--every", str(every)),
    ]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | ONE)
    _, status, usage = os.wait4(process.pid, 0)
    shutil.rmtree(folder, ignore_errors=True)
    if status != 0:
        raise SystemExit(f"analyze ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1000, time.monotonic() - begun


def main() -> None:
    """Print a table of sizes, frames, peak memory and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", default="0.1,1")
    parser.add_argument("--molecules", type=int, default=5000)
    parser.add_argument("--what", default="density,msd,contacts")
    parser.add_argument("--every", type=int, default=1, help="frames from one that counts")
    parser.add_argument("--folder", type=Path, default=Path())
    told = parser.parse_args()
    print("| file | frames | peak memory | time |\n| ---: | ---: | ---: | ---: |")
    for size in map(float, told.gigabytes.split(",")):
        if shutil.disk_usage(told.folder).free < 1e9 * size + SPARE:
            raise SystemExit(f"{told.folder}: too little space for {size:g} GB")
        path = told.folder / f"memory-{size:g}.dcd"
        try:
            frames = write_trajectory(path, told.molecules, 1e9 * size)
            peak, seconds = analyzed(path, told.what, told.every)
        finally:
            path.unlink(missing_ok=True)
            path.with_suffix(".pdb").unlink(missing_ok=True)
        print(f"| {size:g} GB | {frames} | {peak:.0f} MB | {seconds:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
