"""Weights written for other programs of the SO3LR family.

Upstream reads a work directory, `params.pkl` with `hyperparameters.json`; so3krates-torch a state
dict, with the same hyperparameters. Neither has settings for the widths of the angular filters and
of the Hirshfeld head, for the decay of the radial functions or for the cutoff of the ZBL repulsion:
models in which these are others are refused.
"""

import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sundog.errors import WeightsError
from sundog.files import write_atomically
from sundog.model.hyperparameters import Hyperparameters
from sundog.weights import layouts
from sundog.weights.conversion import from_canonical
from sundog.weights.settings import UPSTREAM
from sundog.weights.store import WeightSet

Program = Literal["upstream", "torch"]
"""Programs that weights are written for."""

HYPERPARAMETERS = "hyperparameters.json"
"""File with the hyperparameters, in upstream's terms."""

LEARNED = {
    "energy_learn_atomic_type_scales": True,
    "energy_learn_atomic_type_shifts": True,
    "layers_behave_like_identity_fn_at_init": False,
    "output_is_zero_at_init": False,
    "cutoff_lr": None,
    "dispersion_energy_cutoff_lr_damping": None,
}
"""Settings of upstream that are the same in every model, beside those it must have."""


def export_weights(weights: WeightSet, folder: Path, program: Program) -> list[Path]:
    """Write weights into a folder for another program, and return the files.

    Args:
        weights: weights.
        folder: folder, made if it does not exist.
        program: program that shall read them.

    Raises:
        WeightsError: the other program has no such model, or a file exists.
        RunDirectoryError: a file cannot be written.
    """
    _refuse_unknown(weights.hyperparameters)
    if program == "upstream":
        tree = _nested(from_canonical(weights.arrays, layouts.FLAX))
        model, content = folder / "params.pkl", pickle.dumps(tree, protocol=4)
    else:
        arrays = from_canonical(weights.arrays, layouts.TORCH)
        model, content = folder / f"{weights.name}.pth", state_dict(arrays)
    settings = folder / HYPERPARAMETERS
    for file in (model, settings):
        if file.exists():
            raise WeightsError(f"weights: {file} exists", remedy="Name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(model, content)
    text = json.dumps(_settings(weights.hyperparameters), indent=2, sort_keys=True) + "\n"
    write_atomically(settings, text)
    return [model, settings]


def _refuse_unknown(model: Hyperparameters) -> None:
    published = Hyperparameters()
    fixed = {
        "angular_features": model.features // 4,
        "hirshfeld_features": model.features // 2,
        "radial_decay": published.radial_decay,
        "zbl_cutoff": published.zbl_cutoff,
    }
    for name, value in fixed.items():
        if getattr(model, name) != value:
            raise WeightsError(
                f"weights: other programs have no model with this {name}",
                got=getattr(model, name),
                expected=f"{value}",
            )


def _settings(model: Hyperparameters) -> dict[str, Any]:
    """Return the hyperparameters in upstream's terms."""
    found: dict[str, Any] = {"model": {}, "data": {}}
    values = model.to_dict()
    for key, value in UPSTREAM.required.items():
        group, _, name = key.partition(".")
        found[group][name] = value
    for ours, key in UPSTREAM.hyperparameters.items():
        group, _, name = key.partition(".")
        found[group][name] = values[ours]
    found["model"] |= LEARNED | {
        "energy_regression_dim": model.features,
        "num_features_head": model.features // model.heads,
    }
    found["data"] |= {
        "energy_unit": "eV",
        "length_unit": "Angstrom",
        "neighbors_lr_bool": True,
        "shift_mode": None,
    }
    return found | {"neighborlist_format_lr": "sparse"}


def _nested(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return arrays by path as a tree of mappings."""
    tree: dict[str, Any] = {}
    for path, array in arrays.items():
        *folders, name = ("params", *path.split("/"))
        place = tree
        for one in folders:
            place = place.setdefault(one, {})
        place[name] = array
    return tree


def state_dict(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a state dict in the bytes of the archive that torch writes, without torch.

    `torch.load(file, weights_only=True)` reads it.

    Args:
        arrays: float32 arrays by name.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in _members(arrays):
            # A fixed date, so that the same weights are the same bytes.
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), data)
    return content.getvalue()


def _members(arrays: Mapping[str, np.ndarray]) -> list[tuple[str, bytes]]:
    storages = [
        (f"data/{number}", np.ascontiguousarray(array, "<f4").tobytes())
        for number, array in enumerate(arrays.values())
    ]
    return [
        ("data.pkl", _pickle(arrays)),
        ("byteorder", b"little"),
        *storages,
        ("version", b"3\n"),
    ]


def _pickle(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the pickle of an ordered dict of tensors, each with a storage of its own.

    Written by hand, as pickle asks for the modules of torch to name its functions.
    """
    text = [b"\x80\x02", b"ccollections\nOrderedDict\n)R("]
    for number, (name, array) in enumerate(arrays.items()):
        stride = tuple(step // 4 for step in np.ascontiguousarray(array, "<f4").strides)
        text += [
            _word(name),
            b"ctorch._utils\n_rebuild_tensor_v2\n((",
            _word("storage"),
            b"ctorch\nFloatStorage\n",
            _word(str(number)),
            _word("cpu"),
            _number(array.size),
            b"tQ",
            _number(0),
            _tuple(array.shape),
            _tuple(stride),
            b"\x89ccollections\nOrderedDict\n)RtR",
        ]
    return b"".join([*text, b"u."])


def _word(text: str) -> bytes:
    raw = text.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def _number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def _tuple(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_number, values)) + b"t"
