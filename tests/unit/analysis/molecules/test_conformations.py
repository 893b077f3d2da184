"""Bonds, angles, dihedrals, free energies with errors, and clusters."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from recordings import recording, result_of, values_of
from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.molecules.clusters import clustered
from sundog.analysis.molecules.dihedrals import rotatable
from sundog.analysis.molecules.ramachandran import EDGES, free_energy
from sundog.errors import InputError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.peptides.polyalanine import polyalanine
from sundog.units import BOLTZMANN, KCAL_PER_MOL


def still(atoms, frames=12):
    return recording(atoms, np.repeat(atoms.positions[None], frames, 0))


def test_bonds_and_angles_of_water():
    water = molecule("H2O")
    assert values_of(result_of("bonds", still(water)))["H-O_length_angstrom"] == pytest.approx(
        water.get_distance(0, 1)
    )
    assert values_of(result_of("angles", still(water)))["H-O-H_angle_degrees"] == pytest.approx(
        water.get_angle(1, 0, 2)
    )


def butane(angle=180.0):
    """Return butane with its carbon dihedral turned to an angle in degrees."""
    atoms = molecule("trans-butane")
    carbons = [k for k in range(len(atoms)) if atoms.numbers[k] == 6]
    near = [one for one in carbons if (atoms.get_distances(one, carbons) < 1.6).sum() == 3]
    (b, c) = near
    a = next(k for k in carbons if k not in near and atoms.get_distance(k, b) < 1.6)
    d = next(k for k in carbons if k not in near and k != a)
    turned = [k for k in range(len(atoms)) if k == d or min(atoms.get_distances(k, [c, d])) < 1.2]
    atoms.set_dihedral(a, b, c, d, angle, indices=[k for k in turned if k != c])
    return atoms


def test_the_dihedral_of_butane_is_found_and_counted():
    angles = [180.0] * 20 + [65.0] * 10 + [-65.0] * 10
    frames = np.stack([butane(one).positions for one in angles])
    (four,) = rotatable(topology_from_atoms(butane()))
    result = result_of("dihedrals", recording(butane(), frames))
    label = "-".join(map(str, four))
    found = values_of(result)
    assert found[f"{label}_trans"] == 0.5
    assert found[f"{label}_gauche+"] == 0.25
    assert found[f"{label}_gauche-"] == 0.25
    named = result_of("dihedrals", recording(butane(), frames), dihedral=(label.replace("-", ","),))
    assert values_of(named) == found


@pytest.mark.parametrize("text", ["1,2,3", "0,1,2,99", "0,1,2,2", "a,b,c,d"])
def test_dihedrals_that_are_none_are_refused(text):
    with pytest.raises(InputError, match="four"):
        result_of("dihedrals", still(butane()), dihedral=(text,))


def test_rings_amides_and_double_bonds_do_not_rotate():
    for name in ("C6H6", "C2H4", "cyclobutane"):
        assert rotatable(topology_from_atoms(molecule(name))) == []


def test_the_free_energy_is_that_of_the_distribution():
    """Two Gaussian basins of weights 3 to 1: their ln 3 in units of k_B T, with an error bar."""
    random, count = np.random.default_rng(3), 40_000
    basin = random.uniform(size=count) < 0.25
    phi = np.where(basin, 65.0, -65.0) + 4 * random.normal(size=count)
    psi = np.full(count, 5.0)
    thermal = BOLTZMANN * 300 / KCAL_PER_MOL
    energy, error = free_energy(phi[:, None], psi[:, None], thermal, 0)
    a, b = np.searchsorted(EDGES, [65.0, -65.0]) - 1
    row = np.searchsorted(EDGES, 5.0) - 1
    difference = energy[a, row] - energy[b, row]
    assert difference == pytest.approx(thermal * np.log(3), abs=5 * error[a, row] + 1e-3)
    # The error of ln p of 10,000 of 40,000 counts is some 1 %, in units of k_B T.
    assert error[a, row] == pytest.approx(0.011 * thermal, rel=0.5)
    assert np.isnan(energy[0, 0])


def test_few_frames_have_no_error():
    phi = np.linspace(-60, -50, 8)[:, None]
    assert np.isnan(free_energy(phi, phi, 0.6, 0)[1]).all()


def test_clusters_are_the_basins():
    frames = [butane(180.0).positions] * 25 + [butane(65.0).positions] * 15
    noise = 0.02 * np.random.default_rng(1).normal(size=(40, 14, 3))
    result = result_of(
        "clusters", recording(butane(), np.stack(frames) + noise), clusters_angstrom=0.3
    )
    assert result.tables["clusters"]["frames"].tolist() == [25, 15]
    assert values_of(result)["share_0"] == pytest.approx(25 / 40)


def test_the_largest_cluster_comes_first():
    near = np.abs(np.subtract.outer(*[np.array([0, 10, 10.5, 11, 20])] * 2)) <= 0.6
    number, middles = clustered(near)
    assert number.tolist() == [1, 0, 0, 0, 2]
    assert middles == [2, 0, 4]


def test_liquids_have_no_conformations():
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]], cell=[20] * 3, pbc=True)
    with pytest.raises(InputError, match="heavy atoms"):
        result_of("clusters", still(atoms))


def test_runs_of_one_peptide_share_a_map():
    atoms = polyalanine(3, -65.0, -45.0)
    other = polyalanine(3, -125.0, 135.0)
    runs = [
        recording(atoms, np.repeat(one.positions[None], 12, 0), name=name)
        for name, one in (("helix", atoms), ("sheet", other))
    ]
    analysis = analyze(runs, ["ramachandran"], Choices(temperature_kelvin=300.0))
    joint = analysis.together["ramachandran"]
    map_ = joint.tables["map_all runs"]
    found = np.flatnonzero(map_["free_energy_kcal_per_mol"] == 0)
    angles = {(map_["phi_degrees"][k], map_["psi_degrees"][k]) for k in found}
    assert angles == {(-65, -45), (-125, 135)}
    assert joint.pictures[0].name == "map-all runs"
    alone = analyze(runs[:1], ["ramachandran"], Choices(temperature_kelvin=300.0))
    assert alone.together == {}
    longer = polyalanine(4, -65.0, -45.0)
    unlike = [runs[0], recording(longer, longer.positions[None], name="longer")]
    found = analyze(unlike, ["ramachandran"], Choices(temperature_kelvin=300.0))
    assert found.together == {}
