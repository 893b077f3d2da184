"""Kill processes that write a trajectory, again and again, and look at what they leave.

python killed_writers.py FILE TRIALS

Each child resumes the file at a checkpoint, wherever the kill before left it, and
writes until it is killed; frame i of the file is the structure shifted by i Å.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import h5py
import numpy as np
from ase import Atoms

from sundog.io.trajectories import held_up_to, open_trajectory

ATOMS = Atoms("H2O" * 50, np.arange(450.0).reshape(150, 3), cell=[50, 50, 50], pbc=True)
EXTRAS = ("forces", "energy", "term_energies")


def write(path: Path, frames: range, places: list[int]) -> None:
    """Write frames from the last of `places` on and note the place after each."""
    extras = EXTRAS if path.suffix == ".h5md" else ()
    with open_trajectory(path, ATOMS, places[-1], extras) as writer:
        for i in frames:
            results = {"forces": ATOMS.positions, "energy": i / 3, "term_energies": {"zbl": i / 7}}
            writer.write(ATOMS.positions + i, ATOMS.cell.array, 0.5 * i, i, results)
            places.append(writer.position)


class Pipe(list):
    """Places that the parent is told of."""

    def __init__(self, places: list[int], descriptor: int):
        super().__init__(places)
        self._descriptor = descriptor

    def append(self, place: int) -> None:
        super().append(place)
        os.write(self._descriptor, b"%d\n" % place)


def killed(path: Path, places: list[int], frames: int, delay: float) -> list[int]:
    """Return the places that a child noted before it was killed, soon after some frames."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(path, range(len(places) - 1, 10**6), Pipe(places, writer))
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as file:
        first = [file.readline() for _ in range(frames)]
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the child died of itself"
        return places + [int(line) for line in (*first, *file)]


def check(path: Path, places: list[int], checkpoint: int) -> None:
    """Continue a copy at a checkpoint by two frames and compare all frames."""
    copy = path.with_name(f"copy{path.suffix}")
    shutil.copyfile(path, copy)
    assert held_up_to(copy, places[-1]), "frames were lost"
    continued = places[: checkpoint + 1]
    write(copy, range(checkpoint, checkpoint + 2), continued)
    count = checkpoint + 2
    if path.suffix == ".h5md":
        with h5py.File(copy) as file:
            frames = np.arange(count)
            atoms = file["particles/atoms"]
            assert atoms["position/step"][()].tolist() == frames.tolist()
            assert atoms["position/time"][()].tolist() == (0.5 * frames).tolist()
            shifts = atoms["position/value"][()] - ATOMS.positions.astype(np.float32)
            assert (shifts == frames[:, None, None]).all()
            assert np.ptp(atoms["force/value"][()], axis=0).max() == 0
            assert file["observables/potential_energy/value"][()].tolist() == (frames / 3).tolist()
            assert file["observables/energy_zbl/value"][()].tolist() == (frames / 7).tolist()
    else:
        whole = path.with_name(f"whole{path.suffix}")
        whole.touch()
        write(whole, range(count), [0])
        assert copy.read_bytes() == whole.read_bytes()


def main(path: Path, trials: int) -> None:
    """Kill so many writers of one file at random moments."""
    chance = random.Random(7)
    path.touch()
    places, written = [0], 0
    for _ in range(trials):
        before = len(places)
        places = killed(path, places, chance.randrange(8), chance.uniform(0, 0.03))
        written += len(places) - before
        checkpoint = chance.randrange(max(len(places) - 8, 0), len(places))
        check(path, places, checkpoint)
        places = places[: checkpoint + 1]
    print(f"{trials} writers killed after {written} frames, {len(places) - 1} kept")
    assert written > trials


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
