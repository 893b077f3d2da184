"""What counts as a homogeneous liquid."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from sundog.prepare.water import water_box
from sundog.topology.topology import make_topology


def judged(atoms: Atoms):
    """What is found of a structure."""
    return make_topology(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc).homogeneity


def mixed(vacuum=0.0):
    """The box of 216 waters, rotated in space and with vacuum along c."""
    atoms = water_box(216)
    atoms.rotate(30, (1, 2, 3), rotate_cell=True)
    cell = atoms.cell.array
    atoms.set_cell(np.vstack([cell[:2], cell[2:] * (1 + vacuum / np.linalg.norm(cell[2]))]))
    return atoms


def of_copies(one: Atoms, count: int, spacing: float) -> Atoms:
    """Copies on a simple cubic lattice of count³ sites."""
    sites = spacing * np.indices((count,) * 3).reshape(3, -1).T
    positions = (sites[:, None] + one.positions[None]).reshape(-1, 3)
    return Atoms(list(one.symbols) * count**3, positions, cell=[count * spacing] * 3, pbc=True)


def with_solute(one: Atoms) -> Atoms:
    """Water that has made room for a molecule in its middle."""
    water = water_box(512)
    one.translate(water.cell.array.sum(axis=0) / 2 - one.positions.mean(axis=0))
    distances = np.linalg.norm(water.positions[:, None] - one.positions[None], axis=2).min(axis=1)
    return water[np.repeat(distances.reshape(-1, 3).min(axis=1) > 2.5, 3)] + one


def bubble() -> Atoms:
    water = water_box(1500)
    distances = np.linalg.norm(water.positions[::3] - water.cell.array.sum(axis=0) / 2, axis=1)
    return water[np.repeat(distances > 12, 3)]


def oil_on_water() -> Atoms:
    water = water_box(512)
    edge = water.cell[2, 2]
    oil = of_copies(molecule("C6H6"), 4, edge / 4)
    oil.positions[:, 2] += edge
    both = water + oil
    both.set_cell([edge, edge, 2 * edge])
    return both


@pytest.mark.parametrize(
    "atoms",
    [
        water_box(32),
        water_box(64, 1.1, seed=5),
        water_box(1500),
        mixed(),
        of_copies(molecule("C6H6"), 4, 6.5),
        with_solute(molecule("CH3CH2OH")),
    ],
    ids=["32 waters", "dense", "lattice with vacancies", "turned", "benzene", "dilute solute"],
)
def test_liquids(atoms):
    found = judged(atoms)
    assert found.homogeneous, found.reason
    assert "homogeneous liquid" in found.reason
    whole = atoms.copy()
    whole.positions += 123.4
    whole.wrap()
    assert judged(whole).homogeneous


@pytest.mark.parametrize(
    ("atoms", "reason"),
    [
        (molecule("H2O"), "not periodic"),
        (Atoms("O", pbc=(True, True, False), cell=[9, 9, 9]), "not periodic"),
        (water_box(31), "only 31 molecule"),
        (bulk("C", "diamond", cubic=True) * (3, 3, 3), "only 1 molecule"),
        (with_solute(of_copies(molecule("CH4"), 4, 1.4)), "a molecule of 320"),
        (mixed(6.0), "layers along c"),
        (mixed(30.0), "holes"),
        (oil_on_water(), "layers along c"),
        (bubble(), "holes"),
        (of_copies(molecule("H2O"), 6, 12.0), "holes"),
    ],
    ids=[
        "molecule",
        "slab",
        "few",
        "network",
        "large solute",
        "gap",
        "vacuum",
        "oil on water",
        "bubble",
        "gas",
    ],
)
def test_others_are_told_why_not(atoms, reason):
    found = judged(atoms)
    assert not found.homogeneous
    assert reason in found.reason
