"""Lines that show an analysis."""

from collections.abc import Iterator

from sundog.analysis.carry_out import Analysis


def show(analysis: Analysis) -> Iterator[str]:
    """Yield the lines: numbers with error bars by observable and run, notes, what did not fit."""
    several = len(analysis.windows) > 1
    for name, by_run in analysis.results.items():
        yield ""
        yield f"{next(iter(by_run.values())).title} ({name})"
        for run, result in by_run.items():
            prefix = f"  {run}: " if several else "  "
            for one in result.quantities:
                yield prefix + one.text()
            for note in result.notes:
                yield f"{prefix}note: {note}"
        for one, compared in analysis.compared(name):
            yield f"  All runs, {one.label}: {compared.text(one.digits, one.unit)}"
        if name in analysis.together:
            for one in analysis.together[name].quantities:
                yield f"  All runs, {one.text()}"
    if analysis.left_out:
        yield ""
        yield "Left out, as they do not fit:"
        for name, why in analysis.left_out.items():
            yield f"  {name}: {(why.partition(': ')[2] or why).partition(' (got ')[0]}"
    yield ""
