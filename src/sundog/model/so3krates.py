"""SO3krates network: from the geometry it computes features, and from these atomic properties.

Source: Frank et al., Nat. Commun. 15, 6539 (2024); Kabylda et al., JACS 147,
33723 (2025).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from sundog.model.embedding import Embedding, initialize_embedding
from sundog.model.heads import (
    ChargeHead,
    EnergyHead,
    HirshfeldHead,
    initialize_charge_head,
    initialize_energy_head,
    initialize_hirshfeld_head,
)
from sundog.model.hyperparameters import Hyperparameters
from sundog.model.layer import Layer, PairBasis, initialize_layer
from sundog.neighbors.pairs import Edges, PairList
from sundog.numerics.bernstein import bernstein_basis
from sundog.numerics.harmonics import spherical_harmonics
from sundog.numerics.switch import polynomial_cutoff
from sundog.properties import AtomFeatures, AtomicProperties
from sundog.system import System


class So3krates(eqx.Module):
    """Network of the SO3krates architecture. Its arrays are its parameters.

    Attributes:
        embedding: initial features of the atoms.
        layers: layers, in their order.
        energy_head: output head of the atomic energies.
        charge_head: output head of the partial charges.
        hirshfeld_head: output head of the Hirshfeld ratios.
        hyperparameters: numbers that fix shapes and constants.
    """

    embedding: Embedding
    layers: tuple[Layer, ...]
    energy_head: EnergyHead
    charge_head: ChargeHead
    hirshfeld_head: HirshfeldHead
    hyperparameters: Hyperparameters = eqx.field(static=True)

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the parameters, which is that of the arithmetic."""
        return self.embedding.element.dtype

    def features(self, system: System, pairs: PairList, edges: Edges) -> AtomFeatures:
        """Return the features after the last layer.

        Args:
            system: structures.
            pairs: short-range pairs.
            edges: geometry of these pairs, in the precision of the parameters.
        """
        basis = self._basis(edges)
        x = self.embedding(system)
        components = basis.harmonics.shape[1]
        atoms = AtomFeatures(x, jnp.zeros((x.shape[0], components), x.dtype))
        for layer in self.layers:
            atoms = layer(atoms, basis, pairs)
        return atoms

    def properties(self, atoms: AtomFeatures, system: System) -> AtomicProperties:
        """Return energies, partial charges and Hirshfeld ratios of the atoms."""
        x = atoms.invariant
        return AtomicProperties(
            numbers=system.numbers,
            energies=self.energy_head(x, system),
            partial_charges=self.charge_head(x, system),
            hirshfeld_ratios=self.hirshfeld_head(x, system),
        )

    def _basis(self, edges: Edges) -> PairBasis:
        h = self.hyperparameters
        weight = polynomial_cutoff(edges.distances, h.cutoff) / h.average_neighbors
        return PairBasis(
            radial=bernstein_basis(edges.distances, h.radial_functions, h.radial_decay),
            harmonics=spherical_harmonics(edges.vectors / edges.distances[:, None], h.degrees),
            weight=jnp.where(edges.mask, weight, 0.0),
        )


def initialize(hyperparameters: Hyperparameters, key: PRNGKeyArray) -> So3krates:
    """Return a network with random parameters, for training from scratch and for tests."""
    keys = jax.random.split(key, 4 + hyperparameters.layers)
    return So3krates(
        embedding=initialize_embedding(hyperparameters, keys[0]),
        layers=tuple(initialize_layer(hyperparameters, k) for k in keys[4:]),
        energy_head=initialize_energy_head(hyperparameters, keys[1]),
        charge_head=initialize_charge_head(hyperparameters, keys[2]),
        hirshfeld_head=initialize_hirshfeld_head(hyperparameters, keys[3]),
        hyperparameters=hyperparameters,
    )
