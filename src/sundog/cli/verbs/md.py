"""`sundog md`: from a structure file to a trajectory, a table and a report."""

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sundog.cli.options import (
    FLAT,
    ElectronOptions,
    ModelOptions,
    choose_kernels,
    describe_electrons,
    describe_force_field,
    load_force_field,
    set_up_jax,
)
from sundog.cli.signals import StopRequest
from sundog.simulate.settings import SimulationSettings

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.cli.log import Log
    from sundog.forcefield.base import AbstractForceField
    from sundog.io.run_directory import RunDirectory
    from sundog.simulate.state import MDState


def md(
    structure: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    settings: Annotated[SimulationSettings, FLAT] = SimulationSettings(),  # noqa: B008
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    precision: Literal["float32", "float64"] = "float32",
    overwrite: bool = False,
) -> int:
    """Run molecular dynamics of a structure and report. `nve` and `nvt` are shorthands.

    Ctrl-C or SIGTERM ends the run after the current chunk with everything written, and
    exit code 130 or 143; a second one ends it at once.

    Parameters
    ----------
    structure
        Structure file: xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, …; of several frames the last.
    output
        Folder of the run: settings, log, energies table, trajectory, final structure, report.
    precision
        Of the model's arithmetic; positions, momenta and sums are float64 in any case.
    overwrite
        Replace an earlier run in the output folder.
    """
    set_up_jax()
    from sundog.cli.log import Log
    from sundog.io.run_directory import RunDirectory
    from sundog.io.structures import read_structures, system_from_atoms
    from sundog.simulate.session import prepare
    from sundog.simulate.state import initial_state

    # Whatever can be refused is refused before anything is written or removed.
    atoms = read_structures(structure)[-1]
    system = system_from_atoms(atoms, electron_options.charge, electron_options.multiplicity)
    force_field = load_force_field(model_options, precision, [atoms])
    force_field.check(system)
    said: list[str] = []
    fast = choose_kernels(force_field, model_options, system, said.append)
    state = initial_state(system, fast, seed=settings.seed, skin=settings.skin_angstrom)
    directory = RunDirectory.create(output, overwrite, inputs=[structure])
    resolved = {
        "structure": str(structure),
        **asdict(settings),
        "model": force_field.model_name,
        "electrostatics": force_field.electrostatics,
        "cutoff_angstrom": model_options.cutoff_angstrom,
        "precision": precision,
        "kernels": model_options.kernels,
        "charge": int(system.total_charge[0]),
        "multiplicity": int(system.multiplicity[0]),
    }
    _write_origin(directory, structure, model_options, resolved)
    with Log(directory.log) as log, StopRequest() as stop:
        log(f"{structure}: {len(atoms)} atoms, {describe_electrons(system)}")
        log(describe_force_field(force_field))
        for line in said:
            log(line)
        state = prepare(state, fast, settings, log)
        _propagate(state, fast, atoms, directory, settings, stop, log)
        _report(directory, settings, len(atoms), log)
    return stop.exit_code


def _write_origin(
    directory: "RunDirectory", structure: Path, options: ModelOptions, resolved: dict
) -> None:
    """Write what the run was made from: settings, a copy of the input, provenance."""
    import jax

    from sundog.io.provenance import collect_provenance
    from sundog.weights.fetch import obtain

    card = obtain(options.model).card
    directory.write_provenance(
        collect_provenance(
            command_line=["sundog", *sys.argv[1:]],
            weights_name=card["name"],
            weights_sha256=card["safetensors_sha256"],
            device=jax.devices()[0].device_kind,
        )
    )
    directory.write_config(resolved)
    directory.copy_input(structure)


def _propagate(
    state: "MDState",
    force_field: "AbstractForceField",
    atoms: "Atoms",
    directory: "RunDirectory",
    settings: SimulationSettings,
    stop: StopRequest,
    log: "Log",
) -> None:
    """Run to the end, or until asked to stop, with progress on the way."""
    from sundog.cli.progress import Progress
    from sundog.simulate.session import simulate

    progress = Progress(settings.steps, settings.timestep_fs, log)
    with closing(progress):
        for chunk in simulate(state, force_field, atoms, directory, settings, stop):
            progress.update(chunk)
    per_atom = 1e6 * progress.seconds_per_step / len(atoms)
    log(f"Speed: {progress.ns_per_day:.3g} ns/day, {per_atom:.1f} µs/atom/step")
    if stop():
        log("Stopped early, as asked; everything up to here is written.")


def _report(
    directory: "RunDirectory", settings: SimulationSettings, atoms: int, log: "Log"
) -> None:
    """Say and draw what came out."""
    from sundog.analysis.energy_plot import plot_energies
    from sundog.cli.summary import summarize, where
    from sundog.io.table import read_table

    table = read_table(directory.energies)
    for line in summarize(table, atoms):
        log(line)
    target = settings.temperature_kelvin if settings.ensemble == "nvt" else None
    title = f"{settings.ensemble.upper()}, {atoms} atoms"
    plot_energies(table, directory.report, title, target_temperature_kelvin=target)
    for line in where(directory, settings.trajectory):
        log(line)
