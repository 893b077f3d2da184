"""Predictions as entries of `info` and `arrays`, and what of a structure is carried into outputs.

carried   names, numbers, tags, masses, momenta, fixed atoms, and all else in `info`
renamed   entries whose names extended XYZ cannot hold
left out  entries it cannot hold; in structures that are moved, labels of the old geometry
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms

from sundog.errors import InputError
from sundog.forcefield.prediction import Prediction
from sundog.io.extxyz import RESERVED_COLUMNS, RESERVED_KEYS, check_column, check_entry, usable_name

RESULTS = re.compile(
    r"energy(_.*)?|free_energy|forces|stress|virials?|dipole|charges|magmoms?|hirshfeld_ratios"
)
"""Names of what a prediction may hold."""

LABELS = re.compile(
    r"(ref|dft)_.*|energy_.*|.*(energy|energies|forces?|gradients?|stress|virials?|dipoles?|hirsh\w*ratios?"
    r"|hirshfeld\w*|hessian|polarizabilit\w*|eigenvalues|(?<!initial_)(?<!fragment_)(?<!formal_)charges)"
    r"|[ef]",
    re.IGNORECASE,
)
"""Names of labels that hold for one geometry alone."""

NAMES = ("name", "title", "id", "ID", "_Name", "smiles", "SMILES", "comment")
"""Entries of `info` that tell which structure it is, the best one first."""

OF_ANY_GEOMETRY = ("positions", "masses", "momenta", "initial_charges", "initial_magmoms")
"""Arrays of floats that a structure keeps when it moves."""


def with_results(atoms: Atoms, prediction: Prediction) -> Atoms:
    """Return a copy of a structure that carries its prediction, in place of earlier ones.

    `info`: `energy`, `energy_<term>` in eV, `dipole` in e·Å, and for a three-dimensional
    cell `stress` in eV/Å³ (3×3). `arrays`: `forces` in eV/Å, `charges` in e,
    `hirshfeld_ratios`.
    """
    labelled = atoms.copy()
    labelled.calc = None
    labelled.info = {k: v for k, v in atoms.info.items() if not RESULTS.fullmatch(str(k))}
    for name in [name for name in labelled.arrays if RESULTS.fullmatch(name)]:
        del labelled.arrays[name]
    labelled.info["energy"] = float(prediction.energy)
    for name, energy in prediction.energies.items():
        labelled.info[f"energy_{name}"] = float(energy)
    if prediction.dipole is not None:
        labelled.info["dipole"] = np.asarray(prediction.dipole, np.float64)
    if atoms.pbc.all():
        labelled.info["stress"] = np.asarray(prediction.stress, np.float64)
    labelled.arrays["forces"] = np.asarray(prediction.forces, np.float64)
    if prediction.partial_charges is not None:
        labelled.arrays["charges"] = np.asarray(prediction.partial_charges, np.float64)
    if prediction.hirshfeld_ratios is not None:
        ratios = np.asarray(prediction.hirshfeld_ratios, np.float64)
        labelled.arrays["hirshfeld_ratios"] = ratios
    return labelled


def name_of(atoms: Atoms) -> str:
    """Return the name, title or identifier of a structure, or an empty text."""
    found = (atoms.info.get(key) for key in NAMES)
    return next((str(name) for name in found if isinstance(name, str | int)), "")


def carried(structures: Sequence[Atoms], *, moved: bool) -> tuple[list[Atoms], list[str]]:
    """Return structures with what extended XYZ can hold of them, and lines about the rest.

    To be asked before anything is computed, so that nothing computed is lost when it is written.

    Args:
        structures: Structures; they stay as they are.
        moved: Whether the structures will be moved, so that labels no longer hold.
    """
    stale: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    renamed: dict[str, str] = {}
    kept = []
    for atoms in structures:
        own = atoms.copy()
        if moved:
            _drop_labels(own, stale)
            stale.update(getattr(atoms.calc, "results", {}).keys())
        else:
            own.calc = atoms.calc
        _settle(own, lost, renamed)
        kept.append(own)
    lines = [f"Renamed in the output: {old} to {new}" for old, new in renamed.items()]
    if lost:
        lines.append(f"Left out of the output, which cannot hold it: {', '.join(lost)}")
    if stale:
        lines.append(
            f"Left out of the output, as labels of the geometry in the file: {', '.join(stale)}"
        )
    return kept, lines


def _drop_labels(atoms: Atoms, stale: Counter[str]) -> None:
    for name in [name for name in atoms.info if LABELS.fullmatch(str(name))]:
        del atoms.info[name]
        stale[str(name)] += 1
    for name, array in list(atoms.arrays.items()):
        moves = array.dtype.kind == "f" and name not in OF_ANY_GEOMETRY
        if moves or LABELS.fullmatch(name):
            del atoms.arrays[name]
            stale[name] += 1


def _settle(atoms: Atoms, lost: Counter[str], renamed: dict[str, str]) -> None:
    """Rename what has an unusable name, and drop what has no form in extended XYZ."""
    info, arrays = dict(atoms.info), dict(atoms.arrays)
    for name, value in info.items():
        usable = usable_name(name, RESERVED_KEYS, atoms.info)
        try:
            check_entry(usable, value)
        except InputError:
            lost[str(name)] += 1
            del atoms.info[name]
            continue
        if usable != name:
            renamed[str(name)] = usable
            del atoms.info[name]
            atoms.info[usable] = value
    for name, array in arrays.items():
        if name in ("numbers", "positions"):
            continue
        usable = usable_name(name, RESERVED_COLUMNS, atoms.arrays)
        try:
            check_column(usable, array)
        except InputError:
            lost[name] += 1
            del atoms.arrays[name]
            continue
        if usable != name:
            renamed[name] = usable
            del atoms.arrays[name]
            atoms.set_array(usable, array)
    kinds = {type(one).__name__ for one in atoms.constraints if not isinstance(one, FixAtoms)}
    lost.update(kinds)
