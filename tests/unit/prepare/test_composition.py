"""What a mixture is made of."""

import pytest

from sundog.errors import InputError
from sundog.prepare.composition import is_file, parse_mixture


def counts(text, total=None):
    return [(part.what, part.count) for part in parse_mixture(text, total)[0]]


def test_counts():
    assert counts("water:900, CCO:100") == [("water", 900), ("CCO", 100)]
    assert parse_mixture("water:900")[1] == ()


def test_a_colon_in_a_smiles_is_not_the_amount():
    assert counts("[CH3:1]O:5") == [("[CH3:1]O", 5)]


@pytest.mark.parametrize("text", ["water:90%,CCO:10%", "water:0.9,CCO:0.1"])
def test_shares_need_a_total_and_are_said(text):
    assert counts(text, 300) == [("water", 270), ("CCO", 30)]
    assert parse_mixture(text, 300)[1] == ("The composition of 300 molecules is 270 water, 30 CCO",)
    with pytest.raises(InputError, match="needs the number of molecules"):
        parse_mixture(text)


def test_remainders_go_to_the_largest():
    assert counts("A:33.3%,B:33.3%,C:33.4%", 100) == [("A", 33), ("B", 33), ("C", 34)]
    assert sum(n for _, n in counts("A:0.15,B:0.85", 7)) == 7


@pytest.mark.parametrize(
    ("text", "total", "words"),
    [
        ("water", None, "without an amount"),
        ("water:", None, "without an amount"),
        (":5", None, "without an amount"),
        ("", None, "without an amount"),
        ("water:0", None, "impossible counts"),
        ("water:-3", None, "no amount"),
        ("water:nan", None, "no amount"),
        ("water:many", None, "no amount"),
        ("water:99999999", None, "impossible counts"),
        ("water:1,water:2", None, "twice"),
        ("water:10,CCO:50%", 10, "different kinds"),
        ("water:0.5,CCO:0.4", 10, "do not add up to 1"),
        ("water:50%,CCO:51%", 10, "do not add up to 100"),
        ("water:99%,CCO:1%", 10, "too few"),
        ("water:10", 10, "total"),
    ],
)
def test_what_is_no_mixture_is_refused(text, total, words):
    with pytest.raises(InputError, match=words):
        parse_mixture(text, total)


def test_files_are_told_by_their_suffix(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("")
    assert is_file(str(path))
    assert not is_file("C.CO")
    with pytest.raises(InputError, match="no such structure file"):
        is_file("gone.pdb")
