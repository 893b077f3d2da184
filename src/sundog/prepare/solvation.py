"""Water around a solute, in cells of any shape.

Water is cut from the equilibrated box that OpenMM brings. Molecules that overlap with images across
the faces or with the solute are left out, which leaves too few: centres of molecules and the cell
are scaled together by a few percent, to the volume that solute and water take

    V = N v + 0.73 cm³/g m

v: volume of a water molecule at 0.997 g/cm³; m: mass of the solute; 0.73 cm³/g: partial specific
volume of proteins (Matthews, J. Mol. Biol. 33, 491 (1968)). The box is no liquid in equilibrium at
the solute's surface: minimise and equilibrate it at constant pressure.
"""

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from jaxtyping import Bool, Float
from scipy.spatial import KDTree

from sundog.errors import InputError
from sundog.io.reading import read_one
from sundog.prepare.built import Built, joined, labelled
from sundog.prepare.cells import cell_of, distance_around, distance_for
from sundog.prepare.counter_ions import chosen_sites, ion_at, ions_wanted
from sundog.prepare.extras import require
from sundog.prepare.request import SolventChoices
from sundog.units import GRAM_PER_CM3

WATER_VOLUME = 30.005
"""Volume of a water molecule in Å³ at 0.997 g/cm³."""

SPECIFIC_VOLUME = 0.73
"""Volume in cm³ that a gram of the solute takes."""

HEAVY_CONTACT, LIGHT_CONTACT = 2.4, 1.6
"""Distances in Å below which water overlaps: of heavy atoms, and of a hydrogen."""

LEAST_GAP = 2.0
"""Distance in Å between a solute and its image below which they touch."""

SHRINKAGE = 0.08
"""Part by which centres of molecules are moved together at most."""


def solvated(solute: Built, choices: SolventChoices, seed: int = 0) -> Built:
    """Return a solute in water, with the decisions of both.

    Args:
        solute: Solute without a cell.
        choices: Amount of water, cell, and counter-ions.
        seed: Seed of the places of counter-ions.

    Raises:
        InputError: The cell is smaller than the solute, or its net charge is large and nothing says
            what is done with it.
        UnavailableError: OpenMM, whose water is taken, is not installed.
    """
    inner = solute.atoms
    charge = int(inner.info["charge"])
    ions = ions_wanted(charge, choices.counter_ions)
    own_volume = inner.get_masses().sum() * SPECIFIC_VOLUME / GRAM_PER_CM3
    distance, count = _size(inner, choices, own_volume)
    length = float(np.ptp(inner.positions, axis=0).max())
    if distance < length + LEAST_GAP:
        raise InputError(
            "solvent: the cell is smaller than the solute",
            got=f"{distance:.1f} Å between images, where the solute is {length:.1f} Å long",
            remedy="Give a larger `edge_angstrom`, more `waters`, or a `padding_angstrom`",
        )
    inner = inner.copy()
    cell = cell_of(choices.cell, distance)
    middle = (inner.positions.max(axis=0) + inner.positions.min(axis=0)) / 2
    inner.positions += cell.sum(axis=0) / 2 - middle
    volume = count * WATER_VOLUME + own_volume
    water, cell = _water_around(inner, cell, volume, count)
    inner.positions += (
        cell.sum(axis=0) / 2 - (inner.positions.max(axis=0) + inner.positions.min(axis=0)) / 2
    )
    atoms = _put_together(inner, water, ions, charge, seed)
    atoms.set_cell(cell)
    atoms.pbc = True
    contact = _worst_contact(atoms, len(inner))
    decisions = [*solute.decisions, *_described(atoms, choices, len(water) - ions, ions, charge)]
    decisions.append(f"Closest contact of water: {contact:.2f} Å; minimise before a run")
    if choices.vacuum_angstrom is not None:
        atoms.set_cell(cell + np.diag([0.0, 0.0, choices.vacuum_angstrom]))
        decisions.append(f"Slab: {choices.vacuum_angstrom:g} Å of vacuum along z")
    return Built(atoms, tuple(decisions))


