"""Write a small model the way flax and torch would, without either of them.

The names are written out here a second time on purpose: they check the table in sundog.
"""

import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from types import ModuleType
from unittest import mock

import numpy as np

from sundog.model.hyperparameters import Hyperparameters
from sundog.weights.names import array_shapes

TINY = Hyperparameters(
    features=8,
    heads=2,
    degrees=(1, 2, 3, 4),
    layers=2,
    radial_functions=3,
    angular_features=5,
    hirshfeld_features=6,
)

UPSTREAM_SETTINGS = {
    "data": {"avg_num_neighbors": TINY.average_neighbors},
    "model": {
        "activation_fn": "silu",
        "cutoff": 4.5,
        "cutoff_fn": "phys",
        "degrees": [1, 2, 3, 4],
        "dispersion_energy_bool": True,
        "dispersion_energy_scale": 1.2,
        "electrostatic_energy_bool": True,
        "electrostatic_energy_scale": 4.0,
        "energy_activation_fn": "silu",
        "input_convention": "positions",
        "layer_normalization_1": True,
        "layer_normalization_2": True,
        "message_normalization": "avg_num_neighbors",
        "num_features": 8,
        "num_heads": 2,
        "num_layers": 2,
        "num_radial_basis_fn": 3,
        "qk_non_linearity": "identity",
        "radial_basis_fn": "bernstein",
        "residual_mlp_1": True,
        "residual_mlp_2": False,
        "use_charge_embed": True,
        "use_spin_embed": True,
        "zbl_repulsion_bool": True,
    },
}

TORCH_SETTINGS = {
    **UPSTREAM_SETTINGS["model"],
    "activation_fn_name": "silu",
    "cutoff_fn_name": "phys",
    "energy_activation_fn_name": "silu",
    "initialize_ev_to_zeros": True,
    "avg_num_neighbors": TINY.average_neighbors,
    "r_max": 4.5,
}

_MODEL = """
embedding.element  feature_embeddings_0/Embed_0/embedding  inv_feature_embedding.embedding.weight
energy_head.scale  observables_0/atomic_scales  atomic_energy_output_block.energy_scales.weight
energy_head.shift  observables_0/energy_offset  atomic_energy_output_block.energy_shifts
"""
_CHARGE_AND_SPIN = """
query  Embed_0/embedding  Wq.weight
key  Embed_1/embedding  Wk
value  Embed_2/embedding  Wv
mlp.hidden.weight  Residual_0/layers_0/kernel  mlp.1.weight
mlp.output.weight  Residual_0/layers_1/kernel  mlp.3.weight
"""
_ENERGY = """
mlp.hidden  energy_dense_regression  layers.0
mlp.output  energy_dense_final  final_layer
"""
_CHARGE = """
mlp.hidden  charge_dense_regression_vec  transform_inv_features.0
mlp.output  charge_dense_final_vec  transform_inv_features.2
element  Embed_0/embedding  atomic_embedding.weight
"""
_RATIO = """
mlp.hidden  hirshfeld_ratios_dense_regression  transform_features.0
mlp.output  hirshfeld_ratios_dense_final  transform_features.2
element  Embed_0/embedding  v_shift_embedding.weight
query  Embed_1/embedding  q_embedding.weight
"""
_LAYER = """
mlp.hidden  res_mlp_1_layer_1  mlp_1.1
mlp.output  res_mlp_1_layer_2  mlp_1.3
exchange  exchange_block/mlp_layer_2  interaction_block.linear_layer
norm_1  layer_normalization_1  layer_norm_inv_1
norm_2  layer_normalization_2  layer_norm_inv_2
"""
_ATTENTION = """
query_features  Wq1  W_q_inv
key_features  Wk1  W_k_inv
value_features  Wv1  W_v_inv
query_euclidean  Wq2  W_q_ev
key_euclidean  Wk2  W_k_ev
"""
_FILTER = """
radial.hidden  radial_filter{0}_layer_1  mlp_rbf.0
radial.output  radial_filter{0}_layer_2  mlp_rbf.mlp_rbf_layer_1.0
angular.hidden  spherical_filter{0}_layer_1  mlp_ev.0
angular.output  spherical_filter{0}_layer_2  mlp_ev.mlp_ev_layer_1.0
"""


