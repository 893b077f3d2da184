"""SO3LR through the compiled CPU kernels: the same Hamiltonian, another way to compute it.

Embedding, equalisation of the charges and sums over structures are the reference
formulation's own; network, long range and all derivatives are kernels. What the kernels
return is differentiated by them and by nothing else: use the reference for training and
second derivatives.
"""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.elements import free_atom_c6, free_atom_polarizabilities
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.packing import pack
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, apart, predicted
from sundog.forcefield.tail import tail_sums
from sundog.kernels.cpu import calls, library
from sundog.kernels.cpu.coulomb import long_range_constants
from sundog.kernels.cpu.lists import CpuLists, allocate_cpu_lists, lists_like
from sundog.kernels.cpu.mesh import CompiledTransport
from sundog.longrange.mesh import ChargeField, mesh_field
from sundog.longrange.plan import Plan
from sundog.longrange.planned import Planned, with_plan
from sundog.model.heads import equalized
from sundog.neighbors.base import AbstractNeighbors
from sundog.properties import AtomFeatures, AtomicProperties
from sundog.system import System
from sundog.terms.dispersion import SWITCH_WIDTH, Dispersion, polarizabilities
from sundog.terms.electrostatics import SWITCH_ON
from sundog.terms.zbl import ZBL
from sundog.typing import PerAtom


class CompiledForceField(AbstractForceField):
    """A `ForceField` computed by the compiled kernels; made by `compiled`.

    Attributes:
        reference: the force field it stands for.
        constants: of the network.
        parameters: of the network, packed.
        long_constants: of the long range.
        shape: of the network.
        threads: that may take part at most.
    """

    reference: ForceField
    constants: Float[Array, " constants"]
    parameters: Float[Array, " parameters"]
    long_constants: Float[Array, " long"]
    shape: calls.Shape = eqx.field(static=True)
    threads: int = eqx.field(static=True)

    @property
    def cutoffs(self) -> dict[str, float]:
        """Å, by range."""
        return self.reference.cutoffs

    @property
    def instruction_set(self) -> str:
        """Name of the processor's instruction set in use."""
        return library.instruction_set()

    def check(self, system: System) -> None:
        """Raise as the reference does (host only)."""
        self.reference.check(system)

    def plan(self, system: System) -> Plan | None:
        """Return the plan of the mesh with `ewald` (host only)."""
        ewald = self.reference.ewald
        return None if ewald is None else ewald.plan_mesh(system)

    def allocate_neighbors(self, system: System, skin: float) -> AbstractNeighbors:
        """Return the kernels' own lists (host only)."""
        lists = allocate_cpu_lists(
            system,
            short_cutoff=self.cutoffs["short"],
            long_cutoff=self.cutoffs["long"],
            skin=skin,
        )
        return with_plan(lists, self.plan(system))

    def pairs_once(self, system: System, like: Any = None) -> CpuLists | Planned:
        """Return lists for one evaluation; see `AbstractForceField.pairs_once` (host only)."""
        if like is None:
            return self.allocate_neighbors(system, 0.0).pairs
        return with_plan(lists_like(apart(like)[0], system), self.plan(system)).pairs

    def weighted(self, weight: float) -> "CompiledForceField":
        """Return it with electrostatics and dispersion counted `weight` times in the forces."""
        return replace(self, reference=self.reference.weighted(weight))

    def __call__(self, system: System, pairs: CpuLists | Planned) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        lists, plan = apart(pairs)
        model = calls.Model(self.shape, self.constants, self.parameters)
        after = calls.forward(
            model, system, lists, self.reference.network.embedding(system), self.threads
        )

        def properties(charges: PerAtom, ratios: PerAtom) -> AtomicProperties:
            return AtomicProperties(
                numbers=system.numbers,
                energies=jnp.where(system.is_atom, after.energies, 0.0),
                partial_charges=equalized(charges, system),
                hirshfeld_ratios=jnp.where(system.is_atom, jnp.abs(ratios), 1.0),
            )

        def sources(charges: PerAtom, ratios: PerAtom) -> tuple[PerAtom, PerAtom]:
            atoms = properties(charges, ratios)
            return atoms.partial_charges, polarizabilities(atoms)

        (_, alpha), pull_back = jax.vjp(sources, after.charges, after.ratios)
        atoms = properties(after.charges, after.ratios)
        seeds = jnp.zeros_like(after.charges), jnp.zeros_like(alpha)
        per_atom = {"so3krates": atoms.energies, "zbl": after.repulsion}
        far, weight = None, self.reference.long_weight
        if weight != 0:
            far, of_tail = self._far(atoms, alpha, system, lists, plan)
            seeds = weight * far.by_charge, weight * far.by_polarizability
            per_atom |= {"electrostatics": far.electrostatics, "dispersion": far.dispersion}
            per_atom |= of_tail
        by_charge, by_ratio = pull_back(seeds)
        gradient, virial = calls.backward(
            model, system, lists, after, by_charge, by_ratio, self.threads
        )
        if far is not None:
            gradient, virial = gradient + weight * far.gradient, virial + weight * far.virial
        return predicted(
            system,
            per_atom,
            forces=-gradient.astype(system.positions.dtype),
            virial=virial.astype(system.cell.dtype),
            features=AtomFeatures(after.features, after.euclidean),
            atoms=atoms,
        )

    def _far(
        self,
        atoms: AtomicProperties,
        alpha: PerAtom,
        system: System,
        lists: CpuLists,
        plan: Plan | None,
    ) -> tuple[calls.LongRange, dict[str, PerAtom]]:
        """Return electrostatics and dispersion, all of them, and the energies of a tail."""
        pairs = calls.long_range(
            self.long_constants,
            system,
            lists,
            atoms.partial_charges,
            alpha,
            _over_c(system, alpha.dtype),
            self.threads,
        )
        field = self._rest_of_coulomb(atoms, system, plan)
        tail = tail_sums(self.reference.tail, atoms, system)
        sums = calls.LongRange(
            electrostatics=pairs.electrostatics + field.energies,
            dispersion=pairs.dispersion,
            by_charge=pairs.by_charge + field.by_charge,
            by_polarizability=pairs.by_polarizability + tail.by_polarizability,
            gradient=pairs.gradient + field.gradient,
            virial=pairs.virial + field.virial + tail.virial,
        )
        return sums, tail.energies

    def _rest_of_coulomb(
        self, atoms: AtomicProperties, system: System, plan: Plan | None
    ) -> ChargeField:
        """Return what the kernels' sum over pairs leaves out: all images, or the self-energy."""
        charges, ewald = atoms.partial_charges, self.reference.ewald
        if ewald is not None and plan is not None:
            transport = CompiledTransport(self.threads)
            return mesh_field(charges, system, plan, ewald.sigma, transport)
        coulomb, _ = self.reference.long_terms

        def energies(q: PerAtom) -> PerAtom:
            return coulomb.self_energy(replace(atoms, partial_charges=q))

        return ChargeField(
            energies=energies(charges),
            by_charge=jax.grad(lambda q: energies(q).sum())(charges),
            gradient=jnp.zeros(system.positions.shape),
            virial=jnp.zeros(system.cell.shape),
        )


