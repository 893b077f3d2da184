"""Charges by residue in words: what is charged, and what might be and is not."""

import numpy as np
import pytest

from sundog.io.topologies import topology_from_atoms
from sundog.perception.perceive import perceive
from sundog.perception.residue_charges import describe_charges, neutral_ends, unexpected
from sundog.prepare.peptides.sequences import build_sequence

pytest.importorskip("biotite", reason="needs sundog[prepare]")


def told(atoms):
    topology = topology_from_atoms(atoms)
    return describe_charges(topology, perceive(topology).charges)


@pytest.mark.parametrize(
    ("sequence", "termini", "words"),
    [
        ("ALA-LYS-ASP", "charged", "ASP -1 (3), C-terminus -1 (3), LYS +1 (2), N-terminus +1 (1)"),
        ("ALA-GLY", "neutral", "N-terminus without charge (1), C-terminus without charge (2)"),
        ("PRO-GLY", "neutral", "N-terminus without charge (1), C-terminus without charge (2)"),
        ("ACE-ALA-PRO-ALA-NME", "neutral", "no residue is charged; total +0"),
    ],
)
def test_charges_in_words(sequence, termini, words):
    assert told(build_sequence(sequence, termini=termini).atoms).startswith(words)


def test_an_end_that_lacks_one_hydrogen_is_said():
    whole = build_sequence("ALA-LYS-GLY", termini="charged").atoms
    names, numbers = whole.arrays["atomtypes"], whole.arrays["residuenumbers"]
    nitrogen = np.flatnonzero((names == "N") & (numbers == 1))[0]
    near = np.flatnonzero(
        (whole.numbers == 1) & (whole.get_distances(nitrogen, range(len(whole))) < 1.2)
    )
    del whole[int(near[0])]
    assert "N-terminus without charge (1)" in told(whole)
    topology = topology_from_atoms(whole)
    assert neutral_ends(topology, perceive(topology).charges) == {"N-terminus": ["1"]}
    assert not len(unexpected(topology, perceive(topology)))


def test_many_of_one_kind_are_counted():
    words = told(build_sequence("ACE-" + "LYS-" * 8 + "NME").atoms)
    assert words.startswith("LYS +1 ×8 (2, 3, 4, 5, 6, 7, …); total +8")
