"""PDB and mmCIF files, with the names of their atoms, residues and chains.

They are read with mdtraj's parsers, which know the peculiarities of such files: several
models under one cell, alternate locations (the first is taken) and numbers wider than
their column.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.geometry import cellpar_to_cell
from ase.io.formats import open_with_compression
from mdtraj.formats.pdb.pdbstructure import PdbStructure
from mdtraj.formats.pdbx import PDBxTrajectoryFile

from sundog.errors import FileFormatError

NO_NAME = "UNK"
"""Residue name where the file has none."""


def read_pdb(path: Path) -> list[Atoms]:
    """Return the models of a PDB file; positions in Å.

    Raises:
        FileFormatError: The models differ in length, so that one may be truncated.
    """
    with open_with_compression(str(path), "r") as file:
        structure = PdbStructure(file, load_all_models=True)
    models = [list(model.iter_atoms()) for model in structure.iter_models(use_all_models=True)]
    if len({len(model) for model in models}) > 1:
        raise FileFormatError(
            f"{path}: its models differ in length, one may be truncated",
            got=f"{', '.join(str(len(model)) for model in models)} atoms",
            remedy="Write the file again, or split it into one file a model",
        )
    lengths = structure.get_unit_cell_lengths() or ()
    angles = structure.get_unit_cell_angles() or ()
    frames = []
    for model in models:
        labels = ((a.name, a.residue_name, a.residue_number, a.chain_id) for a in model)
        frame = _frame([a.element for a in model], labels, [*lengths, *angles])
        frame.positions = [a.position for a in model]
        # Files with formal charges rarely have all of them: their sum is no total charge.
        if any(a.formal_charge for a in model):
            frame.set_initial_charges([a.formal_charge or 0 for a in model])
        frames.append(frame)
    return frames


def read_mmcif(path: Path) -> list[Atoms]:
    """Return the models of an mmCIF file; positions in Å."""
    with open_with_compression(str(path), "r") as stream:
        file = PDBxTrajectoryFile(stream)
    lengths = [10 * length for length in file.unitcell_lengths or ()]
    atoms: list[Any] = list(file.topology.atoms)
    labels = ((a.name, a.residue.name, a.residue.resSeq, a.residue.chain.chain_id) for a in atoms)
    frame = _frame([a.element for a in atoms], labels, [*lengths, *(file.unitcell_angles or ())])
    frames = [frame.copy() for _ in file.positions]
    for model, positions in zip(frames, file.positions, strict=True):
        # Rounding removes the error of the parser's conversion to nanometres.
        model.positions = np.round(10 * positions, 9)
    return frames


def _frame(
    elements: Sequence[Any], labels: Iterable[tuple[Any, ...]], cellpar: Sequence[float]
) -> Atoms:
    """Return atoms at the origin; an unknown element has number 0."""
    atoms = Atoms([0 if element is None else element.number for element in elements])
    names, residues, numbers, chains = zip(*labels, strict=True)
    atoms.set_array("atomtypes", np.array(names))
    atoms.set_array("residuenames", np.array([str(name).strip() or NO_NAME for name in residues]))
    atoms.set_array("residuenumbers", np.array(numbers))
    atoms.set_array("chainids", np.array([str(chain or "").strip() or "A" for chain in chains]))
    # Structures without a cell carry one of 1 Å by convention.
    if cellpar and max(cellpar[:3]) > 1:
        atoms.cell = cellpar_to_cell(cellpar)
        atoms.pbc = True
    return atoms
