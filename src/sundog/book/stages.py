"""Stages of a page: command lines of sundog, what each leaves, and whether it is done.

PART/structure      prepared structure, by `sundog prepare`
PART/config.yaml    settings of its run
PART/run            run, by `sundog md`
PART/analysis       tables and figures, by `sundog analyze`
PART/report.html    page of the run, by `sundog report`
PART/benchmark.json outcome of a benchmark, by `sundog evaluate`
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from sundog.book.page import Length, Page, Part
from sundog.files import write_atomically
from sundog.io.prepared import RECORD
from sundog.runs.checkpoint_files import list_checkpoints
from sundog.runs.directory import RunDirectory
from sundog.runs.traces import begun, finished

Kind = Literal["prepare", "run", "analyze", "report", "evaluate"]
"""Kinds of stages."""


@dataclass(frozen=True)
class Stage:
    """A command of sundog and what it leaves.

    Attributes:
        kind: kind of the command.
        part: part of the page.
        output: file or folder that it leaves.
        command: its command line without `sundog`, from the beginning.
    """

    kind: Kind
    part: Part
    output: Path
    command: list[str]

    def is_done(self) -> bool:
        """Return whether what it leaves is there and whole."""
        match self.kind:
            case "prepare":
                return (self.output / RECORD).is_file()
            case "run":
                return finished(RunDirectory(self.output))
            case "analyze":
                return (self.output / "analysis.json").is_file()
            case _:
                return self.output.is_file()

    def arguments(self) -> list[str]:
        """Return the command line from where an earlier one was stopped."""
        if self.kind == "run":
            left = RunDirectory(self.output)
            if list_checkpoints(left.checkpoints) or begun(left) is not None:
                return ["md", "--resume", str(self.output)]
        # What was stopped before it was whole is worth nothing.
        again = self.kind in ("run", "analyze") and self.output.exists()
        return [*self.command, "--overwrite"] if again else self.command


def stages(page: Page, length: Length, folder: Path, file: Path | None) -> Iterator[Stage]:
    """Yield the stages of a page in order.

    Args:
        page: the page.
        length: extent of the runs.
        folder: folder of the results.
        file: structure file that the page asks for; None if it asks for none.
    """
    for part in page.parts:
        if part.is_run and length not in part.lengths:
            continue
        own = folder / part.name
        if part.evaluate:
            output = own / "benchmark.json"
            told = ["--json", str(output), "-o", str(own)]
            yield Stage("evaluate", part, output, ["evaluate", *part.evaluate, *told])
            continue
        structure = own / "structure"
        told = [one.replace("{file}", str(file)) for one in part.prepare[length]]
        yield Stage("prepare", part, structure, ["prepare", *told, "-o", str(structure)])
        subject = structure / "structure.extxyz"
        if part.is_run:
            subject = own / "run"
            told = ["--config", str(own / "config.yaml")]
            command = ["md", str(structure), "-o", str(subject), *told]
            yield Stage("run", part, subject, command)
        told = ["--what", ",".join(part.analyze), *_flags(part)]
        analysis = own / "analysis"
        yield Stage(
            "analyze", part, analysis, ["analyze", str(subject), "-o", str(analysis), *told]
        )
        if part.is_run:
            output = own / "report.html"
            yield Stage("report", part, output, ["report", str(subject), "-o", str(output)])


def write_settings(part: Part, length: Length, folder: Path) -> None:
    """Write the settings of the run of a part for `sundog md --config`.

    Args:
        part: the part.
        length: extent of the runs.
        folder: folder of the results.
    """
    own = folder / part.name
    own.mkdir(parents=True, exist_ok=True)
    write_atomically(own / "config.yaml", yaml.safe_dump(part.told(length), sort_keys=False))


def _flags(part: Part) -> Iterator[str]:
    for name, value in part.choices.items():
        for one in value if isinstance(value, list) else [value]:
            yield f"--{name.replace('_', '-')}"
            yield str(one)
