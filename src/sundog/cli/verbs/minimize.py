"""`sundog minimize`: relax a structure and its cell, or many structures, to a force threshold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sundog.cli.early import refuse_elements
from sundog.cli.flags import FLAT
from sundog.cli.options import check_folder, locked, refuse_existing, set_up_jax
from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.names import KernelName
from sundog.runs.groups import RelaxationSettings

if TYPE_CHECKING:
    from ase import Atoms

    from sundog.forcefield.so3lr import ForceField

LISTED = 10
"""Number of structures that a line names."""


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
    """Relax structures until no force is above a threshold. `opt` is the same verb.

    The exit code is 3 when the threshold was not reached; the structure is written all the
    same.

    Parameters
    ----------
    structure
        Structure file; several structures are relaxed together, at fixed cells.
    output
        Extended XYZ file to write: relaxed structures with energy, forces and stress.
    overwrite
        Replace an existing output file.
    """
    check_folder("output", output)
    with locked(output):
        refuse_existing(output, overwrite)
        return _minimize(structure, output, settings, model_options, electron_options)


def _minimize(
    structure: Path,
    output: Path,
    settings: RelaxationSettings,
    model_options: ModelOptions,
    electron_options: ElectronOptions,
) -> int:
    """Relax what `minimize` was asked for, under the lock of the output; return an exit code."""
    refuse_elements(structure, last_of_many=False)
    # What the structures alone can tell is refused before anything heavy is imported.
    from sundog.elements import refuse_unsupported
    from sundog.io.gate import gate
    from sundog.io.reading import read_structures

    frames = read_structures(structure, report=_say)
    gated = None
    if len(frames) == 1:
        refuse_unsupported(frames[0].numbers)
        gated = gate(frames[0], electron_options)
    set_up_jax()
    from sundog.io.extxyz import write_extxyz
    from sundog.loading import load_force_field
    from sundog.runs.relaxation import refuse_of_several, relax, stated
    from sundog.weights.known_errors import weak_spots

    if len(frames) > 1:
        refuse_of_several(settings)
    every, said = stated(frames, electron_options, gated)
    for line in said:
        _say(line)
    force_field, described = load_force_field(model_options, every, run=True)
    print(described)
    if gated is not None:
        for line in weak_spots(gated.topology, gated.perception, model_options.model):
            _say(line)
    if len(every) > 1:
        return _relax_many(every, settings, force_field, model_options.kernels, output)
    relaxed = relax(every[0], settings, force_field, model_options.kernels, logfile="-")
    verdict = "Converged" if relaxed.converged else "Not converged"
    energy = relaxed.atoms.get_potential_energy()
    print(
        f"{verdict} after {relaxed.steps} steps: energy {energy:.4f} eV, "
        f"changed by {relaxed.energy_change_ev:+.4f} eV"
    )
    write_extxyz(output, _labelled(relaxed.atoms))
    print(f"Wrote {output}")
    return 0 if relaxed.converged else 3


def _relax_many(
    structures: "list[Atoms]",
    settings: RelaxationSettings,
    force_field: "ForceField",
    kernels: KernelName,
    output: Path,
) -> int:
    """Relax several structures together, say which of them have not converged, and write all."""
    from sundog.io.extxyz import write_extxyz
    from sundog.io.structures import system_from_atoms
    from sundog.loading import choose_kernels
    from sundog.runs.relaxation import relax_together
    from sundog.single_points.screening import refused, summary

    if wrong := refused(force_field, structures):
        raise InputError(summary(wrong, structures), remedy="Correct or remove them")
    first = system_from_atoms(structures[0])
    fast = choose_kernels(force_field, kernels, first, print)
    found = relax_together(structures, settings, fast)
    missed = [number for number, one in enumerate(found) if not one.converged]
    print(f"Converged: {len(found) - len(missed)} of {len(found)} structures")
    if missed:
        numbers = ", ".join(map(str, missed[:LISTED])) + (", …" if len(missed) > LISTED else "")
        print(f"Not converged: number {numbers} (counted from 0)")
    write_extxyz(output, (_labelled(one.atoms) for one in found))
    print(f"Wrote {len(found)} structures to {output}")
    return 3 if missed else 0


def _say(line: str) -> None:
    from sundog.cli.app import translated

    print(translated(line, ["minimize"]), flush=True)


def _labelled(atoms: "Atoms") -> "Atoms":
    """Return the structure with its results as plain info and arrays."""
    labelled = atoms.copy()
    labelled.info["energy"] = atoms.get_potential_energy()
    labelled.arrays["forces"] = atoms.get_forces(apply_constraint=False)
    if "stress" in atoms.calc.results:  # pyright: ignore[reportOptionalMemberAccess]
        labelled.info["stress"] = atoms.get_stress(voigt=False)
    return labelled
