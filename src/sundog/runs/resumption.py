"""Resumption of a run: check of changed settings, and its record in the provenance."""

import json
from collections.abc import Sequence

from sundog.errors import InputError, RunDirectoryError
from sundog.runs.directory import RunDirectory
from sundog.runs.setup import Setup, provenance
from sundog.runs.unused import DEFAULTS
from sundog.runs.yaml_files import read_mapping

ALWAYS_FREE = frozenset({"steps", "checkpoint_minutes", "keep_checkpoints"})
"""Settings that change nothing about the trajectory so far or to come."""

SINCE_THEN = {"dispersion_tail": "off", "long_range_every": 1, "paper": False}
"""Settings that runs of earlier versions do not have, with the values that those used."""


def refuse_changes(directory: RunDirectory, setup: Setup, allowed: Sequence[str]) -> list[str]:
    """Return a line for every setting that has changed, if all of them may change.

    Nothing is written.

    Args:
        directory: directory of the run.
        setup: setup that the run would continue with.
        allowed: names of settings that may change.

    Raises:
        RunDirectoryError: the settings of the run are missing.
        InputError: a setting or the weights differ from before and are not in `allowed`.
    """
    if not directory.config.is_file():
        raise RunDirectoryError(
            f"{directory.path}: the settings of the run are missing",
            expected=f"a file {directory.config.name}",
            remedy="It may have been stopped before it began: start it again with overwrite=True",
        )
    # What nothing reads is not written.
    stored = DEFAULTS | SINCE_THEN | read_mapping(directory.config)
    config = DEFAULTS | setup.config
    named = {name.replace("-", "_") for name in allowed}
    keys = stored.keys() | config.keys()
    changes = {key: (stored.get(key), config.get(key)) for key in sorted(keys)}
    changes = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
    before = json.loads(directory.provenance.read_text())["weights"]["sha256"]
    now = provenance(setup)["weights"]["sha256"]
    if before != now:
        changes["model"] = (before[:12], now[:12])
    refused = changes.keys() - ALWAYS_FREE - named
    if refused:
        key = sorted(refused)[0]
        old, new = changes[key]
        raise InputError(
            f"{key}: would change in the middle of the run",
            got=f"{new}, and {old} before",
            remedy=f'Leave it, or ask for it with allow_change="{key.replace("_", "-")}"',
        )
    return [f"Changed: {key} from {old} to {new}" for key, (old, new) in changes.items()]


def note_resumption(directory: RunDirectory, setup: Setup, step: int) -> None:
    """Write the settings, and add this resumption to the provenance of the run.

    Args:
        directory: directory of the run.
        setup: setup that the run continues with.
        step: step that the run continues from.

    Raises:
        RunDirectoryError: the provenance is damaged, or the files cannot be written.
    """
    try:
        record = json.loads(directory.provenance.read_text())
    except ValueError as error:
        raise RunDirectoryError(
            f"{directory.provenance}: damaged", got=error, remedy="Restore it, or start anew"
        ) from error
    record.setdefault("resumed", []).append({"step": step, **provenance(setup)})
    directory.write_config(setup.config)
    directory.write_provenance(record)
