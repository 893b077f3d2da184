"""Records of ASE frames."""

import numpy as np
import pytest
from ase.build import molecule

from sundog.data.labels import find_labels
from sundog.data.records import FrameRecords
from sundog.errors import InputError, StructureError
from sundog.train.references import Referred, fit_references


def frames():
    found = [molecule(name) for name in ("H2O", "NH3", "CH4", "H2O")]
    for number, atoms in enumerate(found):
        atoms.info["REF_energy"] = -10.0 * np.sum(atoms.numbers == 1) - 100.0 * number
        atoms.info["kind"] = "water" if number in (0, 3) else "other"
        atoms.arrays["REF_forces"] = np.ones((len(atoms), 3))
    found[1].info["charge"] = 1
    del found[2].arrays["REF_forces"]
    return found


def records(some=None, **given):
    some = frames() if some is None else some
    return FrameRecords(some, find_labels(some, {}), **given)


def test_labels_charge_and_group_are_those_of_the_frame():
    found = records(group_key="kind", source="set.xyz")
    assert len(found) == 4
    assert found[1].total_charge == 1.0
    assert found[1].multiplicity == 2.0
    assert found[0].group == "water"
    assert found[0].name == "set.xyz: structure 0"
    assert found[0].labels.keys() == {"energy", "forces"}
    assert found[2].labels.keys() == {"energy"}
    assert found[0].formula == ((1, 2), (8, 1), (0, 0))


def test_equal_structures_have_one_digest():
    found = records()
    assert found[0].digest == found[3].digest
    assert found[0].digest != found[1].digest
    moved = frames()
    moved[0].positions[0, 0] += 1e-3
    assert records(moved)[0].digest != found[0].digest


def test_what_is_no_structure_is_refused_when_it_is_asked_for():
    spoilt = frames()
    spoilt[1].positions[0] = np.nan
    found = records(spoilt)
    assert len(found[0].numbers) == 3
    with pytest.raises(StructureError):
        found[1]
    with pytest.raises(InputError, match="group_key: no structure has this entry"):
        records(group_key="sort")


def test_references_of_the_elements_are_taken_off():
    found = records()
    references = fit_references(found, np.arange(3))
    assert references.keys() == {1, 6, 7, 8}
    # Three structures of four elements are fitted exactly.
    left = Referred(found, references, np.arange(4))
    for number in range(3):
        assert abs(left[number].labels["energy"]) < 1e-6
    assert left[3].labels["energy"] == pytest.approx(-300.0)
    few = fit_references(found, np.array([0]))
    with pytest.raises(InputError, match="energy_reference: no structure for training has N"):
        Referred(found, few, np.array([1]))
