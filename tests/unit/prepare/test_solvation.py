"""Water and counter-ions around solutes, in cells of every shape."""

from importlib.util import find_spec

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from sundog.errors import InputError
from sundog.io.gate import gate
from sundog.prepare.cells import cell_of, distance_for
from sundog.prepare.peptides.sequences import build_sequence
from sundog.prepare.request import SolventChoices
from sundog.prepare.solvation import HEAVY_CONTACT, LIGHT_CONTACT, SHRINKAGE, solvated
from sundog.units import GRAM_PER_CM3

pytestmark = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("biotite", "openmm")),
    reason="needs sundog[prepare]",
)


@pytest.fixture(scope="module")
def peptide():
    return build_sequence("ACE-ALA3-NME")


def charged(charge):
    names = {1: "ACE-LYS-NME", -1: "ACE-ASP-NME"}
    sequence = "-".join(["ACE", *[names[int(np.sign(charge))][4:7]] * abs(charge), "NME"])
    return build_sequence(sequence)


@pytest.mark.parametrize("shape", ["cube", "octahedron", "dodecahedron"])
def test_boxes_have_the_density_of_water_and_no_overlaps(shape, peptide):
    box = solvated(peptide, SolventChoices(edge_angstrom=26.0, cell=shape)).atoms
    density = box.get_masses().sum() / box.cell.volume / GRAM_PER_CM3
    assert 0.99 < density < 1.02
    np.testing.assert_allclose(box.cell.array, cell_of(shape, 26.0), rtol=0.005)
    molecule = np.zeros(len(box), int)
    solute = len(peptide.atoms)
    molecule[solute:] = box.arrays["residuenumbers"][solute:]
    i, j, d = neighbor_list("ijd", box, HEAVY_CONTACT)
    light = (box.numbers[i] == 1) | (box.numbers[j] == 1)
    apart = np.where(light, LIGHT_CONTACT, HEAVY_CONTACT)
    # Water is moved together after it is cut; towards the solute it keeps its distance.
    least = np.where((molecule[i] == 0) | (molecule[j] == 0), apart, apart - 2.5 * SHRINKAGE)
    other = molecule[i] != molecule[j]
    assert other.any()
    assert (d[other] >= least[other] - 1e-6).all()
    assert gate(box).state.charge == 0


@pytest.mark.parametrize("shape", ["cube", "octahedron", "dodecahedron"])
def test_cells_keep_images_apart(shape):
    cell = cell_of(shape, 3.0)
    steps = np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
    lengths = np.linalg.norm(steps @ cell, axis=1)
    assert lengths[lengths > 0].min() == pytest.approx(3.0)
    assert distance_for(shape, np.linalg.det(cell)) == pytest.approx(3.0)


def test_as_many_molecules_as_asked(peptide):
    box = solvated(peptide, SolventChoices(waters=400, cell="octahedron"))
    assert len(box.atoms) == len(peptide.atoms) + 1200
    assert "400 molecules" in box.decisions[-2]
    inner = box.atoms.get_all_distances()[: len(peptide.atoms), : len(peptide.atoms)]
    np.testing.assert_allclose(inner, peptide.atoms.get_all_distances(), atol=1e-9)


def test_padding_is_water_on_every_side(peptide):
    box = solvated(peptide, SolventChoices(padding_angstrom=6.0)).atoms
    solute = box.positions[: len(peptide.atoms)]
    assert box.cell.lengths() == pytest.approx([np.ptp(solute, axis=0).max() + 12.0] * 3, rel=0.005)


def test_a_slab_has_vacuum_along_z(peptide):
    box = solvated(peptide, SolventChoices(edge_angstrom=24.0, vacuum_angstrom=20.0)).atoms
    assert box.cell.lengths()[2] == pytest.approx(box.cell.lengths()[0] + 20.0)
    assert np.ptp(box.positions[:, 2]) < box.cell.lengths()[0] + 3.0


@pytest.mark.parametrize(("charge", "ion"), [(3, "Cl"), (-3, "N")])
def test_large_charges_are_neutralised_only_where_asked(charge, ion):
    solute = charged(charge)
    assert solute.atoms.info["charge"] == charge
    size = {"padding_angstrom": 7.0}
    with pytest.raises(InputError, match=rf"net charge of \{charge:+d}"):
        solvated(solute, SolventChoices(**size))
    made = solvated(solute, SolventChoices(**size, counter_ions="neutralize"))
    assert made.atoms.info["charge"] == 0
    assert gate(made.atoms).state.charge == 0
    residues = made.atoms.arrays["residuenames"]
    assert np.count_nonzero(np.isin(residues, ["CL", "NH4"])) == (3 if ion == "Cl" else 15)
    left = solvated(solute, SolventChoices(**size, counter_ions="none"))
    assert left.atoms.info["charge"] == charge
    assert "stays" in left.decisions[-2] + left.decisions[-1]


def test_the_same_choices_give_the_same_bytes(peptide):
    first, second = (solvated(peptide, SolventChoices(edge_angstrom=22.0)) for _ in range(2))
    assert first.atoms.positions.tobytes() == second.atoms.positions.tobytes()


def test_cells_smaller_than_the_solute_are_refused(peptide):
    with pytest.raises(InputError, match="smaller than the solute"):
        solvated(peptide, SolventChoices(edge_angstrom=10.0))


@pytest.mark.parametrize(
    "choices",
    [
        {"edge_angstrom": float("nan")},
        {"padding_angstrom": 0.0},
        {"waters": 0},
        {"waters": 10**12},
        {"edge_angstrom": 20.0, "vacuum_angstrom": 10.0, "cell": "octahedron"},
    ],
)
def test_impossible_choices_are_refused(choices):
    with pytest.raises(InputError):
        SolventChoices(**choices)


def test_the_amount_of_water_is_said_once():
    assert not SolventChoices().wanted
    assert SolventChoices(waters=3).wanted
    with pytest.raises(InputError, match="said twice"):
        _ = SolventChoices(waters=3, edge_angstrom=20.0).wanted
    with pytest.raises(InputError, match="nothing says how much"):
        _ = SolventChoices(cell="octahedron").wanted
