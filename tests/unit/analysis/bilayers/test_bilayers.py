"""The bilayer of POPC that OpenMM brings, and what is none."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from recordings import recording, result_of, values_of
from sundog.analysis.bilayers.graph import along_normal, centre, lipids
from sundog.analysis.bilayers.order import LENGTHS, measured_order_parameters
from sundog.analysis.bilayers.profiles import head_to_head
from sundog.errors import InputError
from sundog.io.reading import read_one


@pytest.fixture(scope="module")
def popc():
    """One frame of 128 POPC and 5,120 waters, in all atoms."""
    openmm = pytest.importorskip("openmm")
    folder = Path(openmm.__file__).parent / "app" / "data"
    atoms = read_one(folder / "POPC.pdb", report=lambda line: None)
    return recording(atoms, atoms.positions[None], wrapping="unknown")


def test_lipids_are_found_by_bonds(popc):
    found = lipids(popc.topology)
    assert len(found) == 128
    names = popc.atoms.arrays["atomtypes"]
    for lipid in found[::16]:
        # C31 … C316 is palmitic, C21 … C218 oleic in the names of CHARMM.
        first, second = ([names[k] for k in chain] for chain in lipid.chains)
        assert first == [f"C3{k}" for k in range(1, 17)]
        assert second == [f"C2{k}" for k in range(1, 19)]


def test_area_volume_and_thickness(popc):
    found = values_of(result_of("lipid-area", popc))
    assert found["area_angstrom2"] == pytest.approx(66.56, abs=0.01)
    assert found["volume_angstrom3"] == pytest.approx(1238, abs=1)
    assert found["phosphorus_distance_angstrom"] == pytest.approx(36.6, abs=0.1)


def test_a_bilayer_across_the_boundary_is_the_same(popc):
    shift = np.array([10.0, -5.0, 0.5 * popc.atoms.cell[2, 2]])
    moved = recording(popc.atoms, popc.atoms.positions[None] + shift, wrapping="unknown")
    for what in ("lipid-area", "bilayer-profile"):
        assert values_of(result_of(what, moved)) == pytest.approx(
            values_of(result_of(what, popc)), rel=2e-2
        )


def test_heads_are_34_angstrom_apart(popc):
    found = values_of(result_of("bilayer-profile", popc))
    assert found["d_hh_angstrom"] == pytest.approx(34.1, abs=0.2)


def test_order_parameters(popc):
    result = result_of("order-parameters", popc)
    assert values_of(result)["s_ch_sn-1_2"] == pytest.approx(-0.215, abs=0.001)
    table = result.tables["by_carbon"]
    own = table["chain"] == "sn-2"
    oleic = dict(zip(table["carbon"][own].tolist(), table["s_ch"][own].tolist(), strict=True))
    # The kink at the double bond between carbons 9 and 10.
    assert abs(oleic[10]) < 0.5 * abs(oleic[7])
    assert len(result.pictures[0].lines) == 4


def test_measured_values_are_those_of_popc():
    measured = measured_order_parameters()
    for chain, length in LENGTHS.items():
        carbons, values = measured[chain]
        assert carbons.max() == length
        assert values.min() > -0.3
    assert measured["sn-1"][1][0] == -0.210


def test_the_middle_is_found_across_the_boundary():
    cell = np.array([[30.0, 0, 0], [0, 30.0, 0], [5.0, 0, 60.0]])
    random = np.random.default_rng(1)
    for middle in (0.0, 0.3, 0.98):
        fractional = np.column_stack(
            [random.uniform(size=(400, 2)), middle + 0.1 * random.uniform(-1, 1, 400)]
        )
        places = (fractional % 1.0) @ cell
        found = centre(places, cell, np.arange(400))
        assert (found - middle + 0.5) % 1 - 0.5 == pytest.approx(0, abs=0.01)
        z = along_normal(places, cell, found)
        assert np.abs(z).max() < 7
        assert z.mean() == pytest.approx(0, abs=0.1)


def test_the_distance_of_two_gaussians():
    z = np.arange(-30, 30, 0.5) + 0.25
    profile = sum(np.exp(-0.5 * ((z - m) / 3) ** 2) for m in (-17.3, 17.3))
    assert head_to_head(z, profile) == pytest.approx(34.6, abs=0.05)
    assert head_to_head(z, np.ones_like(z)) is None


@pytest.mark.parametrize("what", ["lipid-area", "bilayer-profile", "order-parameters"])
def test_what_has_no_lipids_is_refused(what):
    water = molecule("H2O")
    water.set_cell([10] * 3)
    water.pbc = True
    with pytest.raises(InputError, match="phospholipids"):
        result_of(what, recording(water, water.positions[None]))
