"""`sundog minimize`: relax a structure, and its cell, to a force threshold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sundog.cli.early import refuse_elements, refuse_missing
from sundog.cli.flags import FLAT
from sundog.cli.options import refuse_existing, set_up_jax
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.runs.groups import RelaxationSettings

if TYPE_CHECKING:
    from ase import Atoms


def minimize(
    structure: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    settings: Annotated[RelaxationSettings, FLAT] = RelaxationSettings(),  # noqa: B008
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
    overwrite
        Replace an existing output file.
    """
    refuse_missing(structure)
    refuse_existing(output, overwrite)
    refuse_elements(structure, last_of_many=False)
    set_up_jax()
    from sundog.io.extxyz import write_extxyz
    from sundog.io.structures import read_structures
    from sundog.loading import load_force_field
    from sundog.runs.relaxation import relax, stated

    atoms = stated(read_structures(structure)[-1], electron_options)
    force_field, described = load_force_field(model_options, [atoms], run=True)
    print(described)
    relaxed = relax(atoms, settings, force_field, model_options.kernels, logfile="-")
    verdict = "Converged" if relaxed.converged else "Not converged"
    energy = relaxed.atoms.get_potential_energy()
    print(
        f"{verdict} after {relaxed.steps} steps: energy {energy:.4f} eV, "
        f"changed by {relaxed.energy_change_ev:+.4f} eV"
    )
    write_extxyz(output, _labelled(relaxed.atoms))
    print(f"Wrote {output}")
    return 0 if relaxed.converged else 3


def _labelled(atoms: "Atoms") -> "Atoms":
    """Return the structure with its results as plain info and arrays."""
    labelled = atoms.copy()
    labelled.info["energy"] = atoms.get_potential_energy()
    labelled.arrays["forces"] = atoms.get_forces()
    if "stress" in atoms.calc.results:  # pyright: ignore[reportOptionalMemberAccess]
        labelled.info["stress"] = atoms.get_stress(voigt=False)
    return labelled
