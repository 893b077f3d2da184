"""Reader of a flax model's `params.pkl`: nested dicts of numpy arrays, and nothing else.

numpy's own reconstruction is not run, because it trusts the flags of a pickled dtype: its
arguments are kept, checked and made into an array here.
"""

from collections.abc import Mapping

import numpy as np

from sundog.errors import WeightsError
from sundog.weights.pickles import RestrictedUnpickler, flatten, load, to_array


def read_flax_pickle(data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a `params.pkl` by their path, such as `layers_0/exchange_block/…`.

    Raises:
        WeightsError: The file is damaged, or holds anything but dicts of arrays.
    """
    tree = load(_FlaxUnpickler, data)
    if not isinstance(tree, dict) or not isinstance(parameters := tree.get("params"), dict):
        raise WeightsError(
            "weights: the file is a pickle but not a flax model",
            expected="a dict with the entry `params`",
            remedy=_REMEDY,
        )
    leaves = flatten(parameters, _children, separator="/")
    return {name: _array(name, leaf) for name, leaf in leaves.items()}


class _PickledDtype:
    """Pickled dtype: a code, `f4`, and a state whose second entry is the byte order."""

    __slots__ = ("code", "state")

    def __init__(self, code: object):
        self.code = code
        self.state: object = None

    def __setstate__(self, state: object):
        self.state = state

    @property
    def name(self) -> str | None:
        """Name of the dtype as numpy writes it, `<f4`."""
        match self.code, self.state:
            case str(code), (_, str(order), *_):
                return order + code
        return None


class _PickledArray:
    """Pickled array: (version, shape, dtype, whether Fortran-ordered, bytes)."""

    __slots__ = ("state",)

    def __init__(self, state: object = None):
        self.state = state

    def __setstate__(self, state: object):
        self.state = state


class _FlaxUnpickler(RestrictedUnpickler):
    def find_class(self, module: str, name: str) -> object:
        # `core` became `_core` in numpy 2; pickle protocol 5 calls `_frombuffer`.
        match module.replace("numpy._core", "numpy.core"), name:
            case "numpy", "ndarray":
                return "numpy.ndarray"
            case "numpy", "dtype":
                return self._dtype
            case "numpy.core.multiarray", "_reconstruct":
                return self._reconstruct
            case "numpy.core.numeric", "_frombuffer":
                return self._from_buffer
        return super().find_class(module, name)

    def _dtype(self, code: object, *_: object) -> _PickledDtype:
        return _PickledDtype(code)

    def _reconstruct(self, *_: object) -> _PickledArray:
        return _PickledArray()

    def _from_buffer(
        self, buffer: object, dtype: object, shape: object, order: object
    ) -> _PickledArray:
        return _PickledArray((1, shape, dtype, order == "F", buffer))


def _children(node: object) -> Mapping | None:
    return node if isinstance(node, dict) else None


def _array(name: str, leaf: object) -> np.ndarray:
    if not isinstance(leaf, _PickledArray) or not isinstance(leaf.state, tuple):
        raise WeightsError(f"weights: `{name}` in the file is not a numpy array", remedy=_REMEDY)
    match leaf.state:
        case _, shape, _PickledDtype() as dtype, fortran, raw:
            return to_array(name, raw, dtype.name, shape, order="F" if fortran else "C")
    raise WeightsError(f"weights: the array `{name}` in the file is damaged", remedy=_REMEDY)


_REMEDY = "Save the model with `pickle` as nested dicts of numpy arrays, and import it again"
"""Remedy in errors about files that are no flax models."""
