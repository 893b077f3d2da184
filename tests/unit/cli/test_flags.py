"""Messages that name fields become messages that name flags."""

import pytest

from sundog.cli.app import make_app, translated
from sundog.cli.flags import flags_of, with_flags

FLAGS = {
    "charge": "--charge",
    "electrostatics": "--electrostatics",
    "minimize": "--minimize",
    "output": "--output",
    "steps": "--steps",
    "timestep_fs": "--timestep-fs",
}


@pytest.mark.parametrize(
    ("message", "translation"),
    [
        ('Use electrostatics="ewald".', "Use --electrostatics ewald."),
        ("a multiple of steps=10.", "a multiple of --steps 10."),
        ("first (minimize=True), then", "first (--minimize), then"),
        ("with minimize=False", "with --no-minimize"),
        ("timestep_fs: not acceptable (got 9).", "--timestep-fs: not acceptable (got 9)."),
        ("steps: not acceptable", "--steps: not acceptable"),
        ("Give `charge` as an integer", "Give --charge as an integer"),
        ("timestep_fs to be given as well", "--timestep-fs to be given as well"),
        # What is no field of the verb, or stands for something else, stays.
        ("100 steps are left; the output is there", "100 steps are left; the output is there"),
        ('Set atoms.info["charge"]', 'Set atoms.info["charge"]'),
        ("`ewald` and other_name=3", "`ewald` and other_name=3"),
        ("folder/timestep_fs.csv", "folder/timestep_fs.csv"),
    ],
)
def test_forms(message, translation):
    assert with_flags(message, FLAGS) == translation


def test_only_the_flags_of_the_verb():
    assert flags_of(make_app(["md"])["md"])["timestep_fs"] == "--timestep-fs"
    assert translated("timestep_fs: wrong", ["md"]) == "--timestep-fs: wrong"
    assert translated("timestep_fs: wrong", ["predict"]) == "timestep_fs: wrong"
    assert translated("output: wrong", ["prepare", "water"]) == "--output: wrong"
    assert translated("output: wrong", []) == "output: wrong"


def test_every_setting_of_a_run_is_a_flag_in_a_group():
    from sundog.runs.job import SETTINGS

    arguments = make_app(["md"])["md"].assemble_argument_collection()
    named = {one.names[0]: one for one in arguments}
    for name in SETTINGS:
        parameter = named["--" + name.replace("_", "-")].parameter
        assert parameter.group, name
