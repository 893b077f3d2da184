"""`sundog predict`: single points of every structure of a file or a folder."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sundog.cli.early import refuse_elements
from sundog.cli.flags import FLAT
from sundog.cli.options import check_folder, locked, refuse_existing, set_up_jax
from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.io.prepared import structure_file

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.forcefield.base import AbstractForceField
    from sundog.forcefield.so3lr import ForceField
    from sundog.io.electrons import ElectronicState
    from sundog.io.partial import PartialFile


def predict(
    structures: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    skip_bad: bool = False,
    overwrite: bool = False,
) -> None:
    """Compute energies, forces, stress, charges and dipoles of every structure of a file or folder.

    Results are written as they come, to OUTPUT.partial until all are there; the same command
    continues where a killed one stopped. With another number of cores the last bits may differ.

    Parameters
    ----------
    structures
        Structure file (xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, …), ASE database, HDF5, npz, or
        a folder of them.
    output
        Extended XYZ file to write, in full precision.
    skip_bad
        Leave out structures that cannot be computed, of other elements or with impossible charges.
        Each is listed in OUTPUT.skipped.csv with its name, and what is written keeps its number as
        info["frame"].
    overwrite
        Replace an existing output file, and begin anew.
    """
    structures = structure_file(structures)
    check_folder("output", output)
    with locked(output):
        refuse_existing(output, overwrite)
        _predict(structures, output, model_options, electron_options, skip_bad, overwrite)


def _predict(
    structures: Path,
    output: Path,
    model_options: ModelOptions,
    electron_options: ElectronOptions,
    skip_bad: bool,
    overwrite: bool,
) -> None:
    """Predict what `predict` was asked for, under the lock of the output."""
    if not skip_bad:
        refuse_elements(structures, last_of_many=False)
    # What one structure alone can tell is refused before anything heavy is imported.
    from sundog.data.readers import read_dataset
    from sundog.elements import refuse_unsupported
    from sundog.io.gate import doubts, gate

    frames = read_dataset(structures, _say)
    gated = None
    if len(frames) == 1:
        refuse_unsupported(frames[0].numbers)
        gated = gate(frames[0], electron_options)
    set_up_jax()
    from sundog.io.structures import system_from_atoms
    from sundog.loading import choose_kernels, describe_boxes, load_force_field
    from sundog.weights.known_errors import weak_spots

    reference, described = load_force_field(model_options, frames, run=False)
    print(described)
    if gated is None:
        frames = _sound(reference, frames, electron_options, output, skip_bad)
        said = doubts(frames, electron_options)
    else:
        said = [*gated.said, *weak_spots(gated.topology, gated.perception, model_options.model)]
    for line in said:
        _say(line)
    frames = _stated(frames, electron_options, None if gated is None else gated.state)
    if gated is not None:
        _sound(reference, frames, electron_options, output, skip_bad)
    first = system_from_atoms(frames[0])
    fast = choose_kernels(reference, model_options.kernels, first, print)
    for line in describe_boxes(fast.plan(first)):
        print(line)
    origin = _origin(structures, model_options, electron_options, reference, skip_bad)
    origin["kernels"] = fast.formulation
    _compute(fast, frames, output, origin, overwrite)


def _say(line: str) -> None:
    from sundog.cli.app import translated

    print(translated(line, ["predict"]), flush=True)


def _stated(
    frames: "Sequence[Atoms]", electrons: ElectronOptions, known: "ElectronicState | None"
) -> "list[Atoms]":
    """Return the structures with their charge and multiplicity and all that the output can hold."""
    from sundog.io.electrons import describe_states, state_of, with_electronic_state
    from sundog.io.results import carried

    given = electrons.charge, electrons.multiplicity
    states = [known or state_of(atoms, *given) for atoms in frames]
    kept, said = carried(frames, moved=False)
    for line in (*describe_states(states), *said):
        _say(line)
    return [
        with_electronic_state(atoms, state.charge, state.multiplicity)
        for atoms, state in zip(kept, states, strict=True)
    ]


def _sound(
    force_field: "ForceField",
    frames: "Sequence[Atoms]",
    electrons: ElectronOptions,
    output: Path,
    skip_bad: bool,
) -> "list[Atoms]":
    """Return the structures that can be computed, or refuse those that cannot."""
    from sundog.single_points.screening import refused, summary

    wrong = refused(force_field, frames, electrons.charge, electrons.multiplicity)
    if not wrong:
        return list(frames)
    if len(frames) == 1:
        raise wrong[0]
    told = summary(wrong, frames)
    if not skip_bad or len(wrong) == len(frames):
        raise InputError(told, remedy="Correct or remove them, or leave them out with --skip-bad")
    _say(f"Left out: {told}")
    _list_skipped(output.with_name(f"{output.name}.skipped.csv"), wrong, frames)
    kept = []
    for number, atoms in enumerate(frames):
        if number not in wrong:
            atoms.info["frame"] = number
            kept.append(atoms)
    return kept


def _list_skipped(path: Path, wrong: dict[int, InputError], frames: "Sequence[Atoms]") -> None:
    from sundog.cli.show.tables import write_table
    from sundog.io.results import name_of

    rows = [
        [number, name_of(frames[number]), frames[number].get_chemical_formula(), str(error)]
        for number, error in wrong.items()
    ]
    write_table(path, [["frame", "name", "formula", "reason"], *rows])


def _origin(
    source: Path,
    options: ModelOptions,
    electrons: ElectronOptions,
    force_field: "ForceField",
    skip_bad: bool,
) -> dict[str, Any]:
    """Return all that the results depend on."""
    from hashlib import sha256

    from sundog import __version__
    from sundog.data.readers import files_of
    from sundog.weights.fetch import obtain

    digest = sha256()
    for file in files_of(source):
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return {
        "structures": digest.hexdigest(),
        "weights": obtain(options.model).card["sha256"],
        "electrostatics": force_field.electrostatics,
        "skip_bad": skip_bad,
        "sundog": __version__,
        **asdict(options),
        "charge": electrons.charge,
        "multiplicity": electrons.multiplicity,
    } | {"model": force_field.model_name, "precision": force_field.precision}


def _compute(
    force_field: "AbstractForceField",
    frames: "Sequence[Atoms]",
    output: Path,
    origin: dict[str, Any],
    overwrite: bool,
) -> None:
    """Write the results window by window."""
    from sundog.cli.show.evaluation import progress
    from sundog.io.extxyz import format_frame
    from sundog.io.results import with_results
    from sundog.single_points.batches import windows
    from sundog.single_points.predict import predict_windows

    parts = windows([len(atoms) for atoms in frames])
    with _partial(output, origin, overwrite) as file, progress(len(frames)) as advance:
        done = sum(map(len, parts[: file.done]))
        if done:
            print(f"Going on at structure {done} of {len(frames)}")
            advance(done)
        begin = time.perf_counter()
        predictions = predict_windows(force_field, frames, first=file.done)
        for part, window in zip(parts[file.done :], predictions, strict=True):
            results = zip(part, window, strict=True)
            file.append("".join(format_frame(with_results(frames[n], p)) for n, p in results))
            advance(len(part))
        seconds = time.perf_counter() - begin
        file.finish()
    print(f"Wrote {len(frames)} structure(s) to {output}")
    atoms = sum(map(len, frames[done:]))
    if len(frames) > max(done, 1):
        rate, per_atom = (len(frames) - done) / seconds, atoms / seconds
        print(f"{rate:.3g} structures/s, {per_atom:.3g} atoms/s in {seconds:.1f} s")


@contextmanager
def _partial(output: Path, origin: dict[str, Any], anew: bool) -> "Iterator[PartialFile]":
    from sundog.io.partial import PartialFile

    file = PartialFile(output, origin, anew=anew)
    try:
        yield file
    finally:
        file.close()
