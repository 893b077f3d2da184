"""`sundog evaluate`: how accurate a model is, on benchmarks and on your own data."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sundog.cli.options import (
    FLAT,
    ModelOptions,
    check_folder,
    choose_kernels,
    load_force_field,
    set_up_jax,
)
from sundog.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.evaluate.models import AbstractModel
    from sundog.forcefield.base import AbstractForceField
    from sundog.forcefield.so3lr import ForceField


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """Names and unit of the labels; by default REF_energy, REF_forces, … or energy, forces, …."""

    energy_key: str | None = None
    """Of the energy, in eV unless --unit says otherwise."""
    forces_key: str | None = None
    """Of the forces, in eV/Å."""
    stress_key: str | None = None
    """Of the stress, 3×3 or Voigt, in eV/Å³, positive under tension."""
    dipole_key: str | None = None
    """Of the dipole, in e·Å."""
    charges_key: str | None = None
    """Of the atomic charges, in e."""
    hirshfeld_ratios_key: str | None = None
    """Of the Hirshfeld ratios."""
    unit: Literal["eV", "meV", "kcal/mol", "hartree"] = "eV"
    """Of the labels of energy, forces (per Å) and stress (per Å³)."""


def evaluate(
    *,
    benchmark: str | None = None,
    data_dir: Path | None = None,
    data: Path | None = None,
    label_options: Annotated[LabelOptions, FLAT] = LabelOptions(),
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    calculator: str | None = None,
    precision: Literal["float64", "float32"] = "float64",
    charges: Literal["monomers", "dimer"] = "monomers",
    one_by_one: int = 0,
    json: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Measure the accuracy of a model on benchmarks, or on labelled structures of your own.

    Parameters
    ----------
    benchmark
        sapt10k, s66x8 or s22, or several, separated by commas.
    data_dir
        Folder with the data of the benchmarks.
    data
        Labelled structures: extxyz, ASE database, HDF5, npz, or a folder of them.
    calculator
        An ASE calculator to judge instead of a sundog force field: module:factory, called without
        arguments, as ase.calculators.emt:EMT.
    precision
        Of the model's arithmetic.
    charges
        Of benchmarks of dimers: whether the partial charges of each monomer add up to its own
        charge, or only those of the whole dimer to its.
    one_by_one
        Structures to compute one at a time as well, to compare the speed; 0 for none.
    json
        File for the outcome, replaced if it exists; of several benchmarks, a list.
    output
        With --data, folder for figures and for the tables of the worst structures.
    """
    if (benchmark is None) == (data is None):
        raise InputError(
            "evaluate: nothing to evaluate" if data is None else "evaluate: two things at once",
            remedy="Give either --benchmark, as --benchmark s22, or --data FILE",
        )
    check_folder("--json", json)
    chosen = ModelChoice(model_options, calculator, precision, charges)
    if data is not None:
        _on_data(data, label_options, chosen, json, output)
    else:
        _on_benchmarks(_benchmarks(benchmark or ""), data_dir, chosen, one_by_one, json)
    return 0


@dataclass(frozen=True)
class ModelChoice:
    """Which model was asked for."""

    options: ModelOptions
    calculator: str | None
    precision: Literal["float64", "float32"]
    charges: Literal["monomers", "dimer"]


def _on_benchmarks(
    names: list[str], data_dir: Path | None, chosen: ModelChoice, one_by_one: int, json: Path | None
) -> None:
    if chosen.precision == "float32" and chosen.calculator is None:
        raise InputError(
            "--precision: monomers that are 10,000 Å apart are beyond the range of float32, in "
            "which r¹⁰ overflows",
            got=chosen.precision,
            remedy="Use --precision float64",
        )
    set_up_jax()
    from ase.build import molecule

    from sundog.cli.evaluation import save, show_benchmark
    from sundog.evaluate.benchmarks.run import run

    model, settings, origin = _model(chosen, [molecule("H2O")])
    outcomes: list[dict[str, Any]] = []
    for name in names:
        outcome = run(name, model, data_dir, one_by_one=one_by_one, report=_say)
        outcomes.append({**outcome, "settings": settings, "provenance": origin})
        show_benchmark(outcome)
        save(json, outcomes[0] if len(names) == 1 else outcomes)


def _on_data(
    data: Path,
    labelling: LabelOptions,
    chosen: ModelChoice,
    json: Path | None,
    output: Path | None,
) -> None:
    set_up_jax()
    from sundog.cli.evaluation import progress, save, save_folder, show_data
    from sundog.evaluate.datasets.labels import find_labels
    from sundog.evaluate.datasets.run import run
    from sundog.io.datasets import read_dataset

    structures = read_dataset(data)
    keys = {k.removesuffix("_key"): v for k, v in asdict(labelling).items() if k != "unit"}
    labels = find_labels(structures, keys, labelling.unit)
    model, settings, origin = _model(chosen, structures)
    with progress(len(structures)) as advance:
        outcome, comparison = run(model, structures, labels, advance=advance)
    outcome |= {"data": data.name, "settings": settings, "provenance": origin}
    show_data(outcome)
    save(json, outcome)
    if output is not None:
        save_folder(output, outcome, comparison)
        print(f"Figures and tables are in {output}")


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
    chosen: ModelChoice, structures: "Sequence[Atoms]"
) -> "tuple[AbstractModel, dict[str, Any], dict[str, Any]]":
    """Return the model, its settings and its provenance."""
    import jax

    from sundog.evaluate.models import ForceFieldModel, calculator_model
    from sundog.io.provenance import collect_provenance
    from sundog.weights.fetch import obtain

    options, calculator = chosen.options, chosen.calculator

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
    reference, described = load_force_field(options, chosen.precision, structures, run=False)
    _say(described)
    fast = _kernels(reference, options, structures)
    settings = {
        "precision": chosen.precision,
        "electrostatics": reference.electrostatics,
        "kernels": options.kernels,
        "charges": chosen.charges,
    }
    card = obtain(options.model).card
    model = ForceFieldModel(fast, reference.model_name, fragments=chosen.charges == "monomers")
    return model, settings, origin(card["name"], card["safetensors_sha256"])


def _kernels(
    reference: "ForceField", options: ModelOptions, structures: "Sequence[Atoms]"
) -> "AbstractForceField":
    """Return fast kernels, checked on the first structure that can be computed."""
    from sundog.io.structures import system_from_atoms

    for atoms in structures:
        try:
            system = system_from_atoms(atoms)
            reference.check(system)
        except InputError:
            continue
        return choose_kernels(reference, options, system, _say)
    return reference  # which says of each what is wrong


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
