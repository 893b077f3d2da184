"""What is carried into outputs: names that can be written, no labels of another geometry."""

import ase.build
import numpy as np
import pytest
from ase.constraints import FixAtoms, FixBondLength

from sundog.errors import StructureError
from sundog.io.extxyz import format_frame
from sundog.io.results import carried, name_of
from sundog.runs.mechanics import fixed_atoms


def water(**info):
    atoms = ase.build.molecule("H2O")
    atoms.info = info
    return atoms


def test_names_that_cannot_be_written_are_changed_and_said():
    atoms = water(**{"ccsd(t)_cbs.energy": -1.0, "dft total energy": -2.0, "pbc": 3})
    atoms.set_array("Z", np.ones(3))
    (kept,), said = carried([atoms], moved=False)
    assert kept.info == {"ccsd_t__cbs.energy": -1.0, "dft_total_energy": -2.0, "pbc_": 3}
    assert kept.arrays["Z_"].tolist() == [1, 1, 1]
    assert "Renamed in the output: dft total energy to dft_total_energy" in said
    assert "dft total energy" in atoms.info  # the structure stays as it is
    format_frame(kept)


def test_what_no_column_holds_is_left_out_and_said():
    atoms = water(thing=object(), fine=1)
    atoms.set_array("tensors", np.zeros((3, 3, 3)))
    atoms.set_array("words", np.array(["a b", "c", "d"]))
    (kept,), said = carried([atoms], moved=False)
    assert kept.info == {"fine": 1}
    assert said == ["Left out of the output, which cannot hold it: thing, tensors, words"]
    format_frame(kept)


def test_labels_do_not_stay_when_atoms_move():
    info = {"REF_energy": -1.0, "energy_dispersion": -0.1, "E": 2.0, "dipole": [0, 0, 1]}
    stays = {"name": "w", "charge": 0, "source": "a.xyz", "frame": 3, "temperature": 300.0}
    atoms = water(**info, **stays)
    for name in ("REF_forces", "hirshfeld_ratios", "hirsh_ratios", "my_numbers"):
        atoms.set_array(name, np.ones(3))
    atoms.set_masses([16.0, 2.0, 2.0])
    atoms.set_momenta(np.ones((3, 3)))
    atoms.set_tags([1, 2, 3])
    (kept,), (said,) = carried([atoms], moved=True)
    assert kept.info == stays
    assert set(kept.arrays) == {"numbers", "positions", "masses", "momenta", "tags"}
    assert all(name in said for name in (*info, "REF_forces", "hirsh_ratios", "my_numbers"))
    (same,), lines = carried([atoms], moved=False)
    assert same.info == atoms.info
    assert lines == []


def test_fixed_atoms_are_written_and_read_again(tmp_path):
    atoms = water()
    atoms.set_constraint(FixAtoms([0, 2]))
    assert fixed_atoms(atoms).tolist() == [0, 2]
    (tmp_path / "a.extxyz").write_text(format_frame(atoms))
    assert fixed_atoms(ase.io.read(tmp_path / "a.extxyz")).tolist() == [0, 2]
    atoms.set_constraint(FixBondLength(0, 1))
    with pytest.raises(StructureError, match=r"keeps atoms fixed as a whole.*FixBondLength"):
        fixed_atoms(atoms)


def test_the_name_of_a_structure():
    assert name_of(water(ID="A7", comment="x")) == "A7"
    assert name_of(water()) == ""
