"""Files of an analysis: a folder of its own with tables, pictures, a summary and what was asked.

summary.csv             every number with error bar and effective samples, by run
OBSERVABLE/RUN.TABLE.csv, .parquet where pyarrow is installed
OBSERVABLE/PICTURE.png, .svg
analysis.json           runs, windows, choices, numbers, notes; written last
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from sundog.analysis.carry_out import Analysis
from sundog.analysis.result import Result, Table
from sundog.errors import RunDirectoryError
from sundog.files import replacing, write_atomically
from sundog.plots.drawing import draw
from sundog.plots.style import save_figure
from sundog.text import cell

MARKER = "analysis.json"
"""Name of the file that makes a folder an analysis; it is the last one written."""


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that cannot become that of an analysis; nothing is made.

    Raises:
        RunDirectoryError: it holds files of something else, or an analysis that is not to be
            replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise RunDirectoryError(f"output: {folder} is a file", expected="a folder")
    held = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    if not held:
        return
    if MARKER not in held:
        raise RunDirectoryError(
            f"output: {folder} holds files that no analysis wrote",
            got=", ".join(held[:4]) + (", …" if len(held) > 4 else ""),
            remedy="Choose another folder (`output`)",
        )
    if not overwrite:
        raise RunDirectoryError(
            f"output: {folder} holds an analysis already",
            remedy="Choose another folder (`output`), or replace it with overwrite=True",
        )


def write_analysis(analysis: Analysis, folder: Path, origin: Mapping[str, Any]) -> None:
    """Write tables, pictures, summary and record of an analysis; an earlier one is replaced.

    Args:
        analysis: analysis to write.
        folder: folder, as `check_folder` has let it pass.
        origin: entries of the record on the runs and the command.

    Raises:
        RunDirectoryError: a file cannot be written.
    """
    try:
        if (folder / MARKER).is_file():
            earlier = json.loads((folder / MARKER).read_text(encoding="utf-8"))
            (folder / MARKER).unlink()
            for name in earlier["results"]:
                rmtree(folder / name, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name in analysis.results:
            (folder / name).mkdir(exist_ok=True)
    except (OSError, ValueError, LookupError) as error:
        raise RunDirectoryError(f"output: {folder} cannot be made", got=error) from error
    for name, by_run in analysis.results.items():
        for run, result in by_run.items():
            _write_tables(folder / name, run, result)
        for picture in analysis.pictures(name):
            figure = draw(picture)
            for kind in ("png", "svg"):
                save_figure(figure, folder / name / f"{_usable(picture.name)}.{kind}")
    for name, result in analysis.together.items():
        _write_tables(folder / name, "all", result)
    write_atomically(folder / "summary.csv", _text(_summary(analysis)))
    record = {**origin, **_record(analysis)}
    write_atomically(folder / MARKER, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def _write_tables(folder: Path, run: str, result: Result) -> None:
    for name, table in result.tables.items():
        path = folder / f"{_usable(run)}.{_usable(name)}.csv"
        write_atomically(path, _text(_rows(table)))
        if find_spec("pyarrow") is not None:
            _write_parquet(path.with_suffix(".parquet"), table)


def _write_parquet(path: Path, table: Table) -> None:
    import pyarrow  # pyright: ignore[reportMissingImports], an extra
    import pyarrow.parquet  # pyright: ignore[reportMissingImports], an extra

    with replacing(path) as scratch:
        pyarrow.parquet.write_table(pyarrow.table(dict(table)), scratch)


def _rows(table: Table) -> Iterator[list[object]]:
    yield [*table]
    for row in zip(*(np.asarray(column).tolist() for column in table.values()), strict=True):
        yield ["" if isinstance(one, float) and math.isnan(one) else one for one in row]


def _summary(analysis: Analysis) -> Iterator[list[object]]:
    yield ["observable", "run", "quantity", "label", "value", "error", "unit", "n_eff", "samples"]
    for name, by_run in analysis.results.items():
        for run, result in by_run.items():
            for one in result.quantities:
                value = one.value
                error = value.error if value.is_enough else "too short"
                yield [
                    name, run, one.name, one.label, value.mean, error, one.unit,
                    round(value.effective, 1), value.count,
                ]  # fmt: skip
        for one, compared in analysis.compared(name):
            yield [
                name, "all runs", one.name, one.label, compared.mean, compared.error, one.unit,
                compared.runs, compared.runs,
            ]  # fmt: skip


def _record(analysis: Analysis) -> dict[str, Any]:
    """Return what was done and found, as JSON takes it."""
    return {
        "sundog": version("sundog"),
        "windows": {run: window._asdict() for run, window in analysis.windows.items()},
        "choices": asdict(analysis.choices),
        "results": {
            name: {run: _told(result) for run, result in by_run.items()}
            for name, by_run in analysis.results.items()
        },
        "compared": {
            name: {
                one.name: {key: _number(value) for key, value in compared._asdict().items()}
                for one, compared in analysis.compared(name)
            }
            for name in analysis.results
        },
        "left_out": dict(analysis.left_out),
    }


def _told(result: Result) -> dict[str, Any]:
    return {
        "title": result.title,
        "quantities": {
            one.name: {
                "label": one.label,
                "unit": one.unit,
                "value": _number(one.value.mean),
                "error": _number(one.value.error),
                "n_eff": _number(one.value.effective),
                "samples": one.value.count,
            }
            for one in result.quantities
        },
        "notes": list(result.notes),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _text(rows: Iterator[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def _usable(name: str) -> str:
    """Return a name without what paths do not hold."""
    return "".join(c if c.isalnum() or c in "-_+." else "_" for c in name)
