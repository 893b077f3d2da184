"""The page of a suite: one HTML file with everything in it, that any browser shows offline."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sundog.evaluate.benchmarks.figures import draw
from sundog.evaluate.benchmarks.wording import interval, number
from sundog.evaluate.leaderboard.run import structures_per_second

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 1150px;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid #d5dae0; text-align: right;
  vertical-align: top; }
th { font-weight: 600; } th:first-child, td:first-child { text-align: left; }
small { color: #65717d; display: block; font-weight: 400; }
.wide { overflow-x: auto; } .none { color: #9a4a00; } img { max-width: 100%; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; }
"""

Outcome = Mapping[str, Any]


def page(outcome: Outcome) -> str:
    """Return the page of a suite's outcome, by `run.run`."""
    title = f"sundog evaluate --suite {outcome['suite']}"
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_provenance(outcome))}</p>",
        _leaderboard(outcome),
        _absent(outcome),
        *(_benchmark(name, outcome) for name in outcome["benchmarks"]),
        _models(outcome["rows"]),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _provenance(outcome: Outcome) -> str:
    first = outcome["rows"][0]["provenance"]
    return (
        f"{first['started']}; {first['device']}; {outcome['seconds']:.0f} s in all. Intervals: "
        "95 %, by bootstrap over the items of a benchmark. Structures per second: compilation "
        "included."
    )


def _leaderboard(outcome: Outcome) -> str:
    cards = outcome["benchmarks"]
    heads = ["model", *(_heading(name, outcome) for name in cards), "structures/s"]
    rows = [f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"]
    for row in outcome["rows"]:
        cells = [escape(row["model"]), *(_cell(row["cells"].get(name)) for name in cards)]
        speed = structures_per_second(row)
        cells.append("–" if speed is None else f"{speed:.3g}")
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    if any(card["headline"] in card["published"] for card in cards.values()):
        values = (card["published"].get(card["headline"]) for card in cards.values())
        cells = ["published", *("–" if value is None else f"{value:g}" for value in values), ""]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _heading(name: str, outcome: Outcome) -> str:
    cells = (row["cells"].get(name, {}) for row in outcome["rows"])
    unit = next((cell["unit"] for cell in cells if cell.get("unit")), "")
    metric = outcome["benchmarks"][name]["headline"].replace("_", " ")
    words = escape(f"{metric}, {unit}" if unit else metric)
    return f'<a href="#{escape(name)}">{escape(name)}</a><small>{words}</small>'


def _cell(cell: Outcome | None) -> str:
    if cell is None:
        return '<span class="none">not yet run</span>'
    if cell["status"] != "done":
        return f'<span class="none" title="{escape(cell["reason"])}">{cell["status"]}</span>'
    found = cell["outcome"]
    value = "–" if cell["value"] is None else number(cell["value"])
    lines = [] if cell["interval"] is None else [interval(cell["interval"])]
    lines += [f"{found['n']} of {found['n_of']}", f"{found['structures_per_s']:.3g}/s"]
    return value + "".join(f"<small>{escape(line)}</small>" for line in lines)


def _absent(outcome: Outcome) -> str:
    """Return what is skipped or has failed, with the whole reason."""
    lines = []
    for name in outcome["benchmarks"]:
        cells = {row["model"]: row["cells"].get(name) for row in outcome["rows"]}
        found = {model: cell for model, cell in cells.items() if cell and cell.get("reason")}
        reasons = {cell["reason"] for cell in found.values()}
        if len(reasons) == 1 and len(found) == len(cells):
            found = {"": next(iter(found.values()))}
        for model, cell in found.items():
            who = f", {model}" if model else ""
            word = "no " + cell["metric"] if cell["status"] == "done" else cell["status"]
            lines.append(f"<li>{escape(f'{name}{who}: {word}: ' + cell['reason'])}</li>")
    return f"<h2>Not there</h2><ul>{''.join(lines)}</ul>" if lines else ""


def _benchmark(name: str, outcome: Outcome) -> str:
    card = outcome["benchmarks"][name]
    cells = [row["cells"].get(name) for row in outcome["rows"]]
    done = [cell["outcome"] for cell in cells if cell and cell["status"] == "done"]
    return "\n".join(
        [
            f'<h2 id="{escape(name)}">{escape(card["title"])}</h2>',
            _metrics(card, done) if done else '<p class="none">Not run, see above.</p>',
            *(_hamiltonian(one) for one in done if one["settings"]),
            _figure(done, card["title"]),
            *(_failures(one) for one in done),
            _card(card),
        ]
    )


def _metrics(card: Outcome, done: Sequence[Outcome]) -> str:
    published = card["published"]
    names = dict.fromkeys([name for one in done for name in one["shown"]] + list(published))
    heads = ["metric", "unit", *(one["model"] for one in done)] + ["published"] * bool(published)
    rows = ["<tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>"]
    for name in names:
        units = (one["units"][name] for one in done if name in one["units"])
        cells = [escape(name), escape(next(units, ""))]
        for one in done:
            value = one["metrics"].get(name)
            bounds = one["intervals"].get(name)
            small = f"<small>{interval(bounds)}</small>" if bounds else ""
            cells.append("–" if value is None else number(value) + small)
        if published:
            cells.append(f"{published[name]:g}" if name in published else "–")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _hamiltonian(one: Outcome) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in one["settings"].items())
    return f"<p>{escape(one['model'])}: {escape(settings)}, as in the published values.</p>"


def _figure(done: Sequence[Outcome], title: str) -> str:
    picture = draw(done) if done else None
    if picture is None:
        return ""
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    return f'<p><img alt="{escape(title)}" src="{source}"></p>'


def _failures(one: Outcome) -> str:
    lines = [f"{failed['name']}: {failed['reason']}" for failed in one["failed"]]
    lines += [f"no {name}: {reason}" for name, reason in one["missing"].items()]
    if not lines:
        return ""
    words = escape(f"{one['model']}: {len(lines)} not computed")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details><summary>{words}</summary><ul>{items}</ul></details>"


def _card(card: Outcome) -> str:
    keys = ("source", "licence", "metric", "protocol", "data", "published_by")
    items = (
        f"<dt>{key.replace('_', ' ')}</dt><dd>{escape(card[key])}</dd>" for key in keys if card[key]
    )
    return f"<details><summary>What it is</summary><dl>{''.join(items)}</dl></details>"


def _models(rows: Sequence[Outcome]) -> str:
    items = []
    for row in rows:
        said = row["provenance"]
        settings = ", ".join(f"{key} {value}" for key, value in row["settings"].items())
        sha = said["weights"]["sha256"]
        weights = f"; weights {said['weights']['name']}, sha256 {sha}" if sha else ""
        words = f"{settings}{weights}; {said['platform']}, Python {said['python']}"
        items.append(f"<dt>{escape(row['model'])}</dt><dd>{escape(words)}</dd>")
    return f"<h2>Models</h2><dl>{''.join(items)}</dl>"
