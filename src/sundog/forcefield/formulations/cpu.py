"""SO3LR through the compiled CPU kernels: the same Hamiltonian, another way to compute it.

Embedding, equalisation of the charges and sums over structures are the reference
formulation's own; network, long range and all derivatives are kernels. What the kernels
return is differentiated by them and by nothing else: use the reference for training and
second derivatives.

The kernels know the repulsion, the treatments of electrostatics and the dispersion of SO3LR. Any
other energy term is summed in plain JAX, over plain lists beside the kernels' own.
"""

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.elements import free_atom_c6, free_atom_polarizabilities
from sundog.errors import InputError, UnavailableError
from sundog.forcefield.base import AbstractForceField, list_once
from sundog.forcefield.formulations.packing import pack
from sundog.forcefield.formulations.shares import shared_out
from sundog.forcefield.formulations.term_sums import TermSums, sum_plainly
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, predicted
from sundog.forcefield.tail import tail_sums
from sundog.kernels.cpu import calls, library
from sundog.kernels.cpu.coulomb import long_range_constants
from sundog.kernels.cpu.lists import CpuLists, allocate_cpu_lists, lists_like
from sundog.kernels.cpu.mesh import CpuTransport
from sundog.longrange.mesh import ChargeField, mesh_field
from sundog.longrange.plan import Plan
from sundog.longrange.planned import Planned, apart, with_plan
from sundog.model.heads import equalized
from sundog.neighbors.base import AbstractNeighbors, Pairs
from sundog.neighbors.beside import WithPlainLists, WithPlainNeighbors
from sundog.neighbors.neighbors import allocate_neighbors
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures, AtomicProperties
from sundog.system import System
from sundog.terms.dispersion import SWITCH_WIDTH, polarizabilities
from sundog.terms.electrostatics import SWITCH_ON, TruncatedCoulomb, WolfCoulomb
from sundog.typing import PerAtom


class CpuForceField(AbstractForceField):
    """A `ForceField` computed by the compiled kernels; made by `on_cpu`.

    Attributes:
        reference: the force field it stands for.
        constants: numbers of the network that are no weights.
        parameters: weights and tables of the network, packed.
        long_constants: numbers of the kernel for the long range.
        shape: integers of the network.
        threads: largest number of threads that may take part.
    """

    reference: ForceField
    constants: Float[Array, " constants"]
    parameters: Float[Array, " parameters"]
    long_constants: Float[Array, " long"]
    shape: calls.Shape = eqx.field(static=True)
    threads: int = eqx.field(static=True)

    @property
    def formulation(self) -> str:
        """`cpu`."""
        return "cpu"

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs in Å, by name of the range."""
        return self.reference.cutoffs

    @property
    def _with_charges(self) -> bool:
        """Whether the electrostatics are the kernels', or none of the other terms'."""
        return self.reference.ewald is not None or shared_out(self.reference).coulomb is not None

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
        """Return the kernels' own lists, and plain ones for other terms (host only)."""
        lists: AbstractNeighbors = allocate_cpu_lists(
            system,
            short_cutoff=self.cutoffs["short"],
            long_cutoff=self.cutoffs["long"],
            skin=skin,
        )
        if plainly := self._plain_cutoffs():
            lists = WithPlainNeighbors(lists, allocate_neighbors(system, plainly, skin))
        return with_plan(lists, self.plan(system))

    def _plain_cutoffs(self) -> dict[str, float]:
        """Return the cutoffs of the ranges over which terms are summed without the kernels."""
        shares = shared_out(self.reference)
        others = {"short": shares.short, "long": shares.long}
        return {name: cutoff for name, cutoff in self.cutoffs.items() if others[name]}

    def pairs_once(self, system: System, like: Pairs | None = None) -> Pairs:
        """Return lists for one evaluation; see `AbstractForceField.pairs_once` (host only)."""
        if like is None:
            own, known = (
                allocate_cpu_lists(
                    system,
                    short_cutoff=self.cutoffs["short"],
                    long_cutoff=self.cutoffs["long"],
                    skin=0.0,
                ),
                {},
            )
        else:
            lists, known = _own_and_plain(apart(like)[0])
            own = lists_like(lists, system)
        pairs: Pairs = own.pairs
        if plainly := self._plain_cutoffs():
            pairs = WithPlainLists(pairs, list_once(system, plainly, known))
        plan = self.plan(system)
        return pairs if plan is None else Planned(pairs, plan)

    def weighted(self, weight: float) -> "CpuForceField":
        """Return it with electrostatics and dispersion counted `weight` times in the forces."""
        return replace(self, reference=self.reference.weighted(weight))

    def __call__(self, system: System, pairs: Pairs) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        self.reference.check_terms()
        listed, plan = apart(pairs)
        lists, plain = _own_and_plain(listed)
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

        def sources(charges: PerAtom, ratios: PerAtom) -> tuple[PerAtom, PerAtom, PerAtom]:
            atoms = properties(charges, ratios)
            return atoms.partial_charges, polarizabilities(atoms), atoms.hirshfeld_ratios

        (_, alpha, _), pull_back = jax.vjp(sources, after.charges, after.ratios)
        atoms = properties(after.charges, after.ratios)
        by_charges, by_alpha, by_ratios = (jnp.zeros_like(alpha) for _ in range(3))
        per_atom = {"so3krates": atoms.energies, "zbl": after.repulsion}
        far, weight = None, self.reference.long_weight
        if weight != 0:
            far, of_tail = self._far(atoms, alpha, system, lists, plan)
            by_charges, by_alpha = weight * far.by_charge, weight * far.by_polarizability
            if self._with_charges:
                per_atom["electrostatics"] = far.electrostatics
            per_atom |= {"dispersion": far.dispersion} | of_tail
        others = self._others(atoms, system, plain)
        for one in others:
            by_charges, by_ratios = by_charges + one.by_charges, by_ratios + one.by_ratios
            per_atom |= one.energies
        by_charge, by_ratio = pull_back((by_charges, by_alpha, by_ratios))
        gradient, virial = calls.backward(
            model, system, lists, after, by_charge, by_ratio, self.threads
        )
        if far is not None:
            gradient, virial = gradient + weight * far.gradient, virial + weight * far.virial
        for one in others:
            gradient, virial = gradient - one.forces, virial + one.virial
        return predicted(
            system,
            per_atom,
            forces=-gradient.astype(system.positions.dtype),
            virial=virial.astype(system.cell.dtype),
            features=AtomFeatures(after.features, after.euclidean),
            atoms=atoms,
        )

    def _others(
        self, atoms: AtomicProperties, system: System, plain: Mapping[str, PairList]
    ) -> list[TermSums]:
        """Return the terms that are not the kernels', derivatives as often as they count."""
        shares, weight = shared_out(self.reference), self.reference.long_weight
        found = []
        if shares.short:
            found.append(sum_plainly(shares.short, atoms, system, plain["short"]))
        if shares.long and weight != 0:
            far = sum_plainly(shares.long, atoms, system, plain["long"])
            found.append(far.counted(weight))
        return found

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
            transport = CpuTransport(self.threads)
            return mesh_field(charges, system, plan, ewald.sigma, transport)
        coulomb = shared_out(self.reference).coulomb

        def energies(q: PerAtom) -> PerAtom:
            if coulomb is None:
                return jnp.zeros_like(q)
            return coulomb.self_energy(replace(atoms, partial_charges=q))

        return ChargeField(
            energies=energies(charges),
            by_charge=jax.grad(lambda q: energies(q).sum())(charges),
            gradient=jnp.zeros(system.positions.shape),
            virial=jnp.zeros(system.cell.shape),
        )


