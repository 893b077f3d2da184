"""Every number that a user sets has finite bounds, and what is beyond them is refused."""

import math
from dataclasses import fields
from typing import get_args, get_type_hints

import numpy as np
import pytest

from sundog.bench.settings import BenchSettings
from sundog.bounds import BOUNDS, check_number, short
from sundog.cli.app import VERBS, make_app
from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, Hamiltonian, ModelOptions
from sundog.runs.groups import RelaxationSettings
from sundog.runs.settings import GROUPS, SimulationSettings

KINDS = (
    SimulationSettings,
    *GROUPS.values(),
    RelaxationSettings,
    ModelOptions,
    ElectronOptions,
    Hamiltonian,
    BenchSettings,
)
"""All dataclasses of settings."""

NO_NUMBERS = ("5", b"5", True, [1], {}, object(), 1j, np.bool_(True), math.nan, math.inf, -math.inf)
"""Values that no number has."""


def numeric(kind: type) -> list[tuple[str, bool, bool]]:
    """Return name, whether it is whole and whether it is a list, of the numbers of a dataclass."""
    found = []
    for one in fields(kind):
        hint = get_type_hints(kind)[one.name]
        inner = [part for part in (get_args(hint) or (hint,)) if part in (int, float)]
        if inner:
            found.append((one.name, inner[0] is int, hint == tuple[float, ...]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_the_settings_has_bounds_and_is_held_to_them(kind):
    for name, whole, several in numeric(kind):
        bounds = BOUNDS[name]
        assert math.isfinite(bounds.highest - bounds.lowest), name
        beyond = [bounds.lowest - 1, bounds.highest * 1.01 + 1, 10**30, -(10**30), 1e300, 10**400]
        for value in (*NO_NUMBERS, *beyond, *((2.5, 1e3) if whole else ())):
            with pytest.raises(InputError, match=f"^{name}: "):
                kind(**{name: (value,) if several else value})


def test_every_numeric_flag_of_every_verb_is_in_the_table():
    missing = []
    for verb in VERBS:
        app = make_app([verb])[verb]
        inner = [app[name] for name in app if not name.startswith("-")]
        for one in [app] if app.default_command else inner:
            for argument in one.assemble_argument_collection():
                kinds = get_args(argument.hint) or (argument.hint,)
                name = argument.names[0].removeprefix("--").replace("-", "_")
                if {int, float}.intersection(kinds) and name not in BOUNDS:
                    missing.append(f"{verb} {name}")
    assert missing == []


def test_the_bounds_are_included_and_numbers_of_numpy_are_numbers():
    for value in (1, np.int64(7), 10**12):
        check_number("steps", value, whole=True)
    for value in (0, 0.3, np.float32(0.5), np.float64(5.0), 5):
        check_number("skin_angstrom", value, whole=False)


def test_a_refusal_is_short_and_says_what_is_accepted():
    with pytest.raises(InputError, match="Expected an integer from 1 to 100,000") as refusal:
        check_number("replicas", 10**5000, whole=True)
    assert len(str(refusal.value)) < 200
    assert len(short("x" * 1000)) <= 60


def test_the_kinds_of_other_fields_are_held_to():
    for wrong in ({"minimize": "false"}, {"ensemble": "npv"}, {"freeze": 5}, {"wrap": 1}):
        with pytest.raises(InputError, match=f"^{next(iter(wrong))}: "):
            SimulationSettings.of(**wrong)
    with pytest.raises(InputError, match="several values"):
        SimulationSettings.of(frame_extras="velocities")
