"""`sundog recipe`: the figures of the paper, one command each."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from sundog.book.page import Length
from sundog.cli.options import locked, set_up_jax
from sundog.errors import InputError, RunDirectoryError

if TYPE_CHECKING:
    from sundog.book.page import Page, Part
    from sundog.book.stages import Stage

app = App(name="recipe", help="Make the figures of the paper, one command each.")

RECORD = "recipe.json"
"""Name of the file in the output folder with what was asked for, from which it is resumed."""

LONG_HOURS = 12.0
"""Estimated hours of a run beyond which it is prepared and not begun, where there is no GPU."""


@app.command(name="list")
def list_() -> None:
    """List the recipes: place in the paper, systems, and what each run costs."""
    from sundog.book.page import names, read_page

    for name in names():
        page = read_page(name)
        print(f"{name:18s} {page.figure}: {page.title}")
        for part in page.parts:
            for length in part.lengths:
                size, steps = part.atoms(length), part.told(length)["steps"]
                copies = part.told(length).get("replicas", 1)
                many = "" if copies == 1 else f"{copies} × "
                cost = part.cost(length)
                print(f"    {part.name}, {length}: {many}{size} atoms, {steps} steps, {cost}")


@app.command
def run(
    name: str | None = None,
    /,
    *,
    length: Length = "short",
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    file: Path | None = None,
    resume: Path | None = None,
    long: bool = False,
) -> int:
    """Make a figure of the paper: prepare, run, analyse, and put ours beside the published.

    Each stage is a command of sundog, which is printed, and leaves a file or folder of its own.
    Runs of more than 12 hours are prepared and not begun where there is no GPU.

    Parameters
    ----------
    name
        Recipe; `sundog recipe list` lists them.
    length
        How much is run: short, what two cores give in a night; paper, the system of the paper.
    output
        Folder for the results.
    file
        Structure file that some recipes need.
    resume
        Output folder of an earlier call, to continue; what is done is not done again.
    long
        Begin runs of more than 12 hours as well.
    """
    from sundog.book.page import read_page

    if resume is not None:
        if name is not None or output is not None or file is not None or length != "short":
            raise InputError("resume: the folder says what is continued")
        asked = _read(resume)
        output, length = resume, asked["length"]
        file = Path(asked["file"]) if asked["file"] else None
        page = read_page(asked["recipe"])
    else:
        if name is None or output is None:
            raise InputError("recipe: a name and --output are needed, or --resume with a folder")
        page = read_page(name)
        _check_new(output, page, file)
        file = None if file is None else file.resolve()
    with locked(output):
        if resume is None:
            _check_new(output, page, file)
            _write(output, page, length, file)
        return _carry_out(page, length, output, file, long)


def _check_new(output: Path, page: "Page", file: Path | None) -> None:
    """Refuse a folder that holds something, and a structure file too many or too few."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunDirectoryError(
            f"output: {output} is not an empty folder",
            remedy=f"Choose another, or continue with sundog recipe run --resume {output}",
        )
    if page.file is None and file is not None:
        raise InputError(f"file: the recipe {page.name} needs none", got=file)
    if page.file is not None and file is None:
        raise InputError(
            f"file: the recipe {page.name} needs {page.file}",
            expected=page.file_is,
            remedy=f"Fetch it, and give it with file={page.file}",
        )
    if file is not None and not file.is_file():
        raise InputError("file: there is no such file", got=file)


def _write(output: Path, page: "Page", length: Length, file: Path | None) -> None:
    from sundog import __version__
    from sundog.files import write_atomically

    output.mkdir(parents=True, exist_ok=True)
    asked = {
        "recipe": page.name,
        "length": length,
        "file": None if file is None else str(file),
        "sundog": __version__,
    }
    write_atomically(output / RECORD, json.dumps(asked, indent=2) + "\n")


def _read(folder: Path) -> dict[str, Any]:
    """Return what an earlier call was asked for.

    Raises:
        RunDirectoryError: the folder is that of no recipe.
    """
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{folder}: no recipe was begun here", expected=f"a folder with {RECORD}"
        ) from error


def _carry_out(page: "Page", length: Length, output: Path, file: Path | None, long: bool) -> int:
    """Carry out the stages that are not done, and compare; return the exit code of the worst."""
    from sundog.book.comparison import compare, lines, write_comparison
    from sundog.book.stages import stages

    print(f"{page.figure}: {page.title}")
    if page.note:
        print(page.note)
    worst, failed = 0, set()
    for stage in stages(page, length, output, file):
        if stage.part.name in failed:
            continue
        code = _stage(stage, length, output, long)
        if code is None:
            failed.add(stage.part.name)
        elif code != 0:
            print(f"Continue with: sundog recipe run --resume {output}")
            if code >= 128:
                return code
            failed.add(stage.part.name)
            worst = max(worst, code)
    rows = compare(page, output)
    for line in lines(rows):
        print(line)
    if rows:
        print(f"Ours beside the published numbers: {write_comparison(rows, output)}")
    return worst


def _stage(stage: "Stage", length: Length, output: Path, long: bool) -> int | None:
    """Carry out a stage that is not done; return its exit code, None if it is left to a GPU."""
    from sundog.book.stages import write_settings
    from sundog.cli.app import run as run_command

    if stage.is_done():
        print(f"Done before: {stage.output}", flush=True)
        return 0
    if stage.kind == "run":
        write_settings(stage.part, length, output)
        if not long and _is_too_long(stage.part, length):
            cost = stage.part.cost(length)
            print(f"Prepared, not begun: the run of {stage.part.name} takes {cost}. To run it:")
            print(f"$ sundog {' '.join(stage.command)}")
            return None
    stage.output.parent.mkdir(parents=True, exist_ok=True)
    arguments = stage.arguments()
    print(f"\n$ sundog {' '.join(arguments)}", flush=True)
    return run_command(arguments)


def _is_too_long(part: "Part", length: Length) -> bool:
    if part.hours(length) <= LONG_HOURS:
        return False
    set_up_jax()
    import jax

    return jax.default_backend() == "cpu"
