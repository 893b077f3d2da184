"""`sundog evaluate`: accuracy of a model on benchmarks and on your own data."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sundog.cli.flags import FLAT
from sundog.cli.labels import LabelOptions
from sundog.cli.options import check_folder, locked, set_up_jax
from sundog.errors import InputError, MissingDataError
from sundog.evaluate.benchmarks.names import SIMULATIONS
from sundog.hamiltonian import Hamiltonian, ModelOptions

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.evaluate.benchmarks.run import Outcome
    from sundog.evaluate.leaderboard.run import Entrant, Suite
    from sundog.forcefield.base import AbstractForceField
    from sundog.forcefield.so3lr import ForceField


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Options on the data of benchmarks."""

    data_dir: Path | None = None
    """Folder with the data of the benchmarks; by default one in sundog's cache."""
    download: bool = False
    """First fetch what the folder lacks, where a public host has it: sapt10k, ncia."""

    def folder(self, names: Sequence[str], *, go_on: bool) -> Path | None:
        """Return the folder, after the downloads; None if there is none.

        Args:
            names: names of the benchmarks.
            go_on: whether to continue with a message when a download fails.

        Raises:
            MissingDataError: a download failed.
            FileFormatError: a host sent another file than expected.
        """
        from sundog.evaluate.benchmarks.files import download
        from sundog.evaluate.benchmarks.run import benchmark
        from sundog.weights.store import cache_directory

        folder = self.data_dir or cache_directory() / "benchmarks"
        for name in names if self.download else ():
            try:
                download(benchmark(name).CARD, folder, _say)
            except MissingDataError as error:
                if not go_on:
                    raise
                _say(str(error))
        return folder if self.data_dir or folder.is_dir() else None


