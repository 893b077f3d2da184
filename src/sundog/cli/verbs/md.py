"""`sundog md`: from a structure file to a trajectory, a table and a report."""

import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

from cyclopts import Parameter

from sundog.cli.early import refuse_elements
from sundog.cli.flags import FORCE_FIELD, RUN, SettingsFlags
from sundog.cli.options import refuse_file_name, set_up_jax
from sundog.cli.signals import StopRequest
from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.io.prepared import structure_file
from sundog.names import TrajectoryFormat
from sundog.runs.job import Job

if TYPE_CHECKING:
    from sundog.cli.log import Log
    from sundog.live.companion import LivePage
    from sundog.runs.directory import RunDirectory
    from sundog.runs.launch import Launch
    from sundog.runs.setup import Setup


def md(
    structure: Path | None = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    resume: Path | None = None,
    allow_change: tuple[str, ...] = (),
    dry_run: bool = False,
    live: bool = False,
    settings: Annotated[SettingsFlags, RUN] = SettingsFlags(),  # noqa: B008
    model_options: Annotated[ModelOptions, FORCE_FIELD] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FORCE_FIELD] = ElectronOptions(),  # noqa: B008
    overwrite: bool = False,
) -> int:
    """Run molecular dynamics of a structure and report. `nve`, `nvt`, `npt` are shorthands.

    Ctrl-C or SIGTERM ends the run after the current chunk with a checkpoint and everything
    written, and exit code 130 or 143; a second one ends it at once. So do, without a second
    one, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU. In all cases, and after a crash,
    `sundog md --resume FOLDER` continues from the last checkpoint, bit for bit.

    Parameters
    ----------
    structure
        Structure file: xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, …; of several structures that
        of `--frame`.
    output
        Folder of the run: settings, log, energies table, trajectory, checkpoints, final
        structure, report.
    resume
        Folder of an earlier run to continue; --steps may be raised to extend it.
    allow_change
        Settings, by name, that a resumed run may change.
    dry_run
        Print the settings, the memory and the time that the run would need, and end.
    live
        Serve the page of `sundog report` on this machine while the run goes on; its address is
        printed.
    overwrite
        Replace an earlier run in the output folder.
    """
    job = Job(settings, model_options, electron_options)
    if live and dry_run:
        raise InputError("--live: with --dry-run there is no run to look at")
    if resume is not None:
        if structure is not None or output is not None or overwrite:
            raise InputError(
                "--resume: the folder says what is continued",
                expected="neither a structure, nor --output, nor --overwrite",
            )
        from sundog.runs.directory import RunDirectory

        with (RunDirectory.open if dry_run else RunDirectory.claim)(resume) as directory:
            set_up_jax()
            return _resume(directory, job, allow_change, dry_run, live)
    if structure is None or (output is None and not dry_run):
        raise InputError(
            "md: a structure file and --output are needed, or --resume with the folder of a run"
        )
    if output is not None:
        refuse_file_name(output, ", ".join(get_args(TrajectoryFormat)))
    if allow_change:
        raise InputError("--allow-change: only a resumed run changes settings")
    return _start(structure, output, job, overwrite, dry_run, live)


def _start(
    structure: Path, output: Path | None, job: Job, overwrite: bool, dry_run: bool, live: bool
) -> int:
    structure = structure_file(structure)
    # What the structure alone can tell is refused before anything heavy is imported.
    from sundog.runs.directory import RunDirectory

    if output is not None:
        RunDirectory.check_new(output, overwrite, inputs=[structure])
    refuse_elements(structure, last_of_many=job.settings.start.frame is None)
    from sundog.elements import refuse_unsupported
    from sundog.io.gate import gate
    from sundog.io.reading import read_one

    read: list[str] = []
    atoms = read_one(structure, job.settings.start.frame, read.append)
    refuse_unsupported(atoms.numbers)
    gated = gate(atoms, job.electrons)
    set_up_jax()
    from sundog.cli.log import Log
    from sundog.cli.show.plan import print_plan
    from sundog.runs.launch import Launch
    from sundog.runs.setup import set_up, write_origin

    # Whatever can be refused is refused before anything is written or removed.
    setup = set_up(atoms, job, command_line=_typed(), gated=gated)
    if dry_run:
        for line in (*read, *gated.said):
            print(line)
        print_plan(setup, setup.prepared(print))
        return 0
    assert output is not None
    with RunDirectory.create(output, overwrite, inputs=[structure]) as directory:
        write_origin(directory, setup, structure)
        with Log(directory.log) as log, StopRequest() as stop:
            log(f"{structure}: {setup.describe()}")
            for line in (*read, *setup.said, *directory.warnings):
                log(line)
            return _run(Launch(setup, directory, setup.prepared(log, stop)), stop, log, live)


