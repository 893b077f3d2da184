"""Boxes of liquids."""

import io

import numpy as np
import pytest
from ase.build import molecule

from sundog.elements import standard_masses
from sundog.errors import InputError, StructureError, UnsupportedElementError
from sundog.io.extxyz import write_extxyz
from sundog.prepare.contacts import closest_between
from sundog.prepare.mixtures import build_mixture
from sundog.units import GRAM_PER_CM3


def density(atoms):
    mass = standard_masses()[atoms.numbers].sum()
    return mass / atoms.cell.volume / GRAM_PER_CM3


def text_of(built):
    stream = io.StringIO()
    write_extxyz(stream, built.atoms)
    return stream.getvalue()


def test_water_alone_needs_no_package():
    built = build_mixture("water:50")
    atoms = built.atoms
    assert len(atoms) == 150
    assert density(atoms) == pytest.approx(0.997)
    assert atoms.arrays["residuenumbers"].tolist() == [n for n in range(1, 51) for _ in range(3)]
    assert set(atoms.arrays["residuenames"]) == {"HOH"}
    assert atoms.info["charge"] == 0
    assert any("No density was given" in line for line in built.decisions)


def test_water_and_ethanol_are_apart_and_have_the_density_of_ideal_mixing():
    pytest.importorskip("rdkit")
    pytest.importorskip("packmol")
    built = build_mixture("water:40,CCO:8")
    atoms = built.atoms
    assert len(atoms) == 40 * 3 + 8 * 9
    masses = 40 * 18.015, 8 * 46.069
    ideal = sum(masses) / (masses[0] / 0.997 + masses[1] / 0.785)
    assert density(atoms) == pytest.approx(ideal, rel=1e-4)
    contact = closest_between(atoms.positions, atoms.arrays["residuenumbers"], atoms.cell.lengths())
    assert contact is not None
    assert contact.distance > 1.95
    assert f"{contact.distance:.2f} Å" in " ".join(built.decisions)
    assert text_of(built) == text_of(build_mixture("water:40,CCO:8"))
    assert text_of(built) != text_of(build_mixture("water:40,CCO:8", seed=1))


def test_a_slab_has_its_vacuum_at_both_faces():
    atoms = build_mixture("water:50", vacuum_angstrom=20.0).atoms
    edge = atoms.cell.lengths()[0]
    assert atoms.cell.lengths()[2] == pytest.approx(edge + 20)
    assert atoms.pbc.all()
    z = atoms.positions[:, 2]
    assert z.min() > 8.5
    assert z.max() < edge + 11.5


def test_the_edge_says_the_density():
    built = build_mixture("water:50", edge_angstrom=12.0)
    assert built.atoms.cell.lengths() == pytest.approx(12.0)
    assert f"{density(built.atoms):.3f} g/cm³" in built.decisions[-1]


def test_a_molecule_from_a_file_has_its_charge(tmp_path):
    pytest.importorskip("packmol")
    ammonium = molecule("NH3")
    ammonium.info["charge"] = 0
    write_extxyz(tmp_path / "ammonia.xyz", ammonium)
    built = build_mixture(f"{tmp_path}/ammonia.xyz:6,water:6", density_g_per_cm3=0.5)
    assert len(built.atoms) == 6 * 4 + 6 * 3
    assert any("ammonia.xyz: charge +0" in line for line in built.decisions)


def test_ions_of_a_salt_are_residues_and_the_box_is_neutral():
    pytest.importorskip("rdkit")
    pytest.importorskip("packmol")
    atoms = build_mixture("[NH4+].[Cl-]:3,water:30", density_g_per_cm3=0.9).atoms
    assert atoms.info["charge"] == 0
    assert len(set(atoms.arrays["residuenumbers"])) == 36
    assert sorted(set(atoms.arrays["formal_charges"])) == [-1, 0, 1]
    charged = build_mixture("[NH4+]:2,water:30", density_g_per_cm3=0.9)
    assert charged.atoms.info["charge"] == 2
    assert any("net charge of +2 e" in line for line in charged.decisions)


@pytest.mark.parametrize(
    ("mixture", "settings", "words"),
    [
        ("water:50", {"density_g_per_cm3": 1.0, "edge_angstrom": 12.0}, "one follows"),
        ("water:50", {"density_g_per_cm3": np.nan}, "must be positive"),
        ("water:50", {"edge_angstrom": -1.0}, "must be positive"),
        ("water:50", {"vacuum_angstrom": 3.0}, "no vacuum"),
        ("water:50", {"density_g_per_cm3": 4.0}, "kept apart"),
        ("gone.pdb:4", {}, "no such structure file"),
    ],
)
def test_what_is_no_box_is_refused(mixture, settings, words):
    with pytest.raises(InputError, match=words):
        build_mixture(mixture, **settings)


def test_a_density_must_be_known_or_given():
    pytest.importorskip("rdkit")
    with pytest.raises(InputError, match="none is known of CCCCN"):
        build_mixture("CCCCN:20")


def test_a_box_smaller_than_the_molecule_is_refused():
    pytest.importorskip("rdkit")
    with pytest.raises(InputError, match="smaller than a molecule of CCCCN"):
        build_mixture("CCCCN:2", edge_angstrom=5.0)


def test_elements_are_refused_at_once():
    pytest.importorskip("rdkit")
    with pytest.raises(UnsupportedElementError, match="Na"):
        build_mixture("water:100,[Na+]:3")


def test_several_structures_or_a_radical_are_no_component(tmp_path):
    write_extxyz(tmp_path / "two.xyz", [molecule("H2O"), molecule("H2O")])
    with pytest.raises(InputError, match="2 structures"):
        build_mixture(f"{tmp_path}/two.xyz:4", density_g_per_cm3=1.0)
    radical = molecule("CH3")
    write_extxyz(tmp_path / "radical.xyz", radical)
    with pytest.raises(StructureError, match="lack 1 bond"):
        build_mixture(f"{tmp_path}/radical.xyz:4", density_g_per_cm3=1.0)
    radical.info["spin"] = 2
    write_extxyz(tmp_path / "radical.xyz", radical)
    with pytest.raises(StructureError, match="unpaired"):
        build_mixture(f"{tmp_path}/radical.xyz:4", density_g_per_cm3=1.0)