def compiled(force_field: ForceField, threads: int | None = None) -> CompiledForceField | str:
    """Return the force field on the compiled kernels, or why that cannot be (host only).

    Args:
        force_field: what to compute.
        threads: that may take part at most; by default as many as there are cores. The results
            do not depend on it.
    """
    if reason := library.why_unavailable():
        return reason
    (zbl,) = force_field.short_terms
    assert isinstance(zbl, ZBL)
    model = pack(force_field.network, zbl)
    if isinstance(model, str):
        return model
    h = force_field.network.hyperparameters
    *_, dispersion = force_field.long_terms
    assert isinstance(dispersion, Dispersion)
    cutoff = force_field.cutoff
    shifted = force_field.electrostatics in ("truncated", "wolf")
    long_constants = long_range_constants(
        sigma=h.coulomb_sigma if force_field.ewald is None else None,
        cutoff=cutoff,
        switch_on=SWITCH_ON * cutoff if shifted else None,
        damping=dispersion.damping,
        switch_width=SWITCH_WIDTH,
        precision=force_field.precision,
    )
    return CompiledForceField(
        reference=force_field,
        constants=model.constants,
        parameters=model.parameters,
        long_constants=jnp.asarray(long_constants),
        shape=model.shape,
        threads=library.threads() if threads is None else threads,
    )


def _over_c(system: System, dtype: jnp.dtype) -> PerAtom:
    """Return α²/C6 of each atom's element, one in padding."""
    c6 = free_atom_c6()
    known = c6 > 0
    table = np.where(known, free_atom_polarizabilities() ** 2 / np.where(known, c6, 1.0), 1.0)
    return jnp.asarray(table, dtype)[system.numbers]
