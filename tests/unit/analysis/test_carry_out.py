"""What is left out of an analysis, and what is refused."""

import numpy as np
import pytest
from ase import Atoms

from recordings import recording
from sundog.analysis.carry_out import NothingFitsError, analyze
from sundog.analysis.choices import Choices
from sundog.errors import InputError


def jumping(name="run"):
    """Return molecules that are wrapped into their cell, which the recording does not know."""
    places = np.random.default_rng(3).uniform(0, 12, (4, 3))
    atoms = Atoms("Ar4", places, cell=[12.0] * 3, pbc=True)
    drift = np.arange(60)[:, None, None] * np.array([0.9, 0.0, 0.0])
    return recording(atoms, (places + drift) % 12.0, wrapping="unknown", name=name)


def test_what_frames_do_not_fit_is_left_out_and_the_rest_is_measured():
    said = []
    found = analyze([jumping()], choices=Choices(from_ps=0.0), report=said.append)
    assert "jump" in found.left_out["msd"]
    assert "msd" not in found.results
    assert found.results["rdf"]["run"].tables
    assert len(said) == 1  # the frames are read once


def test_it_is_left_out_for_all_runs_where_one_does_not_fit():
    still = recording(jumping().atoms, np.zeros((60, 4, 3)) + jumping().atoms.positions, name="b")
    found = analyze([jumping("a"), still], choices=Choices(from_ps=0.0), among=["msd", "rdf"])
    assert found.results.keys() == {"rdf"}
    assert found.results["rdf"].keys() == {"a", "b"}
    assert found.left_out.keys() == {"msd"}


def test_what_was_asked_for_is_refused():
    with pytest.raises(InputError, match="jump"):
        analyze([jumping()], ["rdf", "msd"], Choices(from_ps=0.0))


def test_where_nothing_fits_it_is_said_why():
    with pytest.raises(NothingFitsError, match="no observable fits") as caught:
        analyze([jumping()], among=["dssp", "puckers"])
    assert caught.value.left_out.keys() == {"dssp", "puckers"}
