"""From what is asked to a system: ASE atoms and arrays give the same."""

import numpy as np
import pytest
from ase.build import molecule

import sundog
from sundog.errors import InputError


def test_a_system_of_atoms_is_that_of_their_arrays():
    atoms = molecule("H2O", cell=[8.0, 9.0, 10.0], pbc=True)
    atoms.info |= {"charge": 1, "spin": 2}
    told = sundog.make_system(
        atoms.positions,
        atoms.numbers,
        cell=atoms.cell.array,
        pbc=True,
        total_charge=1,
        multiplicity=2,
    )
    found = sundog.make_system(atoms)
    for name in ("positions", "numbers", "cell", "pbc", "total_charge", "multiplicity", "origin"):
        np.testing.assert_array_equal(getattr(found, name), getattr(told, name), err_msg=name)
    assert float(sundog.make_system(atoms, total_charge=-1).total_charge[0]) == -1


def test_what_atoms_have_themselves_is_refused():
    with pytest.raises(InputError, match=r"^cell: ASE atoms have their own"):
        sundog.make_system(molecule("H2O"), cell=np.eye(3))
    with pytest.raises(InputError, match=r"^numbers"):
        sundog.make_system(np.zeros((1, 3)))
