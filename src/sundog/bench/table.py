"""The table of rows, as cells and in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the text of every row.

    The column of ratios says how many times faster than the first row of its case a row is,
    by whole steps, or by force calls where there are none.
    """
    firsts = {row["case"]: row for row in reversed(rows)}
    bases = list(dict.fromkeys(_way(row, several=_several(rows)) for row in firsts.values()))
    headings = ["case", "atoms", "kernels", "electrostatics"]
    headings += ["force, µs/atom", "NVT step, µs/atom"]
    headings += [f"speed / {bases[0]}" if len(bases) == 1 else "speed / first"]
    headings += ["ns/day", "compile, s", "start-up, s", "peak memory, MB", "drift, meV/atom/ps"]
    return headings, [_cells(row, firsts[row["case"]]) for row in rows]


def markdown(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    headings, body = cells(rows)
    lines = [headings, ["---"] * 4 + ["---:"] * (len(headings) - 4), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ratio(row: Row, first: Row) -> float | None:
    """Return how many times faster a row is than another."""
    for name in ("step_us_per_atom", "force_us_per_atom"):
        if row[name] and first[name]:
            return first[name] / row[name]
    return None


def _several(rows: Sequence[Row]) -> bool:
    return len({row.get("electrostatics") for row in rows if row.get("electrostatics")}) > 1


def _way(row: Row, *, several: bool) -> str:
    """Return how a row was computed, with its treatment where there are several."""
    return f"{row['kernels']} {row.get('electrostatics', '')}" if several else row["kernels"]


def _cells(row: Row, first: Row) -> list[str]:
    return [
        row["case"],
        f"{row['atoms']:,}",
        row["kernels"],
        row.get("electrostatics") or "–",
        _with_range(row["force_us_per_atom"], row["force_spread"]),
        _with_range(row["step_us_per_atom"], row["step_spread"]),
        _number(ratio(row, first)),
        _number(row["ns_per_day"]),
        _number(row["compile_s"], ".1f"),
        _number(row["startup_s"], ".1f"),
        _number(row["peak_memory_mb"], ",.0f"),
        _number(row["drift"], "+.2f"),
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
