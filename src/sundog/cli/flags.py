"""Fields of settings as flags of the command line, in the help and in messages.

Messages from below the command line name fields; a user at a prompt reads flags. Translated are

    electrostatics="ewald"  →  --electrostatics ewald       minimize=True  →  --minimize
    timestep_fs: …          →  --timestep-fs: …             `charge`       →  --charge

and names with an underscore wherever they stand; only fields that the verb has are translated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated

from cyclopts import App, Group, Parameter

from sundog.runs.groups import Barostat, Bath, Masses, Output, Replicas, Restraints, Start
from sundog.runs.settings import SimulationSettings

FLAT = Parameter(name="*")
"""Mark of a dataclass whose fields are flags of the verb itself."""


@cache
def flat(title: str) -> Parameter:
    """Return the mark of a dataclass whose fields are flags under a title of their own."""
    return Parameter(name="*", group=Group.create_ordered(title))


RUN, FORCE_FIELD = flat("Run"), flat("Force field")
"""Marks of the settings of a run that belong to no group, and of those of its force field."""


@dataclass(frozen=True, kw_only=True)
class SettingsFlags(SimulationSettings):
    """Settings of a run as flags, grouped in the help."""

    bath: Annotated[Bath, flat("Temperature")] = field(default_factory=Bath)
    barostat: Annotated[Barostat, flat("Pressure")] = field(default_factory=Barostat)
    masses: Annotated[Masses, flat("Masses and rigid bonds")] = field(default_factory=Masses)
    restraints: Annotated[Restraints, flat("Restraints")] = field(default_factory=Restraints)
    start: Annotated[Start, flat("Start")] = field(default_factory=Start)
    replicas: Annotated[Replicas, flat("Replicas")] = field(default_factory=Replicas)
    output: Annotated[Output, flat("Output")] = field(default_factory=Output)


def flags_of(verb: App) -> dict[str, str]:
    """Return the flags of a verb by the names of their fields."""
    names = (argument.names[0] for argument in verb.assemble_argument_collection())
    return {name[2:].replace("-", "_"): name for name in names if name.startswith("--")}


def with_flags(message: str, flags: Mapping[str, str]) -> str:
    """Return a message with flags in place of the fields that it names.

    Args:
        message: text that names fields in the forms of the module's header.
        flags: flags by the names of their fields.
    """

    def setting(match: re.Match[str]) -> str:
        name, quoted, plain = match.groups()
        if name not in flags:
            return match.group(0)
        if plain in ("True", "False"):
            return flags[name] if plain == "True" else f"--no-{flags[name][2:]}"
        return f"{flags[name]} {quoted if plain is None else plain}"

    def word(match: re.Match[str]) -> str:
        return flags.get(match.group(1), match.group(0))

    message = re.sub(r'(?<![\w\[.])(\w+)=(?:"([^"]*)"|([\w.+-]*\w))', setting, message)
    message = re.sub(r"`(\w+)`", word, message)
    message = re.sub(r"^(\w+)(?=:)", word, message)
    return re.sub(r"(?<![\w.\[\"/-])([a-z]\w*_\w+)(?![\w(./])", word, message)
