"""Verdict on runs in plain words: stable, equilibrated, long enough, and what can be trusted.

Each finding is good, a caution, bad, or unknown where a run is too short to tell. An answer is the
worst of its findings, and what is unknown is said before it is called good.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sundog.analysis.carry_out import Analysis
from sundog.analysis.recording import Recording
from sundog.analysis.result import Quantity
from sundog.perception.blind_spots import blind_spots
from sundog.perception.perceive import perceive
from sundog.report.equilibrium import settled
from sundog.report.facts import Facts
from sundog.report.findings import WORDS, Finding, Level, Question, said
from sundog.report.stability import ended, steady
from sundog.weights.known_errors import known_errors

RANK: Mapping[str, int] = {"good": 0, "unknown": 1, "caution": 2, "bad": 3}
"""Order of levels; the highest decides."""

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
        untrusted: doubts, in words.
        nothing: sentence for where nothing can be trusted.
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
        analysis: results; None if nothing could be measured.
    """
    found: list[Finding] = []
    for recording, told in zip(recordings, facts, strict=True):
        results = {} if analysis is None else {
            name: by_run[recording.name] for name, by_run in analysis.results.items()
        }  # fmt: skip
        own = [
            *ended(told, recording),
            *steady(recording, results),
            *settled(recording, results),
            *_reach(told, recording),
        ]
        found += [one._replace(run=recording.name) for one in own]
    quantities = [] if analysis is None else [
        one for by_run in analysis.results.values() for run in by_run.values()
        for one in run.quantities
    ]  # fmt: skip
    found = [*_merged(found), _length(quantities)]
    found.sort(key=lambda one: -RANK[one.level])
    answers = tuple(_answer(question, found) for question in ANSWERS)
    levels: list[Level] = [one.level for one in answers]
    level = worst(levels)
    return Verdict(
        level, _headline(answers, found), answers, tuple(found), *_trust(analysis, answers, found)
    )


def _merged(found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings, those that several runs share as one."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        groups.setdefault((one.question, one.level, one.title), []).append(one)
    for first, *others in groups.values():
        runs = [first, *others]
        texts = dict.fromkeys(one.text for one in runs)
        text = first.text if len(texts) == 1 else " ".join(f"{one.run}: {one.text}" for one in runs)
        yield first._replace(text=text, run=", ".join(dict.fromkeys(one.run for one in runs)))


def worst(levels: Sequence[Level]) -> Level:
    """Return the worst of levels; of none it is unknown how good they are."""
    found: Level = "unknown"
    for number, one in enumerate(levels):
        if number == 0 or RANK[one] > RANK[found]:
            found = one
    return found


def _answer(question: Question, found: Sequence[Finding]) -> Answer:
    own: list[Level] = [one.level for one in found if one.question == question]
    level: Level = worst(own)
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


def _length(quantities: Sequence[Quantity]) -> Finding:
    enough = sum(one.value.is_enough for one in quantities)
    text = f"{enough} of {len(quantities)} means have an error bar: at least 10 independent values."
    if not quantities or enough == 0:
        return Finding("long", "unknown", "No mean has an error bar.", text)
    if enough == len(quantities):
        return Finding("long", "good", "Every mean has an error bar.", text)
    few = enough < len(quantities) / 2
    return Finding("long", "unknown" if few else "caution", "Some values are too short.", text)


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
                    quantity.label,
                    f"{quantity.label}: {said(value, quantity.digits, quantity.unit)}",
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
        f"{one.title} {one.text}"
        for one in found
        if one.question == "known" and one.level != "good"
    )
    if unknown:
        names = ", ".join([*unknown][:MOST_TOLD])
        more = f" and {len(unknown) - MOST_TOLD} more" if len(unknown) > MOST_TOLD else ""
        untrusted.append(f"Too short for an error bar: {names}{more}.")
    return tuple(trusted), tuple(untrusted), nothing
