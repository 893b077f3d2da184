"""One step of training: the gradient of the loss and what it does to the state.

    v, ∂L/∂θ  by reverse mode through the forces, which reverse mode gave
    θ, moments, average → the next ones, unless a number of the batch is not finite

A batch that would spoil the parameters changes nothing. Its structures are told apart by their own
parts of the loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from sundog.forcefield.so3lr import ForceField
from sundog.model.chebyshev import with_chebyshev_filters
from sundog.train.batch import Batch
from sundog.train.loss import Shape, differences, loss, loss_of, pseudo_huber, square
from sundog.train.optimizer import averaged, optimizer_of
from sundog.train.settings import Loss, Optimizer


class TrainState(eqx.Module):
    """Everything that steps change.

    Attributes:
        parameters: parameters of the model.
        moments: state of the optimiser.
        average: moving average of the parameters, or None.
        step: number of steps that were made.
    """

    parameters: PyTree[Array]
    moments: PyTree[Array]
    average: PyTree[Array] | None
    step: Int[Array, ""]


class Told(eqx.Module):
    """Numbers that a step tells of its batches.

    Attributes:
        loss: the loss, a mean over the batches of the step.
        terms: the same of each label, before its weight.
        norm: norm of the gradient before it was cut.
        of_structures: part of the loss of each structure, [batches, structures].
        usable: whether all numbers are finite, and the state has changed.
    """

    loss: Float[Array, ""]
    terms: dict[str, Float[Array, ""]]
    norm: Float[Array, ""]
    of_structures: Float[Array, "batches systems"]
    usable: Bool[Array, ""]


@dataclass(frozen=True)
class Recipe:
    """Parts that a step needs beside state and batch.

    Attributes:
        skeleton: force field without its parameters.
        optimizer: gradient transformation of optax.
        loss: settings of the loss.
        average_decay: decay of the moving average, 0 for none.
        expanded_from: distance in Å from which on the radial filters of a step are sums of
            polynomials (`model.chebyshev`); None for the perceptrons themselves.
    """

    skeleton: ForceField
    optimizer: Any
    loss: Loss
    average_decay: float
    expanded_from: float | None = None

    @property
    def rho(self) -> Shape:
        """Function ρ of the differences."""
        square_alone = self.loss.loss_shape == "square"
        return square if square_alone else pseudo_huber(self.loss.huber_width)

    @property
    def by_composition(self) -> bool:
        """Whether energies are compared within compositions."""
        return self.loss.energy_reference == "composition"

    def force_field(self, parameters: PyTree[Array]) -> ForceField:
        """Return the force field with parameters."""
        return eqx.combine(parameters, self.skeleton)

    def expanded(self, start: float) -> "Recipe":
        """Return the recipe with filters as sums of polynomials from a distance in Å on."""
        return replace(self, expanded_from=start)

    def fast(self, parameters: PyTree[Array]) -> ForceField:
        """Return the force field as steps compute it."""
        whole = self.force_field(parameters)
        if self.expanded_from is None:
            return whole
        network = with_chebyshev_filters(whole.network, self.expanded_from)
        return replace(whole, network=network)


def parts_of(force_field: ForceField) -> tuple[PyTree[Array], ForceField]:
    """Return the parameters that are trained, and the force field without them.

    Trained are those of the network and of the learned repulsion; no constants are.
    """
    chosen = jax.tree.map(lambda _: False, force_field)
    learned = (force_field.network, force_field.short_terms)
    marks = jax.tree.map(eqx.is_inexact_array, learned)
    chosen = eqx.tree_at(lambda f: (f.network, f.short_terms), chosen, marks)
    return eqx.partition(force_field, chosen)


def begin(
    force_field: ForceField, settings: Optimizer, loss_settings: Loss, steps: int
) -> tuple[TrainState, Recipe]:
    """Return the state before the first step, and what its steps need.

    Args:
        force_field: force field to train.
        settings: settings of the optimiser.
        loss_settings: settings of the loss.
        steps: number of steps of the whole run.

    Raises:
        UnavailableError: optax is not installed.
    """
    parameters, skeleton = parts_of(force_field)
    optimizer = optimizer_of(settings, steps)
    average = parameters if settings.average_decay else None
    with jax.numpy_dtype_promotion("standard"):
        moments = eqx.filter_jit(optimizer.init)(parameters)
    state = TrainState(parameters, moments, average, jnp.zeros((), jnp.int32))
    return state, Recipe(skeleton, optimizer, loss_settings, settings.average_decay)


Step = Callable[[TrainState, Sequence[Batch]], tuple[TrainState, Told]]
"""Function that makes one step with the batches of it."""


def step_of(recipe: Recipe) -> Step:
    """Return the function that makes a step; one program serves each room of batches."""

    @eqx.filter_jit
    def gradient(parameters: PyTree[Array], batch: Batch) -> Any:
        def total(parameters: PyTree[Array]) -> Any:
            return loss(
                recipe.fast(parameters),
                batch,
                recipe.loss.weights,
                recipe.rho,
                by_composition=recipe.by_composition,
            )

        return jax.value_and_grad(total, has_aux=True)(parameters)

    @eqx.filter_jit
    def apply(state: TrainState, found: Sequence[Any]) -> tuple[TrainState, Told]:
        count = len(found)
        mean = jax.tree.map(lambda *each: sum(each[1:], start=each[0]) / count, *found)
        (value, parts), gradients = mean
        norm = _norm(gradients)
        usable = jnp.isfinite(value) & jnp.isfinite(norm)
        updated = _updated(recipe, state, gradients)
        kept = jax.tree.map(lambda new, old: jnp.where(usable, new, old), updated, state)
        spread = jnp.stack([one.of_structures for (_, one), _ in found])
        return kept, Told(value, parts.terms, norm, spread, usable)

    def step(state: TrainState, batches: Sequence[Batch]) -> tuple[TrainState, Told]:
        return apply(state, [gradient(state.parameters, one) for one in batches])

    return step


def _updated(recipe: Recipe, state: TrainState, gradients: PyTree[Array]) -> TrainState:
    # optax mixes integers and floats of its own.
    with jax.numpy_dtype_promotion("standard"):
        changes, moments = recipe.optimizer.update(gradients, state.moments, state.parameters)
    parameters = jax.tree.map(lambda one, change: one + change, state.parameters, changes)
    average = state.average
    if average is not None:
        average = averaged(average, parameters, recipe.average_decay, state.step)
    return TrainState(parameters, moments, average, state.step + 1)


def _norm(gradients: PyTree[Array]) -> Float[Array, ""]:
    squares = [jnp.sum(jnp.square(one)).astype(float) for one in jax.tree.leaves(gradients)]
    return jnp.sqrt(sum(squares, start=jnp.zeros(())))


Judge = Callable[[PyTree[Array], Batch], tuple[dict[str, Array], dict[str, Array]]]
"""Function from parameters and a batch to differences from the labels and terms of the loss."""


def judge_of(recipe: Recipe) -> Judge:
    """Return the function that judges a batch for validation, with the filters themselves."""

    @eqx.filter_jit
    def judge(parameters: PyTree[Array], batch: Batch) -> Any:
        prediction = recipe.force_field(parameters)(batch.system, batch.pairs)
        _, parts = loss_of(
            prediction, batch, recipe.loss.weights, recipe.rho, recipe.by_composition
        )
        return {name: differences(prediction, batch, name) for name in batch.labels}, parts.terms

    return judge