def evaluate(
    *,
    benchmark: str | None = None,
    suite: Literal["quick", "paper", "full"] | None = None,
    data_options: Annotated[DataOptions, FLAT] = DataOptions(),
    data: Path | None = None,
    label_options: Annotated[LabelOptions, FLAT] = LabelOptions(),  # noqa: B008
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    calculator: list[str] | None = None,
    charges: Literal["monomers", "dimer"] = "monomers",
    one_by_one: int = 0,
    json: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Measure the accuracy of a model on benchmarks, or on labelled structures of your own.

    Parameters
    ----------
    benchmark
        Benchmark, or several separated by commas: sapt10k, s66x8, s22, ncia, torsionnet500, qm7b,
        alphaml, md22, dimer-curves, invariance, smoothness, extensivity, charge-transfer, and
        the simulations liquid-water, polyalanine and speed.
    suite
        Suite of benchmarks and models as one table, on a page and as JSON in --output: quick
        (minutes, no data but s66x8), paper (sets of the article) or full.
    data
        Labelled structures: extxyz, ASE database, HDF5, npz, or a folder of them.
    calculator
        An ASE calculator to judge instead of a sundog force field, with --suite beside it:
        module:factory, called without arguments, as ase.calculators.emt:EMT, or
        NAME=module:factory. May be given several times.
    charges
        Constraint on partial charges in benchmarks of dimers: those of each monomer add up to its
        own charge, or only those of the whole dimer to the total charge.
    one_by_one
        Number of structures to compute one at a time as well, to compare the speed; 0 for none.
    json
        File for the outcome, replaced if it exists; of several benchmarks, a list.
    output
        Folder for figures and tables; with --suite the page is there, by default in suite-NAME.
    """
    wanted = [one for one in (benchmark, suite, data) if one is not None]
    if len(wanted) != 1:
        raise InputError(
            "evaluate: two things at once" if wanted else "evaluate: nothing to evaluate",
            remedy="Give one of --benchmark, as --benchmark s22, --suite quick and --data FILE",
        )
    check_folder("json", json)
    if calculator and suite is None and model_options != ModelOptions():
        raise InputError(
            "--calculator: it takes the place of --model and its settings",
            remedy="Leave one of them out",
        )
    _refuse_unread(data, benchmark, data_options, label_options, charges, one_by_one)
    names = [] if benchmark is None else _benchmarks(benchmark)
    simulations = bool(names) and set(names) <= set(SIMULATIONS)
    usual = Hamiltonian.precision if simulations else "float64"  # for distant monomers
    options = replace(model_options, precision=model_options.precision or usual)
    chosen = ModelChoice(options, tuple(calculator or ()), charges)
    output = Path(f"suite-{suite}") if suite is not None and output is None else output
    with locked(json, output):
        if data is not None:
            _on_data(data, label_options, chosen, json, output)
        elif suite is not None and output is not None:
            _on_suite(suite, data_options, chosen, json, output)
        else:
            _on_benchmarks(names, data_options, chosen, one_by_one, json, output)
    return 0


def _refuse_unread(
    data: Path | None,
    benchmark: str | None,
    data_options: DataOptions,
    label_options: LabelOptions,
    charges: str,
    one_by_one: int,
) -> None:
    """Refuse options that what is evaluated does not read."""
    unread = {
        "--data": (data, asdict(label_options), asdict(LabelOptions())),
        "--benchmark or --suite": (
            benchmark if data is not None else "",
            asdict(data_options) | {"charges": charges},
            asdict(DataOptions()) | {"charges": "monomers"},
        ),
        "--benchmark": (benchmark, {"one_by_one": one_by_one}, {"one_by_one": 0}),
    }
    for needs, (there, values, usual) in unread.items():
        for name, value in values.items():
            if there is None and value != usual[name]:
                raise InputError(f"{name}: only {needs} uses it", got=value, remedy="Leave it out")


@dataclass(frozen=True)
class ModelChoice:
    """Choice of the models to evaluate."""

    options: ModelOptions
    calculators: tuple[str, ...]
    charges: Literal["monomers", "dimer"]

    def check_range(self) -> None:
        """Refuse a force field in a precision whose range the benchmarks exceed.

        Raises:
            InputError: the precision is float32.
        """
        if self.options.precision == "float32":
            raise InputError(
                "--precision: monomers that are 10,000 Å apart are beyond the range of float32, in "
                "which r¹⁰ overflows",
                got=self.options.precision,
                remedy="Use --precision float64",
            )


def _on_benchmarks(
    names: list[str],
    data: DataOptions,
    chosen: ModelChoice,
    one_by_one: int,
    json: Path | None,
    output: Path | None,
) -> None:
    if not (chosen.calculators or set(names) <= set(SIMULATIONS)):
        chosen.check_range()
    set_up_jax()
    from sundog.cli.show.evaluation import save, save_figure, show_benchmark
    from sundog.evaluate.benchmarks.run import judge, prepare

    data_dir = data.folder(names, go_on=False)
    prepared = [prepare(name, data_dir) for name in names]
    outcomes: list[Outcome] = []
    entrants = _calculators(chosen) or [_force_field(chosen, _typical())]
    for name, ready in zip(names, prepared, strict=True):
        for one in entrants:
            outcome = judge(ready, one.model, one_by_one=one_by_one, report=_say)
            settings = {**one.settings, **outcome.settings}
            outcomes.append(replace(outcome, settings=settings, provenance=one.provenance))
            show_benchmark(outcome)
            told = [each.json() for each in outcomes]
            save(json, told[0] if len(names) * len(entrants) == 1 else told)
        save_figure(output, name, outcomes[-len(entrants) :])


def _on_suite(
    suite: str, data: DataOptions, chosen: ModelChoice, json: Path | None, output: Path
) -> None:
    chosen.check_range()
    set_up_jax()
    from sundog.cli.show.evaluation import make_folder, save, save_suite, show_suite
    from sundog.evaluate.benchmarks.names import SUITES
    from sundog.evaluate.leaderboard.run import run

    make_folder(output)
    data_dir = data.folder(SUITES[suite], go_on=True)
    calculators = _calculators(chosen)
    entrants = [_force_field(chosen, _typical()), *calculators]

    def keep(outcome: "Suite") -> None:
        save_suite(output, outcome)
        save(json, outcome.json())

    outcome = run(suite, SUITES[suite], entrants, data_dir, report=_say, save=keep)
    show_suite(outcome)
    print(f"The page is {output / 'index.html'}, all numbers are in {output / 'suite.json'}")


def _on_data(
    data: Path,
    labelling: LabelOptions,
    chosen: ModelChoice,
    json: Path | None,
    output: Path | None,
) -> None:
    from sundog.data.labels import find_labels
    from sundog.data.readers import read_dataset

    structures = read_dataset(data, _say)
    labels = find_labels(structures, labelling.keys, labelling.unit)
    _say(labels.describe())
    set_up_jax()
    from sundog.cli.show.evaluation import progress, save, save_folder, show_data
    from sundog.evaluate.datasets.run import run

    _say_electrons(structures)
    if len(chosen.calculators) > 1:
        raise InputError("--calculator: with --data, one at a time", got=len(chosen.calculators))
    (one,) = _calculators(chosen) or [_force_field(chosen, structures)]
    with progress(len(structures)) as advance:
        outcome, comparison = run(one.model, structures, labels, advance=advance)
    outcome = replace(outcome, data=data.name, settings=one.settings, provenance=one.provenance)
    show_data(outcome)
    save(json, outcome.json())
    if output is not None:
        save_folder(output, outcome, comparison)
        print(f"Figures and tables are in {output}")


def _say_electrons(structures: "Sequence[Atoms]") -> None:
    """Print charges and multiplicities of the structures whose electrons are possible."""
    from sundog.hamiltonian import ElectronOptions
    from sundog.io.electrons import ElectronicState, describe_states, state_of
    from sundog.io.gate import doubts

    states: list[ElectronicState] = []
    for atoms in structures:
        try:
            states.append(state_of(atoms))
        except InputError:
            continue  # named among those that are not computed
    said = describe_states(states) if states else []
    for line in (*doubts(structures, ElectronOptions()), *said):
        _say(line)


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


def _typical() -> "list[Atoms]":
    """Return a molecule to check kernels on."""
    from ase.build import molecule

    return [molecule("H2O")]


def _calculators(chosen: ModelChoice) -> "list[Entrant]":
    """Return the calculators that were asked for."""
    from sundog.evaluate.leaderboard.run import Entrant
    from sundog.evaluate.models import calculator_model

    models = [calculator_model(target) for target in chosen.calculators]
    return [
        Entrant(model, {"calculator": target}, _origin(model.name, ""))
        for model, target in zip(models, chosen.calculators, strict=True)
    ]


def _force_field(chosen: ModelChoice, structures: "Sequence[Atoms]") -> "Entrant":
    """Return the force field that was asked for, on fast kernels."""
    from sundog.evaluate.leaderboard.run import Entrant
    from sundog.evaluate.models import ForceFieldModel
    from sundog.loading import load_force_field
    from sundog.weights.fetch import obtain

    options = chosen.options
    reference, described = load_force_field(options, structures, run=False)
    _say(described)
    fast = _kernels(reference, options, structures)
    settings = {
        "precision": chosen.options.precision,
        "electrostatics": reference.electrostatics,
        "kernels": options.kernels,
        "charges": chosen.charges,
    }
    card = obtain(options.model).card

    def remake(wanted: Hamiltonian) -> "AbstractForceField":
        other = replace(
            options,
            electrostatics=wanted.electrostatics,
            cutoff_angstrom=wanted.cutoff_angstrom,
        )
        return _kernels(load_force_field(other, structures, run=False)[0], other, structures)

    model = ForceFieldModel(
        fast,
        reference.model_name,
        fragments=chosen.charges == "monomers",
        remake=remake if options.electrostatics is None else None,
    )
    return Entrant(model, settings, _origin(card["name"], card["sha256"]))


def _origin(name: str, sha256: str) -> dict[str, Any]:
    import jax

    from sundog.runs.provenance import collect_provenance

    return collect_provenance(
        command_line=["sundog", *sys.argv[1:]],
        weights_name=name,
        weights_sha256=sha256,
        device=jax.devices()[0].device_kind,
    )


def _kernels(
    reference: "ForceField", options: ModelOptions, structures: "Sequence[Atoms]"
) -> "AbstractForceField":
    """Return fast kernels, checked on the first structure that can be computed."""
    from sundog.io.structures import system_from_atoms
    from sundog.loading import choose_kernels

    for atoms in structures:
        try:
            system = system_from_atoms(atoms)
            reference.check(system)
        except InputError:
            continue
        return choose_kernels(reference, options.kernels, system, _say)
    return reference  # which says of each what is wrong


def _say(line: str) -> None:
    from sundog.cli.app import translated

    print(translated(line, ["evaluate"]), file=sys.stderr, flush=True)
