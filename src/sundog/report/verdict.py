"""Verdict on runs in plain words: stable, equilibrated, long enough, and what can be trusted.

Each finding is good, a caution, bad, or unknown where a run is too short to tell. An answer is the
worst of its findings, and what is unknown is said before it is called good.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from sundog.analysis.carry_out import Analysis
from sundog.analysis.recording import FEWEST_TO_DETECT, Recording
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import Estimate
from sundog.analysis.window import change
from sundog.perception.blind_spots import blind_spots
from sundog.perception.perceive import perceive
from sundog.report.facts import Facts
from sundog.units import BOLTZMANN
from sundog.weights.known_errors import known_errors

Level = Literal["good", "caution", "bad", "unknown"]
"""Worth of a finding; `unknown` is too short to tell."""

Question = Literal["stable", "equilibrated", "long", "known"]
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

OF_HEALTH = ("engine", "model", "contacts")
"""Observables whose values tell of the run and not of the system, but for those in `SHOWN`."""

SHOWN = ("temperature_kelvin", "potential_energy_ev", "pressure_bar", "density_g_per_cm3")
"""Values of the energies table that are properties of the system."""

MOST_TOLD = 6
"""Number of values that are named as trusted or not."""


ANSWERS: dict[Question, tuple[str, dict[Level, str]]] = {
    "stable": (
        "Is it stable?",
        {"good": "Yes", "caution": "With reservations", "bad": "No", "unknown": WORDS["unknown"]},
    ),
    "equilibrated": (
        "Is it equilibrated?",
        {"good": "Yes", "caution": "Not quite", "bad": "No", "unknown": WORDS["unknown"]},
    ),
    "long": (
        "Is it long enough?",
        {"good": "Yes", "caution": "For some values", "bad": "No", "unknown": "No, too short"},
    ),
    "known": (
        "Is it in the model's reach?",
        {"good": "No known weakness", "caution": "Partly", "bad": "No", "unknown": "Not known"},
    ),
}
"""Questions, and their answers by level."""


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
        answers: answers to the questions.
        findings: findings, the worst first.
        trusted: means that have an error bar, in words.
        untrusted: what is not known, in words.
        nothing: what to say where nothing can be trusted.
    """

    level: Level
    headline: str
    answers: tuple[Answer, ...]
    findings: tuple[Finding, ...]
    trusted: tuple[str, ...]
    untrusted: tuple[str, ...]
    nothing: str


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
        own = [
            *_ended(told, recording),
            *_steady(recording, results),
            *_settled(recording, results),
            *_reach(told, recording),
        ]
        found += [one._replace(run=recording.name) for one in own]
    quantities = [] if analysis is None else [
        one for by_run in analysis.results.values() for run in by_run.values()
        for one in run.quantities
    ]  # fmt: skip
    found.append(_length(quantities))
    found.sort(key=lambda one: -RANK[one.level])
    answers = tuple(_answer(question, found) for question in ANSWERS)
    level = max((one.level for one in answers), key=RANK.__getitem__)
    return Verdict(
        level, _headline(answers, found), answers, tuple(found), *_trust(analysis, answers, found)
    )


def _answer(question: Question, found: Sequence[Finding]) -> Answer:
    own = [one.level for one in found if one.question == question]
    level: Level = max(own, key=RANK.__getitem__) if own else "unknown"
    if question == "equilibrated" and level == "caution" and "unknown" in own:
        return Answer(ANSWERS[question][0], "Not yet", level)
    asked, told = ANSWERS[question]
    return Answer(asked, told[level], level)


def _headline(answers: Sequence[Answer], found: Sequence[Finding]) -> str:
    stable, equilibrated, long, known = (one.level for one in answers)
    short = any(one.question == "equilibrated" and one.level == "unknown" for one in found)
    if stable == "bad":
        return "Do not use this run as it stands: it is not stable."
    if equilibrated == "bad":
        return "It runs, but it is not equilibrated: take no means from it."
    if short:
        return {
            "good": "It is sound so far, and too short to tell more.",
            "unknown": "It is too short to tell.",
        }.get(stable, "It is too short to tell, and something needs a look.")
    if "caution" in (stable, equilibrated):
        return "Use it with care: not everything is as it should be."
    if long in ("caution", "unknown"):
        return "It is sound, and too short for some values."
    if known != "good":
        return "It is stable and equilibrated, but the model is weak for a part of it."
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


def _broken(table: Mapping[str, np.ndarray], name: str) -> bool:
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
    words = (
        f"{_signed(rate)} µeV per atom and ps: {100 * share:.2g} % of kT per atom in {length:.3g} ps."
    )
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
            yield Finding("equilibrated", "caution", "The run has not settled.", f"{plainly(why)}.")
        else:
            text = f"Means begin at {begin:.4g} ps ({plainly(why)})."
            yield Finding("equilibrated", "good", "The series have settled.", text)
    yield from _temperature(recording, results)
    yield from _width(recording, results)
    yield from _moving(recording, results)
    yield from _pressure(recording, results)


