"""Carbon structures: capped nanotubes, one in another, and C₆₀ in the buckyball catcher C₆₀H₂₈."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist

from sundog.errors import StructureError
from sundog.prepare.built import Built, centred, joined, labelled, numbered_names
from sundog.prepare.contacts import closest_between, closest_within
from sundog.prepare.extras import require
from sundog.prepare.molecules import PURPOSE, bonds_of, parse_smiles

CARBON_BOND, HYDROGEN_BOND = 1.42, 1.09
"""Lengths in Å of C–C in nanotubes and of C–H."""

LONGEST_BOND = 1.7
"""Distance in Å below which two carbons are bonded."""

TUBES = ((3, 17), (8, 14))
"""Index n of the armchair tubes (n, n), inner one first, and their numbers of rings of 2n atoms.

Of armchair tubes whose walls are 3.4 Å apart only these have 44 hydrogens at their ends, as C₃₂₆H₄₄
has, and with an inner tube that is the longer one by less than 4 Å only these have 326 carbons.
"""

CATCHER = (
    "c1ccc2c(c1)-c1cc3c(cc1-c1ccccc1-c1cc4c(cc1-2)c1ccc2ccc5ccc6ccc4c4c6c5c2c14)"
    "c1ccc2ccc4ccc5ccc3c3c5c4c2c13"
)
"""SMILES of C₆₀H₂₈, two corannulenes on a tetrabenzocyclooctatetraene (Sygula, Fronczek, Sygula,
Rabideau, Olmstead, J. Am. Chem. Soc. 129, 3842 (2007), doi:10.1021/ja070616p)."""

BOWL_DEPTH, STEP_DEPTH = 0.87, 0.5
"""Depth in Å of the five atoms at the bottom of corannulene, and of the five bonded to them."""

BALL_DISTANCE = 6.9
"""Distance in Å of the centre of C₆₀ from the bottom of a bowl that it touches."""

APART = 3.0
"""Distance in Å of ball and catcher before they are relaxed."""

STEPS = 20_000
"""Most steps of a relaxation."""

DOUBLE_BOND = 1.41
"""Length in Å between those of the two kinds of bonds of C₆₀, 1.38 and 1.44."""


def double_walled_nanotube(tubes: Sequence[tuple[int, int]] = TUBES) -> Built:
    """Return armchair nanotubes, one in another along z, with hydrogens at their ends.

    Args:
        tubes: Index n of each tube (n, n), and its number of rings of 2n atoms.
    """
    walls = []
    for number, (n, rings) in enumerate(tubes, start=1):
        wall = capped_nanotube(n, rings)
        walls.append(
            labelled(
                wall,
                names=numbered_names(wall.get_chemical_symbols()),
                residue_names=["CNT"] * len(wall),
                residue_numbers=[number] * len(wall),
                formal_charges=[0] * len(wall),
            )
        )
    atoms = joined(walls)
    words = " in ".join(f"({n},{n}) of {rings} rings" for n, rings in tubes)
    formula = atoms.get_chemical_formula("hill")
    contact = closest_between(atoms.positions, atoms.arrays["residuenumbers"])
    assert contact is not None
    return Built(
        atoms,
        (
            f"Armchair nanotubes {words}, C-C {CARBON_BOND} Å, with hydrogens at their ends: "
            f"{formula}",
            "The tubes are those that fit this formula; published coordinates may have others",
            f"The closest contact of the walls is {contact.describe(atoms)}",
        ),
    )


def capped_nanotube(n: int, rings: int) -> Atoms:
    """Return an armchair nanotube (n, n) along z, hydrogens at its ends, centred.

    Args:
        n: Index of the tube.
        rings: Number of rings of 2n carbons, 1.23 Å apart.
    """
    from ase.build import nanotube

    tube = nanotube(n, n, length=rings // 2 + 2, bond=CARBON_BOND)
    heights = np.round(tube.positions[:, 2] / (CARBON_BOND * np.sqrt(3) / 2)).astype(int)
    # Rounding has put some atoms of the first ring above the last.
    carbons = tube.positions[(heights >= 1) & (heights <= rings)]
    bonded = cdist(carbons, carbons) < LONGEST_BOND
    np.fill_diagonal(bonded, False)
    hydrogens = _at_ends(carbons, bonded)
    numbers = [6] * len(carbons) + [1] * len(hydrogens)
    return Atoms(numbers, centred(np.vstack([carbons, hydrogens])))


def _at_ends(
    carbons: Float[np.ndarray, "carbons 3"], bonded: Bool[np.ndarray, "carbons carbons"]
) -> Float[np.ndarray, "hydrogens 3"]:
    """Return a hydrogen opposite to the two bonds of every carbon that has only two."""
    places = []
    for place, mine in zip(carbons, bonded, strict=True):
        if mine.sum() == 2:
            away = (place - carbons[mine]).sum(axis=0)
            places.append(place + HYDROGEN_BOND * away / np.linalg.norm(away))
    return np.array(places)


def buckyball_catcher() -> Built:
    """Return C₆₀ between the bowls of the catcher C₆₀H₂₈, 148 atoms, relaxed with UFF.

    Raises:
        StructureError: The relaxed ball is not between the bowls.
        UnavailableError: RDKit is not installed.
    """
    chem, geometry = require("rdkit.Chem", PURPOSE), require("rdkit.Chem.AllChem", PURPOSE)
    catcher, hubs = _catcher(chem, geometry)
    ball = _ball(chem)
    whole = chem.CombineMols(catcher, ball)
    chem.SanitizeMol(whole)
    conformer = whole.GetConformer()
    size = catcher.GetNumAtoms()
    _set(conformer, _before_the_bowls(conformer.GetPositions(), size, hubs))
    field = geometry.UFFGetMoleculeForceField(
        whole, vdwThresh=100.0, ignoreInterfragInteractions=False
    )
    field.Initialize()
    unfinished = field.Minimize(maxIts=STEPS)
    positions = centred(np.array(conformer.GetPositions()))
    centre = positions[size:].mean(axis=0)
    apart = [float(np.linalg.norm(positions[hub].mean(axis=0) - centre)) for hub in hubs]
    if unfinished or max(apart) > BALL_DISTANCE + 0.5:
        raise StructureError("buckyball-catcher: the ball is not caught", got=f"{apart} Å")
    atoms = labelled(
        Atoms([atom.GetAtomicNum() for atom in whole.GetAtoms()], positions),
        names=[
            *numbered_names([atom.GetSymbol() for atom in catcher.GetAtoms()]),
            *numbered_names(["C"] * 60),
        ],
        residue_names=["BCC"] * size + ["C60"] * 60,
        residue_numbers=[1] * size + [2] * 60,
        formal_charges=[0] * len(positions),
    )
    contact = closest_within(positions, bonds_of(whole))
    assert contact is not None
    return Built(
        atoms,
        (
            "The catcher C60H28 is built with both bowls open towards each other, C60 between them",
            f"Relaxed with UFF; the centre of C60 is {apart[0]:.2f} and {apart[1]:.2f} Å from the "
            "bottoms of the bowls",
            f"The closest contact of atoms at least three bonds apart is {contact.describe(atoms)}",
        ),
    )


def _catcher(chem: Any, geometry: Any) -> tuple[Any, list[Int[np.ndarray, " 5"]]]:
    """Return the catcher with open bowls, and the five atoms at the bottom of each."""
    molecule = chem.AddHs(parse_smiles(CATCHER))
    settings = geometry.ETKDGv3()
    settings.randomSeed = 0
    geometry.EmbedMolecule(molecule, settings)
    # MMFF94 makes bowls flat, from where they are pushed to the side that is asked for.
    geometry.MMFFOptimizeMolecule(molecule, maxIters=STEPS)
    rings = molecule.GetRingInfo().AtomRings()
    hubs = [np.array(sorted(ring)) for ring in rings if len(ring) == 5]
    conformer = molecule.GetConformer()
    positions = np.array(conformer.GetPositions())
    pushed = positions.copy()
    for inward, hub in zip(_inward(positions, hubs), hubs, strict=True):
        beside = {
            other.GetIdx()
            for atom in hub.tolist()
            for other in molecule.GetAtomWithIdx(atom).GetNeighbors()
        }
        pushed[hub] -= BOWL_DEPTH * inward
        pushed[sorted(beside - set(hub.tolist()))] -= STEP_DEPTH * inward
    _set(conformer, pushed)
    geometry.UFFOptimizeMolecule(molecule, maxIters=STEPS)
    return molecule, hubs


def _inward(
    positions: Float[np.ndarray, "atoms 3"], hubs: Sequence[Int[np.ndarray, " 5"]]
) -> list[Float[np.ndarray, "3"]]:
    """Return the normals of the two bottoms, each pointing towards the other one."""
    middles = [positions[hub].mean(axis=0) for hub in hubs]
    normals = []
    for k, hub in enumerate(hubs):
        normal = np.linalg.svd(positions[hub] - middles[k])[2][2]
        normals.append(normal * np.sign(normal @ (middles[1 - k] - middles[k])))
    return normals


def _ball(chem: Any) -> Any:
    """Return C₆₀ as an RDKit molecule with a conformer."""
    from ase.build import molecule

    positions = molecule("C60").positions
    distances = cdist(positions, positions)
    ball = chem.RWMol()
    for _ in positions:
        ball.AddAtom(chem.Atom(6))
    for i, j in np.argwhere(np.triu(distances < LONGEST_BOND, k=1)).tolist():
        double = distances[i, j] < DOUBLE_BOND
        ball.AddBond(i, j, chem.BondType.DOUBLE if double else chem.BondType.SINGLE)
    conformer = chem.Conformer(len(positions))
    _set(conformer, positions)
    ball.AddConformer(conformer)
    return ball.GetMol()


def _before_the_bowls(
    positions: Float[np.ndarray, "atoms 3"], size: int, hubs: Sequence[Int[np.ndarray, " 5"]]
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions with the ball moved in front of the opening, from where it falls in."""
    catcher, ball = positions[:size], centred(positions[size:])
    inward = _inward(positions, hubs)
    goal = np.mean(
        [
            positions[hub].mean(axis=0) + BALL_DISTANCE * n
            for hub, n in zip(hubs, inward, strict=True)
        ],
        axis=0,
    )
    out = goal - catcher.mean(axis=0)
    out /= np.linalg.norm(out)
    shift = 0.0
    while cdist(catcher, ball + goal + shift * out).min() < APART:
        shift += 0.25
    return np.vstack([catcher, ball + goal + shift * out])


def _set(conformer: Any, positions: Float[np.ndarray, "atoms 3"]) -> None:
    point = require("rdkit.Geometry", PURPOSE).Point3D
    for k, place in enumerate(positions.tolist()):
        conformer.SetAtomPosition(k, point(*place))
