"""The loss of training, of one prediction and the labels.

    L = Σ_k w_k L_k
    forces, charges, ratios   L = ⟨ ⟨ρ(Δ)⟩ of the structure's labelled entries ⟩ of structures
    dipole                    L = ⟨ρ(Δ)⟩ of labelled components of all structures
    energy                    L = ⟨ρ(Δ/N)⟩ of structures, Δ less its mean over the structures of the
                              same composition in the batch, or less the elements' references
    stress                    L = ⟨ ⟨ρ(Δ)⟩ of components ⟩ of structures

    ρ(Δ) = Δ²  or  2d²(√(1 + (Δ/d)²) − 1), pseudo-Huber, which is Δ² where Δ is small

Means are taken over structures that have the label; a label without any counts zero. Labels are
masked before the difference is squared: a NaN behind a mask has a derivative, which is NaN.
Source: MODEL of Kabylda et al., JACS 147, 33723 (2025) and its published code: w = 10 for forces,
1 for dipole and ratios, squares.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sundog.data.records import OF_ATOMS
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.numerics.segments import sum_per_system
from sundog.train.batch import Batch
from sundog.typing import PerSystem

Shape = Callable[[Array], Array]
"""Function ρ of a difference."""


class LossParts(NamedTuple):
    """Parts of a loss.

    Attributes:
        terms: L_k by label, before its weight.
        of_structures: part of the loss that each structure has, to find those that spoil it.
    """

    terms: dict[str, Float[Array, ""]]
    of_structures: PerSystem


def square(difference: Array) -> Array:
    """Return ρ(Δ) = Δ²."""
    return difference**2


def pseudo_huber(width: float) -> Shape:
    """Return ρ that is Δ² for errors well below a width, and linear well above."""

    def rho(difference: Array) -> Array:
        return 2.0 * width**2 * (jnp.sqrt(1.0 + (difference / width) ** 2) - 1.0)

    return rho


def loss(
    force_field: AbstractForceField,
    batch: Batch,
    weights: Mapping[str, float],
    rho: Shape = square,
    *,
    by_composition: bool = True,
) -> tuple[Float[Array, ""], LossParts]:
    """Return the loss and its parts (pure, differentiable by the force field's parameters).

    Args:
        force_field: force field that is trained.
        batch: structures and labels.
        weights: weights w_k by label; labels without one are not looked at.
        rho: function ρ of the differences.
        by_composition: whether energies are compared within compositions; else references of the
            elements were taken off the labels.
    """
    return loss_of(force_field(batch.system, batch.pairs), batch, weights, rho, by_composition)


def loss_of(
    prediction: Prediction,
    batch: Batch,
    weights: Mapping[str, float],
    rho: Shape,
    by_composition: bool,
) -> tuple[Float[Array, ""], LossParts]:
    """Return the loss of a prediction, and its parts.

    Args:
        prediction: prediction for the batch.
        batch: structures and labels.
        weights: weights w_k by label.
        rho: function ρ of the differences.
        by_composition: whether energies are compared within compositions.
    """
    terms, spread = {}, jnp.zeros(batch.system.number_of_systems)
    for name, weight in weights.items():
        known = batch.known[name]
        difference = differences(prediction, batch, name)
        if name == "energy" and by_composition:
            difference, known = _within_compositions(difference, known, batch)
        means, counts = _per_structure(rho(difference), known, name, batch)
        # Components of dipoles are averaged over all structures at once, as published.
        share = counts if name == "dipole" else jnp.minimum(counts, 1.0)
        each = weight * share * means / jnp.maximum(share.sum(), 1.0)
        terms[name] = each.sum() / weight
        spread = spread + each
    total = sum((weights[name] * one for name, one in terms.items()), start=jnp.zeros(()))
    return total, LossParts(terms, spread)


def differences(prediction: Prediction, batch: Batch, name: str) -> Float[Array, "..."]:
    """Return prediction minus label of a quantity, zero where there is no label.

    Energies are those of an atom, in eV.

    Args:
        prediction: prediction for the batch.
        batch: structures and labels.
        name: name of the quantity.
    """
    label, known = batch.labels[name], batch.known[name]
    value = _predicted(prediction, name).astype(label.dtype)
    difference = jnp.where(known, value - label, 0.0)
    return difference / _sizes(batch) if name == "energy" else difference


def _predicted(prediction: Prediction, name: str) -> Float[Array, "..."]:
    if name == "charges":
        return jnp.asarray(prediction.partial_charges)
    if name == "stress":
        volume = jnp.where(prediction.volume > 0, prediction.volume, 1.0)
        return jnp.asarray(prediction.virial / volume[:, None, None])
    return getattr(prediction, name)


def _sizes(batch: Batch) -> PerSystem:
    system = batch.system
    ones = system.is_atom.astype(float)
    return jnp.maximum(sum_per_system(ones, system.system_index, system.number_of_systems), 1.0)


def _per_structure(
    values: Float[Array, "..."], known: Bool[Array, "..."], name: str, batch: Batch
) -> tuple[PerSystem, PerSystem]:
    """Return mean and number of the labelled entries of each structure."""
    values, count = jnp.where(known, values, 0.0), known.astype(values.dtype)
    rows = values.reshape(values.shape[0], -1).sum(axis=1)
    counts = count.reshape(values.shape[0], -1).sum(axis=1)
    if name in OF_ATOMS:
        system = batch.system
        index, systems = system.system_index, system.number_of_systems
        rows, counts = (sum_per_system(one, index, systems) for one in (rows, counts))
    return rows / jnp.maximum(counts, 1.0), counts


def _within_compositions(
    difference: PerSystem, known: Bool[Array, " systems"], batch: Batch
) -> tuple[PerSystem, Bool[Array, " systems"]]:
    """Return differences less their mean over a composition; a structure alone does not count."""
    groups, count = batch.composition, batch.composition.shape[0]
    labelled = known.astype(difference.dtype)
    of_group = jax.ops.segment_sum(labelled, groups, count)
    means = jax.ops.segment_sum(difference * labelled, groups, count) / jnp.maximum(of_group, 1.0)
    several = known & (of_group > 1)[groups]
    return jnp.where(several, difference - means[groups], 0.0), several
