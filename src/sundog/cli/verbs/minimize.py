"""`sundog minimize`: relax a structure, and its cell, to a force threshold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sundog.cli.flags import FLAT
from sundog.cli.options import refuse_existing, set_up_jax
from sundog.errors import CellError, InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions

if TYPE_CHECKING:
    from ase import Atoms

CellChange = Literal["none", "isotropic", "anisotropic", "flexible"]
MASKS = {"anisotropic": [1, 1, 1, 0, 0, 0], "flexible": [1, 1, 1, 1, 1, 1]}


def minimize(
    structure: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    optimizer: Literal["lbfgs", "fire"] = "lbfgs",
    cell: CellChange = "none",
    pressure_bar: float = 0.0,
    force_ev_per_angstrom: float = 0.01,
    steps: int = 1000,
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    overwrite: bool = False,
) -> int:
    """Relax a structure until no force is above a threshold. `opt` is the same verb.

    The exit code is 3 when the threshold was not reached; the structure is written all the
    same.

    Parameters
    ----------
    structure
        Structure file; of several frames the last.
    output
        Extended XYZ file to write: the relaxed structure with energy, forces and stress.
    optimizer
        lbfgs, or fire, which takes more steps and is harder to upset.
    cell
        What may change of the cell beside its content.
    pressure_bar
        External pressure in bar on a cell that may change.
    force_ev_per_angstrom
        Threshold in eV/Å; for the cell, of its forces in the same unit.
    steps
        Largest number of steps.
    overwrite
        Replace an existing output file.
    """
    if force_ev_per_angstrom <= 0 or steps < 1:
        raise InputError(
            "minimize: a positive threshold and at least one step are needed",
            got=f"{force_ev_per_angstrom} eV/Å, {steps} steps",
        )
    set_up_jax()
    from ase.optimize import FIRE, LBFGS

    from sundog.interfaces.ase import Calculator
    from sundog.io.extxyz import write_extxyz
    from sundog.io.structures import read_structures
    from sundog.loading import load_force_field

    refuse_existing(output, overwrite)
    atoms = read_structures(structure)[-1]
    force_field, described = load_force_field(model_options, [atoms], run=True)
    print(described)
    atoms.calc = Calculator(
        force_field,
        kernels=model_options.kernels,
        charge=_integer(electron_options.charge),
        multiplicity=_integer(electron_options.multiplicity),
    )
    relaxed = _with_cell(atoms, cell, pressure_bar)
    before = atoms.get_potential_energy()
    run = {"lbfgs": LBFGS, "fire": FIRE}[optimizer](relaxed, logfile="-")
    converged = run.run(fmax=force_ev_per_angstrom, steps=steps)
    change = atoms.get_potential_energy() - before
    verdict = "Converged" if converged else "Not converged"
    print(f"{verdict} after {run.get_number_of_steps()} steps, energy {change:+.4f} eV")
    write_extxyz(output, _labelled(atoms))
    print(f"Wrote {output}")
    return 0 if converged else 3


def _with_cell(atoms: "Atoms", cell: CellChange, pressure_bar: float) -> Any:
    """Return what the optimizer moves: the atoms, or atoms and cell."""
    from ase.filters import FrechetCellFilter

    from sundog.units import BAR

    if cell == "none":
        if pressure_bar:
            raise InputError("--pressure-bar: needs a cell that may change", expected="--cell")
        return atoms
    if not atoms.pbc.all():
        raise CellError(
            "--cell: only a structure that is periodic along all three vectors has one to relax",
            got=f"pbc {atoms.pbc.tolist()}",
            remedy="Leave the option out",
        )
    pressure = pressure_bar * BAR
    if cell == "isotropic":
        return FrechetCellFilter(atoms, hydrostatic_strain=True, scalar_pressure=pressure)
    return FrechetCellFilter(atoms, mask=MASKS[cell], scalar_pressure=pressure)


def _integer(value: float | None) -> int | None:
    if value is None:
        return None
    if value != round(value):
        raise InputError("--charge, --multiplicity: must be integers", got=value)
    return round(value)


def _labelled(atoms: "Atoms") -> "Atoms":
    """Return the structure with its results as plain info and arrays."""
    labelled = atoms.copy()
    assert atoms.calc is not None
    results = atoms.calc.results
    labelled.info["energy"] = results["energy"]
    labelled.arrays["forces"] = results["forces"]
    if "stress" in results:
        labelled.info["stress"] = atoms.get_stress(voigt=False)
    return labelled
