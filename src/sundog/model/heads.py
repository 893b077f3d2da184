"""Output heads: atomic energies, partial charges, Hirshfeld ratios.

    E_i = s_Z mlp(x) + o_Z
    q_i = q̃_i + (Q − Σ q̃)/N,   q̃_i = mlp(x) + t_Z      (per structure, or per fragment)
    h_i = | v_Z + Σ_c A_Z,c k_c / √C |,   k = mlp(x)

    symbol      variable          meaning
    s_Z, o_Z    scale, shift      scale and offset of the energy of an element, eV
    t_Z         element           offset of the charge of an element, e
    v_Z, A_Z    element, query    offset and weights of the Hirshfeld ratio of an element
    Q, N        target, count     charge of a structure or fragment, and its number of atoms

The value inside | | is negative for many atoms, so that the sign in the derivative of
the absolute value matters. Source: Kabylda et al., JACS 147, 33723 (2025) and its
published code; charge correction: Unke, Meuwly, JCTC 15, 3678 (2019), eq. 14.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from sundog.model import initialization as init
from sundog.model.embedding import TABLE_ROWS
from sundog.model.hyperparameters import Hyperparameters
from sundog.numerics.layers import MLP
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import PerAtom

HEAD_ROWS = 100
"""Number of rows of the charge and Hirshfeld tables: Z = 0 (padding) … 99, as published."""

Features = Float[Array, "atoms features"]


class EnergyHead(eqx.Module):
    """Output head of the atomic energies E_i in eV.

    Attributes:
        mlp: perceptron on the features.
        scale: scale s_Z of each element in eV.
        shift: offset o_Z of each element in eV.
    """

    mlp: MLP
    scale: Float[Array, " numbers"]
    shift: Float[Array, " numbers"]

    def __call__(self, x: Features, system: System) -> PerAtom:
        """Return the network's energy of each atom in eV; zero in padding."""
        energies = self.scale[system.numbers] * self.mlp(x)[:, 0] + self.shift[system.numbers]
        return jnp.where(system.is_atom, energies, 0.0)


class ChargeHead(eqx.Module):
    """Output head of the partial charges q_i in e.

    Attributes:
        mlp: perceptron on the features.
        element: offset t_Z of each element in e.
    """

    mlp: MLP
    element: Float[Array, " numbers"]

    def __call__(self, x: Features, system: System) -> PerAtom:
        """Return partial charges in e that add up to the charge of each structure or fragment."""
        return equalized(self.mlp(x)[:, 0] + self.element[system.numbers], system)


def equalized(charges: PerAtom, system: System) -> PerAtom:
    """Return charges shifted so that they add up to the charge of each structure or fragment.

    All atoms of a structure or fragment are shifted by the same amount.

    Args:
        charges: charges before the shift, in e.
        system: structures and, where there are any, their fragments.
    """
    raw = jnp.where(system.is_atom, charges, 0.0)
    if system.fragment_index is None or system.fragment_charge is None:
        index, target = system.system_index, system.total_charge
    else:
        index, target = system.fragment_index, system.fragment_charge
    groups = target.shape[0]
    count = sum_per_system(system.is_atom.astype(raw.dtype), index, groups)
    excess = target - sum_per_system(raw, index, groups).astype(target.dtype)
    shift = excess / jnp.maximum(count, 1.0).astype(target.dtype)
    return jnp.where(system.is_atom, raw + shift.astype(raw.dtype)[index], 0.0)


class HirshfeldHead(eqx.Module):
    """Output head of h_i, the ratio of the effective to the free-atom Hirshfeld volume.

    Attributes:
        mlp: perceptron on the features.
        element: offset v_Z of each element.
        query: weights A_Z of each element.
    """

    mlp: MLP
    element: Float[Array, " numbers"]
    query: Float[Array, "numbers channels"]

    def __call__(self, x: Features, system: System) -> PerAtom:
        """Return Hirshfeld ratios; 1 in padding, so that nothing is divided by zero there."""
        key = self.mlp(x)
        product = jnp.sum(self.query[system.numbers] * key, axis=-1) / key.shape[-1] ** 0.5
        ratios = jnp.abs(self.element[system.numbers] + product)
        return jnp.where(system.is_atom, ratios, 1.0)


def initialize_energy_head(h: Hyperparameters, key: PRNGKeyArray) -> EnergyHead:
    """Return an energy head with random parameters."""
    return EnergyHead(
        mlp=init.mlp(key, h.features, h.features, 1),
        scale=jnp.ones(TABLE_ROWS),
        shift=jnp.zeros(TABLE_ROWS),
    )


def initialize_charge_head(h: Hyperparameters, key: PRNGKeyArray) -> ChargeHead:
    """Return a charge head with random parameters."""
    first, second = jax.random.split(key)
    return ChargeHead(
        mlp=init.mlp(first, h.features, h.features, 1),
        element=init.table(second, HEAD_ROWS, 1)[:, 0],
    )


def initialize_hirshfeld_head(h: Hyperparameters, key: PRNGKeyArray) -> HirshfeldHead:
    """Return a Hirshfeld head with random parameters."""
    channels = h.hirshfeld_features
    first, second, third = jax.random.split(key, 3)
    return HirshfeldHead(
        mlp=init.mlp(first, h.features, channels, channels),
        element=init.table(second, HEAD_ROWS, 1)[:, 0],
        query=init.table(third, HEAD_ROWS, channels),
    )
