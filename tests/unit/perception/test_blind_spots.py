"""Groups that weights are known to get wrong, found by their bonds."""

import pytest
from ase.build import molecule

from sundog.perception.blind_spots import blind_spots, find_groups
from sundog.perception.perceive import perceive
from sundog.topology.topology import make_topology


def groups_of(name: str) -> set[str]:
    atoms = molecule(name)
    topology = make_topology(atoms.numbers, atoms.positions)
    return set(find_groups(topology, perceive(topology)))


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("CH3NO2", "nitro or nitrite group"),
        ("PH3", "trivalent phosphorus"),
        ("PF3", "phosphorus with halogen"),
        ("C2H6SO", "S(IV), as sulfoxide"),
        ("SO2", "S(IV), as sulfoxide"),
        ("NF3", "nitrogen with halogen"),
        ("HOCl", "oxygen with halogen"),
        ("H2O2", "oxygen with oxygen"),
        ("Cl2", "halogen with halogen"),
        ("CS2", "CS2 or OCS"),
        ("OCS", "CS2 or OCS"),
        ("C3H4_D2d", "cumulated double bonds"),
        ("HCN", "nitrile"),
        ("N2O", "nitrogen with multiple bonds to nitrogen"),
        ("COF2", "halogen at a multiple bond"),
        ("H2CCHCl", "halogen at a multiple bond"),
        ("CCl4", "carbon with three or four halogens"),
    ],
)
def test_a_group_is_found(name, group):
    assert group in groups_of(name)


@pytest.mark.parametrize("name", ["H2O", "CH3CONH2", "C6H6", "CH3SH", "CH3Cl", "C5H5N", "CO2"])
def test_an_ordinary_molecule_has_no_group(name):
    assert groups_of(name) == set()


def test_the_line_names_group_place_and_error():
    atoms = molecule("CH3NO2")
    topology = make_topology(atoms.numbers, atoms.positions)
    errors = {"nitro or nitrite group": (0.26, 0.45), "azide": (0.38, 0.38)}
    (line,) = blind_spots(topology, perceive(topology), errors)
    assert "nitro or nitrite group (N 1): 0.26 to 0.45" in line
    assert "azide" not in line
    assert blind_spots(topology, perceive(topology), {}) == []
