"""Observables of `sundog.analysis` along a run, at each of its frames, without a second pass.

What they found is written to `observed/` of the run, or of the replica, when it ends, however it
ends. A run that is continued shows them the frames that its trajectory has already, so that they
know the whole run; these have the precision of the file. An observable that refuses a frame sees no
further ones and is named with the reason among what is left out; the run goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from ase import Atoms

from sundog.analysis.carry_out import Window, collected
from sundog.analysis.choices import Choices
from sundog.analysis.files import write_analysis
from sundog.analysis.names import check_names, observable
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.recording import Recording
from sundog.errors import InputError
from sundog.io.table import read_table
from sundog.io.trajectories.chunks import Frames, read_chunks
from sundog.io.trajectories.extras import Extra
from sundog.runs.directory import RunDirectory
from sundog.runs.settings import SimulationSettings
from sundog.topology.topology import Topology


class Observing:
    """Observables that look at the frames of one replica while it runs."""

    def __init__(self, recording: Recording, names: Sequence[str]):
        """Prepare the observables.

        Args:
            recording: run that begins, without frames.
            names: names of the observables.

        Raises:
            InputError: an observable does not fit the run.
        """
        self._recording = recording
        self._choices = Choices(from_ps=0.0)
        self._made: dict[str, AbstractObservable] = {
            name: observable(name)(recording, self._choices) for name in names
        }
        self._left_out: dict[str, str] = {}
        self._times: list[float] = []
        self._count = 0

    def add(
        self,
        positions: np.ndarray,
        cell: np.ndarray,
        time_ps: float,
        extras: Mapping[str, Extra],
    ) -> None:
        """Show one frame to the observables.

        Args:
            positions: positions in Å as they are written.
            cell: lattice vectors as rows in Å.
            time_ps: time in ps.
            extras: results of the frame by name.
        """
        held = {
            name: np.asarray(value)[None]
            for name, value in extras.items()
            if not isinstance(value, Mapping)
        }
        cells = cell[None] if self._recording.atoms.cell.rank == 3 else None
        self._take(Frames(np.array([time_ps]), positions[None], cells, held))

    def catch_up(self) -> None:
        """Show the frames that a trajectory which is continued has already."""
        for chunk in self._recording.frames():
            self._take(chunk)

    def _take(self, frames: Frames) -> None:
        for name, one in [*self._made.items()]:
            try:
                one.update(frames)
            except InputError as error:
                # The run goes on: what it computes does not depend on who looks at it.
                del self._made[name]
                self._left_out[name] = str(error)
        self._times = [*self._times[:1], float(frames.times[-1])]
        self._count += len(frames)

    def write(self, directory: RunDirectory) -> None:
        """Write what was found to the folder of the run, or of its replica.

        Args:
            directory: folder of the replica.

        Raises:
            RunDirectoryError: the files cannot be written.
        """
        if self._count == 0:
            return
        name = self._recording.name
        table = read_table(directory.energies) if directory.energies.is_file() else {}
        for one in self._made.values():
            one.recording = replace(self._recording, energies=table)
        window = Window(self._times[0], self._times[-1], self._count, 0, "every frame, as it ran")
        made = {key: {name: one} for key, one in self._made.items()}
        analysis = collected(made, {name: window}, self._choices, self._left_out)
        write_analysis(analysis, directory.path / "observed", {"runs": [name]})


def observing(
    directory: RunDirectory | None,
    atoms: Atoms,
    topology: Topology,
    settings: SimulationSettings,
) -> Observing | None:
    """Return the observables that settings ask for; None where they ask for none.

    Args:
        directory: folder of the replica; None to check alone.
        atoms: structure that the run begins with.
        topology: topology of the structure.
        settings: settings of the run.

    Raises:
        InputError: a name of no observable, or one that does not fit the run.
    """
    names = observed_names(settings.output.observe)
    if not names:
        return None
    check_names(names)
    for name in names:
        if not observable(name).of_frames:
            raise InputError(
                f"observe: {name} looks at the energies table and not at frames",
                remedy="Ask for it with sundog analyze when the run has ended",
            )
    bath = settings.bath.temperature_kelvin
    suffix = f".{settings.output.trajectory}"
    path = None if directory is None else directory.trajectory(suffix)
    recording = Recording(
        "run" if directory is None else directory.path.resolve().name,
        atoms,
        topology,
        partial(iter, ()) if path is None else partial(read_chunks, path, atoms),
        frozenset(settings.output.frame_extras),
        "molecules" if settings.output.wrap else "unwrapped",
        {"ensemble": settings.ensemble, "temperature_kelvin": bath},
    )
    return Observing(recording, names)


def observed_names(given: Sequence[str]) -> list[str]:
    """Return the names of observables, which may stand in one text with commas between."""
    return [name.strip() for text in given for name in text.split(",") if name.strip()]
