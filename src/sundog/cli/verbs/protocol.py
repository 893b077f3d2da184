"""`sundog protocol`: stages of simulation one after another, from one YAML file."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from cyclopts import Parameter

from sundog.errors import FileFormatError, InputError, RunDirectoryError
from sundog.runs.yaml_files import read_mapping

if TYPE_CHECKING:
    from sundog.hamiltonian import ModelOptions
    from sundog.runs.settings import SimulationSettings

STAGE_NAME = re.compile(r"[\w.-]+")
"""Names of stages, which are parts of names of folders."""

STRUCTURE, PROTOCOL = "structure.txt", "protocol.yaml"
"""Files in the output folder with the path of the first structure and with the protocol, from which
it is resumed."""


def protocol(
    file: Path | None = None,
    structure: Path | None = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    resume: Path | None = None,
    live: bool = False,
) -> int:
    """Run the stages of a protocol, each from where the one before ended.

    The file has the keys of `sundog md`, for all stages, and `stages`: a list of them, each
    with a `name` and keys of its own. A stage begins with the last structure, cell and
    momenta of the one before, unless it says `momenta: thermal`. Each stage is a run of its
    own, in a folder NN-name of the output folder.

    Parameters
    ----------
    file
        The protocol, YAML.
    structure
        Structure file of the first stage.
    output
        Folder for the folders of the stages.
    resume
        Output folder of an earlier protocol, to continue with the stage it stopped in.
    live
        Serve the page of the stage that is going on, as `sundog md --live` does.
    """
    if resume is not None:
        if file is not None or structure is not None or output is not None:
            raise InputError("--resume: the folder says what is continued")
        return _resume(resume, live)
    if file is None or structure is None or output is None:
        raise InputError("protocol: a YAML file, a structure file and --output are needed")
    stages = read_protocol(file)
    _check_stages(stages)
    if not structure.is_file():
        raise FileFormatError(f"{structure}: there is no such file", remedy="Check the path")
    first = f"{structure.resolve()}\n"
    _refuse_what_is_in(output, first)
    output.mkdir(parents=True, exist_ok=True)
    from sundog.files import write_atomically
    from sundog.locks import lock_folder

    with lock_folder(output) as lock:
        _refuse_what_is_in(output, first)
        if lock.warning:
            print(lock.warning, flush=True)
        write_atomically(output / STRUCTURE, first)
        write_atomically(output / PROTOCOL, file.read_text(encoding="utf-8-sig"))
        return _run_stages(output, live)


def read_protocol(file: Path) -> list[dict[str, Any]]:
    """Return the stages of a protocol: their names, and all keys that hold for them.

    Raises:
        FileFormatError: the file is missing, no YAML, or has no list of named stages.
        InputError: a setting of a stage is not acceptable, or one of all stages is used by none.
    """
    told = read_mapping(file)
    stages = told.pop("stages", None)
    named = isinstance(stages, list) and all(
        isinstance(stage, dict) and STAGE_NAME.fullmatch(str(stage.get("name", "")))
        for stage in stages
    )
    if not stages or not named:
        raise FileFormatError(
            f"{file}: not a protocol",
            expected="a list `stages`, each with a `name` of letters, digits, dots and dashes",
        )
    whole = []
    for number, stage in enumerate(stages):
        # Later stages begin with the one structure that the stage before has left.
        begins = {} if number == 0 else {"momenta": "structure", "frame": None}
        shared = told if number == 0 else {k: v for k, v in told.items() if k != "frame"}
        whole.append(_heard(begins | shared, stage))
    unheard = told.keys() - {name for stage in whole for name in stage}
    if unheard:
        raise InputError(f"{min(unheard)}: no stage of the protocol uses it", remedy="Leave it out")
    return whole


def _heard(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a stage, without those shared by all that nothing in this one reads."""
    from sundog.runs.unused import unread

    stage = shared | own
    settings, model = _parsed(stage)
    unheard = unread(settings, model)
    return {
        key: value
        for key, value in stage.items()
        if key in own or key.replace("-", "_") not in unheard
    }


def _check_stages(stages: list[dict[str, Any]]) -> None:
    """Refuse whatever is wrong with the settings of any stage, before the first one begins."""
    from sundog.runs.job import Job
    from sundog.runs.unused import refuse_unread

    for stage in stages:
        try:
            job = Job(*_parsed(stage))
            refuse_unread(job.unread(), [key.replace("-", "_") for key in stage])
        except InputError as error:
            error.add_note(f"In stage {stage['name']}.")
            raise


