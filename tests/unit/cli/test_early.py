"""Refusals before anything heavy is imported say what the readers would say."""

import pytest

from sundog.cli.early import refuse_elements
from sundog.errors import UnsupportedElementError

WATER = "3\n{}\nO 0 0 0.1\nH 0 0.76 -0.47\nH 0 -0.76 -0.47\n"
SILICON = WATER.replace("O ", "Si ")


def test_an_element_without_parameters_is_named(tmp_path):
    for name, text in (
        ("a.xyz", SILICON),
        ("a.extxyz", SILICON.format('Properties=species:S:1:pos:R:3 pbc="F F F"')),
        ("a.pdb", f"HETATM    1 SI   LIG A   1    {'':46s}SI\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(UnsupportedElementError, match="no parameters for Si"):
            refuse_elements(tmp_path / name, last_of_many=True)


@pytest.mark.parametrize(
    "text",
    [
        WATER,
        SILICON + WATER,
        SILICON.format("Properties=name:S:1:species:S:1:pos:R:3"),
        SILICON[:-20],
        "words",
        "",
        "3\n\nXx 0 0 0\nMW 1 1 1\nSI 2 2 2\n",
    ],
)
def test_what_is_sound_or_not_plain_is_left_to_the_readers(text, tmp_path):
    (tmp_path / "a.xyz").write_text(text)
    refuse_elements(tmp_path / "a.xyz", last_of_many=True)


def test_of_several_structures_only_the_one_that_is_meant_counts(tmp_path):
    (tmp_path / "a.xyz").write_text(WATER + SILICON)
    refuse_elements(tmp_path / "a.xyz", last_of_many=False)
    with pytest.raises(UnsupportedElementError):
        refuse_elements(tmp_path / "a.xyz", last_of_many=True)
