"""From named arrays to a force field: the door most programs come in by."""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.tree_util import GetAttrKey, SequenceKey

from sundog.forcefield.so3lr import EWALD_ACCURACY, PUBLISHED_CUTOFF, ForceField, assemble
from sundog.model.so3krates import initialize
from sundog.numerics.precision import with_x64
from sundog.terms.zbl import ZBL
from sundog.typing import ElectrostaticsName, Precision
from sundog.weights.fetch import obtain
from sundog.weights.store import WeightSet


@with_x64
def load(
    model: str | None = None,
    *,
    electrostatics: ElectrostaticsName = "exact",
    cutoff_angstrom: float = PUBLISHED_CUTOFF,
    ewald_accuracy: float = EWALD_ACCURACY,
    dispersion_tail: bool = False,
    precision: Precision = "float32",
) -> ForceField:
    """Return a force field with trained weights, ready to call.

    Args:
        model: name of installed weights or path to a `.safetensors` file; by default
            `SUNDOG_MODEL_PATH`, else the published `so3lr`, which is fetched once.
        electrostatics: `exact` for molecules; `truncated` (the published simulations'), `wolf`
            or `ewald` (all images) for periodic systems. Four different Hamiltonians.
        cutoff_angstrom: long-range cutoff in Å; unused by `exact`, with `ewald` that of the
            dispersion alone.
        ewald_accuracy: RMS error of the forces of `ewald` in eV/Å.
        dispersion_tail: whether the dispersion beyond the cutoff is added in the mean, as is
            right for a homogeneous liquid; runs on the command line decide by the structure.
        precision: `float32` for speed, `float64` for parity with the reference.

    Raises:
        WeightsError: the weights are missing, damaged, or cannot be fetched.
        InputError: unknown treatment or precision, a cutoff within the short range, an
            accuracy that is out of reach, or a tail of `exact`.
    """
    return build(
        obtain(model, report=_say),
        electrostatics=electrostatics,
        cutoff_angstrom=cutoff_angstrom,
        ewald_accuracy=ewald_accuracy,
        dispersion_tail=dispersion_tail,
        precision=precision,
    )


@with_x64
def build(
    weights: WeightSet,
    *,
    electrostatics: ElectrostaticsName = "exact",
    cutoff_angstrom: float = PUBLISHED_CUTOFF,
    ewald_accuracy: float = EWALD_ACCURACY,
    dispersion_tail: bool = False,
    precision: Precision = "float32",
) -> ForceField:
    """Return the force field of a weight set; arguments as for `load`."""
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
    return assemble(
        network,
        zbl,
        electrostatics=electrostatics,
        cutoff=cutoff_angstrom,
        ewald_accuracy=ewald_accuracy,
        dispersion_tail=dispersion_tail,
        precision=precision,
        model_name=weights.name,
    )


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