def random_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Return sundog's arrays of a `TINY` model, all different, with row 0 of padding cleared."""
    generator = np.random.default_rng(seed)
    arrays = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in array_shapes(TINY).items()
    }
    for array in arrays.values():
        if array.shape[:1] == (119,):
            array[0] = 0
    return arrays


def flax_arrays(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays as flax keeps them, by their path."""
    found = {}
    for name, path, _ in _names(arrays):
        array = arrays[name]
        if array.shape[:1] == (119,):
            array = np.concatenate([np.full_like(array[:1], 0.5), array[1:]])
        found[path] = array[:, None] if array.shape == (100,) else array
    for name, value in _zbl(arrays):
        found[f"observables_0/zbl_repulsion/{name}"] = value
    return found


def torch_arrays(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays as torch keeps them, by their path, with the constants torch adds."""
    found = {}
    for name, _, path in _names(arrays):
        array = arrays[name]
        if name == "energy_head.shift":
            array = array[1:]
        elif array.shape == (119,):
            array = array[None, 1:]
        elif array.shape[:1] == (119,):
            array = array[1:].T
        elif array.shape == (100,):
            array = array[:, None]
        elif name.endswith(".weight"):
            array = array.T
        elif array.ndim == 3:
            array = array.transpose(0, 2, 1)
        found[path] = array
    for name, value in _zbl(arrays):
        found[f"zbl_repulsion.{name}_raw"] = value
    layer = "euclidean_transformers.0"
    copied = f"{layer}.filter_net_inv.mlp_rbf.0.weight"
    found[copied.replace(layer, f"{layer}.euclidean_attention_block")] = found[copied]
    found[f"{layer}.interaction_block.degree_repeats"] = np.array([3, 5, 7, 9])
    found["radial_embedding.radial_basis_fn.gamma"] = np.float32(TINY.radial_decay)[()]
    return found


def flax_pickle(arrays: dict[str, np.ndarray], protocol: int = 4) -> bytes:
    """Return the bytes of a `params.pkl` with arrays by their flax path."""
    return pickle.dumps({"params": _nested(arrays, "/")}, protocol)


def torch_archive(arrays: dict[str, np.ndarray], settings: dict, **members: bytes) -> bytes:
    """Return the bytes of a torch archive with arrays by their torch path.

    Args:
        arrays: parameters and buffers.
        settings: attributes of the model.
        members: further members of the archive, or others in place of torch's.
    """
    storages: dict[str, bytes] = {}
    buffer = io.BytesIO()
    with mock.patch.dict(sys.modules, _TORCH_MODULES):
        pickler = _TorchPickler(buffer, 2)
        pickler.dump(_module(_nested(arrays, "."), settings, storages))
    pickled = {"data.pkl": buffer.getvalue(), "byteorder": b"little", **storages}
    return zipped({f"model/{name}": data for name, data in {**pickled, **members}.items()})


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return the bytes of a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _names(arrays: dict[str, np.ndarray]) -> list[tuple[str, str, str]]:
    sparse = "ChargeSpinEmbedSparse_0/"
    charges = "observables_0/electrostatic_energy/partial_charges/"
    sections = [
        (_MODEL, "", "", ""),
        (
            _CHARGE_AND_SPIN,
            "embedding.charge.",
            f"feature_embeddings_1/{sparse}",
            "charge_embedding.",
        ),
        (_CHARGE_AND_SPIN, "embedding.spin.", f"feature_embeddings_2/{sparse}", "spin_embedding."),
        (_ENERGY, "energy_head.", "observables_0/", "atomic_energy_output_block."),
        (_CHARGE, "charge_head.", charges, "partial_charges_output_block."),
        (_RATIO, "hirshfeld_head.", "observables_2/", "hirshfeld_output_block."),
    ]
    for n in range(TINY.layers):
        ours, flax, torch = f"layers.{n}.", f"layers_{n}/", f"euclidean_transformers.{n}."
        block = f"{flax}attention_block/"
        sections += [
            (_LAYER, ours, flax, torch),
            (_ATTENTION, ours, block, f"{torch}euclidean_attention_block."),
            (_FILTER.format(1), f"{ours}filter_features.", block, f"{torch}filter_net_inv."),
            (_FILTER.format(2), f"{ours}filter_euclidean.", block, f"{torch}filter_net_ev."),
        ]
    rows = []
    for text, *prefixes in sections:
        for line in text.split("\n")[1:-1]:
            row = [prefix + name for prefix, name in zip(prefixes, line.split(), strict=True)]
            rows += _expanded(*row, arrays)
    return rows


def _expanded(ours: str, flax: str, torch: str, arrays: dict) -> list[tuple[str, str, str]]:
    if ours in arrays:
        return [(ours, flax, torch)]
    bias = (f"{ours}.bias", f"{flax}/bias", f"{torch}.bias")
    if f"{ours}.scale" in arrays:
        return [(f"{ours}.scale", f"{flax}/scale", f"{torch}.weight"), bias]
    return [(f"{ours}.weight", f"{flax}/kernel", f"{torch}.weight"), bias]


def _zbl(arrays: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    several = [
        (f"{letter}{k + 1}", arrays[f"zbl.{letter}"][k : k + 1])
        for letter in "ac"
        for k in range(4)
    ]
    return [*several, *((letter, arrays[f"zbl.{letter}"][None]) for letter in "pd")]


def _nested(arrays: dict[str, np.ndarray], separator: str) -> dict:
    tree: dict = {}
    for path, array in arrays.items():
        *folders, name = path.split(separator)
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[name] = array
    return tree


class SO3LR:
    """Pickled as the torch package's class, as are the others below."""


class FloatStorage:
    dtype = np.float32


class LongStorage:
    dtype = np.int64


def _rebuild_tensor_v2():
    raise AssertionError("must not be called")


def _rebuild_parameter():
    raise AssertionError("must not be called")


def _torch_modules() -> dict[str, ModuleType]:
    places = {
        "so3krates_torch.modules.models": [SO3LR],
        "torch": [FloatStorage, LongStorage],
        "torch._utils": [_rebuild_tensor_v2, _rebuild_parameter],
    }
    modules = {}
    for path, members in places.items():
        for depth in range(path.count(".") + 1):
            parent = ".".join(path.split(".")[: depth + 1])
            modules.setdefault(parent, ModuleType(parent))
        for member in members:
            member.__module__ = path
            setattr(modules[path], member.__name__, member)
    return modules


_TORCH_MODULES = _torch_modules()


class _Storage:
    def __init__(self, key: str, kind: type, count: int):
        self.key, self.kind, self.count = key, kind, count


class _Reduced:
    def __init__(self, *reduced: object):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


class _TorchPickler(pickle.Pickler):
    def persistent_id(self, obj: object):
        if isinstance(obj, _Storage):
            return ("storage", obj.kind, obj.key, "cpu", obj.count)
        return None


def _module(tree: dict, settings: dict, storages: dict[str, bytes]) -> SO3LR:
    module = SO3LR()
    module.__dict__.update(settings)
    parameters = {k: _tensor(v, storages) for k, v in tree.items() if not isinstance(v, dict)}
    modules = {k: _module(v, {}, storages) for k, v in tree.items() if isinstance(v, dict)}
    module._parameters = {**parameters, "absent": None}
    module._buffers = OrderedDict()
    module._modules = OrderedDict(modules)
    module._non_persistent_buffers_set = set()
    return module


def _tensor(array: np.ndarray, storages: dict[str, bytes]) -> _Reduced:
    array = np.array(array, order="C")
    key = str(len(storages))
    storages[f"data/{key}"] = array.tobytes()
    kind = FloatStorage if array.dtype == np.float32 else LongStorage
    stride = tuple(step // array.itemsize for step in array.strides)
    storage = _Storage(key, kind, array.size)
    tensor = _Reduced(_rebuild_tensor_v2, (storage, 0, array.shape, stride, False, OrderedDict()))
    return _Reduced(_rebuild_parameter, (tensor, True, OrderedDict()))
