"""Bond orders, charges and open valences of molecules, and of what stands between them."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule, nanotube
from ase.collections import g2

from sundog.perception.perceive import perceive
from sundog.topology.topology import make_topology


def perceived(atoms: Atoms):
    return perceive(make_topology(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc))


NAMES = [
    "PH3",
    "P2",
    "CH3CHO",
    "H2COH",
    "CS",
    "OCHCHO",
    "C3H9C",
    "CH3COF",
    "CH3CH2OCH3",
    "HCOOH",
    "HCCl3",
    "HOCl",
    "H2",
    "SH2",
    "C2H2",
    "C4H4NH",
    "CH3SCH3",
    "SiH2_s3B1d",
    "CH3SH",
    "CH3CO",
    "CO",
    "ClF3",
    "SiH4",
    "C2H6CHOH",
    "CH2NHCH2",
    "isobutene",
    "HCO",
    "bicyclobutane",
    "LiF",
    "C2H6",
    "CN",
    "C2H4",
    "C4H4S",
    "C4H4O",
    "C6H6",
    "CH3COCl",
    "CH3COOH",
    "CH3OH",
    "CH3NO2",
    "C2F4",
    "CF3CN",
    "CH3CN",
    "CH3ONO",
    "N2O",
    "N2H4",
    "CH2OCH2",
    "cyclobutane",
    "cyclobutene",
    "butadiene",
    "2-butyne",
    "C5H5N",
    "C5H8",
    "CCl4",
    "CF4",
    "CO2",
    "COF2",
    "CS2",
    "F2O",
    "H2CCHCl",
    "H2CCHCN",
    "H2CCHF",
    "H2CO",
    "H2CCO",
    "HCF3",
    "HCN",
    "HF",
    "HCl",
    "N2",
    "NCCN",
    "NF3",
    "O3",
    "OCS",
    "PF3",
    "S2",
    "SO",
    "SO2",
    "Si2H6",
    "SiCl4",
    "SiF4",
    "cyclopropene",
    "trans-butane",
    "C3H4_C2v",
    "C3H4_C3v",
    "C3H4_D2d",
    "H2O2",
]
NEUTRAL = [name for name in NAMES if name in g2.names]
RADICALS = {"H2COH", "C3H9C", "CS", "SiH2_s3B1d", "CH3CO", "HCO", "CN", "LiF", "SO", "S2"}


@pytest.mark.parametrize("name", [name for name in NEUTRAL if name not in RADICALS])
def test_a_neutral_molecule_has_no_charge_and_no_open_valence(name):
    found = perceived(molecule(name))
    assert found.charge == 0
    assert not found.open_valences.any()
    assert not found.excess_valences.any()


@pytest.mark.parametrize(
    ("name", "open_valences"),
    [("CH3", 1), ("C2H5", 1), ("C3H9C", 1), ("HCO", 1), ("CH2_s3B1d", 2), ("H", 1), ("O", 2)],
)
def test_a_radical_of_carbon_has_open_valences(name, open_valences):
    assert perceived(molecule(name)).open_valences.sum() == open_valences


def without_proton(name: str) -> Atoms:
    """A molecule without the first hydrogen that is bonded to oxygen."""
    made = molecule(name)
    distances = made.get_all_distances()
    oxygens, hydrogens = (np.flatnonzero(made.numbers == z) for z in (8, 1))
    acid = hydrogens[(distances[np.ix_(hydrogens, oxygens)] < 1.1).any(axis=1)]
    del made[[int(acid[0])]]
    return made


def with_proton(name: str, atom: int, direction) -> Atoms:
    made = molecule(name)
    place = made.positions[atom] + 1.02 * np.array(direction) / np.linalg.norm(direction)
    return made + Atoms("H", [place])


def guanidinium() -> Atoms:
    turns = np.deg2rad([0, 120, 240])
    atoms = Atoms("C", [(0, 0, 0)])
    for turn in turns:
        axis = np.array([np.cos(turn), np.sin(turn), 0])
        atoms += Atoms("N", [1.33 * axis])
        for side in (-1, 1):
            bend = turn + side * np.pi / 3
            hydrogen = 1.33 * axis + 1.01 * np.array([np.cos(bend), np.sin(bend), 0])
            atoms += Atoms("H", [hydrogen])
    return atoms


def around(center: str, ligand: str, count: int, length: float) -> Atoms:
    """Atoms of one element around another: three in a plane, four in a tetrahedron, six."""
    turns = np.deg2rad([0, 120, 240])
    axes = {
        2: [(1, 0, 0), (-0.5, 0.87, 0)],
        3: [(np.cos(turn), np.sin(turn), 0) for turn in turns],
        4: [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)],
        6: [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)],
    }[count]
    places = [length * np.array(axis) / np.linalg.norm(axis) for axis in axes]
    return Atoms([center, *[ligand] * count], [(0, 0, 0), *places])


def line(symbols: list[str], lengths: list[float]) -> Atoms:
    return Atoms(symbols, [(x, 0, 0) for x in np.cumsum([0, *lengths])])


IONS = {
    "hydroxide": (without_proton("H2O"), -1),
    "hydronium": (with_proton("H2O", 0, (0, 0, 1)), 1),
    "ammonium": (around("N", "H", 4, 1.03), 1),
    "methoxide": (molecule("CH3O"), -1),
    "methanethiolate": (molecule("CH3S"), -1),
    "acetate": (without_proton("CH3COOH"), -1),
    "formate": (without_proton("HCOOH"), -1),
    "cyanide": (molecule("CN"), -1),
    "acetylide": (molecule("CCH"), -1),
    "guanidinium": (guanidinium(), 1),
    "nitrate": (around("N", "O", 3, 1.25), -1),
    "carbonate": (around("C", "O", 3, 1.29), -2),
    "sulfate": (around("S", "O", 4, 1.49), -2),
    "phosphate": (around("P", "O", 4, 1.55), -3),
    "perchlorate": (around("Cl", "O", 4, 1.45), -1),
    "hexafluorophosphate": (around("P", "F", 6, 1.6), -1),
    "sulfur hexafluoride": (around("S", "F", 6, 1.56), 0),
    "sulfur trioxide": (around("S", "O", 3, 1.42), 0),
    "nitrite": (around("N", "O", 2, 1.25), -1),
    "azide": (line(["N", "N", "N"], [1.18, 1.18]), -1),
    "cyanate": (line(["O", "C", "N"], [1.22, 1.19]), -1),
    "thiocyanate": (line(["S", "C", "N"], [1.65, 1.18]), -1),
    "carbon monoxide": (molecule("CO"), 0),
    "nitrous oxide": (molecule("N2O"), 0),
    "fulminic acid": (line(["H", "C", "N", "O"], [1.06, 1.16, 1.21]), 0),
    "isocyanic acid, bent at N": (
        Atoms("NCOH", [(0, 0, 0), (1.21, 0, 0), (2.38, 0, 0), (-0.55, 0.83, 0)]),
        0,
    ),
    "chloride": (Atoms("Cl"), -1),
    "fluoride": (Atoms("F"), -1),
    "sodium": (Atoms("Na"), 1),
    "calcium": (Atoms("Ca"), 2),
    "phosphonium": (around("P", "H", 4, 1.4), 1),
    "pyridinium": (with_proton("C5H5N", 0, (0, 0, 1)), 1),
}


@pytest.mark.parametrize("name", IONS)
def test_an_ion_has_its_charge_and_no_open_valence(name):
    atoms, charge = IONS[name]
    found = perceived(atoms)
    assert found.charge == charge
    assert not found.open_valences.any()
    assert not found.excess_valences.any()


def test_nitro_groups_have_a_charge_on_nitrogen_and_oxygen():
    atoms = molecule("CH3NO2")
    found = perceived(atoms)
    assert found.charges[atoms.numbers == 7].tolist() == [1]
    assert sorted(found.charges[atoms.numbers == 8].tolist()) == [-1, 0]


def test_a_fullerene_has_thirty_double_bonds():
    found = perceived(molecule("C60"))
    assert np.bincount(found.orders).tolist() == [0, 60, 30]
    assert not found.open_valences.any()


def test_a_periodic_nanotube_is_closed():
    tube = nanotube(6, 6, length=4, vacuum=5)
    tube.pbc = [False, False, True]
    found = perceived(tube)
    assert not found.open_valences.any()
    assert (found.orders == 2).sum() == len(tube) / 2


def test_orders_charges_and_open_valences_add_up_to_a_valence():
    for name in ("CH3NO2", "C6H6", "CH3CONH2", "C2H5"):
        atoms = molecule(name)
        topology = make_topology(atoms.numbers, atoms.positions)
        found = perceive(topology)
        total = found.open_valences.copy()
        np.add.at(total, topology.bonds.first, found.orders)
        np.add.at(total, topology.bonds.second, found.orders)
        usual = np.array([{1: 1, 6: 4, 7: 3, 8: 2}[number] for number in atoms.numbers.tolist()])
        assert (total == usual + found.charges).all()


def test_too_many_neighbours_are_counted():
    atoms = molecule("CH4") + Atoms("HF", [(0.0, 0.0, 1.09), (0.0, 0.0, -1.2)])
    assert perceived(atoms).excess_valences.sum() > 0


def test_the_order_of_atoms_changes_nothing():
    rng = np.random.default_rng(3)
    atoms = molecule("CH3CONH2")
    for _ in range(10):
        turned = atoms[rng.permutation(len(atoms))]
        found = perceived(turned)
        assert found.charge == 0
        assert not found.open_valences.any()


def test_thermal_noise_changes_almost_nothing():
    rng = np.random.default_rng(5)
    names = [name for name in NEUTRAL if name not in RADICALS and "cyclo" not in name]
    right = 0
    for name in names:
        for _ in range(10):
            atoms = molecule(name)
            kick = rng.normal(size=(len(atoms), 3))
            atoms.positions += 0.05 * kick / np.linalg.norm(kick, axis=1, keepdims=True)
            found = perceived(atoms)
            right += found.charge == 0 and not found.open_valences.any()
    print(f"unchanged: {right} of {10 * len(names)}")
    assert right >= 0.99 * 10 * len(names)
