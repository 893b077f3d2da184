"""Table of rows, as cells and in Markdown."""

from collections.abc import Sequence

from sundog.bench.rows import Row


def cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the text of every row.

    The column of ratios states how many times faster than the first row of its case a row is,
    by whole steps, or by force calls where there are no steps.
    """
    firsts = {row.case: row for row in reversed(rows)}
    bases = list(dict.fromkeys(_way(row, several=_several(rows)) for row in firsts.values()))
    headings = ["case", "atoms", "kernels", "electrostatics"]
    headings += ["force, µs/atom", "NVT step, µs/atom"]
    headings += [f"speed / {bases[0]}" if len(bases) == 1 else "speed / first"]
    headings += ["ns/day", "compile, s", "start-up, s", "peak memory, MB", "drift, meV/atom/ps"]
    return headings, [_cells(row, firsts[row.case]) for row in rows]


def markdown(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    headings, body = cells(rows)
    lines = [headings, ["---"] * 4 + ["---:"] * (len(headings) - 4), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ratio(row: Row, first: Row) -> float | None:
    """Return how many times faster a row is than another."""
    if row.step_us_per_atom and first.step_us_per_atom:
        return first.step_us_per_atom / row.step_us_per_atom
    if row.force_us_per_atom and first.force_us_per_atom:
        return first.force_us_per_atom / row.force_us_per_atom
    return None


def _several(rows: Sequence[Row]) -> bool:
    return len({row.treatment for row in rows if row.treatment}) > 1


def _way(row: Row, *, several: bool) -> str:
    """Return how a row was computed, with its treatment where there are several."""
    return f"{row.kernels} {row.treatment or ''}" if several else row.kernels


def _cells(row: Row, first: Row) -> list[str]:
    return [
        row.case,
        f"{row.atoms:,}",
        row.kernels,
        row.treatment or "–",
        _with_range(row.force_us_per_atom, row.force_spread),
        _with_range(row.step_us_per_atom, row.step_spread),
        _number(ratio(row, first)),
        _number(row.ns_per_day),
        _number(row.compile_s, ".1f"),
        _number(row.startup_s, ".1f"),
        _number(row.peak_memory_mb, ",.0f"),
        _number(row.drift, "+.2f"),
    ]


def _number(value: float | None, form: str = "") -> str:
    if value is None:
        return "–"
    if form:
        return format(value, form)
    digits = 3 if value < 100 else len(str(int(value)))
    return f"{value:.{digits}g}"


def _with_range(value: float | None, spread: Sequence[float] | None) -> str:
    if value is None or spread is None:
        return "–"
    return f"{_number(value)} ({_number(spread[0])}–{_number(spread[1])})"