def _size(inner: Atoms, choices: SolventChoices, own_volume: float) -> tuple[float, int]:
    """Return the distance of images in Å, and the number of water molecules for the density."""
    if choices.waters is not None:
        volume = choices.waters * WATER_VOLUME + own_volume
        return distance_for(choices.cell, volume), choices.waters
    if choices.edge_angstrom is not None:
        distance = choices.edge_angstrom
    else:
        assert choices.padding_angstrom is not None
        distance = distance_around(choices.cell, inner.positions, choices.padding_angstrom)
    volume = float(np.linalg.det(cell_of(choices.cell, distance)))
    return distance, max(round((volume - own_volume) / WATER_VOLUME), 1)


def _water_around(
    inner: Atoms, cell: Float[np.ndarray, "3 3"], volume: float, count: int
) -> tuple[Float[np.ndarray, "waters 3 3"], Float[np.ndarray, "3 3"]]:
    """Return so many water molecules beside a solute, and the cell of that volume.

    The cell in which they are placed is larger by what has to be left out across the faces and at
    the solute. Its molecules are moved together, then those that overlap with the solute go.
    """
    box, edge = _box()
    target = cell * (volume / np.linalg.det(cell)) ** (1 / 3)
    placed = inner.copy()
    placed.positions += (target - cell).sum(axis=0) / 2
    for part in np.arange(0.0, SHRINKAGE + 1e-9, 0.005):
        larger = target * (1 + part)
        water = _apart(_tiled(box, edge, larger), larger)
        oxygens = water[:, :1]
        water = water - oxygens + oxygens / (1 + part)
        free = water[~_overlaps_with(placed, water, target)]
        if len(free) >= count:
            # What is too many is taken where it is nearest to the solute.
            away = KDTree(placed.positions[placed.numbers > 1]).query(free[:, 0])[0]
            return free[np.sort(np.argsort(-away, kind="stable")[:count])], target
    raise InputError(
        "solvent: so much water does not fit beside the solute",
        got=f"{count} molecules",
        remedy="Choose a larger cell or fewer `waters`, and compress the box at constant pressure",
    )


def _box() -> tuple[Float[np.ndarray, "waters 3 3"], float]:
    """Return the molecules of an equilibrated box of water as O, H, H, and its edge in Å."""
    package = require("openmm", "the equilibrated water around a solute")
    path = Path(str(package.__file__)).parent / "app" / "data" / "tip3p.pdb"
    atoms = read_one(path, report=lambda line: None)
    edge = float(atoms.cell.lengths()[0])
    molecules = atoms.positions.reshape(-1, 3, 3)
    if not np.array_equal(atoms.numbers.reshape(-1, 3), np.tile([8, 1, 1], (len(molecules), 1))):
        raise InputError(f"{path}: not the box of water that is expected")
    # Molecules that are cut by the faces are made whole.
    arms = molecules - molecules[:, :1]
    return molecules[:, :1] % edge + arms - edge * np.round(arms / edge), edge


def _tiled(
    box: Float[np.ndarray, "waters 3 3"], edge: float, cell: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "all 3 3"]:
    """Return the molecules of copies of a box whose oxygens are in a cell."""
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) @ cell
    lowest = np.floor(corners.min(axis=0) / edge).astype(int)
    highest = np.ceil(corners.max(axis=0) / edge).astype(int)
    axes = [np.arange(low, high) for low, high in zip(lowest, highest, strict=True)]
    shifts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 1, 1, 3) * edge
    every = (box[None] + shifts).reshape(-1, 3, 3)
    fractional = every[:, 0] @ np.linalg.inv(cell)
    return every[((fractional >= 0) & (fractional < 1)).all(axis=1)]


