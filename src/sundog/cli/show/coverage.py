"""Input and output of local environments, for `sundog coverage` and `sundog explain`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from sundog.cli.show.console import PlainConsole
from sundog.cli.show.tables import make_folder, write_table
from sundog.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.coverage.census import Census
    from sundog.coverage.neighborhoods import Radius
    from sundog.coverage.outcome import Comparison, Outcome
    from sundog.coverage.reference import Reference

SHOWN = 20
"""Number of rows of a table that are printed; all are in the files."""

ATOMS_NAMED = 8
"""Number of atoms that are named for each environment that is printed."""

DEFAULT_BONDS = 2
"""Default radius in bonds: an atom with its functional group."""


def chosen_radius(bonds: int | None, angstrom: float | None, reference: Path | None) -> "Radius":
    """Return the radius that is asked for, else that of a saved reference, else two bonds.

    Args:
        bonds: Radius in bonds, if given.
        angstrom: Radius in Å, if given.
        reference: File or structures of the reference, if given.

    Raises:
        InputError: Two radii are given, or one out of range.
        FileFormatError: The reference cannot be read.
    """
    from sundog.coverage.neighborhoods import Radius
    from sundog.coverage.reference import is_saved, load_reference

    if bonds is not None and angstrom is not None:
        raise InputError(
            "--radius-bonds, --radius-angstrom: two radii", remedy="Leave one of them out"
        )
    if bonds is not None:
        return Radius(float(bonds))
    if angstrom is not None:
        return Radius(angstrom, "angstrom")
    if reference is not None and is_saved(reference):
        return load_reference(reference).radius
    return Radius(float(DEFAULT_BONDS))


def load_reference_set(path: Path, radius: "Radius") -> "Reference":
    """Return a reference from a file of environments, or from structures.

    Raises:
        FileFormatError: The file cannot be read.
        StructureError: A structure of the reference has no elements or coordinates.
    """
    from sundog.coverage.reference import is_saved, load_reference, reference_of
    from sundog.data.readers import read_dataset

    if is_saved(path):
        return load_reference(path)
    return reference_of(timed_census(read_dataset(path, print), radius)[0], path.name)


def timed_census(structures: "list[Atoms]", radius: "Radius") -> "tuple[Census, float]":
    """Return the environments of structures, and the time in s that they took."""
    from sundog.cli.show.evaluation import progress
    from sundog.coverage.census import take_census

    with progress(len(structures)) as advance:
        begin = time.perf_counter()
        census = take_census(structures, radius, advance)
        return census, time.perf_counter() - begin


def show(outcome: "Outcome") -> None:
    """Print the environments by element, their saturation, and those that the reference lacks."""
    table = Table(title=f"{outcome.data}: distinct environments to {outcome.radius}")
    for heading in ("element", "atoms", "environments", "of a single atom"):
        table.add_column(heading, justify="left" if heading == "element" else "right")
    for name, one in outcome.elements.items():
        table.add_row(name, *(f"{n:,}" for n in (one.atoms, one.environments, one.singletons)))
    singletons = sum(one.singletons for one in outcome.elements.values())
    table.add_row("all", f"{outcome.atoms:,}", f"{outcome.environments:,}", f"{singletons:,}")
    PlainConsole().print(table)
    if found := outcome.saturation:
        share = found.held_once / outcome.environments
        print(
            f"{outcome.structures:,} structures; {found.held_once:,} environments "
            f"({share:.1%}) are in one structure only: {found.new_per_structure:.3g} new ones "
            "to be expected of one more structure of the kind"
        )
        print(
            f"Atoms whose environment no other structure has: {found.unseen_left_out:.2%}; "
            f"unseen mass by Good and Turing, atom by atom: {found.unseen_atom:.2%}"
        )
    print(
        f"{outcome.seconds:.2f} s: {outcome.atoms_per_s:.3g} atoms/s, and "
        f"{outcome.seconds_reading:.1f} s to read the structures"
    )
    show_comparison(outcome.comparison)


def show_comparison(compared: "Comparison | None") -> None:
    """Print which environments a reference lacks."""
    if compared is None:
        print("Coverage: no reference set given (--reference)")
        return
    print(
        f"Compared with {compared.reference.source} ({compared.reference.structures:,} structures, "
        f"{len(compared.reference.fingerprints):,} environments): {len(compared.missing):,} "
        f"environments of {compared.missing_atoms:,} atoms are not there, "
        f"{compared.covered_atoms_share:.2%} of the atoms are covered"
    )
    if not compared.missing:
        return
    table = Table(title="Environments that the reference lacks")
    for heading in ("environment", "count", "atoms (structure:atom, from 0)"):
        table.add_column(heading, justify="right" if heading == "count" else "left")
    for one in compared.missing[:SHOWN]:
        named = [f"{structure}:{atom}" for structure, atom in one.atoms[:ATOMS_NAMED]]
        more = ["…"] if len(one.atoms) > ATOMS_NAMED else []
        table.add_row(one.name, str(len(one.atoms)), " ".join(named + more))
    PlainConsole(width=140).print(table)
    if (rest := len(compared.missing) - SHOWN) > 0:
        print(f"{rest} more environments: see --json or --output")


def save_folder(folder: Path, census: "Census", outcome: "Outcome") -> None:
    """Write the environments, the curve with its figure, and those that the reference lacks.

    Args:
        folder: Folder to write into, made if it is not there.
        census: Census of the set.
        outcome: Outcome that was made of it.

    Raises:
        RunDirectoryError: The folder or a file cannot be written.
    """
    from sundog.elements import symbol

    make_folder(folder)
    rows = zip(
        map("{:016x}".format, census.fingerprints.tolist()),
        map(symbol, census.numbers.tolist()),
        census.names,
        census.atoms.tolist(),
        census.holders().tolist(),
        strict=True,
    )
    head = ["fingerprint", "element", "environment", "atoms", "structures"]
    write_table(folder / "environments.csv", [head, *rows])
    if (curve := outcome.saturation) is not None:
        from sundog.coverage.figures import plot_coverage

        columns = zip(
            curve.structures.tolist(), curve.mean.tolist(), curve.spread.tolist(), strict=True
        )
        head = ["structures", "environments_mean", "environments_spread"]
        write_table(folder / "saturation.csv", [head, *columns])
        plot_coverage(census, curve, folder / "coverage.png", outcome.data)
    if outcome.comparison is not None:
        write_missing(folder / "missing.csv", outcome.comparison)


def write_missing(path: Path, compared: "Comparison") -> None:
    """Write a row for every atom whose environment a reference lacks.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    rows: list[list[object]] = [["structure", "atom", "environment", "fingerprint"]]
    for one in compared.missing:
        for structure, atom in one.atoms:
            rows.append([structure, atom, one.name, f"{one.fingerprint:016x}"])
    write_table(path, rows)