def _temperature(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known, bath = _quantity(results, "engine", "temperature_kelvin"), recording.temperature_kelvin
    if known is None or recording.settings.get("ensemble") not in ("nvt", "npt") or not bath:
        return
    if recording.settings.get("temperature_end_kelvin") is not None:
        return
    value = known.value
    words = f"{said(value, 1, 'K')}; the bath has {bath:g} K."
    off = abs(value.mean - bath)
    if off <= max(COLD_SHARE * bath, 4 * value.error if value.is_enough else 0.0):
        yield Finding("equilibrated", "good", "The temperature is that of the bath.", words)
    elif not value.is_enough:
        yield Finding("equilibrated", "unknown", "The temperature has not met the bath.", words)
    else:
        level: Level = "bad" if off > 0.2 * bath else "caution"
        yield Finding("equilibrated", level, "The temperature is not that of the bath.", words)


def _width(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known = _quantity(results, "engine", "kinetic_width_ratio")
    if known is None or not known.value.is_enough:
        return
    value = known.value
    if abs(value.mean - 1) > 4 * value.error:
        text = f"{said(value, 2)} of the canonical width of the kinetic energy."
        yield Finding("equilibrated", "caution", "The temperature fluctuates unlike the ensemble.", text)


def _moving(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known = _quantity(results, "engine", "potential_energy_ev")
    if known is None:
        return
    values = recording.energies["potential_energy_ev"]
    moved = change(values[len(values) // 2 :])
    if moved is not None:
        text = f"It changed by {_signed(moved)} eV over the last half, more than it fluctuates."
        yield Finding("equilibrated", "caution", "The potential energy still moves.", text)
    elif not known.value.is_enough:
        text = f"Only {known.value.effective:.1f} independent values of it are there; 10 are needed."
        yield Finding("equilibrated", "unknown", "The energy is known from too few values.", text)


def _pressure(recording: Recording, results: dict[str, Result]) -> Iterator[Finding]:
    known = _quantity(results, "engine", "pressure_bar")
    if known is None or not recording.is_periodic:
        return
    value, words = known.value, said(known.value, 0, "bar")
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
        text = f"{words} at constant volume: at 1 bar it would {way}. A run at constant pressure (sundog npt) finds its density."
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
    analysis: Analysis | None, answers: Sequence[Answer], found: Sequence[Finding]
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return what can be trusted, what cannot, and what to say where nothing can."""
    known: dict[str, str] = {}
    unknown: dict[str, None] = {}
    for name, by_run in ({} if analysis is None else analysis.results).items():
        for quantity in (one for run in by_run.values() for one in run.quantities):
            if name in OF_HEALTH and quantity.name not in SHOWN:
                continue
            value = quantity.value
            if not value.is_enough:
                unknown.setdefault(quantity.label)
            elif value.error > 0:  # a volume that is held says nothing
                known.setdefault(
                    quantity.label, f"{quantity.label}: {said(value, quantity.digits, quantity.unit)}"
                )
    levels = {one.level for one in answers[:2]}
    trusted: list[str] = []
    nothing = "No mean is known well enough yet."
    if "bad" in levels:
        nothing = "No mean: see the findings above."
    elif levels != {"good"}:
        trusted = [one.title for one in found if one.question == "stable" and one.level == "good"]
        trusted = [*dict.fromkeys(trusted)]
    else:
        trusted = [*known.values()]
    rest = len(trusted) - MOST_TOLD
    trusted = trusted[:MOST_TOLD] + ([f"and {rest} more, below"] if rest > 0 else [])
    untrusted = []
    if levels != {"good"}:
        untrusted.append("Means as properties at equilibrium: the run is not known to be there.")
    untrusted += dict.fromkeys(
        f"{one.title} {one.text}" for one in found if one.question == "known" and one.level != "good"
    )
    if unknown:
        names = ", ".join([*unknown][:MOST_TOLD])
        more = f" and {len(unknown) - MOST_TOLD} more" if len(unknown) > MOST_TOLD else ""
        untrusted.append(f"Too short for an error bar: {names}{more}.")
    return tuple(trusted), tuple(untrusted), nothing


def said(value: Estimate, digits: int, unit: str = "") -> str:
    """Return a mean with its error bar as a sentence has it.

    Args:
        value: mean, error and effective samples.
        digits: number of digits after the decimal point.
        unit: unit as it is written.
    """
    unit = f" {unit}" if unit else ""
    mean = f"{value.mean:,.{digits}f}".replace("-", "−")
    if not value.is_enough:
        return f"{mean}{unit}, from {value.effective:.1f} independent values"
    return f"{mean} ± {value.error:,.{digits}f}{unit}"


def _reach(told: Facts, recording: Recording) -> Iterator[Finding]:
    """Yield whether the system has groups that the weights are known to get wrong."""
    weights = told.provenance.get("weights")
    identity = weights.get("sha256") if isinstance(weights, dict) else None
    if not isinstance(identity, str):
        return
    known = known_errors(identity)
    if not known:
        text = "No errors of groups are known of these weights, which is no proof of any kind."
        yield Finding("known", "unknown", "The model's weak spots are not known.", text)
        return
    lines = blind_spots(recording.topology, perceive(recording.topology), known)
    for line in lines:
        yield Finding("known", "caution", "The model is weak here.", line)
    if not lines:
        text = "None of its groups is among those that the weights are known to get wrong."
        yield Finding("known", "good", "No known weakness of the model.", text)


def _quantity(results: dict[str, Result], observable: str, name: str) -> Quantity | None:
    result = results.get(observable)
    if result is None:
        return None
    return next((one for one in result.quantities if one.name == name), None)


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def plainly(why: str) -> str:
    """Return a reason without the names of columns."""
    for name, words in {
        "potential_energy_ev": "the potential energy",
        "temperature_kelvin": "the temperature",
        "volume_angstrom3": "the volume",
        "pressure_bar": "the pressure",
    }.items():
        why = why.replace(name, words)
    return why
