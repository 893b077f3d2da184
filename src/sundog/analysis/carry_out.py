"""Observables of several runs, carried out in one pass over the frames of each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sundog.analysis.choices import Choices
from sundog.analysis.names import OBSERVABLES, check_names, observable
from sundog.analysis.observable import ROUNDING, AbstractObservable, window_of
from sundog.analysis.recording import FEWEST_TO_DETECT, Recording
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import Agreement, agreement
from sundog.errors import InputError
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Picture, overlaid

Report = Callable[[str], None]


class Window(NamedTuple):
    """Part of a run that was analysed.

    Attributes:
        first_ps: time of its first frame in ps.
        last_ps: time of its last frame in ps.
        frames: number of its frames.
        before: number of frames that were left out before.
        why: reason for its beginning.
        of: unit of the numbers: frames, or rows of the energies table where no frame counts.
    """

    first_ps: float
    last_ps: float
    frames: int
    before: int
    why: str
    of: str = "frames"

    def text(self) -> str:
        """Return the window in words."""
        cut = f"; {self.before} {self.of} before are left out" if self.before else ""
        of = self.of
        if self.frames == 1:
            of = of.replace("frames", "frame").replace("rows", "row")
        span = f"{self.frames} {of} from {self.first_ps:.4g} to {self.last_ps:.4g} ps"
        return f"{span} ({self.why}{cut})"


@dataclass(frozen=True, eq=False)
class Analysis:
    """Outcome of an analysis.

    Attributes:
        windows: part of each run that was analysed, by its name.
        results: results by observable and run.
        together: results of several runs in one, by observable.
        left_out: reasons why observables were not carried out, by their names.
        choices: choices of the user.
    """

    windows: Mapping[str, Window]
    results: Mapping[str, Mapping[str, Result]]
    together: Mapping[str, Result]
    left_out: Mapping[str, str]
    choices: Choices

    def pictures(self, name: str) -> Iterator[Picture]:
        """Yield the pictures of an observable: those of several runs laid over one another."""
        by_name: dict[str, dict[str, Picture]] = {}
        for run, result in self.results[name].items():
            for picture in result.pictures:
                by_name.setdefault(picture.name, {})[run] = picture
        for pictures in by_name.values():
            yield from overlaid(pictures)
        if name in self.together:
            yield from self.together[name].pictures

    def compared(self, name: str) -> list[tuple[Quantity, Agreement]]:
        """Return the quantities that all of several runs have, and how they compare."""
        runs = [*self.results[name].values()]
        if len(runs) < 2:
            return []
        by_name = [{one.name: one for one in run.quantities} for run in runs]
        return [
            (quantity, agreement([one[quantity.name].value for one in by_name]))
            for quantity in runs[0].quantities
            if all(quantity.name in one for one in by_name)
        ]


class NothingFitsError(InputError):
    """Error where no observable fits.

    Attributes:
        left_out: reasons by the names of the observables.
    """

    left_out: Mapping[str, str]


def analyze(
    recordings: Sequence[Recording],
    what: Sequence[str] = (),
    choices: Choices | None = None,
    report: Report | None = None,
    among: Sequence[str] = (),
) -> Analysis:
    """Carry out observables on recordings; nothing is written.

    Args:
        recordings: runs; their names must differ.
        what: names of observables; by default all that fit every run.
        choices: choices of the user; by default none.
        report: called with lines on the way.
        among: names of those that are tried where `what` names none; by default all.

    Raises:
        InputError: a name of no observable, an observable of `what` that does not fit a run, no
            frames.
        NothingFitsError: no observable fits.
        FileFormatError: a trajectory is damaged.
    """
    check_names([*what, *among])
    choices = Choices() if choices is None else choices
    say = report or (lambda line: None)
    names = [one.name for one in recordings]
    if not recordings or len(set(names)) < len(names):
        raise InputError("runs: at least one, each with a name of its own", got=", ".join(names))
    made, left_out = _made(recordings, what, choices, what or among or [*OBSERVABLES])
    windows = {}
    for recording in recordings:
        mine = [made[name][recording.name] for name in made]
        windows[recording.name], refusals = _pass(recording, choices, mine)
        for name, error in refusals.items():
            if what:
                raise error
            del made[name]
            left_out[name] = str(error)
        say(f"{recording.name}: {windows[recording.name].text()}")
    return collected(made, windows, choices, left_out, what)


def collected(
    made: Mapping[str, Mapping[str, AbstractObservable]],
    windows: Mapping[str, Window],
    choices: Choices,
    left_out: Mapping[str, str] | None = None,
    what: Sequence[str] = (),
) -> Analysis:
    """Return what observables say that have seen their frames.

    Args:
        made: observables by name and run.
        windows: part of each run that they have seen.
        choices: choices of the user.
        left_out: reasons why others were not carried out.
        what: names of observables that may not be left out.

    Raises:
        InputError: an observable of `what` has seen too little.
    """
    left_out = dict(left_out or {})
    results: dict[str, dict[str, Result]] = {}
    together = {}
    for name, by_run in made.items():
        try:
            results[name] = {run: one.result() for run, one in by_run.items()}
            joint = type(next(iter(by_run.values()))).together([*by_run.values()])
        except InputError as error:
            if name in what:
                raise
            results.pop(name, None)
            left_out[name] = str(error)
            continue
        if joint is not None:
            together[name] = joint
    return Analysis(windows, results, together, left_out, choices)


def _made(
    recordings: Sequence[Recording],
    what: Sequence[str],
    choices: Choices,
    tried: Sequence[str],
) -> tuple[dict[str, dict[str, AbstractObservable]], dict[str, str]]:
    """Return the observables by name and run that fit of those tried, and why others do not."""
    made: dict[str, dict[str, AbstractObservable]] = {}
    left_out: dict[str, str] = {}
    for name in tried:
        try:
            kind = observable(name)
            made[name] = {one.name: kind(one, choices) for one in recordings}
        except InputError as error:
            if what:
                raise
            left_out[name] = str(error)
    if not made:
        names = ", ".join(one.name for one in recordings)
        error = NothingFitsError("what: no observable fits", got=names)
        error.left_out = left_out
        raise error
    return made, left_out


def _pass(
    recording: Recording, choices: Choices, observables: Sequence[AbstractObservable]
) -> tuple[Window, dict[str, InputError]]:
    """Show the frames of a recording to observables; return which they were, and who refused them.

    An observable that refuses a frame sees no further ones.
    """
    begin, end = window_of(recording, choices)
    if choices.from_ps is not None:
        why = f"from {choices.from_ps:g} ps, as asked"
    elif recording.equilibrated_ps is None:
        few = 0 < len(recording.energies.get("time_ps", ())) < FEWEST_TO_DETECT
        table = f"a table of fewer than {FEWEST_TO_DETECT} rows" if few else "no table"
        why = f"from the start: {table} of energies to tell equilibration from"
    else:
        why = recording.equilibrated_ps[1]
    looking = [one for one in observables if one.of_frames]
    if not looking:
        times = recording.energies["time_ps"]
        rows = times[(times >= begin) & (times <= end)]
        before = int((times < begin).sum())
        ends = (float(rows[0]), float(rows[-1])) if len(rows) else (begin, begin)
        return Window(*ends, len(rows), before, why, "rows of the energies table"), {}
    first, last, frames, before = np.inf, -np.inf, 0, 0
    refusals: dict[str, InputError] = {}
    for chunk in recording.frames():
        inside = (chunk.times >= begin) & (chunk.times <= end)
        _refuse_backwards(recording, chunk, last if frames else -np.inf)
        before += int((chunk.times < begin).sum())
        chosen = np.flatnonzero(inside)
        chosen = chosen[(np.arange(len(chosen)) + frames) % choices.every == 0]
        frames += int(inside.sum())
        if len(chosen) > 0:
            part = chunk[chosen]
            first, last = min(first, float(part.times[0])), float(part.times[-1])
            for one in looking:
                if one.name not in refusals:
                    try:
                        one.update(part)
                    except InputError as error:
                        refusals[one.name] = error
        if chunk.times[-1] * (1 + ROUNDING) >= end:
            break
    if frames == 0:
        raise InputError(
            f"{recording.name}: no frames to analyse",
            got=f"{before} frames, all before {begin:.4g} ps" if before else "an empty trajectory",
            remedy="Begin earlier with from_ps" if before else "Write frames more often",
        )
    return Window(first, last, -(-frames // choices.every), before, why), refusals


def _refuse_backwards(recording: Recording, chunk: Frames, last: float) -> None:
    times = np.concatenate([[last], chunk.times])
    if (np.diff(times) < 0).any():
        raise InputError(
            f"{recording.name}: times of frames go back",
            got=f"{float(times[int(np.argmin(np.diff(times)))]):g} ps and then less",
            remedy="Give each part of the trajectory as a run of its own",
        )
