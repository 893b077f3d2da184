"""Rigid molecules packed into a box without overlaps, by packmol.

Martínez, Andrade, Birgin, Martínez, J. Comput. Chem. 30, 2157 (2009), doi:10.1002/jcc.21224. Images
count: packmol is told of them, and what it returns is measured.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError, StructureError
from sundog.prepare.extras import require

TOLERANCE = 2.0
"""Shortest distance in Å that packmol leaves between atoms of different molecules."""

SEEDS = 2**31 - 2
"""Number of seeds that packmol tells apart; larger ones begin again."""

LOOPS = 60
"""Most rounds of packmol for each kind of molecule; what can be packed takes a few."""

LONGEST_SECONDS = 3600
"""Time in seconds after which packing is given up."""


def pack(
    molecules: Sequence[Atoms],
    counts: Sequence[int],
    lengths: Float[np.ndarray, "3"],
    height_angstrom: float,
    seed: int = 0,
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions of all molecules in a periodic orthorhombic box.

    Args:
        molecules: One structure for each kind.
        counts: Number of copies of each.
        lengths: Lengths in Å of the box.
        height_angstrom: Height in Å of the part that is filled, from the bottom; the length along z
            fills it all.
        seed: Seed of the packing.

    Returns:
        Coordinates in Å of the first kind's copies, then the second's, …; molecules are whole.

    Raises:
        InputError: The molecules do not fit.
        UnavailableError: packmol is not installed.
    """
    program = require("packmol.cli", "packing a box of molecules").get_binary_path()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, molecule in enumerate(molecules):
            (folder / f"{number}.xyz").write_text(_xyz(molecule))
        words = folder / "input"
        words.write_text(_instructions(counts, lengths, height_angstrom, seed))
        # packmol rewinds its input, which a pipe cannot do.
        with words.open() as stream:
            try:
                done = subprocess.run(
                    [str(program)],
                    stdin=stream,
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=LONGEST_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise _too_dense(f"packmol found none in {LONGEST_SECONDS} s") from None
        packed = folder / "packed.xyz"
        if done.returncode or not packed.exists():
            told = [line.strip() for line in done.stdout.splitlines() if "ERROR" in line]
            raise _too_dense(told[0] if told else f"packmol ends with status {done.returncode}")
        positions = np.loadtxt(packed, skiprows=2, usecols=(1, 2, 3), ndmin=2)
    expected = sum(len(m) * n for m, n in zip(molecules, counts, strict=True))
    if len(positions) != expected:
        raise StructureError(
            "packmol: another number of atoms than asked for",
            got=len(positions),
            expected=str(expected),
        )
    return positions


def _too_dense(reason: str) -> InputError:
    return InputError(
        f"box: the molecules cannot be kept {TOLERANCE} Å apart",
        got=reason,
        remedy="Choose a lower density or a longer edge and compress the box in a simulation",
    )


def _xyz(molecule: Atoms) -> str:
    symbols = molecule.get_chemical_symbols()
    rows = [
        " ".join([symbol, *(f"{x:.8f}" for x in place)])
        for symbol, place in zip(symbols, molecule.positions, strict=True)
    ]
    return "\n".join([str(len(rows)), "", *rows, ""])


def _instructions(
    counts: Sequence[int], lengths: Float[np.ndarray, "3"], height: float, seed: int
) -> str:
    sides = " ".join(f"{length:.6f}" for length in lengths)
    lines = [
        f"tolerance {TOLERANCE}",
        "filetype xyz",
        f"seed {1 + seed % SEEDS}",
        f"nloop {LOOPS * len(counts)}",
        f"pbc 0.0 0.0 0.0 {sides}",
        "output packed.xyz",
    ]
    for number, count in enumerate(counts):
        lines += [f"structure {number}.xyz", f"  number {count}"]
        if height < lengths[2]:
            lines += ["  above plane 0. 0. 1. 0.", f"  below plane 0. 0. 1. {height:.6f}"]
        lines += ["end structure"]
    return "\n".join([*lines, ""])
