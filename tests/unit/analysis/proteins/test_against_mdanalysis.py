"""What MDAnalysis says of the same trajectories (`data/make_mdanalysis.py`)."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from recordings import recording, result_of
from sundog.analysis.atoms import backbone
from sundog.analysis.diffusion import mean_squared_displacement
from sundog.analysis.proteins.secondary_structure import CODES
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.peptides.polyalanine import polyalanine

FILE = Path(__file__).parents[1] / "data" / "mdanalysis.npz"


@pytest.fixture(scope="module")
def told():
    with np.load(FILE) as held:
        return {name: held[name] for name in held.files}


@pytest.fixture(scope="module")
def peptide(told):
    atoms = polyalanine(12, -57.0, -47.0)
    return recording(atoms, told["peptide"].astype(float), chunk=7)


def test_the_backbone_is_found_by_bonds(told, peptide):
    found = [(one.n, one.ca, one.c, one.o) for one in backbone(peptide.topology)]
    assert np.array_equal(found, told["backbone"])


def test_rmsd(told, peptide):
    table = result_of("rmsd", peptide).tables["series"]
    assert table["backbone_angstrom"] == pytest.approx(told["out_rmsd"], abs=1e-3)


def test_radius_of_gyration(told, peptide):
    table = result_of("gyration", peptide).tables["series"]
    assert table["radius_angstrom"] == pytest.approx(told["out_gyration"], abs=1e-4)


def test_rmsf(told, peptide):
    table = result_of("rmsf", peptide).tables["rmsf"]
    assert table["rmsf_angstrom"] == pytest.approx(told["out_rmsf"], abs=1e-3)


def test_ramachandran_angles(told, peptide):
    table = result_of("ramachandran", peptide, temperature_kelvin=300.0).tables["series"]
    phi = np.stack([v for k, v in table.items() if k.endswith("phi_degrees")], axis=1)
    psi = np.stack([v for k, v in table.items() if k.endswith("psi_degrees")], axis=1)
    # Ours has the first and last residue as well, between caps.
    assert phi[:, 1:-1] == pytest.approx(told["out_phi"], abs=1e-2)
    assert psi[:, 1:-1] == pytest.approx(told["out_psi"], abs=1e-2)


def test_secondary_structure(told, peptide):
    codes = result_of("dssp", peptide).tables["timeline"]["codes"]
    three = np.array(
        [
            [{"H": "H", "G": "H", "I": "H", "E": "E", "B": "E"}.get(c, "-") for c in row]
            for row in codes
        ]
    )
    # The three states of MDAnalysis, whose rules for the ends of helices differ a little.
    assert (three == told["out_dssp"]).mean() > 0.9
    assert set("".join(codes)) <= set(CODES.replace(" ", "-"))


def test_radial_distribution(told):
    places, cell = told["walk"].astype(float), told["cell"]
    numbers = [18] * 20 + [36] * 20
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3)[:40] / 4
    gas = recording(Atoms(numbers, grid @ cell, cell=cell, pbc=True), places)
    table = result_of("rdf", gas, bin_angstrom=0.5, reach_angstrom=6.0).tables["Ar-Kr"]
    assert table["g"] == pytest.approx(told["out_rdf"], rel=2e-3)


def test_mean_square_displacement(told):
    walk = told["walk"].astype(float)
    lags = np.array([1, 5, 20])
    centre = walk.mean(axis=1)
    common = [((centre[k:] - centre[:-k]) ** 2).sum(axis=1).mean() for k in lags]
    found = mean_squared_displacement(walk, lags) + common
    assert found == pytest.approx(told["out_msd"][lags], rel=1e-5)


def test_topology_of_the_file_is_that_of_the_builder(told):
    assert np.array_equal(polyalanine(12, -57.0, -47.0).numbers, told["numbers"])
    assert len(topology_from_atoms(polyalanine(12)).residues) >= 1
