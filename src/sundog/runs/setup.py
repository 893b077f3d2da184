"""Setup of a run: structure, force field, kernels and settings, checked and recorded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ase import Atoms

from sundog.bounds import MOST_ATOMS
from sundog.elements import standard_masses
from sundog.engine.restraints.restrained import restrained
from sundog.engine.run import Chunk, run
from sundog.engine.state import MDState
from sundog.errors import InputError
from sundog.files import hash_of
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.so3lr import ForceField
from sundog.io.electrons import describe_states, with_electronic_state
from sundog.io.extxyz import write_extxyz
from sundog.io.gate import Gated, gate, unchecked
from sundog.io.results import carried
from sundog.io.structures import system_from_atoms
from sundog.loading import choose_kernels, describe_electrons, load_force_field
from sundog.runs.assembly import ensemble_of
from sundog.runs.directory import RunDirectory
from sundog.runs.job import Job
from sundog.runs.mechanics import SAME_MASS, Mechanics, describe_mechanics, mechanics_of
from sundog.runs.observing import observing
from sundog.runs.provenance import collect_provenance
from sundog.runs.session import check_feasible, prepare, replicated
from sundog.runs.settings import SimulationSettings
from sundog.runs.warnings import describe_net_charge
from sundog.system import System
from sundog.topology.topology import Topology
from sundog.weights.fetch import obtain
from sundog.weights.known_errors import weak_spots


@dataclass(frozen=True)
class Setup:
    """A run that is checked and ready to begin.

    Attributes:
        job: settings that were asked for.
        atoms: the structure, with its charge and multiplicity, molecules in one piece.
        topology: bonds of the structure, with molecules and residues.
        system: batch of all replicas.
        force_field: force field on the kernels chosen, with the restraints.
        mechanics: masses, and which atoms are frozen, rigid or restrained.
        config: settings by name, with those that were left open resolved: charge, multiplicity,
            electrostatics, dispersion tail.
        weights: `name` and `sha256` of the weights, and `file_sha256`, which runs of earlier
            versions recorded in its place.
        command_line: command or call that asked for the run.
        said: lines about what was chosen, and warnings.
    """

    job: Job
    atoms: Atoms
    topology: Topology
    system: System
    force_field: AbstractForceField
    mechanics: Mechanics
    config: dict[str, Any]
    weights: dict[str, str]
    command_line: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def bodies(self) -> Atoms:
        """Structure with the masses that are integrated, where they are not the standard ones."""
        masses = np.asarray(self.mechanics.masses)[: len(self.atoms)]
        bodies = self.atoms.copy()
        if (np.abs(masses - standard_masses()[bodies.numbers]) > SAME_MASS).any():
            bodies.set_array("masses", masses, float)
        return bodies

    def describe(self) -> str:
        """Return the structure in words."""
        replicas = self.job.settings.number_of_replicas
        copies = f", {replicas} replicas" if replicas > 1 else ""
        return f"{len(self.atoms)} atoms, {describe_electrons(self.system)}{copies}"

    def prepared(
        self, report: Callable[[str], None], stop: Callable[[], bool] = lambda: False
    ) -> MDState:
        """Return the state that the run starts from.

        Arguments and errors are those of `session.prepare`.
        """
        return prepare(
            self.system,
            self.force_field,
            self.atoms,
            self.job.settings,
            self.mechanics,
            report,
            stop,
        )

    def chunks(
        self, report: Callable[[str], None], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Chunk]:
        """Run without recording anything and yield after every chunk.

        Arguments are those of `prepared`, errors those of `engine.run`.
        """
        settings = self.job.settings
        yield from run(
            self.prepared(report, stop),
            ensemble_of(self.force_field, settings, self.mechanics),
            steps=settings.steps,
            sample_every=settings.output.sample_every,
            frame_every=settings.output.frame_every,
        )


def set_up(
    atoms: Atoms,
    job: Job,
    force_field: AbstractForceField | None = None,
    *,
    command_line: Sequence[str],
    gated: Gated | None = None,
) -> Setup:
    """Check everything, choose what was left open, and write nothing.

    Args:
        atoms: the structure.
        job: settings that were asked for.
        force_field: force field in place of the one that the job describes.
        command_line: command or call that asked for the run, for its provenance.
        gated: valences and electrons of a structure that has passed the gate; by default it does
            so here, unless the force field is not made for molecules of known valences.

    Raises:
        SundogError: structure, settings or weights cannot be used.
    """
    job = replace(job, settings=job.settings.settled())
    if gated is None:
        usual = force_field is None or isinstance(force_field, ForceField)
        gated = (gate if usual else unchecked)(atoms, job.electrons)
    charge, multiplicity = gated.state.charge, gated.state.multiplicity
    (atoms,), said = carried([atoms], moved=True)
    said += [*gated.said, *describe_states([gated.state])[1:]]
    said += describe_mechanics(job.settings, atoms)
    # Charge and multiplicity must be in every file from which a run may continue.
    atoms = with_electronic_state(atoms, charge, multiplicity)
    topology = gated.topology.whole()
    atoms.positions = topology.positions
    single = system_from_atoms(atoms, charge, multiplicity)
    origin, chosen = {"name": type(force_field).__name__, "sha256": ""}, {}
    if force_field is None:
        reference, described = load_force_field(job.model, [atoms], run=True, topologies=[topology])
        said += [described, *_describe_steps(job), *_warnings(reference, single, job.settings)]
        card = obtain(job.model.model).card
        origin = {"name": card["name"], "sha256": card["sha256"]}
        origin["file_sha256"] = card["safetensors_sha256"]
        said += weak_spots(topology, gated.perception, job.model.model)
        # A resumed run keeps these choices, even if the structure would now lead to others.
        chosen = reference.hamiltonian.as_settings()
        chosen["model"] = job.model.model or reference.model_name
        force_field = reference
    force_field.check(single)
    _check_size(len(atoms), job.settings)
    system = replicated(single, job.settings)
    mechanics = mechanics_of(system, job.settings, topology, atoms)
    check_feasible(atoms, system, job.settings, mechanics)
    if isinstance(force_field, ForceField):
        force_field = choose_kernels(force_field, job.model.kernels, single, said.append)
    observing(None, atoms, topology, job.settings)  # refuses what does not fit
    config = job.resolved(**chosen, charge=charge, multiplicity=multiplicity)
    return Setup(
        job=job,
        atoms=atoms,
        topology=topology,
        system=system,
        force_field=restrained(force_field, mechanics.restraints),
        mechanics=mechanics,
        config=config,
        weights=origin,
        command_line=tuple(command_line),
        said=tuple(said),
    )


def _check_size(atoms: int, settings: SimulationSettings) -> None:
    """Refuse more replicas than any machine has memory for."""
    if atoms * settings.number_of_replicas > MOST_ATOMS:
        raise InputError(
            "replicas: too many atoms for any machine",
            got=f"{settings.number_of_replicas} copies of {atoms} atoms",
            expected=f"at most {max(MOST_ATOMS // atoms, 1):,}",
        )


def _warnings(force_field: ForceField, system: System, settings: SimulationSettings) -> list[str]:
    """Return warnings about charges."""
    if not bool(system.pbc[0].all()):
        return []
    ewald = force_field.ewald
    return list(
        describe_net_charge(
            float(system.total_charge[0]),
            float(system.volume[0]),
            None if ewald is None else ewald.sigma,
            settings.ensemble == "npt",
        )
    )


def _describe_steps(job: Job) -> list[str]:
    every, timestep = job.settings.long_range_every, job.settings.timestep_fs
    if every == 1:
        return []
    return [
        f"Multiple time steps: network and ZBL every {timestep:g} fs, electrostatics and "
        f"dispersion every {every * timestep:g} fs"
    ]


def write_origin(directory: RunDirectory, setup: Setup, structure: Path | None) -> None:
    """Write the files that a run is made from: provenance, structure and last the settings.

    A folder without settings is known to be that of a run that never began.

    Args:
        directory: directory of the run.
        setup: setup of the run.
        structure: file that the structure was read from, to be copied; without one the structure
            itself is written.
    """
    record = provenance(setup)
    directory.write_provenance(record)
    if structure is None:
        copy = directory.path / "input.extxyz"
        write_extxyz(copy, setup.atoms)
    else:
        copy = directory.copy_input(structure)
    directory.write_provenance(record | {"input": {"file": copy.name, "sha256": hash_of(copy)}})
    directory.write_config(setup.config)


def provenance(setup: Setup) -> dict[str, Any]:
    """Return the provenance of a run that starts now."""
    return collect_provenance(
        command_line=setup.command_line,
        weights_name=setup.weights["name"],
        weights_sha256=setup.weights["sha256"],
        device=jax.devices()[0].device_kind,
    )
