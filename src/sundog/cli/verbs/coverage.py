"""`sundog coverage`: local environments of a set, and those that a reference lacks."""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sundog.cli.options import check_folder, locked
from sundog.errors import InputError


def coverage(
    data: Path,
    /,
    *more: Path,
    radius_bonds: int | None = None,
    radius_angstrom: float | None = None,
    reference: Path | None = None,
    save: Path | None = None,
    orders: int = 20,
    seed: int = 0,
    json: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> None:
    """Count distinct local environments: atom-centred graphs of bonded neighbours.

    Parameters
    ----------
    data
        Structures in any format that `sundog predict` reads, a file or a folder.
    more
        Further files or folders of structures.
    radius_bonds
        Radius of an environment in bonds; by default 2, or that of the reference.
    radius_angstrom
        Radius of an environment in Å, instead of bonds.
    reference
        Set to compare with: structures, or a file that --save wrote.
    save
        File for the environments, to be used as a reference: NAME.json.gz.
    orders
        Number of random orders of the structures for the curve of saturation.
    seed
        Seed of the random orders.
    json
        File for the outcome, replaced if it exists.
    output
        Folder for the curve as a table and a figure, and a table of environments that the
        reference lacks.
    """
    check_folder("json", json)
    check_folder("--save", save)
    if orders < 1:
        raise InputError("--orders: at least one is needed", got=orders)
    from sundog.cli.show.coverage import (
        chosen_radius,
        load_reference_set,
        save_folder,
        show,
        timed_census,
    )
    from sundog.coverage.outcome import Comparison, Outcome, by_element
    from sundog.coverage.reference import check_name, missing, save_reference
    from sundog.coverage.saturation import saturation
    from sundog.data.readers import read_dataset

    if save is not None:
        check_name(save)
    radius = chosen_radius(radius_bonds, radius_angstrom, reference)
    with locked(json, save, output):
        begin = time.perf_counter()
        structures = [atoms for path in (data, *more) for atoms in read_dataset(path, print)]
        reading = time.perf_counter() - begin
        census, seconds = timed_census(structures, radius)
        comparison = None
        if reference is not None:
            known = load_reference_set(reference, radius)
            comparison = Comparison(known, missing(census, known), len(census.environment))
        names = ", ".join(path.name for path in (data, *more))
        outcome = Outcome(
            data=names,
            radius=census.radius,
            structures=census.structures,
            atoms=len(census.environment),
            environments=len(census.fingerprints),
            elements=by_element(census),
            saturation=saturation(census, orders, seed) if census.structures > 1 else None,
            comparison=comparison,
            seconds_reading=reading,
            seconds=seconds,
        )
        show(outcome)
        if save is not None:
            save_reference(census, save, names)
            print(f"Environments are in {save}")
        if json is not None:
            from sundog.cli.show.evaluation import save as save_json

            save_json(json, outcome.json())
        if output is not None:
            save_folder(output, census, outcome)
            print(f"Tables and figure are in {output}")
