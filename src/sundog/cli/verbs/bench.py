"""`sundog bench`: speed on this machine, kernels and peers side by side."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sundog.bench.settings import BenchSettings
from sundog.cli.allocator import SETTINGS
from sundog.cli.flags import FLAT
from sundog.cli.options import check_folder, locked
from sundog.cli.signals import heeding
from sundog.errors import InputError, SimulationError

if TYPE_CHECKING:
    from sundog.bench.rows import Row


def bench(
    *,
    settings: Annotated[BenchSettings, FLAT] = BenchSettings(),  # noqa: B008
    json: Path | None = None,
    markdown: bool = False,
    peers: Path | None = None,
    training: bool = False,
    batch: int = 64,
) -> int:
    """Measure force calls and NVT steps on named cases, each row in processes of its own.

    The rows take turns over several rounds; figures are medians over all timings, with their
    range. Every case is brought to 300 K first, and all rows start from there.

    Parameters
    ----------
    json
        File for the rows, replaced if it exists.
    markdown
        Print the table in Markdown as well.
    peers
        Python of an environment with another implementation (`make peers`), which then times
        the cases of water too.
    training
        Measure steps of training instead, in both layouts: the published shape, molecules of 14
        atoms, float32.
    batch
        Number of molecules in a batch of training.
    """
    if training:
        return _on_training(settings, batch, json, peers)
    from sundog.bench import table
    from sundog.bench.rounds import bench as measure
    from sundog.bench.rounds import find_peer
    from sundog.cli.app import translated

    _check_kernels(settings.kernel_names)
    check_folder("json", json)
    peer = None if peers is None else find_peer(peers)
    with locked(json), heeding():
        rows = measure(
            settings,
            environment=SETTINGS,
            peer=peer,
            report=lambda line: print(translated(line, ["bench"]), file=sys.stderr, flush=True),
            save=lambda rows: _save(json, rows),
        )
    _show(rows)
    if markdown:
        print(table.markdown(rows))
    failed = [row for row in rows if row.error]
    for row in failed:
        reason = translated(row.error or "", ["bench"])
        print(f"{row.case} {row.kernels}: {reason}", file=sys.stderr)
    return SimulationError.exit_code if failed else 0


def _on_training(settings: BenchSettings, batch: int, json: Path | None, peers: Path | None) -> int:
    """Measure steps of training and print a line for each layout."""
    from dataclasses import replace
    from json import dumps

    from sundog.bench.rounds import find_peer
    from sundog.bench.training import measure_training
    from sundog.bounds import check_number
    from sundog.files import write_atomically

    check_number("batch", batch, whole=True)
    read = BenchSettings(
        rounds=settings.rounds, seconds=settings.seconds, timeout_s=settings.timeout_s
    )
    if replace(settings) != read:
        raise InputError(
            "--training: it reads neither cases nor kernels and treatments",
            expected="--batch, --rounds, --seconds, --timeout-s, --peers and --json alone",
        )
    peer = None if peers is None else find_peer(peers, "training.py")
    check_folder("json", json)
    with locked(json), heeding():
        rows = measure_training(settings, batch, environment=SETTINGS, peer=peer)
        if json is not None:
            write_atomically(json, dumps([row.json() for row in rows], indent=2) + "\n")
    for row in rows:
        print(row.describe())
    return 0


def _check_kernels(names: Sequence[str]) -> None:
    from typing import get_args

    from sundog.names import KernelName

    known = get_args(KernelName)
    for name in names:
        if name not in known:
            raise InputError("--kernels: unknown", got=name, expected=", ".join(known))


def _save(path: Path | None, rows: "list[Row]") -> None:
    from json import dumps

    from sundog.files import write_atomically

    if path is not None:
        write_atomically(
            path, dumps([row.json() for row in rows], indent=2, ensure_ascii=False) + "\n"
        )


def _show(rows: "list[Row]") -> None:
    """Print the table, as wide as it is where no terminal limits it."""
    from rich.table import Table

    from sundog.bench.table import cells
    from sundog.cli.show.console import PlainConsole

    headings, body = cells(rows)
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number in (0, 2, 3) else "right")
    for line in body:
        table.add_row(*line)
    PlainConsole(width=220).print(table)
    for told in dict.fromkeys(_told(row) for row in rows if row.device):
        print(told)


def _told(row: "Row") -> str:
    threads = f", {row.threads} threads" if row.threads else ""
    return f"{row.device}{threads}, {row.precision}, jax {row.jax}"
