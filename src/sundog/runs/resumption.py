"""Resumption of a run: check of what has changed, and its record in the provenance."""

from collections.abc import Mapping, Sequence
from typing import Any

from sundog.errors import InputError, RunDirectoryError
from sundog.files import hash_of
from sundog.runs.directory import RunDirectory
from sundog.runs.setup import Setup, provenance
from sundog.runs.unused import DEFAULTS

ALWAYS_FREE = frozenset(
    {"steps", "checkpoint_minutes", "keep_checkpoints", "allow_radicals", "observe"}
)
"""Settings that change nothing about the trajectory so far or to come."""

SINCE_THEN = {"dispersion_tail": "off", "long_range_every": 1, "paper": False}
"""Settings that runs of earlier versions do not have, with the values that those used."""


def refuse_edited_input(directory: RunDirectory) -> None:
    """Refuse a copy of the structure file that is not the one the run began with.

    Raises:
        RunDirectoryError: the file was changed, or the provenance is damaged.
    """
    told = directory.read_provenance().get("input")
    path = directory.input
    if isinstance(told, Mapping) and told.get("sha256") != hash_of(path):
        raise RunDirectoryError(
            f"{path}: the structure file was changed since the run began",
            remedy="Put back the original, or begin another run with the new one",
        )


def refuse_changes(
    directory: RunDirectory,
    setup: Setup,
    allowed: Sequence[str],
    record: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a line for every setting that has changed, if all of them may change.

    Nothing is written.

    Args:
        directory: directory of the run.
        setup: setup that the run would continue with.
        allowed: names of settings that may change.
        record: record of the checkpoint to continue from, which holds the settings that were in
            use; without them those of `config.yaml` are compared with.

    Raises:
        RunDirectoryError: the settings or the provenance of the run are missing or damaged.
        InputError: a setting or the weights differ from before and are not in `allowed`.
    """
    used = {} if record is None else record
    # What nothing reads is not written.
    stored = DEFAULTS | SINCE_THEN | used.get("settings", directory.read_config())
    config = DEFAULTS | setup.config
    named = {name.replace("-", "_") for name in allowed}
    keys = stored.keys() | config.keys()
    changes = {key: (stored.get(key), config.get(key)) for key in sorted(keys)}
    changes = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
    before = used.get("weights", directory.read_provenance()["weights"]["sha256"])
    now = setup.weights["sha256"]
    if before not in (now, setup.weights.get("file_sha256")):
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
    record = directory.read_provenance()
    record.setdefault("resumed", []).append({"step": step, **provenance(setup)})
    directory.write_config(setup.config)
    directory.write_provenance(record)