def on_cpu(force_field: ForceField, threads: int | None = None) -> CpuForceField:
    """Return the force field on the compiled kernels (host only).

    Args:
        force_field: force field to compute.
        threads: largest number of threads; by default as many as there are cores. The results
            do not depend on it.

    Raises:
        UnavailableError: there are no compiled kernels here, or not for this model or its terms.
    """
    if reason := library.why_unavailable():
        raise UnavailableError(reason)
    shares = shared_out(force_field)
    model = pack(force_field.network, shares.zbl)
    coulomb, cutoff = shares.coulomb, force_field.cutoff
    inner = coulomb.truncated if isinstance(coulomb, WolfCoulomb) else coulomb
    long_constants = long_range_constants(
        sigma=None if inner is None else inner.sigma,
        cutoff=cutoff,
        switch_on=SWITCH_ON * cutoff if isinstance(inner, TruncatedCoulomb) else None,
        damping=shares.dispersion.damping,
        switch_width=SWITCH_WIDTH,
        precision=force_field.precision,
    )
    return CpuForceField(
        reference=force_field,
        constants=model.constants,
        parameters=model.parameters,
        long_constants=jnp.asarray(long_constants),
        shape=model.shape,
        threads=library.threads() if threads is None else threads,
    )


def _own_and_plain(pairs: Pairs) -> tuple[CpuLists, Mapping[str, PairList]]:
    """Return the kernels' lists and the plain ones, none where all terms are the kernels'.

    Raises:
        InputError: they are lists of another formulation.
    """
    own, plain = (pairs.own, pairs.plain) if isinstance(pairs, WithPlainLists) else (pairs, {})
    if not isinstance(own, CpuLists):
        raise InputError(
            "pairs: the lists are those of another formulation",
            got=type(own).__name__,
            expected="lists of the compiled kernels, as the force field allocates them",
        )
    return own, plain


def _over_c(system: System, dtype: jnp.dtype) -> PerAtom:
    """Return α²/C6 of each atom's element, one in padding."""
    c6 = free_atom_c6()
    known = c6 > 0
    table = np.where(known, free_atom_polarizabilities() ** 2 / np.where(known, c6, 1.0), 1.0)
    return jnp.asarray(table, dtype)[system.numbers]
