"""`sundog evaluate`: how accurate a model is, on benchmarks and on your own data."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from sundog.cli.options import (
    FLAT,
    ModelOptions,
    choose_kernels,
    load_force_field,
    set_up_jax,
)
from sundog.errors import InputError, RunDirectoryError

if TYPE_CHECKING:
    from sundog.evaluate.models import AbstractModel


def evaluate(
    *,
    benchmark: str | None = None,
    data_dir: Path | None = None,
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    calculator: str | None = None,
    precision: Literal["float64", "float32"] = "float64",
    charges: Literal["monomers", "dimer"] = "monomers",
    one_by_one: int = 0,
    json: Path | None = None,
) -> int:
    """Measure the accuracy of a model on a benchmark.

    Parameters
    ----------
    benchmark
        sapt10k, s66x8 or s22, or several, separated by commas.
    data_dir
        Folder with the data of the benchmarks.
    calculator
        An ASE calculator to judge instead of a sundog force field: module:factory, called without
        arguments, as ase.calculators.emt:EMT.
    precision
        Of the model's arithmetic.
    charges
        Whether the partial charges of each monomer add up to its own charge, or those of the
        whole dimer to its.
    one_by_one
        Structures to compute one at a time as well, to compare the speed; 0 for none.
    json
        File for the outcome, replaced if it exists; of several benchmarks, a list.
    """
    if benchmark is None:
        raise InputError(
            "evaluate: nothing to evaluate", remedy="Give --benchmark, as --benchmark s22"
        )
    _check_folder("--json", json)
    names = _benchmarks(benchmark)
    set_up_jax()
    from sundog.evaluate.benchmarks.run import run

    model, settings, origin = _model(model_options, calculator, precision, charges)
    outcomes: list[dict[str, Any]] = []
    for name in names:
        outcome = run(name, model, data_dir, one_by_one=one_by_one, report=_say)
        outcomes.append({**outcome, "settings": settings, "provenance": origin})
        _show(outcome)
        _save(json, outcomes[0] if len(names) == 1 else outcomes)
    return 0


def _benchmarks(text: str) -> list[str]:
    from sundog.evaluate.benchmarks.names import BENCHMARKS

    names = [name for part in text.split(",") if (name := part.strip())]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        raise InputError(
            "--benchmark: unknown", got=", ".join(unknown), expected=", ".join(BENCHMARKS)
        )
    if not names:
        raise InputError("--benchmark: no name", got=repr(text), expected=", ".join(BENCHMARKS))
    return names


def _model(
    options: ModelOptions,
    calculator: str | None,
    precision: Literal["float64", "float32"],
    charges: str,
) -> "tuple[AbstractModel, dict[str, Any], dict[str, Any]]":
    """Return the model, its settings and its provenance."""
    import jax
    from ase.build import molecule

    from sundog.evaluate.models import ForceFieldModel, calculator_model
    from sundog.io.provenance import collect_provenance
    from sundog.io.structures import system_from_atoms
    from sundog.weights.fetch import obtain

    def origin(name: str, sha256: str) -> dict[str, Any]:
        return collect_provenance(
            command_line=["sundog", *sys.argv[1:]],
            weights_name=name,
            weights_sha256=sha256,
            device=jax.devices()[0].device_kind,
        )

    if calculator is not None:
        if options != ModelOptions():
            raise InputError(
                "--calculator: it takes the place of --model and its settings",
                remedy="Leave one of them out",
            )
        return calculator_model(calculator), {"calculator": calculator}, origin(calculator, "")
    if precision == "float32":
        raise InputError(
            "--precision: monomers that are 10,000 Å apart are beyond the range of float32, in "
            "which r¹⁰ overflows",
            got=precision,
            remedy="Use --precision float64",
        )
    water = molecule("H2O")
    reference, described = load_force_field(options, precision, [water], run=False)
    _say(described)
    fast = choose_kernels(reference, options, system_from_atoms(water), _say)
    settings = {
        "precision": precision,
        "electrostatics": reference.electrostatics,
        "kernels": options.kernels,
        "charges": charges,
    }
    card = obtain(options.model).card
    model = ForceFieldModel(fast, reference.model_name, fragments=charges == "monomers")
    return model, settings, origin(card["name"], card["safetensors_sha256"])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _check_folder(flag: str, path: Path | None) -> None:
    if path is not None and not path.absolute().parent.is_dir():
        raise RunDirectoryError(
            f"{flag}: there is no such folder", got=path.parent, remedy="Make it first"
        )


def _save(path: Path | None, content: object) -> None:
    from json import dumps

    from sundog.files import write_atomically

    if path is not None:
        write_atomically(path, dumps(content, indent=2, ensure_ascii=False) + "\n")


def _show(outcome: dict[str, Any]) -> None:
    """Print metrics with their intervals beside the published values."""
    from rich.console import Console
    from rich.table import Table

    card, published = outcome["card"], outcome["card"]["published"]
    table = Table(title=f"{card['title']} ({outcome['unit']}), {outcome['model']}")
    for heading in ("metric", "value", "95 % interval", "published"):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for name, value in outcome["metrics"].items():
        if not name.startswith("mae") and name not in ("rmse", *published):
            continue  # in the JSON
        low_high = outcome["intervals"].get(name)
        interval = "–" if low_high is None else f"{low_high[0]:.3f} – {low_high[1]:.3f}"
        theirs = f"{published[name]:g}" if name in published else "–"
        table.add_row(name, f"{value:.3f}", interval, theirs)
    Console().print(table)
    if published:
        print(f"Published: {card['published_by']}")
    print(
        f"{outcome['n']} of {outcome['n_of']} dimers, {outcome['structures']} structures in "
        f"{outcome['seconds_computing']:.1f} s: {outcome['structures_per_s']:.0f} structures/s"
    )
    if "batched_over_one_by_one" in outcome:
        print(
            f"Sample of {outcome['sample']}, compiled: {outcome['sample_structures_per_s']:.0f} "
            f"structures/s in batches, {outcome['one_by_one_structures_per_s']:.1f} one at a time: "
            f"{outcome['batched_over_one_by_one']:.1f} times as fast"
        )
    for failure in outcome["failed"][:10]:
        print(f"Not computed: {failure['name']}: {failure['reason']}", file=sys.stderr)
    if len(outcome["failed"]) > 10:
        print(f"Not computed: {len(outcome['failed']) - 10} more, see --json", file=sys.stderr)
