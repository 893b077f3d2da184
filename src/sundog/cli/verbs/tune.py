"""`sundog tune`: the fastest cutoff and mesh that are accurate enough for a structure."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from sundog.cli.flags import FLAT
from sundog.cli.options import check_folder, locked, set_up_jax
from sundog.errors import CellError, InputError
from sundog.hamiltonian import ElectronOptions, Hamiltonian
from sundog.names import KernelName, Precision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

    from sundog.bench.tuning import Row


def tune(
    structure: Path,
    /,
    *,
    accuracy: float = 1e-4,
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    model: str | None = None,
    dispersion_tail: Literal["auto", "on", "off"] = "auto",
    kernels: KernelName = "auto",
    precision: Precision = Hamiltonian.precision,
    seconds: float = 1.0,
    json: Path | None = None,
) -> None:
    """Measure errors and times of cutoffs and meshes on a periodic structure, and choose.

    Parameters
    ----------
    structure
        Structure file; of several frames the last.
    accuracy
        RMS error of the forces in eV/Å that is allowed.
    model
        Name or path of the weights.
    dispersion_tail
        Dispersion beyond the cutoff in the mean, as in a run.
    kernels
        Kernels that the run will use.
    precision
        Precision of the model's arithmetic in the run.
    seconds
        Least time in s that every setting is timed for.
    json
        File for the rows, replaced if it exists.
    """
    if not seconds > 0:
        raise InputError("--seconds: must be positive", got=seconds)
    check_folder("json", json)
    with locked(json):
        from sundog.elements import refuse_unsupported
        from sundog.io.gate import gate
        from sundog.io.reading import read_one

        atoms = read_one(structure, report=print)
        _check_periodic(atoms)
        refuse_unsupported(atoms.numbers)
        gated = gate(atoms, electron_options)
        set_up_jax()
        from sundog.bench.tuning import fastest
        from sundog.bench.tuning import tune as measure
        from sundog.io.electrons import describe_states
        from sundog.io.structures import system_from_atoms
        from sundog.loading import choose_tail
        from sundog.weights.load import load

        state = gated.state
        print(*gated.said, *describe_states([state]), sep="\n")
        system = system_from_atoms(atoms, state.charge, state.multiplicity)
        tail, why = choose_tail(dispersion_tail, "ewald", [atoms], run=True)
        print(f"{len(atoms)} atoms; dispersion tail {why}")
        rows = measure(
            system,
            load,
            Hamiltonian(
                model=model, electrostatics="ewald", dispersion_tail=tail, precision=precision
            ),
            accuracy=accuracy,
            kernels=kernels,
            seconds=seconds,
            report=lambda line: print(line, file=sys.stderr, flush=True),
        )
        best = fastest(rows, accuracy)
        _show(rows, best)
        if json is not None:
            _save(json, rows, best, accuracy)
        if best is None:
            lowest = min(rows, key=lambda row: row.force_error)
            raise InputError(
                "--accuracy: out of reach of every cutoff that was tried",
                got=f"{accuracy:g} eV/Å",
                expected=f"{lowest.force_error:.1e} eV/Å or more, which "
                f"{lowest.cutoff_angstrom:g} Å gives",
                remedy="Allow more, or try --precision float64",
            )
        asked = "" if dispersion_tail == "auto" else f" --dispersion-tail {dispersion_tail}"
        print(
            f"Use it with: --electrostatics ewald --ewald-accuracy {best.ewald_accuracy:g} "
            f"--cutoff-angstrom {best.cutoff_angstrom:g}{asked}"
        )


def _check_periodic(atoms: "Atoms") -> None:
    if not atoms.pbc.all():
        raise CellError(
            "tune: needs a structure that is periodic along all three directions",
            got=f"pbc {atoms.pbc.tolist()}",
            remedy="A molecule has neither cutoff nor mesh: run it with --electrostatics exact. "
            "Give a slab a cell with vacuum and set pbc to true along all directions",
        )


def _show(rows: "Sequence[Row]", best: "Row | None") -> None:
    from rich.table import Table

    from sundog.cli.show.console import PlainConsole

    table = Table()
    headings = ("cutoff Å", "ewald accuracy", "mesh", "order", "RMS force error eV/Å", "µs/atom")
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in rows:
        table.add_row(
            f"{row.cutoff_angstrom:g}",
            f"{row.ewald_accuracy:g}",
            " × ".join(map(str, row.mesh)),
            str(row.order),
            f"{row.force_error:.1e}",
            f"{row.microseconds_per_atom:.1f}",
            "chosen" if row is best else "",
        )
    PlainConsole(width=120).print(table)


def _save(path: Path, rows: "Sequence[Row]", best: "Row | None", accuracy: float) -> None:
    from dataclasses import asdict
    from json import dumps

    from sundog.files import write_atomically

    told = {
        "accuracy": accuracy,
        "rows": [asdict(row) for row in rows],
        "chosen": None if best is None else asdict(best),
    }
    write_atomically(path, dumps(told, indent=2) + "\n")
