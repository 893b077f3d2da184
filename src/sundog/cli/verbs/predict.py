"""`sundog predict`: single points of every frame of a file."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sundog.cli.options import (
    FLAT,
    ElectronOptions,
    ModelOptions,
    choose_kernels,
    load_force_field,
    refuse_existing,
    set_up_jax,
)


def predict(
    structures: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    precision: Literal["float64", "float32"] = "float64",
    overwrite: bool = False,
) -> None:
    """Compute energies, forces, stress, charges and dipoles of every frame of a file.

    Parameters
    ----------
    structures
        Structure file: xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, …
    output
        Extended XYZ file to write, in full precision.
    precision
        Of the model's arithmetic.
    overwrite
        Replace an existing output file.
    """
    set_up_jax()
    from sundog.cli.boxes import describe_boxes
    from sundog.evaluate.predict import predict_each
    from sundog.io.extxyz import write_extxyz
    from sundog.io.results import with_results
    from sundog.io.structures import read_structures, system_from_atoms

    refuse_existing(output, overwrite)
    frames = read_structures(structures)
    force_field, described = load_force_field(model_options, precision, frames, run=False)
    print(described)
    first = system_from_atoms(frames[0], electron_options.charge, electron_options.multiplicity)
    force_field.check(first)
    fast = choose_kernels(force_field, model_options, first, print)
    for line in describe_boxes(fast.plan(first)):
        print(line)
    predictions = predict_each(fast, frames, electron_options.charge, electron_options.multiplicity)
    results = [
        with_results(atoms, prediction)
        for atoms, prediction in zip(frames, predictions, strict=True)
    ]
    write_extxyz(output, results)
    print(f"Wrote {len(results)} structure(s) to {output}")
