"""Sequences as they are written."""

import pytest

from sundog.errors import InputError
from sundog.prepare.peptides.sequence_grammar import FORMS, parse_sequence


def states(text, **settings):
    return list(parse_sequence(text, **settings).states)


def test_names_with_counts_and_caps():
    read = parse_sequence("ACE-Ala3-lys-NME")
    assert read.states == ("ALA", "ALA", "ALA", "LYS")
    assert (read.before, read.after) == ("ACE", "NME")
    assert parse_sequence("GLY-NH2").after == "NH2"
    assert parse_sequence("GLY2").before is None


def test_letters_are_said():
    read = parse_sequence("GIGAV")
    assert read.states == ("GLY", "ILE", "GLY", "ALA", "VAL")
    assert read.decisions == ("GIGAV is read as one-letter codes: GLY-ILE-GLY-ALA-VAL",)
    assert states("A-L-A") == ["ALA", "LEU", "ALA"]
    assert states("ACE-A15-NME") == ["ALA"] * 15
    assert states("ACE-AAKKA-NH2") == ["ALA", "ALA", "LYS", "LYS", "ALA"]


@pytest.mark.parametrize("word", ["ALA", "GLY", "HID", "SER"])
def test_what_is_a_name_and_letters_at_once_is_refused(word):
    with pytest.raises(InputError, match=f"{word}1 for the residue, {'-'.join(word)} for its"):
        parse_sequence(word)


@pytest.mark.parametrize(
    ("ph", "expected"),
    [
        (2.0, ["ASH", "GLH", "HIP", "CYS", "TYR", "LYS"]),
        (7.0, ["ASP", "GLU", "HIE", "CYS", "TYR", "LYS"]),
        (11.0, ["ASP", "GLU", "HIE", "CYM", "TYM", "LYN"]),
    ],
)
def test_side_chains_at_a_ph(ph, expected):
    assert states("ASP-GLU-HIS-CYS-TYR-LYS", ph=ph) == expected


def test_names_of_states_hold_at_any_ph_and_what_is_chosen_is_said():
    text = "LYSH+-HID-HSP-ASH-LYN-CYM"
    assert states(text, ph=12.0) == ["LYS", "HID", "HIP", "ASH", "LYN", "CYM"]
    assert parse_sequence(text).decisions == ()
    assert parse_sequence("ACE-HIS-LYS").decisions == (
        "At pH 7 HIS 2 is HIE, +0 e, by its usual pKa",
        "At pH 7 LYS 3 is LYS, +1 e, by its usual pKa",
    )


def test_charges_of_states():
    charges = {name: sum(form.charges.values()) for name, form in FORMS.items()}
    assert {name for name, charge in charges.items() if charge == 1} == {"LYS", "ARG", "HIP"}
    assert {name for name, charge in charges.items() if charge == -1} == {
        *("ASP", "GLU", "CYM", "TYM"),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "without a name"),
        ("ALA--GLY", "without a name"),
        ("ACE", "no residues"),
        ("ACE-NME", "no residues"),
        ("ALX", "no residue"),
        ("ALA-MSE", "no residue"),
        ("ACE-AAK", "hyphens"),
        ("aaaa", "no residue"),
        ("ALA0-GLY", "no such count"),
        ("ALA99999", "no such count"),
        ("ALA9999-ALA9999", "too many"),
        ("ALA-ACE-ALA", "cap in the middle"),
        ("NME-ALA", "cap in the middle"),
        ("CYX-GLY", "disulfide"),
        ("A?A", "no residue"),
    ],
)
def test_what_is_no_sequence_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse_sequence(text)


@pytest.mark.parametrize("ph", [-1.0, 15.0, float("nan")])
def test_a_ph_has_bounds(ph):
    with pytest.raises(InputError, match="ph"):
        parse_sequence("ALA1", ph)
