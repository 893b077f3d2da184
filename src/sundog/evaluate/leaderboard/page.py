"""Page of a suite: one HTML file that contains all it shows, so that it can be read offline."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.figures import draw
from sundog.evaluate.benchmarks.run import Outcome
from sundog.evaluate.benchmarks.wording import interval, number
from sundog.evaluate.leaderboard.run import Cell, Done, Row, Suite
from sundog.report.skeleton import render


def page(suite: Suite) -> str:
    """Return the page of a suite, finished or not."""
    title = f"sundog evaluate --suite {suite.name}"
    parts = [
        _section("table", _leaderboard(suite)),
        _absent(suite),
        *(_benchmark(name, suite) for name in suite.cards),
        _models(suite.rows),
    ]
    return render(
        "leaderboard.html",
        scripts=("common.js",),
        title=title,
        eyebrow="sundog evaluate",
        heading=title,
        lead=_provenance(suite),
        contents=[("table", "All"), *((name, name) for name in suite.cards), ("models", "Models")],
        body=Markup("\n".join(part for part in parts if part)),
    )


def _section(id_: str, content: str) -> str:
    return f'<section id="{escape(id_)}">{content}</section>'


def _provenance(suite: Suite) -> str:
    first = suite.rows[0].provenance
    return (
        f"{first['started']}; {first['device']}; {suite.seconds:.0f} s in all. Intervals: "
        "95 %, by bootstrap over the items of a benchmark. Structures per second: compilation "
        "included."
    )


def _leaderboard(suite: Suite) -> str:
    cards = suite.cards
    heads = ["model", *(_heading(name, suite) for name in cards), "structures/s"]
    rows = [f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"]
    for row in suite.rows:
        cells = [escape(row.model), *(_cell(row.cells.get(name)) for name in cards)]
        speed = row.structures_per_s
        cells.append("–" if speed is None else f"{speed:.3g}")
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    if any(card.headline in card.published for card in cards.values()):
        values = (card.published.get(card.headline) for card in cards.values())
        cells = ["published", *("–" if value is None else f"{value:g}" for value in values), ""]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _heading(name: str, suite: Suite) -> str:
    cells = (row.cells.get(name) for row in suite.rows)
    unit = next((cell.unit for cell in cells if isinstance(cell, Done) and cell.unit), "")
    metric = suite.cards[name].headline.replace("_", " ")
    words = escape(f"{metric}, {unit}" if unit else metric)
    return f'<a href="#{escape(name)}">{escape(name)}</a><small>{words}</small>'


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return '<span class="none">not yet run</span>'
    if not isinstance(cell, Done):
        return f'<span class="none" title="{escape(cell.reason)}">{cell.status}</span>'
    score = cell.outcome.score
    value = "–" if cell.value is None else number(cell.value)
    lines = [] if cell.interval is None else [interval(cell.interval)]
    lines += [f"{score.n} of {score.n_of}", f"{cell.outcome.structures_per_s:.3g}/s"]
    return value + "".join(f"<small>{escape(line)}</small>" for line in lines)


def _absent(suite: Suite) -> str:
    """Return the list of benchmarks that were skipped or have failed, with the whole reason."""
    lines = []
    for name in suite.cards:
        cells = {row.model: row.cells.get(name) for row in suite.rows}
        found = {model: cell for model, cell in cells.items() if cell and cell.reason}
        reasons = {cell.reason for cell in found.values()}
        if len(reasons) == 1 and len(found) == len(cells):
            found = {"": next(iter(found.values()))}
        for model, cell in found.items():
            who = f", {model}" if model else ""
            word = f"no {cell.metric}" if isinstance(cell, Done) else cell.status
            lines.append(f"<li>{escape(f'{name}{who}: {word}: {cell.reason}')}</li>")
    return _section("absent", f"<h2>Not there</h2><ul>{''.join(lines)}</ul>") if lines else ""


def _benchmark(name: str, suite: Suite) -> str:
    card = suite.cards[name]
    cells = [row.cells.get(name) for row in suite.rows]
    done = [cell.outcome for cell in cells if isinstance(cell, Done)]
    return _section(
        name,
        "\n".join(
            [
                f"<h2>{escape(card.title)}</h2>",
                _metrics(card, done) if done else '<p class="none">Not run, see above.</p>',
                *(_hamiltonian(one) for one in done if one.settings),
                _figure(done, card.title),
                *(_failures(one) for one in done),
                _card(card),
            ]
        ),
    )


def _metrics(card: Card, done: Sequence[Outcome]) -> str:
    published = card.published
    names = dict.fromkeys([name for one in done for name in one.score.shown] + list(published))
    heads = ["metric", "unit", *(one.model for one in done)] + ["published"] * bool(published)
    rows = ["<tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>"]
    for name in names:
        units = (one.score.units[name] for one in done if name in one.score.units)
        cells = [escape(name), escape(next(units, ""))]
        for one in done:
            value = one.score.metrics.get(name)
            bounds = one.score.intervals.get(name)
            small = f"<small>{interval(bounds)}</small>" if bounds else ""
            cells.append("–" if value is None else number(value) + small)
        if published:
            cells.append(f"{published[name]:g}" if name in published else "–")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _hamiltonian(one: Outcome) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in one.settings.items())
    return f"<p>{escape(one.model)}: {escape(settings)}, as in the published values.</p>"


def _figure(done: Sequence[Outcome], title: str) -> str:
    picture = draw(done) if done else None
    if picture is None:
        return ""
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    return f'<p class="sheet"><img alt="{escape(title)}" src="{source}"></p>'


def _failures(one: Outcome) -> str:
    lines = [f"{failed.name}: {failed.reason}" for failed in one.score.failed]
    lines += [f"no {name}: {reason}" for name, reason in one.score.missing.items()]
    if not lines:
        return ""
    words = escape(f"{one.model}: {len(lines)} not computed")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details><summary>{words}</summary><ul>{items}</ul></details>"


def _card(card: Card) -> str:
    keys = ("source", "licence", "metric", "protocol", "data", "published_by")
    told = {key.replace("_", " "): getattr(card, key) for key in keys}
    items = (f"<dt>{key}</dt><dd>{escape(text)}</dd>" for key, text in told.items() if text)
    return f"<details><summary>What it is</summary><dl>{''.join(items)}</dl></details>"


def _models(rows: Sequence[Row]) -> str:
    items = []
    for row in rows:
        said = row.provenance
        settings = ", ".join(f"{key} {value}" for key, value in row.settings.items())
        sha = said["weights"]["sha256"]
        weights = f"; weights {said['weights']['name']}, sha256 {sha}" if sha else ""
        words = f"{settings}{weights}; {said['platform']}, Python {said['python']}"
        items.append(f"<dt>{escape(row.model)}</dt><dd>{escape(words)}</dd>")
    return _section("models", f"<h2>Models</h2><dl>{''.join(items)}</dl>")
