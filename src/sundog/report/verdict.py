"""Verdict on runs in plain words: stable, equilibrated, long enough, and what can be trusted.

Each finding is good, a caution, bad, or unknown where a run is too short to tell. An answer is the
worst of its findings, and what is unknown is said before it is called good.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from sundog.analysis.carry_out import Analysis
from sundog.analysis.recording import FEWEST_TO_DETECT, Recording
from sundog.analysis.result import Quantity, Result
from sundog.analysis.window import change
from sundog.report.facts import Facts
from sundog.units import BOLTZMANN

Level = Literal["good", "caution", "bad", "unknown"]
"""Worth of a finding; `unknown` is too short to tell."""

Question = Literal["stable", "equilibrated", "long"]
"""Question that a finding helps to answer."""

RANK: dict[Level, int] = {"good": 0, "unknown": 1, "caution": 2, "bad": 3}
"""Order of levels; the highest decides."""

WORDS: dict[Level, str] = {
    "good": "Good",
    "caution": "Caution",
    "bad": "Bad",
    "unknown": "Too short to tell",
}
"""Words for levels, for those who do not see the marks."""

DRIFT_SEEN, DRIFT_BAD = 10.0, 100.0
"""Drift of the conserved energy in µeV per atom and ps from which on it is named, and from which on
it spoils a run."""

DRIFT_SHARE = 0.02
"""Change of the conserved energy per atom, as a share of k_B T, below which a drift has done no
harm yet."""

HOT, COLD_SHARE = 6.0, 0.05
"""Number of standard deviations of the canonical temperature from which on a spike is named, and
share by which a mean may differ from the bath."""

STRAINED_BAR = 1000.0
"""Pressure in bar at constant volume from which on the density does not fit the liquid."""

MOST_TOLD = 6
"""Number of values that are named as trusted or not."""


class Finding(NamedTuple):
    """Finding on a run.

    Attributes:
        question: question that it helps to answer.
        level: its worth.
        title: what was found, in a few words.
        text: sentence that explains it.
        run: name of the run.
    """

    question: Question
    level: Level
    title: str
    text: str
    run: str = ""

    @property
    def word(self) -> str:
        """Word for the level."""
        return WORDS[self.level]


class Answer(NamedTuple):
    """Answer to a question: how good it is, in words."""

    question: str
    answer: str
    level: Level


@dataclass(frozen=True)
class Verdict:
    """Verdict on one or several runs.

    Attributes:
        level: worst level.
        headline: verdict in a sentence.
        answers: answers to the three questions.
        findings: findings, the worst first.
        trusted: means that have an error bar, in words.
        untrusted: what is not known, in words.
    """

    level: Level
    headline: str
    answers: tuple[Answer, ...]
    findings: tuple[Finding, ...]
    trusted: tuple[str, ...]
    untrusted: tuple[str, ...]


def judge(
    recordings: Sequence[Recording], facts: Sequence[Facts], analysis: Analysis | None
) -> Verdict:
    """Return the verdict on runs.

    Args:
        recordings: runs.
        facts: facts of each.
        analysis: what was measured; None if nothing could be.
    """
    found: list[Finding] = []
    for recording, told in zip(recordings, facts, strict=True):
        results = {} if analysis is None else {
            name: by_run[recording.name] for name, by_run in analysis.results.items()
        }  # fmt: skip
        own = [*_ended(told, recording), *_steady(recording, results), *_settled(recording, results)]
        found += [one._replace(run=recording.name) for one in own]
    quantities = [] if analysis is None else [
        one for by_run in analysis.results.values() for run in by_run.values()
        for one in run.quantities
    ]  # fmt: skip
    found.append(_length(quantities))
    found.sort(key=lambda one: -RANK[one.level])
    answers = tuple(_answer(question, found) for question in ("stable", "equilibrated", "long"))
    level = max((one.level for one in answers), key=RANK.__getitem__)
    return Verdict(
        level, _headline(answers), answers, tuple(found), *_trust(quantities, analysis, found)
    )


def _answer(question: Question, found: Sequence[Finding]) -> Answer:
    own = [one.level for one in found if one.question == question]
    level: Level = max(own, key=RANK.__getitem__) if own else "unknown"
    words: dict[Question, tuple[str, dict[Level, str]]] = {
        "stable": (
            "Is it stable?",
            {"good": "Yes", "caution": "With reservations", "bad": "No", "unknown": "Too short to tell"},
        ),
        "equilibrated": (
            "Is it equilibrated?",
            {"good": "Yes", "caution": "Not quite", "bad": "No", "unknown": "Too short to tell"},
        ),
        "long": (
            "Is it long enough?",
            {"good": "Yes", "caution": "For some values", "bad": "No", "unknown": "Too short to tell"},
        ),
    }  # fmt: skip
    asked, told = words[question]
    return Answer(asked, told[level], level)


def _headline(answers: Sequence[Answer]) -> str:
    stable, equilibrated, long = (one.level for one in answers)
    if stable == "bad":
        return "Do not use this run as it stands: it is not stable."
    if equilibrated == "bad":
        return "It runs, but it is not what was asked for: do not take means from it."
    if equilibrated == "unknown":
        return {
            "good": "So far it is sound, but it is too short to tell more.",
            "unknown": "It is too short to tell.",
        }.get(stable, "It is too short to tell, and something needs a look.")
    if "caution" in (stable, equilibrated):
        return "Use it with care: not everything has settled."
    if long in ("caution", "unknown"):
        return "It is sound, but too short for some values."
    return "It is stable, equilibrated and long enough for what is shown."


def _ended(told: Facts, recording: Recording) -> Iterator[Finding]:
    """Yield whether the run came to its end."""
    if told.blew_up and not told.has_ended:
        text = "It left a flight record (flight_record.txt) that names the atoms and a likely cause."
        yield Finding("stable", "bad", "The run blew up.", text)
        return
    if told.has_ended is None:
        return
    planned = recording.settings.get("steps")
    done = told.steps_done
    if not told.has_ended:
        text = f"Step {done} of {planned} was the last that was recorded."
        yield Finding("long", "unknown", "The run has not come to its end.", text)
    elif isinstance(planned, int) and done is not None:
        if done + int(recording.settings.get("sample_every", 1)) <= planned:
            text = f"It was stopped after {done:,} of {planned:,} steps; --resume goes on."
            yield Finding("long", "unknown", "The run was stopped early.", text)
        else:
            yield Finding("stable", "good", "The run came to its end.", f"{planned:,} steps.")


def _steady(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    """Yield whether numbers stay finite, energy is kept, and molecules stay what they were."""
    table = recording.energies
    bad = [name for name in ("potential_energy_ev", "temperature_kelvin") if _broken(table, name)]
    if bad:
        text = "The energies table holds values that are not finite: the simulation broke down."
        yield Finding("stable", "bad", "Numbers are not finite.", text)
        return
    yield from _drift(recording, results)
    yield from _heat(recording)
    contacts = results.get("contacts")
    if contacts is not None:
        yield from _bonds(contacts)


def _broken(table: dict, name: str) -> bool:  # type: ignore[type-arg]
    return name in table and not np.isfinite(table[name]).all()


def _drift(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    drift = _quantity(results, "engine", "drift_microev_per_atom_ps")
    if drift is None:
        return
    rate, error = drift.value.mean, drift.value.error
    time = recording.energies["time_ps"]
    length = float(time[-1] - time[0])
    thermal = 1e6 * BOLTZMANN * (recording.temperature_kelvin or 300.0)
    share = abs(rate) * length / thermal
    words = f"{rate:+.3g} µeV per atom and ps, {100 * share:.2g} % of kT per atom in {length:.3g} ps."
    significant = np.isfinite(error) and abs(rate) > 3 * error
    if abs(rate) <= DRIFT_SEEN or (np.isfinite(error) and not significant):
        yield Finding("stable", "good", "Energy is conserved.", words)
    elif share < DRIFT_SHARE:
        text = f"{words} The run is too short to tell a drift from a fluctuation."
        level: Level = "unknown" if not significant else "good"
        yield Finding("stable", level, "Energy has hardly changed.", words if significant else text)
    elif abs(rate) > DRIFT_BAD:
        text = f"{words} Shorten the timestep, or look for a bad start."
        yield Finding("stable", "bad", "Energy is not conserved.", text)
    else:
        yield Finding("stable", "caution", "Energy drifts.", words)


def _heat(recording: Recording) -> Iterator[Finding]:
    """Yield whether the temperature ever left what fluctuations explain."""
    values = recording.energies.get("temperature_kelvin", np.zeros(0))
    bath = recording.temperature_kelvin
    if len(values) == 0 or not bath:
        return
    degrees = max(3 * len(recording.topology) - 3, 1)
    # A start from a structure at rest, or from a bad one, is the worst of it.
    limit = bath * (1 + HOT * np.sqrt(2 / degrees)) + 1.0
    hottest = int(values.argmax())
    if values[hottest] <= max(limit, 1.25 * bath):
        return
    when = float(recording.energies["time_ps"][hottest])
    late = hottest > len(values) // 2
    text = f"{values[hottest]:.0f} K at {when:.3g} ps, with a bath of {bath:.0f} K: strain of the " + (
        "structure became heat." if not late else "structure still becomes heat."
    )
    level: Level = "bad" if values[hottest] > 3 * bath and late else "caution"
    yield Finding("stable", level, "The temperature rose far above the bath.", text)


def _bonds(contacts: Result) -> Iterator[Finding]:
    series = contacts.tables.get("series", {})
    broken, formed = (series.get(name) for name in ("bonds_broken", "bonds_formed"))
    if broken is None or formed is None or len(broken) == 0:
        return
    told = [note for note in contacts.notes if ": bond " in note]
    if max(float(broken.max()), float(formed.max())) == 0:
        text = f"In the {len(broken)} frames that were looked at."
        yield Finding("stable", "good", "No bond broke or formed.", text)
    elif float(broken[-1]) == float(formed[-1]) == 0:
        text = f"All are back at the end: {'; '.join(told[:2])}."
        yield Finding("stable", "caution", "Bonds stretched beyond the usual.", text)
    else:
        text = f"At the end {broken[-1]:.0f} broken and {formed[-1]:.0f} formed. {'; '.join(told[:3])}."
        yield Finding("stable", "caution", "Bonds changed.", text)
    for note in contacts.notes:
        if note.startswith("A contact"):
            yield Finding("stable", "caution", "Atoms came very close.", f"{note}.")


def _settled(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    """Yield whether the series of the energies table have settled, and where."""
    table = recording.energies
    rows = len(table.get("time_ps", ()))
    if rows < FEWEST_TO_DETECT:
        text = f"The energies table has {rows} rows; {FEWEST_TO_DETECT} are needed to tell."
        yield Finding("equilibrated", "unknown", "Equilibration cannot be told.", text)
        return
    found = recording.equilibrated_ps
    if found is not None:
        begin, why = found
        if "not settled" in why:
            yield Finding("equilibrated", "caution", "The run has not settled.", f"{_plain(why)}.")
        else:
            text = f"Means begin at {begin:.4g} ps ({_plain(why)})."
            yield Finding("equilibrated", "good", "The series have settled.", text)
    yield from _temperature(recording, results)
    yield from _moving(recording, results)
    yield from _pressure(recording, results)


def _temperature(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known, bath = _quantity(results, "engine", "temperature_kelvin"), recording.temperature_kelvin
    if known is None or recording.settings.get("ensemble") not in ("nvt", "npt") or not bath:
        return
    if recording.settings.get("temperature_end_kelvin") is not None:
        return
    value = known.value
    words = f"{value.text(1, 'K')}, and the bath has {bath:g} K."
    off = abs(value.mean - bath)
    if off <= max(COLD_SHARE * bath, 4 * value.error if value.is_enough else 0.0):
        yield Finding("equilibrated", "good", "The temperature is that of the bath.", words)
    elif not value.is_enough:
        yield Finding("equilibrated", "unknown", "The temperature has not met the bath.", words)
    else:
        level: Level = "bad" if off > 0.2 * bath else "caution"
        yield Finding("equilibrated", level, "The temperature is not that of the bath.", words)


def _moving(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known = _quantity(results, "engine", "potential_energy_ev")
    if known is None:
        return
    values = recording.energies["potential_energy_ev"]
    moved = change(values[len(values) // 2 :])
    if moved is not None:
        text = f"It changed by {moved:+.3g} eV over the last half, more than it fluctuates."
        yield Finding("equilibrated", "caution", "The potential energy still moves.", text)
    elif not known.value.is_enough:
        text = f"Only {known.value.effective:.1f} independent values of it are there; 10 are needed."
        yield Finding("equilibrated", "unknown", "The energy is known from too few values.", text)


def _pressure(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known = _quantity(results, "engine", "pressure_bar")
    if known is None or not recording.is_periodic:
        return
    value, words = known.value, known.value.text(0, "bar")
    if recording.settings.get("ensemble") == "npt":
        target = float(recording.settings.get("pressure_bar", 1.0))
        off = abs(value.mean - target)
        if not value.is_enough:
            text = f"{words}; the barostat has {target:g} bar."
            yield Finding("equilibrated", "unknown", "The pressure is not known yet.", text)
        elif off > max(4 * value.error, 50.0):
            text = f"{words}; the barostat has {target:g} bar."
            yield Finding("equilibrated", "caution", "The pressure is not that of the barostat.", text)
        else:
            yield Finding("equilibrated", "good", "The pressure is that of the barostat.", f"{words}.")
        return
    if abs(value.mean) > STRAINED_BAR:
        way = "shrink" if value.mean < 0 else "expand"
        text = f"{words} at constant volume: at 1 bar it would {way}. `sundog npt` finds its density."
        level: Level = "caution" if value.is_enough else "unknown"
        yield Finding("equilibrated", level, "The density does not fit.", text)


def _length(quantities: Sequence[Quantity]) -> Finding:
    enough = sum(one.value.is_enough for one in quantities)
    text = f"{enough} of {len(quantities)} means have an error bar: at least 10 independent values."
    if not quantities or enough == 0:
        return Finding("long", "unknown", "No mean has an error bar.", text)
    if enough == len(quantities):
        return Finding("long", "good", "Every mean has an error bar.", text)
    few = enough < len(quantities) / 2
    return Finding("long", "unknown" if few else "caution", "Some values are too short.", text)


def _trust(
    quantities: Sequence[Quantity], analysis: Analysis | None, found: Sequence[Finding]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what can be trusted, and what cannot, in words."""
    unsafe = any(one.level == "bad" for one in found)
    known: dict[str, str] = {}
    unknown: dict[str, None] = {}
    for one in quantities:
        if one.value.is_enough:
            known.setdefault(one.label, one.text())
        else:
            unknown.setdefault(one.label)
    trusted = [] if unsafe else [*known.values()]
    rest = len(trusted) - MOST_TOLD
    trusted = trusted[:MOST_TOLD] + ([f"and {rest} more, below"] if rest > 0 else [])
    untrusted = [f"{one.title} {one.text}" for one in found if one.level in ("bad", "caution")]
    if unknown:
        names = ", ".join([*unknown][:MOST_TOLD])
        more = f" and {len(unknown) - MOST_TOLD} more" if len(unknown) > MOST_TOLD else ""
        untrusted.append(f"Too short for an error bar: {names}{more}")
    return tuple(trusted), tuple(untrusted)


def _quantity(results: dict[str, Result], observable: str, name: str) -> Quantity | None:
    result = results.get(observable)
    if result is None:
        return None
    return next((one for one in result.quantities if one.name == name), None)


def _plain(why: str) -> str:
    """Return a reason without the names of columns."""
    for name, words in {
        "potential_energy_ev": "the potential energy",
        "temperature_kelvin": "the temperature",
        "volume_angstrom3": "the volume",
        "pressure_bar": "the pressure",
    }.items():
        why = why.replace(name, words)
    return why
