"""SO3LR through the compiled CPU kernels: the same Hamiltonian, another way to compute it.

Embedding, equalisation of the charges and sums over structures are the reference
formulation's own; network, long range and all derivatives are kernels. What the kernels
return is differentiated by them and by nothing else: use the reference for training and
second derivatives.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.elements import free_atom_c6, free_atom_polarizabilities
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.packing import pack
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, predicted
from sundog.kernels.cpu import calls, library
from sundog.kernels.cpu.coulomb import long_range_constants
from sundog.kernels.cpu.lists import CpuLists, allocate_cpu_lists
from sundog.model.heads import equalized
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

    def allocate_neighbors(self, system: System, skin: float) -> CpuLists:
        """Return the kernels' own lists (host only)."""
        return allocate_cpu_lists(
            system,
            short_cutoff=self.cutoffs["short"],
            long_cutoff=self.cutoffs["long"],
            skin=skin,
        )

    def pairs_once(self, system: System) -> CpuLists:
        """Return lists for one evaluation (host only)."""
        return self.allocate_neighbors(system, 0.0)

    def __call__(self, system: System, pairs: CpuLists) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        model = calls.Model(self.shape, self.constants, self.parameters)
        after = calls.forward(
            model, system, pairs, self.reference.network.embedding(system), self.threads
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

        (charges, alpha), pull_back = jax.vjp(sources, after.charges, after.ratios)
        coulomb, dispersion = self.reference.long_terms
        atoms = properties(after.charges, after.ratios)
        far = calls.long_range(
            self.long_constants,
            system,
            pairs,
            charges,
            alpha,
            _over_c(system, alpha.dtype),
            self.threads,
        )
        self_slope = jax.grad(
            lambda q: coulomb.self_energy(replace(atoms, partial_charges=q)).sum()
        )(charges)
        by_charge, by_ratio = pull_back((far.by_charge + self_slope, far.by_polarizability))
        gradient, virial = calls.backward(
            model, system, pairs, after, by_charge, by_ratio, self.threads
        )
        per_atom = {
            "so3krates": atoms.energies,
            "zbl": after.repulsion,
            coulomb.name: far.electrostatics + coulomb.self_energy(atoms),
            dispersion.name: far.dispersion,
        }
        return predicted(
            system,
            per_atom,
            forces=-(gradient + far.gradient).astype(system.positions.dtype),
            virial=(virial + far.virial).astype(system.cell.dtype),
            features=AtomFeatures(after.features, after.euclidean),
            atoms=atoms,
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
    _, dispersion = force_field.long_terms
    assert isinstance(dispersion, Dispersion)
    cutoff = force_field.cutoff
    shifted = force_field.electrostatics != "exact"
    try:
        long_constants = long_range_constants(
            sigma=h.coulomb_sigma,
            cutoff=cutoff,
            switch_on=SWITCH_ON * cutoff if shifted else None,
            damping=dispersion.damping,
            switch_width=SWITCH_WIDTH,
            precision=force_field.precision,
        )
    except InputError as error:
        return str(error)
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
