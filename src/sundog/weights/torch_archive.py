"""Reader of models that torch saved, without torch and without running code in the file.

A torch archive is a zip of uncompressed members: `<root>/data.pkl`, a pickle of the module tree,
and `<root>/data/<key>`, the bytes of each storage. Modules are replaced by objects that only keep
their state; their `_parameters`, `_buffers` and `_modules` are then read as plain dicts.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sundog.errors import WeightsError
from sundog.weights.pickles import RestrictedUnpickler, flatten, load, to_array


class TorchModel(NamedTuple):
    """Model as torch saved it.

    Attributes:
        arrays: Parameters and buffers by their path, such as `zbl_repulsion.p_raw`.
        settings: Attributes of the model that are plain values, and `radial_decay`, which torch
            keeps among the buffers.
    """

    arrays: dict[str, np.ndarray]
    settings: Mapping[str, object]


def read_torch_archive(data: bytes) -> TorchModel:
    """Return the arrays and settings of a model, a state dict or a checkpoint that torch saved.

    Only a model has settings with it. Of a checkpoint, a mapping with the state dict as `model`,
    the rest is left alone.

    Raises:
        WeightsError: The file is damaged, big-endian, asks to run anything but what torch needs
            to rebuild tensors, or its tensors do not fit their bytes.
    """
    try:
        members = _read_members(data)
    except WeightsError:
        raise
    except Exception as error:  # a damaged zip raises more than BadZipFile
        raise WeightsError(
            "weights: the torch archive is truncated or damaged",
            got=f"{type(error).__name__}: {error}",
            remedy="Copy or download it again",
        ) from error
    if members.get("byteorder", b"little") != b"little":
        raise WeightsError(
            "weights: the torch archive was written on another kind of machine",
            got=repr(members["byteorder"][:20]),
            expected="little-endian numbers",
        )
    model = load(_TorchUnpickler, members["data.pkl"])
    settings: dict[str, object] = {}
    if isinstance(model, _Module) and isinstance(model.state, dict):
        leaves = flatten(model, _children, separator=".")
        settings = {k: v for k, v in model.state.items() if isinstance(v, str | int | float | list)}
    else:
        leaves = _state_dict(model)
    arrays = {name: _array(name, leaf, members) for name, leaf in leaves.items()}
    decay = arrays.get("radial_embedding.radial_basis_fn.gamma")
    if decay is not None and decay.size == 1:
        settings["radial_decay"] = decay.item()
    return TorchModel(arrays, settings)


def _state_dict(found: object) -> Mapping[str, object]:
    """Return the tensors of a state dict, or of that of a checkpoint."""
    inner = found.get("model") if isinstance(found, dict) else None
    leaves = inner if isinstance(inner, dict) else found
    if (
        not isinstance(leaves, dict)
        or not leaves
        or not all(isinstance(k, str) and isinstance(v, _Tensor) for k, v in leaves.items())
    ):
        raise WeightsError(
            "weights: the torch archive does not hold a model",
            expected="a file written by `torch.save` with a model, its state dict, or a checkpoint "
            "with the state dict as `model`",
        )
    return leaves


def _read_members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        roots = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
        # Uncompressed members cannot be larger than the file: they neither expand nor overlap.
        stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
        if len(roots) != 1 or not stored or sum(m.file_size for m in members) > len(data):
            raise WeightsError(
                "weights: the file is a zip archive but not one that torch wrote",
                expected="one model saved with `torch.save`",
            )
        return {m.filename.removeprefix(roots[0]): archive.read(m) for m in members}


class _Module:
    """Replacement of an object of torch or so3krates-torch, of which only the state is kept."""

    state: object = None

    def __new__(cls, *_: object) -> "_Module":
        return super().__new__(cls)

    def __setstate__(self, state: object):
        self.state = state


class _Ordered(dict):
    """Replacement of an ordered dict, whose attributes are left alone."""

    def __setstate__(self, state: object):
        """Ignore attributes: versions of modules."""


class _Tensor(NamedTuple):
    storage: object
    offset: object
    shape: object
    stride: object


class _TorchUnpickler(RestrictedUnpickler):
    def find_class(self, module: str, name: str) -> object:
        match module, name:
            case "collections", "OrderedDict":
                return _Ordered
            case "__builtin__" | "builtins", "set":
                return set
            case "torch", "FloatStorage":
                return "<f4"
            case "torch", "DoubleStorage":
                return "<f8"
            case "torch", "LongStorage":
                return "<i8"
            case "torch._utils", "_rebuild_tensor_v2":
                return self._tensor
            case "torch._utils", "_rebuild_parameter":
                return self._parameter
        if module.split(".")[0] in ("torch", "so3krates_torch"):
            return _Module
        return super().find_class(module, name)

    def persistent_load(self, pid: object) -> object:
        return pid

    def _tensor(
        self, storage: object, offset: object, shape: object, stride: object, *_: object
    ) -> _Tensor:
        return _Tensor(storage, offset, shape, stride)

    def _parameter(self, tensor: object, *_: object) -> object:
        return tensor


def _children(node: object) -> Mapping | None:
    if not isinstance(node, _Module) or not isinstance(node.state, dict):
        return None
    groups = [node.state.get(key) for key in ("_parameters", "_buffers", "_modules")]
    return {
        name: child
        for group in groups
        if isinstance(group, dict)
        for name, child in group.items()
        if child is not None
    }


def _array(name: str, leaf: object, members: Mapping[str, bytes]) -> np.ndarray:
    match leaf:
        case _Tensor(("storage", dtype, str(key), _, _), 0, tuple(shape), stride):
            raw = members.get(f"data/{key}")
            array = to_array(name, raw, dtype, shape)
            if stride == tuple(step // array.itemsize for step in array.strides):
                return array
    raise WeightsError(
        f"weights: the tensor `{name}` is not stored as torch stores a model's parameters",
        expected="a contiguous tensor with a storage of its own",
        remedy="Save the model again, on the CPU, with `torch.save(model, path)`",
    )
