"""`sundog explain`: contributions to a prediction by term, atom and fragment."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sundog.cli.flags import FLAT
from sundog.cli.options import check_folder, locked, set_up_jax
from sundog.errors import ChargeError, InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

    from sundog.coverage.outcome import Comparison
    from sundog.explain.fragments import Fragments
    from sundog.explain.interaction import Interaction
    from sundog.explain.outcome import NoInteractions
    from sundog.forcefield.so3lr import ForceField
    from sundog.io.electrons import ElectronicState
    from sundog.io.gate import Gated


def explain(
    structure: Path,
    /,
    *,
    frame: int = 0,
    fragments: str | None = None,
    fragment_charges: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    dimer: bool | None = None,
    pairs: bool = False,
    forces: bool = True,
    memory_gib: float = 8.0,
    reference: Path | None = None,
    model_options: Annotated[ModelOptions, FLAT] = ModelOptions(),  # noqa: B008
    electron_options: Annotated[ElectronOptions, FLAT] = ElectronOptions(),  # noqa: B008
    json: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> None:
    """Take a prediction apart: energies and forces by term, by atom and by fragment.

    For a dimer its interaction energy, term by term, is shown as well. Everything is computed by
    the reference formulation in float64.

    Parameters
    ----------
    structure
        Structures in any format that `sundog predict` reads.
    frame
        Number of the structure in the file, counted from 0; negative from the end.
    fragments
        Array of the structure, or a file with one word per atom, equal where atoms belong
        together; by default the bonded molecules.
    fragment_charges
        Total charge of each fragment for interactions, as 1,-1; by default those of
        info["fragment_charges"], else none has any.
    dimer
        Split the interaction energy of two fragments, or say why not; by default where possible.
    pairs
        Interaction energy of every two fragments, each pair on its own.
    forces
        Forces by term, which take most of the time and memory.
    memory_gib
        Largest estimated memory to use in GiB.
    reference
        Set to compare with, to list the local environments of the structure that it lacks:
        structures, or a file that `sundog coverage --save` wrote. The published training set does
        not come with sundog.
    json
        File for all numbers, replaced if it exists.
    output
        Folder for atoms.csv, fragments.csv, pairs.csv and a figure.
    """
    _check(model_options, json, dimer, pairs, fragment_charges)
    with locked(json, output):
        atoms, frames, gated = _frame(structure, frame, electron_options)
        set_up_jax()
        from sundog.cli.show.explanation import save_folder, show
        from sundog.explain.decompose import decomposed
        from sundog.explain.fragments import find_fragments
        from sundog.explain.outcome import Explanation, NoInteractions, Outcome
        from sundog.io.electrons import describe_states
        from sundog.loading import load_force_field
        from sundog.weights.known_errors import weak_spots

        topology = gated.topology
        force_field, described = load_force_field(
            replace(model_options, precision="float64"), [atoms], run=False, topologies=[topology]
        )
        print(described)
        said = [*gated.said, *describe_states([gated.state])]
        said += weak_spots(topology, gated.perception, model_options.model)
        for line in said:
            _say(line)
        groups = find_fragments(atoms, fragments, topology)
        wanted = _pairs(atoms, groups, dimer, pairs)
        found = decomposed(
            force_field,
            atoms,
            charge=electron_options.charge,
            multiplicity=electron_options.multiplicity,
            forces=forces,
            memory_gib=memory_gib,
        )
        bound: Sequence[Interaction] | NoInteractions
        if isinstance(wanted, NoInteractions):
            bound = wanted
        else:
            try:
                bound = _interactions(
                    force_field, atoms, groups, wanted, fragment_charges, electron_options
                )
            except ChargeError as error:
                if dimer or pairs or fragment_charges is not None:
                    raise
                bound = NoInteractions(str(error))  # they were not asked for
        outcome = Outcome(
            explanation=Explanation(atoms, groups, found, bound),
            coverage=None if reference is None else _compared(atoms, reference),
            file=structure.name,
            frame=frame % frames,
            frames=frames,
            **_origin(force_field, model_options, gated.state),
        )
        show(outcome)
        if json is not None:
            from sundog.cli.show.evaluation import save

            save(json, outcome.json())
        if output is not None:
            save_folder(output, outcome)
            print(f"Tables and figure are in {output}")


def _check(
    options: ModelOptions,
    json: Path | None,
    dimer: bool | None,
    pairs: bool,
    fragment_charges: str | None,
) -> None:
    check_folder("json", json)
    if options.precision == "float32":
        raise InputError(
            "precision: everything is taken apart in float64",
            got=options.precision,
            remedy="Leave it out",
        )
    if options.kernels not in ("auto", "reference"):
        raise InputError(
            "--kernels: energies of atoms and forces of terms are those of the reference",
            got=options.kernels,
            expected="auto or reference",
        )
    if fragment_charges is not None and dimer is False and not pairs:
        raise InputError(
            "--fragment-charges: not used with --no-dimer",
            remedy="Leave it out; only interactions use it",
        )
    if dimer and pairs:
        raise InputError(
            "--dimer, --pairs: of a dimer both are the same", remedy="Leave one of them out"
        )


def _frame(path: Path, frame: int, electrons: ElectronOptions) -> "tuple[Atoms, int, Gated]":
    """Return a frame of a file, with its charge and multiplicity, how many there are, and more."""
    from sundog.data.readers import read_dataset
    from sundog.elements import refuse_unsupported
    from sundog.io.electrons import with_electronic_state
    from sundog.io.gate import gate

    frames = read_dataset(path, _say)
    if not -len(frames) <= frame < len(frames):
        raise InputError(
            "--frame: there is no such structure in the file",
            got=frame,
            expected=f"0 to {len(frames) - 1}",
        )
    atoms = frames[frame]
    refuse_unsupported(atoms.numbers)
    gated = gate(atoms, electrons)
    state = gated.state
    return with_electronic_state(atoms, state.charge, state.multiplicity), len(frames), gated


def _say(line: str) -> None:
    from sundog.cli.app import translated

    print(translated(line, ["explain"]), file=sys.stderr, flush=True)


def _pairs(
    atoms: "Atoms", fragments: "Fragments", dimer: bool | None, pairs: bool
) -> "list[tuple[int, int]] | NoInteractions":
    """Return the pairs whose interactions are wanted, or the reason why there are none."""
    from sundog.explain.interaction import pairs_of, why_no_dimer, why_periodic
    from sundog.explain.outcome import NoInteractions

    if pairs:
        if wrong := why_periodic(atoms):
            raise wrong
        return pairs_of(fragments.count)
    if dimer is False:
        return NoInteractions("not asked for")
    wrong = why_no_dimer(atoms, fragments)
    if wrong is None:
        return [(0, 1)]
    if dimer:
        raise wrong
    return NoInteractions(str(wrong).removeprefix("dimer: "))


def _interactions(
    force_field: "ForceField",
    atoms: "Atoms",
    fragments: "Fragments",
    pairs: list[tuple[int, int]],
    given: str | None,
    electrons: ElectronOptions,
) -> "list[Interaction]":
    from sundog.explain.fragments import fragment_charges
    from sundog.explain.interaction import interactions
    from sundog.io.electrons import electronic_state
    from sundog.validity import check_electrons

    total, multiplicity = electronic_state(atoms, electrons.charge, electrons.multiplicity)
    charges = fragment_charges(atoms, fragments, total, _integers(given))
    if fragments.count > 2 and multiplicity != check_electrons(atoms.numbers, float(total)):
        raise InputError(
            "--pairs: which fragments have the unpaired electrons is not known",
            got=f"multiplicity {multiplicity}",
            remedy="Cut out the pairs of interest and give each its own multiplicity",
        )
    spin = multiplicity if fragments.count == 2 else None
    return interactions(force_field, atoms, fragments, charges, pairs, spin)


def _compared(atoms: "Atoms", reference: Path) -> "Comparison":
    """Return the comparison of the environments of a structure with a reference."""
    from sundog.cli.show.coverage import chosen_radius, load_reference_set
    from sundog.coverage.census import take_census
    from sundog.coverage.outcome import Comparison
    from sundog.coverage.reference import missing

    known = load_reference_set(reference, chosen_radius(None, None, reference))
    census = take_census([atoms], known.radius)
    return Comparison(known, missing(census, known), len(census.environment))


def _integers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(
            "--fragment-charges: not integers", got=text, expected="as 1,-1"
        ) from error


def _origin(
    force_field: "ForceField", options: ModelOptions, state: "ElectronicState"
) -> dict[str, Any]:
    import jax

    from sundog.runs.provenance import collect_provenance
    from sundog.weights.fetch import obtain

    card = obtain(options.model).card
    return {
        "charge": state.charge,
        "multiplicity": state.multiplicity,
        "model": force_field.model_name,
        "settings": {
            "precision": force_field.precision,
            "electrostatics": force_field.electrostatics,
            "cutoff_angstrom": options.cutoff_angstrom
            if force_field.electrostatics != "exact"
            else None,
        },
        "provenance": collect_provenance(
            command_line=["sundog", *sys.argv[1:]],
            weights_name=card["name"],
            weights_sha256=card["sha256"],
            device=jax.devices()[0].device_kind,
        ),
    }