def _resume(
    directory: "RunDirectory",
    job: Job,
    allow_change: tuple[str, ...],
    dry_run: bool,
    live: bool,
) -> int:
    from sundog.cli.log import Log
    from sundog.runs.launch import reopen
    from sundog.runs.traces import ended_at

    reopened = reopen(directory, job, allow_change, command_line=_typed())
    setup, said = reopened.setup, list(reopened.said)
    state = reopened.state(said.append)
    step, steps = int(state.step), setup.job.settings.steps
    done = step >= steps and ended_at(directory, step, setup.job.settings.number_of_replicas)
    if dry_run or done:
        print(f"{directory.path}: at step {step} of {steps}.")
        if done:
            print("There is nothing left to do; raise --steps to extend the run.")
        if not dry_run:
            directory.remove_leftovers()
        return 0
    directory.check_permissions()
    with Log(directory.log, append=True) as log, StopRequest() as stop:
        launch = reopened.launch(state)
        log(f"Resumed at step {step} of {steps}, from {reopened.origin}")
        for line in (*said, *setup.said):
            log(line)
        return _run(launch, stop, log, live)


def _typed() -> list[str]:
    """Return the command line as typed."""
    return ["sundog", *sys.argv[1:]]


def _run(launch: "Launch", stop: StopRequest, log: "Log", live: bool) -> int:
    """Run to the end, or until asked to stop, with progress on the way; then report."""
    from sundog.loading import describe_boxes
    from sundog.runs.progress import Progress

    setup, directory = launch.setup, launch.directory
    progress = Progress(log, live=True)
    progress.begin(setup.job.settings, int(launch.state.step))
    for line in describe_boxes(launch.state.neighbors):
        log(line)
    chunks = launch.chunks(stop)
    page = _live_page(directory, log) if live else None
    with closing(progress), closing(chunks), page or nullcontext():
        for chunk in chunks:
            progress.update(chunk)
            if page is not None:
                page.check()
    per_atom = 1e6 * progress.seconds_per_step / len(setup.system.numbers)
    log(f"Speed: {progress.ns_per_day:.3g} ns/day, {per_atom:.1f} µs/atom/step")
    if stop():
        log("Stopped early, as asked; everything up to here is written.")
        log(f"Continue with: sundog md --resume {directory.path}")
    _report(directory, setup, log)
    return stop.exit_code


def _live_page(directory: "RunDirectory", log: "Log") -> "LivePage":
    """Start the live page of a run; its address is printed, and no file is told."""
    from sundog.live.companion import LivePage

    def announce(address: str) -> None:
        print(f"Live page, while the run goes on: {address}", flush=True)

    return LivePage(directory.path, log, announce)


def _report(directory: "RunDirectory", setup: "Setup", log: "Log") -> None:
    """Print the summary, and plot the energies."""
    from sundog.analysis.energy_plot import plot_energies
    from sundog.cli.show.run import summarize, summarize_dipole, where
    from sundog.io.table import read_table

    settings, atoms = setup.job.settings, len(setup.atoms)
    for k, target in enumerate(settings.temperatures_kelvin):
        own = directory.replica(k, settings.number_of_replicas)
        table = read_table(own.energies)
        if settings.number_of_replicas > 1:
            log(f"Replica {k}, begun at {target:g} K:")
        title = f"{settings.ensemble.upper()}, {atoms} atoms"
        steady = settings.ensemble != "nve" and settings.bath.temperature_end_kelvin is None
        bath = target if steady and not settings.replicas.exchange_every else None
        conducting = setup.config["electrostatics"] == "ewald" and not setup.config["charge"]
        fluctuating = bath if conducting and setup.atoms.pbc.all() else None
        for line in (*summarize(table, atoms), *summarize_dipole(table, fluctuating)):
            log(line)
        plot_energies(table, own.report, title, target_temperature_kelvin=bath)
    for line in where(directory, settings):
        log(line)
