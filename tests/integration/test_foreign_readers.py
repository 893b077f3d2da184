"""Other programs open what a run leaves: times, box, names and bonds are those of the run."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from sundog.io.pdb import write_final
from sundog.io.topologies import topology_from_atoms
from sundog.runs.result import Run
from written_runs import moving, written_run

APART_PS = 0.02
"""Time between frames in ps."""


def ethanol_and_water() -> Atoms:
    """Return two kinds of molecules in a cell with three different angles."""
    atoms, other = molecule("CH3CH2OH"), molecule("H2O")
    other.translate([5.0, 1.0, 2.0])
    atoms += other
    atoms.set_cell([13.0, 12.0, 14.0, 85.0, 80.0, 75.0])
    atoms.pbc = True
    return atoms


@pytest.fixture(scope="module", params=["xtc", "dcd", "h5md", "extxyz"])
def written(request, tmp_path_factory):
    atoms = ethanol_and_water()
    frames = moving(atoms, 7)
    folder = tmp_path_factory.mktemp(request.param) / "run"
    written_run(folder, atoms, frames, suffix=request.param, apart_ps=APART_PS)
    topology = topology_from_atoms(atoms)
    charges = np.linspace(-0.6, 0.4, len(atoms))
    write_final(folder / "final.pdb", topology, frames[-1], atoms.cell.array, charges)
    return folder, atoms, frames, topology, request.param


def pairs_of(bonds):
    return {tuple(sorted(pair)) for pair in bonds}


def distances(frames):
    return np.linalg.norm(frames[:, :, None] - frames[:, None], axis=-1)


def test_mdtraj_opens_xtc_and_dcd(written):
    mdtraj = pytest.importorskip("mdtraj")
    folder, atoms, frames, topology, suffix = written
    if suffix not in ("xtc", "dcd"):
        pytest.skip("mdtraj has no reader for it; Run.to_mdtraj hands it over")
    read = mdtraj.load(folder / f"trajectory.{suffix}", top=folder / "topology.pdb")
    if suffix == "xtc":  # of DCD mdtraj counts the frames
        assert read.time == pytest.approx(APART_PS * np.arange(7), abs=1e-6)
    cell = np.concatenate([10 * read.unitcell_lengths[3], read.unitcell_angles[3]])
    assert cell == pytest.approx(atoms.cell.cellpar(), abs=2e-3)
    assert distances(10 * read.xyz) == pytest.approx(distances(frames), abs=2e-2)
    assert [one.element.symbol for one in read.topology.atoms] == atoms.get_chemical_symbols()
    bonds = pairs_of((a.index, b.index) for a, b in read.topology.bonds)
    assert bonds == pairs_of(topology.pairs.tolist())


def test_mdtraj_has_the_frames_of_every_run_by_its_result(written):
    folder, atoms, frames, topology, _ = written
    read = Run(folder).to_mdtraj()
    assert read.time == pytest.approx(APART_PS * np.arange(7), abs=1e-6)
    cell = np.concatenate([10 * read.unitcell_lengths[3], read.unitcell_angles[3]])
    assert cell == pytest.approx(atoms.cell.cellpar(), abs=2e-3)
    assert distances(10 * read.xyz) == pytest.approx(distances(frames), abs=2e-2)
    bonds = pairs_of((a.index, b.index) for a, b in read.topology.bonds)
    assert bonds == pairs_of(topology.pairs.tolist())


@pytest.mark.filterwarnings("ignore")  # of its own future, and of XYZ without times
def test_mdanalysis_opens_every_trajectory(written):
    mda = pytest.importorskip("MDAnalysis")
    folder, atoms, frames, topology, suffix = written
    # Its reader of XYZ knows neither boxes nor times; the extension is that of the format.
    told = {"format": "XYZ"} if suffix == "extxyz" else {}
    universe = mda.Universe(
        str(folder / "topology.pdb"), str(folder / f"trajectory.{suffix}"), **told
    )
    read = [(ts.time, ts.positions.copy(), ts.dimensions) for ts in universe.trajectory]
    assert len(read) == 7
    positions = np.array([one for _, one, _ in read])
    assert distances(positions) == pytest.approx(distances(frames), abs=2e-2)
    if suffix != "extxyz":
        # In CHARMM's files the first frame is one interval after the beginning; ours is at it.
        late = APART_PS if suffix == "dcd" else 0.0
        expected = late + APART_PS * np.arange(7)
        assert [time for time, *_ in read] == pytest.approx(expected, abs=1e-4)
        assert read[3][2] == pytest.approx(atoms.cell.cellpar(), abs=2e-3)
    assert [str(one) for one in universe.atoms.elements] == atoms.get_chemical_symbols()
    assert list(universe.residues.resnames) == ["MOL", "HOH"]
    assert pairs_of(universe.bonds.indices.tolist()) == pairs_of(topology.pairs.tolist())


@pytest.mark.parametrize("library", ["mdtraj", "MDAnalysis"])
def test_both_open_the_last_structure(written, library):
    module = pytest.importorskip(library)
    folder, atoms, frames, topology, _ = written
    path = str(folder / "final.pdb")
    if library == "mdtraj":
        read = module.load(path)
        cell = np.concatenate([10 * read.unitcell_lengths[0], read.unitcell_angles[0]])
        positions, names = 10 * read.xyz[0], [one.name for one in read.topology.atoms]
        bonds = pairs_of((a.index, b.index) for a, b in read.topology.bonds)
    else:
        read = module.Universe(path)
        cell, positions = read.dimensions, read.atoms.positions
        names, bonds = list(read.atoms.names), pairs_of(read.bonds.indices.tolist())
        charges = np.linspace(-0.6, 0.4, len(atoms))
        assert read.atoms.tempfactors == pytest.approx(charges, abs=6e-3)
    assert cell == pytest.approx(atoms.cell.cellpar(), abs=2e-3)
    inside = distances(frames[-1:])[0][:9, :9]
    assert distances(positions[None])[0][:9, :9] == pytest.approx(inside, abs=3e-3)
    assert names == [name for one in topology.residues for name in one.atom_names]
    assert bonds == pairs_of(topology.pairs.tolist())
