"""`sundog train`: a model trained on labelled structures, in a folder that can be resumed."""

import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sundog.cli.flags import FLAT, flat
from sundog.cli.labels import LabelOptions
from sundog.cli.options import refuse_file_name, set_up_jax
from sundog.cli.signals import StopRequest
from sundog.errors import FileFormatError, InputError
from sundog.extras import require
from sundog.train.settings import (
    Batches,
    Data,
    Loss,
    Optimizer,
    Shape,
    TrainingSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from sundog.data.records import Records
    from sundog.train.folder import TrainingFolder


@dataclass(frozen=True, kw_only=True)
class TrainingFlags(TrainingSettings):
    """Settings of a training run as flags, grouped in the help."""

    shape: Annotated[Shape, flat("Model")] = field(default_factory=Shape)
    loss: Annotated[Loss, flat("Loss")] = field(default_factory=Loss)
    optimizer: Annotated[Optimizer, flat("Optimiser")] = field(default_factory=Optimizer)
    batches: Annotated[Batches, flat("Batches")] = field(default_factory=Batches)
    data: Annotated[Data, flat("Structures")] = field(default_factory=Data)


def train(
    data: tuple[Path, ...] = (),
    *,
    validation_data: tuple[Path, ...] = (),
    parts: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    resume: Path | None = None,
    dry_run: bool = False,
    settings: Annotated[TrainingFlags, flat("Run")] = TrainingFlags(),
    label_options: Annotated[LabelOptions, FLAT] = LabelOptions(),  # noqa: B008
    overwrite: bool = False,
) -> int:
    """Train a model on labelled structures; the defaults are the recipe of the published weights.

    Ctrl-C or SIGTERM ends the run after the current step with its whole state written, and exit
    code 130 or 143. `sundog train --resume FOLDER` continues it, bit for bit, as it does after a
    crash. The weights, FOLDER/best.safetensors, are used as any others: --model FILE.

    Parameters
    ----------
    data
        Labelled structures: extxyz, ASE databases, HDF5, npz, folders of them, or stores of
        `sundog data make`.
    validation_data
        Labelled structures for validation; by default some of the others are held out.
    parts
        Folder that `sundog data split` has written for the one store in DATA: what is trained on
        and validated with.
    output
        Folder of the run: settings, log, losses, errors, weights, state.
    resume
        Folder of an earlier run to continue; --steps or --epochs may be raised to extend it.
    dry_run
        Print what would be trained on, and with, and end.
    overwrite
        Replace an earlier training run in the output folder.
    """
    if resume is None and (not data or (output is None and not dry_run)):
        raise InputError(
            "train: labelled structures and --output are needed, or --resume with the folder of "
            "a run"
        )
    if resume is not None and (output is not None or overwrite):
        raise InputError(
            "--resume: the folder says what is continued",
            expected="neither --output nor --overwrite",
        )
    require("optax", "training", "train")
    from sundog.train.folder import TrainingFolder

    files = [*data, *validation_data]
    with nullcontext() if resume is None else TrainingFolder.claim(resume) as claimed:
        _check_files(files)
        if output is not None:
            refuse_file_name(output, "none")
            TrainingFolder.check_new(output, overwrite, files)
        said: list[str] = []
        sets, held = (
            [_records(file, label_options, settings.data.group_key, said) for file in some]
            for some in (data, validation_data)
        )
        set_up_jax()
        from sundog.train.materials import gather

        divided = None if parts is None else _parts(parts, data, validation_data)
        materials = gather(sets, held, settings, said.append, divided)
        if dry_run:
            print("\n".join([*said, *materials.describe()]))
            return 0
        told = _told(data, validation_data, label_options)
        if parts is not None:
            told["parts"] = str(parts)
            files += sorted(parts.glob("*.npy"))
        if claimed is not None:
            return _run(claimed, materials, files, said, told, append=True)
        assert output is not None
        with TrainingFolder.create(output, overwrite, files) as folder:
            return _run(folder, materials, files, said, told, append=False)


def _check_files(files: list[Path]) -> None:
    """Refuse data that are not there, and a folder to resume whose settings name none."""
    if not files:
        raise InputError(
            "data: the settings of the run name none",
            remedy="Give the labelled structures that it was begun with",
        )
    for file in files:
        if not file.exists():
            raise FileFormatError(f"{file}: there is no such file", remedy="Check the path")


def _parts(
    parts: Path, data: tuple[Path, ...], validation_data: tuple[Path, ...]
) -> "Mapping[str, np.ndarray]":
    """Return the numbers of the structures of each part of the one store."""
    from sundog.data.splits import load_split
    from sundog.data.store import Store, is_store

    if len(data) != 1 or validation_data or not is_store(data[0]):
        raise InputError(
            "parts: they are those of one store",
            got=", ".join(map(str, (*data, *validation_data))),
            expected="one folder of `sundog data make` as data, and no validation_data",
        )
    return load_split(parts, len(Store(data[0])))


def _records(
    file: Path, options: LabelOptions, group_key: str | None, said: list[str]
) -> "Records":
    from sundog.data.labels import find_labels
    from sundog.data.readers import read_dataset
    from sundog.data.records import FrameRecords
    from sundog.data.store import Store, is_store

    if is_store(file):
        if options != LabelOptions() or group_key is not None:
            raise InputError(
                "label_options: a store knows its labels, their unit and the groups",
                got=file,
                remedy="Leave out the keys, --unit and --group-key",
            )
        from sundog.data.making import changed_sources

        store = Store(file)
        said += [f"{file}: {line}" for line in store.describe()]
        said += [
            f"Warning: {one} has changed since the store {file} was made of it"
            for one in changed_sources(store.header)
        ]
        return store
    lines: list[str] = []
    frames = read_dataset(file, lines.append)
    labels = find_labels(frames, options.keys, options.unit)
    said += [f"{file}: {line}" for line in (*lines, labels.describe())]
    return FrameRecords(frames, labels, group_key, file.name)


def _told(
    data: tuple[Path, ...], validation: tuple[Path, ...], options: LabelOptions
) -> dict[str, Any]:
    """Return what the settings of a run do not hold, for its file of settings."""
    named = {"data": [str(file) for file in data]}
    if validation:
        named["validation_data"] = [str(file) for file in validation]
    given = {key: value for key, value in asdict(options).items() if value is not None}
    return named | given


def _run(
    folder: "TrainingFolder",
    materials: Any,
    files: list[Path],
    said: list[str],
    told: dict[str, Any],
    *,
    append: bool,
) -> int:
    from sundog.cli.log import Log
    from sundog.train.session import Session, hashes_of, refuse_changed_data

    if append:
        refuse_changed_data(folder, files)
    with Log(folder.log, append=append, verb="train") as log, StopRequest() as stop:
        for line in (*said, *materials.describe()):
            log(line)
        session = Session(folder, materials, log, command_line=_typed(), data=hashes_of(files))
        if not append:
            session.begin(told)
        outcome = session.run(stop)
        log(_ended(outcome, folder))
        return stop.exit_code


def _ended(outcome: Any, folder: "TrainingFolder") -> str:
    best = "" if outcome.best is None else f" Lowest loss of a validation: {outcome.best:.5g}."
    early = f" ({outcome.reason})" if outcome.reason else ""
    done = f"Ended at step {outcome.step} of {outcome.steps}{early}.{best}"
    if outcome.reason == "stopped":
        return f"{done} sundog train --resume {folder.path} continues."
    return f"{done} The weights are {folder.path / 'best.safetensors'}."


def _typed() -> list[str]:
    return ["sundog", *sys.argv[1:]]
