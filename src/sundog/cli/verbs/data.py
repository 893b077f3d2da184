"""`sundog data`: stores of labelled structures for training, their statistics and their splits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from sundog.cli.flags import FLAT
from sundog.cli.labels import LabelOptions
from sundog.cli.options import check_folder, locked
from sundog.data.choices import Choices, Split
from sundog.errors import InputError, RunDirectoryError

if TYPE_CHECKING:
    from sundog.data.store import Store

app = App(name="data", help="Keep, look at and divide labelled structures.")


@app.command
def make(
    sources: tuple[Path, ...],
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    labelling: Annotated[LabelOptions, FLAT] = LabelOptions(),  # noqa: B008
    choices: Annotated[Choices, FLAT] = Choices(),  # noqa: B008
) -> None:
    """Write labelled structures of any format into a store, which may be larger than the memory.

    Files are read in parts. Structures that nothing can be learned from are named and left out:
    those whose atoms are too close, whose forces are beyond any use, whose labels are not finite.

    Parameters
    ----------
    sources
        Extended XYZ, ASE databases, HDF5, npz, or folders of them.
    output
        Folder of the store; a new one.
    """
    if not sources:
        raise InputError("sources: nothing to make a store of", expected="files or folders")
    check_folder("output", output)
    _refuse_existing(output)
    from sundog.data.making import make_store

    with locked(output):
        made = make_store(sources, output, labelling.keys, labelling.unit, choices, print)
    print(made.labels)
    left = f", {made.left_out} left out" if made.left_out else ""
    print(f"Wrote {made.structures:,} structures of {made.atoms:,} atoms to {output}{left}")


@app.command
def show(store: Path, /, *, output: Annotated[Path | None, Parameter(alias="-o")] = None) -> None:
    """Print the statistics of a store.

    Parameters
    ----------
    store
        Folder of the store.
    output
        HTML file for the statistics with histograms; replaced if it is there.
    """
    check_folder("output", output)
    with locked(output):
        opened = _opened(store)
        from sundog.data.statistics import statistics

        found = statistics(opened)
        for line in found.lines():
            print(line)
        if output is not None:
            from sundog.files import write_atomically
            from sundog.report.dataset import page

            write_atomically(output, page(store.name, opened.header, found))
            print(f"Wrote {output}")


@app.command
def split(
    store: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    how: Annotated[Split, FLAT] = Split(),  # noqa: B008
) -> None:
    """Divide the structures of a store into parts for training, validation and test.

    Equal structures are never divided. How many of validation and test are near structures for
    training is counted and said.

    Parameters
    ----------
    store
        Folder of the store.
    output
        Folder for the numbers of the structures of each part; a new one.
    """
    check_folder("output", output)
    _refuse_existing(output)
    with locked(output):
        opened = _opened(store)
        from sundog.data.splits import divide, leaks, save_split

        parts = divide(opened, how)
        save_split(output, parts, how)
        print(", ".join(f"{name} {len(numbers):,}" for name, numbers in parts.items()))
        for part, count in leaks(opened, parts, how.near_angstrom).items():
            size = len(parts[part])
            near = f"within {how.near_angstrom:g} Å of one for training"
            print(f"{part}: {count:,} of {size:,} are {near}, however they are turned")
        print(f"Wrote {output}")


def _refuse_existing(output: Path) -> None:
    """Raise `RunDirectoryError` when the folder to be written exists."""
    if output.exists():
        raise RunDirectoryError(
            f"output: {output} exists", remedy="Name a new folder, or remove this one"
        )


def _opened(folder: Path) -> "Store":
    """Return a store, after files that have changed since were named."""
    from sundog.data.making import changed_sources
    from sundog.data.store import Store

    opened = Store(folder)
    for file in changed_sources(opened.header):
        print(f"Warning: {file} has changed since the store was made of it")
    return opened