def _apart(
    water: Float[np.ndarray, "waters 3 3"], cell: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "apart 3 3"]:
    """Return the molecules of a cell without those that overlap across its faces."""
    molecules = Atoms("OH2" * len(water), water.reshape(-1, 3), cell=cell, pbc=True)
    i, j, d = neighbor_list("ijd", molecules, HEAVY_CONTACT)
    light = (molecules.numbers[i] == 1) | (molecules.numbers[j] == 1)
    close = (i // 3 < j // 3) & (d < np.where(light, LIGHT_CONTACT, HEAVY_CONTACT))
    out: set[int] = set()
    for first, second in zip((i[close] // 3).tolist(), (j[close] // 3).tolist(), strict=True):
        if first not in out:
            out.add(second)
    return np.delete(water, sorted(out), axis=0)


def _overlaps_with(
    inner: Atoms, water: Float[np.ndarray, "waters 3 3"], cell: Float[np.ndarray, "3 3"]
) -> Bool[np.ndarray, " waters"]:
    """Return which molecules overlap with a solute or its images."""
    shifts = (
        np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]) @ cell
    )
    overlaps = np.zeros(len(water), bool)
    low, high = (f(water.reshape(-1, 3), axis=0) for f in (np.min, np.max))
    for heavy in (True, False):
        own = inner.positions[(inner.numbers > 1) == heavy]
        images = (own[None] + shifts[:, None]).reshape(-1, 3)
        near = ((images > low - 3.0) & (images < high + 3.0)).all(axis=1)
        if not near.any():
            continue
        tree = KDTree(images[near])
        for place in range(3):
            limit = HEAVY_CONTACT if heavy and place == 0 else LIGHT_CONTACT
            overlaps |= tree.query(water[:, place], distance_upper_bound=limit)[0] < limit
    return overlaps


def _put_together(
    inner: Atoms, water: Float[np.ndarray, "waters 3 3"], ions: int, charge: int, seed: int
) -> Atoms:
    """Return solute, ions and water as one structure, with names of their own."""
    sites: list[int] = []
    if ions:
        away = KDTree(inner.positions).query(water[:, 0])[0]
        sites = chosen_sites(water[:, 0], away, ions, seed)
    rest = np.delete(water, sites, axis=0)
    pieces = [inner, *(ion_at(water[k, 0], -1 if charge > 0 else 1) for k in sites)]
    chain = _free_letter(set(inner.arrays["chainids"].tolist()))
    for number, piece in enumerate(pieces[1:], start=1):
        piece.arrays["residuenumbers"][:] = number
        piece.arrays["chainids"] = np.full(len(piece), chain)
    pieces.append(
        labelled(
            Atoms("OH2" * len(rest), rest.reshape(-1, 3)),
            names=["O", "H1", "H2"] * len(rest),
            residue_names=["HOH"] * (3 * len(rest)),
            residue_numbers=np.repeat(np.arange(len(sites) + 1, len(water) + 1), 3).tolist(),
            formal_charges=[0] * (3 * len(rest)),
            chains=[chain] * (3 * len(rest)),
        )
    )
    return joined(pieces)


def _worst_contact(atoms: Atoms, solute: int) -> float:
    """Return the shortest distance in Å of a molecule of water or an ion to anything else."""
    molecule = np.zeros(len(atoms), int)
    molecule[solute:] = atoms.arrays["residuenumbers"][solute:]
    i, j, d = neighbor_list("ijd", atoms, HEAVY_CONTACT)
    return float(d[molecule[i] != molecule[j]].min(initial=HEAVY_CONTACT))


def _free_letter(taken: set[str]) -> str:
    return next((one for one in "WXYZSVUTRQPONMLKJIHGFEDCBA" if one not in taken), "W")


def _described(
    atoms: Atoms, choices: SolventChoices, waters: int, ions: int, charge: int
) -> list[str]:
    density = atoms.get_masses().sum() / atoms.cell.volume / GRAM_PER_CM3
    lengths = " x ".join(f"{length:.2f}" for length in atoms.cell.lengths())
    kind, sign = ("Cl−", "positive") if charge > 0 else ("NH4+", "negative")
    lines = [
        f"Water: {waters} molecules; {choices.cell} of {lengths} Å, {len(atoms)} atoms, "
        f"{density:.3f} g/cm³; it is not in equilibrium at the surface of the solute"
    ]
    if ions:
        lines.append(f"Counter-ions: {ions} {kind} in place of water, as the solute is {sign}")
    elif charge:
        lines.append(
            f"Counter-ions: none; the net charge of {charge:+d} stays. Under ewald a uniform "
            "background neutralises it, under other treatments nothing does"
        )
    return lines
