"""Identity of a model: one hash over its arrays and its hyperparameters."""

import json
from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from sundog.model.hyperparameters import Hyperparameters


def identity_of(arrays: Mapping[str, np.ndarray], hyperparameters: Hyperparameters) -> str:
    """Return the SHA-256 of everything that a model computes with.

    The order of the arrays and their places in a file do not matter.

    Args:
        arrays: arrays of the model by sundog's names.
        hyperparameters: shape and constants of the model.
    """
    digest = sha256(json.dumps(hyperparameters.to_dict(), sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"\n{name} {little.dtype.str} {array.shape}\n".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
