"""Table of sundog's arrays, with their names and layouts in flax and torch files.

Every array has a row: sundog's name, its kind, its names in a flax and in a torch file. The kind
converts either layout to sundog's: torch keeps matrices transposed, per-head maps with inputs
before outputs, and element tables as matrices with a column for each Z ≥ 1.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np


class Layout(NamedTuple):
    """Family of files.

    Attributes:
        family: Column of the table with the names in this family.
        layer: Pattern that the names of a layer's arrays begin with; its group is the number.
        derived: Patterns of arrays that are constants or copies, not parameters.
    """

    family: Literal["flax", "torch"]
    layer: str
    derived: tuple[str, ...] = ()


FLAX = Layout("flax", r"layers_(\d+)/")
"""Layout of flax models."""

TORCH = Layout(
    "torch",
    r"euclidean_transformers\.(\d+)\.",
    derived=(
        "radial_embedding.*",
        "*.so3_conv_invariants.*",
        "*.degree_repeats",
        "*.euclidean_attention_block.filter_net_*",
    ),
)
"""Layout of torch models."""


class Kind(NamedTuple):
    """Kind of an array.

    Attributes:
        rank: Rank of sundog's array.
        flax: Function that makes sundog's array of the parts in a flax file.
        torch: Function that makes it of the parts in a torch file.
        to_flax: Function that makes the parts in a flax file of sundog's array.
        to_torch: Function that makes the parts in a torch file.
    """

    rank: int
    flax: Callable[..., np.ndarray]
    torch: Callable[..., np.ndarray]
    to_flax: Callable[[np.ndarray], tuple[np.ndarray, ...]]
    to_torch: Callable[[np.ndarray], tuple[np.ndarray, ...]]


class Row(NamedTuple):
    """Array of the model; a file may keep it in several parts."""

    name: str
    kind: Kind
    flax: tuple[str, ...]
    torch: tuple[str, ...]


def rows(layers: int) -> Iterator[Row]:
    """Yield the rows of all arrays of a model with a number of layers."""
    yield from _MODEL_ROWS
    for layer in range(layers):
        for row in _LAYER_ROWS:
            yield Row(
                f"layers.{layer}.{row.name}",
                row.kind,
                tuple(f"layers_{layer}/{name}" for name in row.flax),
                tuple(f"euclidean_transformers.{layer}.{name}" for name in row.torch),
            )


def _as_is(array: np.ndarray) -> np.ndarray:
    return array


def _transposed(array: np.ndarray) -> np.ndarray:
    return array.T


def _heads_transposed(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, -1, -2)


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1)


def _scalar(array: np.ndarray) -> np.ndarray:
    return array.reshape(())


def _stacked(*arrays: np.ndarray) -> np.ndarray:
    return np.stack([_scalar(array) for array in arrays])


def _row_0_cleared(table: np.ndarray) -> np.ndarray:
    # flax initialises this row at random, and no atom uses it.
    return np.concatenate([np.zeros_like(table[:1]), table[1:]])


def _row_0_added(table: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(table[:1]), table])


def _columns_to_rows(matrix: np.ndarray) -> np.ndarray:
    return _row_0_added(matrix.T)


def _columns_to_vector(matrix: np.ndarray) -> np.ndarray:
    return _row_0_added(_flat(matrix))


def _shifts(shifts: np.ndarray) -> np.ndarray:
    # A shift that all elements share is the mean energy of the training data, which the published
    # model does not add; only shifts that differ between elements were learned.
    return _row_0_added(np.zeros_like(shifts) if np.ptp(shifts) == 0 else shifts)


def _one(array: np.ndarray) -> tuple[np.ndarray, ...]:
    return (array,)


def _one_transposed(array: np.ndarray) -> tuple[np.ndarray, ...]:
    return (array.T,)


def _one_heads_transposed(array: np.ndarray) -> tuple[np.ndarray, ...]:
    return (_heads_transposed(array),)


def _one_column(array: np.ndarray) -> tuple[np.ndarray, ...]:
    return (array[:, None],)


def _rows_to_columns(table: np.ndarray) -> tuple[np.ndarray, ...]:
    return (table[1:].T,)


def _vector_to_columns(vector: np.ndarray) -> tuple[np.ndarray, ...]:
    return (vector[None, 1:],)


def _without_row_0(vector: np.ndarray) -> tuple[np.ndarray, ...]:
    return (vector[1:],)


def _each(array: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(one.reshape(1) for one in array.reshape(-1))


_VECTOR = Kind(1, _as_is, _as_is, _one, _one)
_MATRIX = Kind(2, _as_is, _transposed, _one, _one_transposed)
_TABLE = Kind(2, _as_is, _as_is, _one, _one)
_COLUMN = Kind(1, _flat, _flat, _one_column, _one_column)
_PER_HEAD = Kind(3, _as_is, _heads_transposed, _one, _one_heads_transposed)
_ELEMENT_FEATURES = Kind(2, _row_0_cleared, _columns_to_rows, _one, _rows_to_columns)
_ELEMENT_SCALES = Kind(1, _row_0_cleared, _columns_to_vector, _one, _vector_to_columns)
_ELEMENT_SHIFTS = Kind(1, _row_0_cleared, _shifts, _one, _without_row_0)
_SCALAR = Kind(0, _scalar, _scalar, _each, _each)
_SCALARS = Kind(1, _stacked, _stacked, _each, _each)
"""Kinds of arrays."""


def _array(name: str, kind: Kind, flax: str, torch: str) -> Row:
    return Row(name, kind, (flax,), (torch,))


def _matrix(name: str, flax: str, torch: str) -> Row:
    return _array(f"{name}.weight", _MATRIX, f"{flax}/kernel", f"{torch}.weight")


def _dense(name: str, flax: str, torch: str) -> list[Row]:
    bias = _array(f"{name}.bias", _VECTOR, f"{flax}/bias", f"{torch}.bias")
    return [_matrix(name, flax, torch), bias]


def _norm(name: str, flax: str, torch: str) -> list[Row]:
    return [
        _array(f"{name}.scale", _VECTOR, f"{flax}/scale", f"{torch}.weight"),
        _array(f"{name}.bias", _VECTOR, f"{flax}/bias", f"{torch}.bias"),
    ]


def _per_head(name: str, flax: str, torch: str) -> Row:
    flax, torch = f"attention_block/{flax}", f"euclidean_attention_block.{torch}"
    return _array(name, _PER_HEAD, flax, torch)


def _charge_or_spin(name: str, flax: str, torch: str) -> list[Row]:
    flax = f"{flax}/ChargeSpinEmbedSparse_0"
    query = _ELEMENT_FEATURES
    return [
        _array(f"{name}.query", query, f"{flax}/Embed_0/embedding", f"{torch}.Wq.weight"),
        _array(f"{name}.key", _TABLE, f"{flax}/Embed_1/embedding", f"{torch}.Wk"),
        _array(f"{name}.value", _TABLE, f"{flax}/Embed_2/embedding", f"{torch}.Wv"),
        _matrix(f"{name}.mlp.hidden", f"{flax}/Residual_0/layers_0", f"{torch}.mlp.1"),
        _matrix(f"{name}.mlp.output", f"{flax}/Residual_0/layers_1", f"{torch}.mlp.3"),
    ]


def _filter(name: str, number: int, torch: str) -> list[Row]:
    radial, angular = (
        f"attention_block/{kind}_filter{number}_layer" for kind in ("radial", "spherical")
    )
    rbf, ev = f"{torch}.mlp_rbf", f"{torch}.mlp_ev"
    # torch counts from zero: its `_layer_1` is the second layer.
    return [
        *_dense(f"{name}.radial.hidden", f"{radial}_1", f"{rbf}.0"),
        *_dense(f"{name}.radial.output", f"{radial}_2", f"{rbf}.mlp_rbf_layer_1.0"),
        *_dense(f"{name}.angular.hidden", f"{angular}_1", f"{ev}.0"),
        *_dense(f"{name}.angular.output", f"{angular}_2", f"{ev}.mlp_ev_layer_1.0"),
    ]


def _energy_head() -> list[Row]:
    name, flax, torch = "energy_head", "observables_0", "atomic_energy_output_block"
    scales, shifts = f"{torch}.energy_scales.weight", f"{torch}.energy_shifts"
    return [
        *_dense(f"{name}.mlp.hidden", f"{flax}/energy_dense_regression", f"{torch}.layers.0"),
        *_dense(f"{name}.mlp.output", f"{flax}/energy_dense_final", f"{torch}.final_layer"),
        _array(f"{name}.scale", _ELEMENT_SCALES, f"{flax}/atomic_scales", scales),
        _array(f"{name}.shift", _ELEMENT_SHIFTS, f"{flax}/energy_offset", shifts),
    ]


def _charge_head() -> list[Row]:
    flax = "observables_0/electrostatic_energy/partial_charges"
    torch = "partial_charges_output_block"
    hidden, final = f"{flax}/charge_dense_regression_vec", f"{flax}/charge_dense_final_vec"
    table = f"{flax}/Embed_0/embedding"
    return [
        *_dense("charge_head.mlp.hidden", hidden, f"{torch}.transform_inv_features.0"),
        *_dense("charge_head.mlp.output", final, f"{torch}.transform_inv_features.2"),
        _array("charge_head.element", _COLUMN, table, f"{torch}.atomic_embedding.weight"),
    ]


def _hirshfeld_head() -> list[Row]:
    name, flax, torch = "hirshfeld_head", "observables_2", "hirshfeld_output_block"
    dense, mlp = f"{flax}/hirshfeld_ratios_dense", f"{torch}.transform_features"
    element, query = f"{torch}.v_shift_embedding.weight", f"{torch}.q_embedding.weight"
    return [
        *_dense(f"{name}.mlp.hidden", f"{dense}_regression", f"{mlp}.0"),
        *_dense(f"{name}.mlp.output", f"{dense}_final", f"{mlp}.2"),
        _array(f"{name}.element", _COLUMN, f"{flax}/Embed_0/embedding", element),
        _array(f"{name}.query", _TABLE, f"{flax}/Embed_1/embedding", query),
    ]


def _zbl(name: str, kind: Kind, *parts: str) -> Row:
    flax = tuple(f"observables_0/zbl_repulsion/{part}" for part in parts)
    torch = tuple(f"zbl_repulsion.{part}_raw" for part in parts)
    return Row(f"zbl.{name}", kind, flax, torch)


_MODEL_ROWS = (
    _array(
        "embedding.element",
        _ELEMENT_FEATURES,
        "feature_embeddings_0/Embed_0/embedding",
        "inv_feature_embedding.embedding.weight",
    ),
    *_charge_or_spin("embedding.charge", "feature_embeddings_1", "charge_embedding"),
    *_charge_or_spin("embedding.spin", "feature_embeddings_2", "spin_embedding"),
    *_energy_head(),
    *_charge_head(),
    *_hirshfeld_head(),
    _zbl("a", _SCALARS, "a1", "a2", "a3", "a4"),
    _zbl("c", _SCALARS, "c1", "c2", "c3", "c4"),
    _zbl("p", _SCALAR, "p"),
    _zbl("d", _SCALAR, "d"),
)
"""Rows of the arrays outside the layers."""

_LAYER_ROWS = (
    *_filter("filter_features", 1, "filter_net_inv"),
    *_filter("filter_euclidean", 2, "filter_net_ev"),
    _per_head("query_features", "Wq1", "W_q_inv"),
    _per_head("key_features", "Wk1", "W_k_inv"),
    _per_head("value_features", "Wv1", "W_v_inv"),
    _per_head("query_euclidean", "Wq2", "W_q_ev"),
    _per_head("key_euclidean", "Wk2", "W_k_ev"),
    *_dense("mlp.hidden", "res_mlp_1_layer_1", "mlp_1.1"),
    *_dense("mlp.output", "res_mlp_1_layer_2", "mlp_1.3"),
    *_dense("exchange", "exchange_block/mlp_layer_2", "interaction_block.linear_layer"),
    *_norm("norm_1", "layer_normalization_1", "layer_norm_inv_1"),
    *_norm("norm_2", "layer_normalization_2", "layer_norm_inv_2"),
)
"""Rows of the arrays of a layer, without the prefix of the layer."""
