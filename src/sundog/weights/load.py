"""Force fields from names of weights or named arrays."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import GetAttrKey, SequenceKey

from sundog.forcefield.so3lr import ForceField, assemble
from sundog.hamiltonian import Hamiltonian, HamiltonianFields, hamiltonian_of
from sundog.model.so3krates import initialize
from sundog.numerics.precision import with_x64
from sundog.terms.base import AbstractPairTerm
from sundog.terms.zbl import ZBL
from sundog.weights.card import doubt
from sundog.weights.fetch import obtain
from sundog.weights.programs import keep_programs
from sundog.weights.store import WeightSet


@with_x64
def load(
    model: str | Hamiltonian | None = None,
    *,
    extra_terms: Sequence[AbstractPairTerm] = (),
    **fields: Unpack[HamiltonianFields],
) -> ForceField:
    """Return a force field with trained weights, ready to call.

        force_field = sundog.load("so3lr", electrostatics="truncated", precision="float64")

    Args:
        model: name of installed weights or path to a `.safetensors` file; by default
            `SUNDOG_MODEL_PATH`, else the published `so3lr`, which is fetched once. Or a whole
            `Hamiltonian`.
        extra_terms: energy terms of the user, summed over the long-range pairs in every
            formulation; `sundog.testing.check_term` checks them.
        **fields: `electrostatics`, `cutoff_angstrom`, `ewald_accuracy`, `dispersion_tail` and
            `precision`, with the meaning and the defaults that they have in `Hamiltonian`.

    Raises:
        WeightsError: the weights are missing, damaged, or cannot be fetched.
        InputError: a value that `Hamiltonian` refuses, a cutoff within the short range, two terms
            of one name, or a term that reaches beyond the long-range pairs.
    """
    keep_programs()
    hamiltonian = hamiltonian_of(model, fields)
    weights = obtain(hamiltonian.model, report=_say)
    if said := doubt(weights.card):
        _say(said)
    return build(weights, hamiltonian, extra_terms)


@with_x64
def build(
    weights: WeightSet,
    hamiltonian: Hamiltonian,
    extra_terms: Sequence[AbstractPairTerm] = (),
) -> ForceField:
    """Return the force field of a weight set; errors as of `load`.

    Args:
        weights: named arrays and hyperparameters.
        hamiltonian: treatment and precision; `model` becomes the name of the weights.
        extra_terms: energy terms of the user, summed over the long-range pairs.
    """
    h = weights.hyperparameters
    skeleton = eqx.filter_eval_shape(initialize, h, jax.random.key(0))

    def array_of(path: tuple, _: object) -> jax.Array:
        return jnp.asarray(weights.arrays[_dotted(path)])

    network = jax.tree_util.tree_map_with_path(array_of, skeleton)
    zbl = ZBL(
        **{name: jnp.asarray(weights.arrays[f"zbl.{name}"]) for name in ("a", "c", "p", "d")},
        cutoff=h.cutoff,
        switch_off=h.zbl_cutoff,
    )
    named = replace(hamiltonian, model=weights.name)
    return assemble(network, zbl, named, extra_terms=extra_terms)


def arrays_of(force_field: ForceField) -> dict[str, np.ndarray]:
    """Return the arrays of a force field by the names under which they are stored.

    Args:
        force_field: force field whose first short term is the learned repulsion.
    """
    named = jax.tree_util.tree_flatten_with_path(force_field.network)[0]
    arrays = {_dotted(path): np.asarray(leaf) for path, leaf in named}
    zbl = force_field.short_terms[0]
    repulsion = {f"zbl.{name}": np.asarray(getattr(zbl, name)) for name in ("a", "c", "p", "d")}
    return arrays | repulsion


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _dotted(path: tuple) -> str:
    """Return a leaf's path in the network as the dotted name it is stored under."""
    return ".".join(_part(key) for key in path)


def _part(key: object) -> str:
    match key:
        case GetAttrKey(name=name):
            return name
        case SequenceKey(idx=index):
            return str(index)
    raise TypeError(f"unexpected key {key!r} in the parameter tree")
