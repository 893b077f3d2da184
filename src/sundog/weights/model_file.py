"""Reader of model files of other programs, which returns sundog's arrays."""

from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sundog.errors import WeightsError
from sundog.model.hyperparameters import Hyperparameters
from sundog.weights import layouts
from sundog.weights import settings as dialects
from sundog.weights.conversion import to_canonical
from sundog.weights.flax_pickle import read_flax_pickle
from sundog.weights.names import infer_dimensions, validate
from sundog.weights.orbax import read_checkpoint
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
        settings: Upstream's hyperparameters that belong to a `params.pkl`, or the architecture of a
            torch state dict; a whole torch model holds its own.

    Raises:
        WeightsError: The file is of another kind, damaged or malicious, or holds a model that
            sundog does not compute.
    """
    if data.startswith(b"PK\x03\x04"):
        model = read_torch_archive(data)
        arrays = to_canonical(model.arrays, layouts.TORCH)
        told = _told(model.settings, settings)
    elif data.startswith(b"\x80"):
        arrays = to_canonical(read_flax_pickle(data), layouts.FLAX)
        told = {} if settings is None else dialects.read_settings(settings, dialects.UPSTREAM)
    else:
        raise WeightsError(
            "weights: the file is not a model that sundog can import",
            expected="a flax `params.pkl`, a model saved by torch, or a sundog weight set",
        )
    return _complete_model(arrays, told, sha256(data).hexdigest())


def read_orbax(folder: Path, settings: Mapping | None = None) -> ForeignModel:
    """Return the model of a checkpoint of orbax.

    Args:
        folder: Folder with the parameters, as `find_checkpoint` returns it.
        settings: Upstream's hyperparameters that belong to it.

    Raises:
        UnavailableError: The package that reads it is not installed.
        WeightsError: The checkpoint is damaged, or holds a model that sundog does not compute.
    """
    sources = read_checkpoint(folder)
    told = {} if settings is None else dialects.read_settings(settings, dialects.UPSTREAM)
    digest = sha256()
    for name, array in sorted(sources.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return _complete_model(to_canonical(sources, layouts.FLAX), told, digest.hexdigest())


def _told(own: Mapping, beside: Mapping | None) -> dict:
    """Return the hyperparameters of a torch file: its own, else those beside it."""
    if own.keys() - {"radial_decay"}:
        return dialects.read_settings(own, dialects.TORCH)
    if beside is None:
        return dict(own)
    architecture = beside.get("ARCHITECTURE")
    if isinstance(architecture, Mapping):
        return dialects.read_settings({**architecture, **own}, dialects.TORCH_FILE)
    return {**dialects.read_settings(beside, dialects.UPSTREAM), **own}


def _complete_model(arrays: dict[str, np.ndarray], told: Mapping, digest: str) -> ForeignModel:
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
