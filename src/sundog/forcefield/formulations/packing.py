"""A network's parameters as the compiled kernels read them: one array.

The order is that of `native/parameters.hpp`. Rows are padded to `UNIT` numbers; matrices
[inputs, outputs] are stored in panels of `PANEL` columns, with their transposes beside
them for the backward pass. Constants move to where they cost nothing: factors of the
invariants into the first angular layer, biases of the angular filters into the tables.
"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from sundog.errors import UnavailableError
from sundog.kernels.cpu import library
from sundog.kernels.cpu.calls import Model
from sundog.kernels.tables import KNOTS_PER_ANGSTROM, tabulate
from sundog.model.heads import HEAD_ROWS
from sundog.model.layer import Filter, Layer
from sundog.model.so3krates import So3krates
from sundog.numerics.harmonics import degree_of_component
from sundog.numerics.layers import MLP
from sundog.terms.zbl import ZBL

UNIT, PANEL = 16, 32


def pack(network: So3krates, zbl: ZBL) -> Model:
    """Return the network for the kernels (host only).

    Raises:
        UnavailableError: the kernels cannot compute it.
    """
    h = network.hyperparameters
    if zbl.cutoff != h.cutoff:
        raise UnavailableError(
            f"the repulsion ends at {zbl.cutoff:g} Å and the network at {h.cutoff:g} Å, and the "
            "compiled kernels sum both over the same pairs"
        )
    tables = [_table(network, layer, number == 0) for number, layer in enumerate(network.layers)]
    shape = (
        h.features,
        h.heads,
        h.layers,
        h.angular_features,
        h.hirshfeld_features,
        HEAD_ROWS,
        len(tables[0]),
        len(zbl.a),
        *h.degrees,
    )
    size = library.parameters_size(shape)
    if size < 0:
        raise UnavailableError(
            "the model's shape exceeds what the compiled kernels were written for"
        )
    pieces = [*_heads(network), *_degrees(h.degrees)]
    for layer in network.layers:
        pieces += _layer(layer, h.features)
    packed = np.concatenate([np.ravel(piece) for piece in (*pieces, *tables)])
    assert len(packed) == size, (len(packed), size)
    softplus = {
        name: np.asarray(jax.nn.softplus(getattr(zbl, name)), np.float64) for name in "acdp"
    }
    constants = np.concatenate(
        [
            [h.cutoff, h.average_neighbors, KNOTS_PER_ANGSTROM, zbl.switch_off],
            [softplus["d"], softplus["p"]],
            softplus["a"],
            softplus["c"] / softplus["c"].sum(),
        ]
    )
    return Model(shape, jnp.asarray(constants), jnp.asarray(packed, network.dtype))


def _double(array: Array | None) -> np.ndarray:
    assert array is not None
    return np.asarray(array, np.float64)


def _padded(length: int) -> int:
    return -(-length // UNIT) * UNIT


def _row(values: np.ndarray) -> np.ndarray:
    """Return rows padded with zeros."""
    widths = [(0, 0)] * (values.ndim - 1) + [(0, _padded(values.shape[-1]) - values.shape[-1])]
    return np.pad(values, widths)


def _matrix(weight: np.ndarray) -> np.ndarray:
    """Return a matrix in panels."""
    weight = _row(weight)
    panels = [weight[:, start : start + PANEL] for start in range(0, weight.shape[1], PANEL)]
    return np.concatenate([panel.ravel() for panel in panels])


def _both(weight: np.ndarray) -> list[np.ndarray]:
    return [_matrix(weight), _matrix(weight.T)]


def _in_heads(values: np.ndarray, heads: int) -> np.ndarray:
    """Return rows whose heads are padded one by one."""
    split = values.reshape(*values.shape[:-1], heads, -1)
    return _row(split).reshape(*values.shape[:-1], -1)


def _filters(layer: Layer) -> list[tuple[Filter, int]]:
    """Return the filters of both attentions with their numbers of heads."""
    return [
        (layer.filter_features, layer.query_features.shape[0]),
        (layer.filter_euclidean, layer.query_euclidean.shape[0]),
    ]


def _table(network: So3krates, layer: Layer, first: bool) -> np.ndarray:
    """Return the radial table of a layer; in the first, ev = 0 and the angular part is constant."""
    h = network.hyperparameters
    columns = []
    for filter_, heads in _filters(layer):
        knots = tabulate([filter_.radial], decay=h.radial_decay, cutoff=h.cutoff).knots
        knots = np.array(knots)
        angular = filter_.angular
        knots[:, 0] += _double(angular.output.bias)
        if first:
            z = _double(angular.hidden.bias)
            knots[:, 0] += (z / (1 + np.exp(-z))) @ _double(angular.output.weight)
        columns.append(_in_heads(knots, heads))
    return np.concatenate(columns, axis=-1)


def _head(mlp: MLP) -> list[np.ndarray]:
    weight = _double(mlp.hidden.weight)
    return [*_both(weight), _row(_double(mlp.hidden.bias)), _row(_double(mlp.output.weight)[:, 0])]


def _heads(network: So3krates) -> Iterator[np.ndarray]:
    energy, charge, ratio = network.energy_head, network.charge_head, network.hirshfeld_head
    columns = (energy.scale, energy.shift, charge.element, ratio.element)
    yield np.stack([_double(column)[:HEAD_ROWS] for column in columns], axis=1)
    query = _double(ratio.query)
    yield _row(query / query.shape[1] ** 0.5)
    yield from _head(energy.mlp)
    yield from _head(charge.mlp)
    for linear in (ratio.mlp.hidden, ratio.mlp.output):
        yield from _both(_double(linear.weight))
        yield _row(_double(linear.bias))
    biases = [_double(one.mlp.output.bias) for one in (energy, charge)]
    yield _row(np.concatenate(biases))


def _degrees(degrees: tuple[int, ...]) -> list[np.ndarray]:
    """Return which component belongs to which degree, in the forms the kernels need."""
    belongs = degree_of_component(degrees)
    # A spare place follows the components.
    belongs = np.pad(belongs, ((0, _padded(len(belongs) + 1) - len(belongs)), (0, 0)))
    signs = (-1.0) ** np.asarray(degrees)
    return [belongs.T, belongs.T * signs[:, None], _row(belongs), _row(_invariant_scale(degrees))]


def _invariant_scale(degrees: tuple[int, ...]) -> np.ndarray:
    return 1 / np.sqrt(2 * np.asarray(degrees) + 1)


def _head_maps(maps: Array) -> np.ndarray:
    """Return q_a = Σ_b W_ab x_b of each head, and its transpose."""
    return np.concatenate([np.concatenate([_matrix(one.T), _matrix(one)]) for one in _double(maps)])


def _layer(layer: Layer, features: int) -> list[np.ndarray]:
    norm_1, norm_2 = layer.norm_1, layer.norm_2
    norms = [norm_1.scale, norm_1.bias, norm_2.scale, norm_2.bias]
    mlp_in, mlp_out = layer.mlp.hidden, layer.mlp.output
    mix, mix_bias = _double(layer.exchange.weight), _double(layer.exchange.bias)
    return [
        *_angular(layer),
        _head_maps(layer.query_features),
        _head_maps(layer.key_features),
        _head_maps(layer.value_features),
        _head_maps(layer.query_euclidean),
        _head_maps(layer.key_euclidean),
        *[_row(_double(one)) for one in norms],
        *_both(_double(mlp_in.weight)),
        _row(_double(mlp_in.bias)),
        *_both(_double(mlp_out.weight)),
        _row(_double(mlp_out.bias)),
        _matrix(mix[:, :features]),
        _matrix(mix[:, features:]),
        _matrix(mix[:features].T),
        _matrix(mix[features:].T),
        _row(mix_bias[:features]),
        _row(mix_bias[features:]),
    ]


def _angular(layer: Layer) -> Iterator[np.ndarray]:
    filters = _filters(layer)
    hidden = [filter_.angular.hidden for filter_, _ in filters]
    yield np.concatenate([_row(_double(one.bias)) for one in hidden])
    scale = _invariant_scale(layer.degrees)[:, None]
    weights = [scale * _double(one.weight) for one in hidden]
    yield np.concatenate([_row(weight) for weight in weights], axis=1)
    outputs = [_in_heads(_double(f.angular.output.weight), heads) for f, heads in filters]
    for output in outputs:
        yield _matrix(output)
    for output in outputs:
        yield _matrix(output.T)
