"""Settings of a relaxation that several structures cannot have."""

import pytest
from ase import Atoms

from sundog.errors import InputError
from sundog.runs.groups import RelaxationSettings
from sundog.runs.relaxation import minimize, refuse_of_several


@pytest.mark.parametrize("told", [{"optimizer": "lbfgs"}, {"cell": "isotropic"}])
def test_what_several_structures_do_not_read_is_refused(told):
    with pytest.raises(InputError, match=min(told)):
        refuse_of_several(RelaxationSettings(**told))


def test_several_are_relaxed_by_fire():
    refuse_of_several(RelaxationSettings())
    refuse_of_several(RelaxationSettings(optimizer="fire"))


def test_nothing_is_no_structure():
    with pytest.raises(InputError, match="no structures"):
        minimize([])
    with pytest.raises(InputError, match="no such setting"):
        minimize(Atoms("Ar"), optimiser="fire")
