"""Bonds are searched once in a run, whatever asks for them."""

import mdtraj
import numpy as np

from fixtures import PLAN
from sundog.cli.app import run
from sundog.topology import bonds


def test_a_run_searches_bonds_once_and_a_resumed_one_once(water, tmp_path, monkeypatch):
    searches = []
    rule = bonds.are_bonds
    monkeypatch.setattr(bonds, "are_bonds", lambda *given: searches.append(0) or rule(*given))
    out = tmp_path / "run"
    more = ["--hydrogen-mass", "2", "--constraints", "rigid-water+h-bonds", "--timestep-fs", "1"]
    more += ["--freeze", "index 0 to 2", "--restrain", "element O and index 3 to 11"]
    more += ["--trajectory", "dcd", "--wrap", "--replicas", "2"]
    assert run(["nvt", str(water), "-o", str(out), *PLAN, *more, "--steps", "10"]) == 0
    assert len(searches) == 1
    for replica in sorted(out.glob("*/topology.pdb")):
        top = mdtraj.load_topology(str(replica))
        assert [residue.name for residue in top.residues] == ["HOH"] * 4
        assert top.n_bonds == 8
        frames = mdtraj.load(str(replica.with_name("trajectory.dcd")), top=top)
        # Rigid and wrapped as molecules: no bond crosses the cell.
        ends = np.array([[a.index, b.index] for a, b in top.bonds])
        lengths = mdtraj.compute_distances(frames, ends, periodic=False)
        assert lengths.max() < 0.11
    searches.clear()
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 0
    assert len(searches) == 1
