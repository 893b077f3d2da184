"""Reader of model files of other programs, which returns sundog's arrays."""

from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from sundog.errors import WeightsError
from sundog.model.hyperparameters import Hyperparameters
from sundog.weights import layouts
from sundog.weights import settings as dialects
from sundog.weights.conversion import to_canonical
from sundog.weights.flax_pickle import read_flax_pickle
from sundog.weights.names import infer_dimensions, validate
from sundog.weights.published import recognise
from sundog.weights.torch_archive import read_torch_archive


class ForeignModel(NamedTuple):
    """Model of another program, in sundog's terms.

    Attributes:
        arrays: Arrays of the model, complete and checked.
        hyperparameters: Hyperparameters that the file states, else those of the published model.
        assumed: Names of the hyperparameters that the file does not state.
        sha256: Hash of the file.
        published: Name of the published model that the file is, None if it is another.
    """

    arrays: dict[str, np.ndarray]
    hyperparameters: Hyperparameters
    assumed: list[str]
    sha256: str
    published: str | None


def read_model_file(data: bytes, settings: Mapping | None = None) -> ForeignModel:
    """Return the model in the bytes of a flax `params.pkl` or of a torch archive.

    Args:
        data: Bytes of the whole file.
        settings: Upstream's hyperparameters that belong to a `params.pkl`; a torch archive
            holds its own.

    Raises:
        WeightsError: The file is of another kind, damaged or malicious, or holds a model that
            sundog does not compute.
    """
    if data.startswith(b"PK\x03\x04"):
        model = read_torch_archive(data)
        arrays = to_canonical(model.arrays, layouts.TORCH)
        told = dialects.read_settings(model.settings, dialects.TORCH)
    elif data.startswith(b"\x80"):
        arrays = to_canonical(read_flax_pickle(data), layouts.FLAX)
        told = {} if settings is None else dialects.read_settings(settings, dialects.UPSTREAM)
    else:
        raise WeightsError(
            "weights: the file is not a model that sundog can import",
            expected="a flax `params.pkl`, a model saved by torch, or a sundog weight set",
        )
    digest = sha256(data).hexdigest()
    published = recognise(digest)
    if published is not None:
        hyperparameters, assumed = Hyperparameters(), []
    else:
        hyperparameters, assumed = _complete(infer_dimensions(arrays), told)
    validate(arrays, hyperparameters)
    return ForeignModel(arrays, hyperparameters, assumed, digest, published)


def _complete(inferred: Mapping, told: Mapping) -> tuple[Hyperparameters, list[str]]:
    # The shapes of the arrays give the number of degrees, but not the degrees.
    known = inferred.keys() - {"degrees"} | told.keys()
    assumed = [field.name for field in fields(Hyperparameters) if field.name not in known]
    return Hyperparameters(**{**inferred, **told}), assumed
