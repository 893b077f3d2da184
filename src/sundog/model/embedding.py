"""Initial features from element, total charge and spin.

    x⁰ = (e_Z + e_Q + e_S)/√3
    for ψ = Q or S:  y_i = softplus(q_Z·k/√F),  a_i = ψ y_i / Σ_j y_j,
                     u = a_i v,  e_ψ = u + W2 silu(W1 silu(u))

    symbol    variable          meaning
    e_Z       element           table of the elements
    ψ         psi               total charge Q in e, or number S of unpaired electrons
    q, k, v   query, key, value tables of one `ElectronEmbedding`
    W1, W2    mlp               its perceptron, without biases
    a_i       share             part of ψ that belongs to atom i

k and v have two rows: 0 for ψ ≥ 0, 1 for ψ < 0. The sum runs over the structure, so that ψ is
divided among its atoms. Source: SpookyNet, Unke et al., Nat. Commun. 12, 7273 (2021), eqs. 9–12;
the published SO3LR code.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from sundog.model import initialization as init
from sundog.model.hyperparameters import Hyperparameters
from sundog.numerics.layers import MLP
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import PerSystem

TABLE_ROWS = 119
"""Number of rows of the tables over atomic numbers: Z = 0 (padding) … 118, as published."""


class ElectronEmbedding(eqx.Module):
    """Embedding of one electronic quantity ψ: total charge, or number of unpaired electrons.

    Attributes:
        query: vector q_Z of each atomic number.
        key: vectors k for ψ ≥ 0 and ψ < 0.
        value: vectors v for ψ ≥ 0 and ψ < 0.
        mlp: perceptron of the residual update, without biases.
    """

    query: Float[Array, "numbers features"]
    key: Float[Array, "2 features"]
    value: Float[Array, "2 features"]
    mlp: MLP

    def __call__(self, psi: PerSystem, system: System) -> Float[Array, "atoms features"]:
        """Return e_ψ of each atom; exactly zero where ψ = 0.

        Args:
            psi: quantity ψ of each structure.
            system: structures whose atoms share ψ.
        """
        width = self.query.shape[1]
        # Most structures are neutral singlets, for which the MLP would compute zeros.
        return jax.lax.cond(
            jnp.any(psi != 0),
            lambda: self._embedded(psi, system),
            lambda: jnp.zeros((system.number_of_atoms, width), self.query.dtype),
        )

    def _embedded(self, psi: PerSystem, system: System) -> Float[Array, "atoms features"]:
        psi = psi.astype(self.query.dtype)[system.system_index]
        sign = (psi < 0).astype(jnp.int32)
        query = self.query[system.numbers]
        logits = jnp.sum(query * self.key[sign], axis=-1) / query.shape[-1] ** 0.5
        weights = jnp.where(system.is_atom, jax.nn.softplus(logits), 0.0)
        total = sum_per_system(weights, system.system_index, system.number_of_systems)
        # The total is zero in padding structures, which have no atoms.
        total = jnp.where(total > 0, total, 1.0).astype(weights.dtype)
        share = psi * weights / total[system.system_index]
        u = share[:, None] * self.value[sign]
        return u + self.mlp(jax.nn.silu(u))


class Embedding(eqx.Module):
    """Initial features x⁰ from element, total charge and number of unpaired electrons.

    Attributes:
        element: vector e_Z of each atomic number.
        charge: embedding of the total charge.
        spin: embedding of the number of unpaired electrons.
    """

    element: Float[Array, "numbers features"]
    charge: ElectronEmbedding
    spin: ElectronEmbedding

    def __call__(self, system: System) -> Float[Array, "atoms features"]:
        """Return the initial features x⁰ of each atom."""
        unpaired = system.multiplicity - 1.0
        electronic = self.charge(system.total_charge, system) + self.spin(unpaired, system)
        return (self.element[system.numbers] + electronic) / 3**0.5


def initialize_embedding(hyperparameters: Hyperparameters, key: PRNGKeyArray) -> Embedding:
    """Return an embedding with random parameters."""
    width = hyperparameters.features

    def electron(key: PRNGKeyArray) -> ElectronEmbedding:
        keys = jax.random.split(key, 4)
        return ElectronEmbedding(
            query=init.table(keys[0], TABLE_ROWS, width),
            key=init.table(keys[1], 2, width),
            value=init.table(keys[2], 2, width),
            mlp=init.mlp(keys[3], width, width, width, bias=False),
        )

    keys = jax.random.split(key, 3)
    return Embedding(
        element=init.table(keys[0], TABLE_ROWS, width),
        charge=electron(keys[1]),
        spin=electron(keys[2]),
    )
