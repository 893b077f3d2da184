"""A report made of runs: what was run, whether it can be trusted, what it shows, in one page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sundog.analysis.carry_out import Analysis
from sundog.analysis.choices import Choices
from sundog.analysis.recording import Recording
from sundog.analysis.result import Quantity
from sundog.report.charts import figure
from sundog.report.choice import HEALTH, carry_out
from sundog.report.citations import bibtex, works
from sundog.report.colors import colors
from sundog.report.facts import describe, facts_of
from sundog.report.findings import plainly
from sundog.report.scene import make_scene
from sundog.report.skeleton import CHARTS, VIEWER, render
from sundog.report.verdict import judge

MOST_FIGURES = 8
"""Number of figures of one observable on a page; others are the business of `analyze`."""

LARGEST = 10_000_000
"""Size of a page in bytes that frames and atoms are left out for."""

SCRIPTS = ("common.js", CHARTS, "charts.js", VIEWER, "viewer.js")
"""Scripts of a report in the order in which they run."""

Report = Callable[[str], None]


def make_report(
    recordings: Sequence[Recording],
    folders: Sequence[Path | None],
    what: Sequence[str] = (),
    choices: Choices | None = None,
    report: Report | None = None,
) -> str:
    """Return the page of one or several runs.

    Args:
        recordings: runs; their names must differ.
        folders: folder of each run; None for a bare trajectory.
        what: names of observables; by default those that fit the systems.
        choices: choices of the user; by default none.
        report: called with lines on the way.

    Raises:
        InputError: a name of no observable, or one that does not fit; no frames.
        FileFormatError: a trajectory is damaged.
    """
    say = report or (lambda line: None)
    choices = Choices() if choices is None else choices
    facts = [facts_of(one, folder) for one, folder in zip(recordings, folders, strict=True)]
    analysis, left_out = carry_out(recordings, what, choices, say)
    charts: dict[str, Any] = {}
    groups = [] if analysis is None else [*_groups(analysis, left_out, charts)]
    cited = works(
        [one.settings for one in recordings], () if analysis is None else analysis.results
    )
    share = 1.0 / len(recordings)
    while True:
        made = [make_scene(one, share) for one in recordings]
        scenes = [one for one in made if one is not None]
        page = render(
            "report.html",
            scripts=SCRIPTS,
            data={
                "charts": charts,
                "colors": colors(),
                "scenes": [one.packed() for one in scenes],
            },
            **_heading(recordings),
            contents=_contents(groups),
            verdict=judge(recordings, facts, analysis),
            scenes=len(scenes),
            groups=groups,
            runs=facts,
            several=len(recordings) > 1,
            references=[{"text": one.text(), "doi": one.doi, "why": one.why} for one in cited],
            bibtex=bibtex(cited),
        )
        if len(page.encode()) <= LARGEST or share < 1e-3:
            return page
        share /= 2


def _heading(recordings: Sequence[Recording]) -> dict[str, str]:
    names = [one.name for one in recordings]
    shown = " · ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    systems = dict.fromkeys(describe(one) for one in recordings)
    words = "; ".join(systems) if len(systems) < 3 else f"{len(systems)} systems"
    return {
        "title": f"{shown} – sundog report",
        "eyebrow": "sundog report" if len(names) == 1 else f"sundog report of {len(names)} runs",
        "heading": shown,
        "lead": words,
    }


def _contents(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        ("verdict", "Verdict"),
        ("trajectory", "Trajectory"),
        *((group["id"], group["title"]) for group in groups),
        ("run", "What was run"),
        ("reproduce", "Reproduce"),
        ("cite", "Cite"),
    ]


def _groups(
    analysis: Analysis, left_out: Mapping[str, str], charts: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield health and observables for the template; data of curves are put into `charts`."""
    windows = "; ".join(
        plainly(f"{run}: {window.text()}" if len(analysis.windows) > 1 else window.text())
        for run, window in analysis.windows.items()
        if window.frames
    )
    health = [name for name in analysis.results if name in HEALTH]
    rest = [name for name in analysis.results if name not in HEALTH]
    note = f"Analysed: {windows}." if windows else ""
    told = {**left_out, **analysis.left_out}
    for id_, title, names, notes, missing in (
        ("health", "Health", health, note, {}),
        ("observables", "Observables", rest, "", told),
    ):
        if names or missing:
            yield {
                "id": id_,
                "title": title,
                "note": notes,
                "observables": [_observable(analysis, name, charts) for name in names],
                "left_out": [*missing.items()],
            }


def _observable(analysis: Analysis, name: str, charts: dict[str, Any]) -> dict[str, Any]:
    by_run = analysis.results[name]
    figures = []
    pictures = [*analysis.pictures(name)]
    for number, picture in enumerate(pictures[:MOST_FIGURES]):
        key = f"{name}-{number}"
        told, data = figure(picture, key)
        if data is not None:
            charts[key] = data
        figures.append(told)
    several = len(by_run) > 1
    notes = [
        f"{run}: {note}" if several else note
        for run, result in by_run.items()
        for note in result.notes
    ]
    if len(pictures) > MOST_FIGURES:
        left = len(pictures) - MOST_FIGURES
        notes.append(f"{left} more figures: sundog analyze RUN --what {name}")
    return {
        "id": f"observable-{name}",
        "title": next(iter(by_run.values())).title,
        "figures": figures,
        "rows": [*_rows(analysis, name)],
        "notes": notes,
    }


def _rows(analysis: Analysis, name: str) -> Iterator[dict[str, Any]]:
    compared = {one.name: (one, words) for one, words in analysis.compared(name)}
    runs = [*analysis.results[name].items()]
    order = dict.fromkeys(one.name for _, result in runs for one in result.quantities)
    for quantity in order:
        last = None
        for run, result in runs:
            found = next((one for one in result.quantities if one.name == quantity), None)
            if found is not None:
                last = _row(found, run)
                yield last
        if quantity in compared and last is not None:
            one, words = compared[quantity]
            last["words"] = f"All runs: {words.text(one.digits, one.unit)}"
    if name in analysis.together:
        yield from (_row(one, "all runs") for one in analysis.together[name].quantities)


def _row(one: Quantity, run: str) -> dict[str, Any]:
    value = one.value
    return {
        "label": one.label,
        "run": run,
        "value": f"{value.mean:.{one.digits}f}".replace("-", "−"),
        "error": _error(one),
        "unit": one.unit,
        "effective": f"{value.effective:.3g}",
        "joint": False,
        "words": "",
    }


def _error(one: Quantity) -> str:
    """Return an error bar; empty where there is none, so that the page says why."""
    if not one.value.is_enough:
        return ""
    return f"± {one.value.error:.{one.digits}f}" if one.value.error > 0 else "does not change"