def _refuse_what_is_in(output: Path, first: str) -> None:
    """Raise `RunDirectoryError` when a folder holds what is not of a protocol killed at its start.

    Args:
        output: the folder.
        first: text that will be written to `STRUCTURE`, and may stand there already.
    """
    from sundog.locks import NAME as LOCK

    passing = {output / LOCK, *_leftovers(output)}
    if _is_text(output / STRUCTURE, first):
        passing.add(output / STRUCTURE)
    if output.exists() and any(path not in passing for path in output.iterdir()):
        raise RunDirectoryError(
            f"{output}: the folder is not empty",
            remedy=f"Choose another, or continue with sundog protocol --resume {output}",
        )


def _is_text(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _leftovers(output: Path) -> list[Path]:
    """Return what a killed process left of the files that it was writing to the folder."""
    from sundog.files import leftovers

    return leftovers(output, [STRUCTURE, PROTOCOL, "[0-9][0-9]-*.yaml"])


def _parsed(stage: dict[str, Any]) -> "tuple[SimulationSettings, ModelOptions]":
    """Return the settings of a stage and its choice of the force field.

    Raises:
        InputError: a setting is unknown, or has an impossible value.
    """
    from cyclopts.config import Dict

    from sundog.cli.app import make_app
    from sundog.cli.foreign import explained
    from sundog.cli.given import Given
    from sundog.hamiltonian import ModelOptions

    app = make_app(["md"])
    settings = {key: value for key, value in stage.items() if key != "name"}
    source = f"stage {stage['name']}"
    told = Dict(settings, source=source, allow_unknown=False, use_commands_as_keys=False)
    app.config = (told, Given())
    try:
        command = ["md", "structure", "-o", "folder"]
        _, bound, _ = app.parse_args(command, exit_on_error=False, error_formatter=explained)
    except InputError as error:
        error.add_note(f"In {source}.")
        raise
    return bound.arguments["settings"], bound.arguments.get("model_options", ModelOptions())


def _resume(folder: Path, live: bool) -> int:
    from sundog.locks import lock_folder

    if not (folder / PROTOCOL).is_file():
        raise RunDirectoryError(
            f"{folder}: there is no protocol here",
            expected=f"a folder with {PROTOCOL}",
            remedy="Check the path; what was stopped before this was written is begun again",
        )
    with lock_folder(folder) as lock:
        if lock.warning:
            print(lock.warning, flush=True)
        return _run_stages(folder, live)


def _run_stages(folder: Path, live: bool) -> int:
    """Run the stages that are not done yet, under the lock of the folder; return an exit code."""
    from sundog.cli.app import run
    from sundog.files import write_atomically
    from sundog.runs.checkpoint_files import list_checkpoints
    from sundog.runs.directory import RunDirectory
    from sundog.runs.traces import begun, finished

    for left in _leftovers(folder):
        left.unlink()
    served = ["--live"] if live else []
    structure = Path((folder / STRUCTURE).read_text().strip())
    for number, stage in enumerate(read_protocol(folder / PROTOCOL), start=1):
        own = folder / f"{number:02d}-{stage.pop('name')}"
        left = RunDirectory(own)
        if finished(left):
            # Killed after its last file was in place, it has left its lock.
            with RunDirectory.claim(own) as done:
                done.remove_leftovers()
            print(f"\nStage {own.name} is done", flush=True)
            structure = left.final
            continue
        print(f"\nStage {own.name}", flush=True)
        # What has begun and has no checkpoint is refused by the resumption.
        if list_checkpoints(left.checkpoints) or begun(left) is not None:
            code = run(["md", "--resume", str(own), *served])
        else:
            config = folder / f"{own.name}.yaml"
            write_atomically(config, yaml.safe_dump(stage, sort_keys=False))
            # What a stage left that was killed before its first checkpoint is worth nothing.
            again = ["--overwrite"] if own.exists() else []
            code = run(
                ["md", str(structure), "-o", str(own), "--config", str(config), *again, *served]
            )
        if code != 0:
            print(f"Continue with: sundog protocol --resume {folder}")
            return code
        structure = left.final
    return 0
