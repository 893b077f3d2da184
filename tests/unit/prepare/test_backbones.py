"""Backbone angles of a peptide."""

import pytest

from sundog.errors import InputError
from sundog.prepare.peptides.backbones import (
    BEFORE_PROLINE,
    EXTENDED,
    HELIX,
    KINK,
    angles_of,
    around_prolines,
)
from sundog.prepare.peptides.proline import PHI
from sundog.prepare.peptides.sequence_grammar import parse_sequence


def test_one_of_them_says_the_backbone():
    assert angles_of(None, None, True, False)[0] == HELIX
    assert angles_of(None, None, False, True)[0] == EXTENDED
    assert angles_of(-70.0, 140.0, False, False) == ((-70.0, 140.0), [])
    assert "no angles were given" in angles_of(None, None, False, False)[1][0]
    with pytest.raises(InputError, match="one of them"):
        angles_of(-70.0, 140.0, True, False)
    with pytest.raises(InputError, match="two finite angles"):
        angles_of(None, 140.0, False, False)


def test_without_proline_nothing_differs():
    told: list[str] = []
    assert around_prolines(parse_sequence("ACE-ALA3-NME"), HELIX, told) == [HELIX] * 3
    assert told == []


def test_a_stretched_chain_bends_at_proline():
    told: list[str] = []
    each = around_prolines(parse_sequence("ACE-ALA2-PRO-ALA"), EXTENDED, told)
    assert each == [EXTENDED, (180.0, BEFORE_PROLINE), (PHI, 180.0), EXTENDED]
    assert told[0] == "The ring of PRO 4 holds φ at -65 degrees"


def test_a_helix_is_kinked_only_where_it_has_a_turn_before():
    told: list[str] = []
    each = around_prolines(parse_sequence("ACE-ALA5-PRO-ALA5"), HELIX, told)
    assert each[:2] == [HELIX] * 2
    assert each[2] == (HELIX[0] + KINK[0][0], HELIX[1] + KINK[0][1])
    assert each[5:] == [HELIX] * 6
    assert "PRO 7 kinks the helix" in told[0]
    assert around_prolines(parse_sequence("ALA-PRO-ALA5"), HELIX, told) == [HELIX] * 7


def test_the_first_residue_has_no_phi():
    told: list[str] = []
    around_prolines(parse_sequence("P-G-G"), EXTENDED, told)
    assert told == []
