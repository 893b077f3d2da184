"""Arrays of a SO3LR model: sundog's names and shapes.

Weight matrices are (inputs, outputs), used as `x @ W`. Element tables are indexed by atomic
number. `layers.{n}.query_features` and its siblings are (heads, outputs, inputs):
q_a = Σ_b W[h,a,b] x_b. `zbl.*` are the raw values, before softplus.
"""

from collections.abc import Mapping

import numpy as np

from sundog.errors import WeightsError
from sundog.model.hyperparameters import Hyperparameters

EMBEDDED_ELEMENTS = 119
"""Number of rows of the tables of all atoms, Z = 0 … 118; row 0 is padding and holds zeros."""

HEAD_ELEMENTS = 100
"""Number of rows of the tables of the charge and Hirshfeld heads, Z = 0 … 99."""

Shapes = dict[str, tuple[int, ...]]
"""Shapes of arrays by name."""


def array_shapes(hyperparameters: Hyperparameters) -> Shapes:
    """Return the shape of every array of a model, by name."""
    shapes = _embedding_shapes(hyperparameters.features)
    for layer in range(hyperparameters.layers):
        shapes |= _under(f"layers.{layer}", _layer_shapes(hyperparameters))
    return shapes | _head_shapes(hyperparameters)


def validate(arrays: Mapping[str, np.ndarray], hyperparameters: Hyperparameters) -> None:
    """Check that arrays are a whole model: complete, of their shapes, real and finite.

    Raises:
        WeightsError: An array, which the message names, is missing, unknown, of another shape
            or type, or not finite.
    """
    shapes = array_shapes(hyperparameters)
    for name in shapes.keys() - arrays.keys():
        raise WeightsError(f"weights: the array `{name}` is missing", remedy=_REMEDY)
    for name in arrays.keys() - shapes.keys():
        raise WeightsError(f"weights: the array `{name}` has no place in the model", remedy=_REMEDY)
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape:
            raise WeightsError(
                f"weights: the array `{name}` has another shape than the hyperparameters say",
                got=array.shape,
                expected=str(shape),
                remedy=_REMEDY,
            )
        if array.dtype not in (np.float32, np.float64):
            raise WeightsError(
                f"weights: the array `{name}` is not of real numbers",
                got=array.dtype,
                expected="float32 or float64",
            )
        if not np.isfinite(array).all():
            raise WeightsError(
                f"weights: the array `{name}` holds values that are not finite",
                got=f"{np.count_nonzero(~np.isfinite(array))} of {array.size}",
                remedy="The training that wrote it diverged, or the file is damaged: "
                "take an earlier checkpoint",
            )


def infer_dimensions(arrays: Mapping[str, np.ndarray]) -> dict:
    """Return the hyperparameters that follow from the shapes of a model's arrays.

    The shapes give the number of degrees, but not the degrees; 1, 2, 3, … are taken.
    """
    layers = {name.split(".")[1] for name in arrays if name.startswith("layers.")}
    return {
        "features": arrays["embedding.element"].shape[1],
        "heads": arrays["layers.0.query_features"].shape[0],
        "degrees": tuple(range(1, arrays["layers.0.query_euclidean"].shape[0] + 1)),
        "layers": len(layers),
        "radial_functions": arrays["layers.0.filter_features.radial.hidden.weight"].shape[0],
        "angular_features": arrays["layers.0.filter_features.angular.hidden.weight"].shape[1],
        "hirshfeld_features": arrays["hirshfeld_head.query"].shape[1],
    }


def _embedding_shapes(features: int) -> Shapes:
    charge_or_spin = {
        "query": (EMBEDDED_ELEMENTS, features),
        "key": (2, features),
        "value": (2, features),
        "mlp.hidden.weight": (features, features),
        "mlp.output.weight": (features, features),
    }
    return {
        "embedding.element": (EMBEDDED_ELEMENTS, features),
        **_under("embedding.charge", charge_or_spin),
        **_under("embedding.spin", charge_or_spin),
    }


def _layer_shapes(hyperparameters: Hyperparameters) -> Shapes:
    features, heads = hyperparameters.features, hyperparameters.heads
    degrees = len(hyperparameters.degrees)
    per_head = (heads, features // heads, features // heads)
    per_degree = (degrees, features // degrees, features // degrees)
    radial = _mlp(hyperparameters.radial_functions, features, features)
    angular = _mlp(degrees, hyperparameters.angular_features, features)
    filters = {**_under("radial", radial), **_under("angular", angular)}
    return {
        **_under("filter_features", filters),
        **_under("filter_euclidean", filters),
        "query_features": per_head,
        "key_features": per_head,
        "value_features": per_head,
        "query_euclidean": per_degree,
        "key_euclidean": per_degree,
        **_under("mlp", _mlp(features, features, features)),
        **_under("exchange", _dense(features + degrees, features + degrees)),
        **_under("norm_1", {"scale": (features,), "bias": (features,)}),
        **_under("norm_2", {"scale": (features,), "bias": (features,)}),
    }


def _head_shapes(hyperparameters: Hyperparameters) -> Shapes:
    features, ratio_features = hyperparameters.features, hyperparameters.hirshfeld_features
    return {
        **_under("energy_head.mlp", _mlp(features, features, 1)),
        "energy_head.scale": (EMBEDDED_ELEMENTS,),
        "energy_head.shift": (EMBEDDED_ELEMENTS,),
        **_under("charge_head.mlp", _mlp(features, features, 1)),
        "charge_head.element": (HEAD_ELEMENTS,),
        **_under("hirshfeld_head.mlp", _mlp(features, ratio_features, ratio_features)),
        "hirshfeld_head.element": (HEAD_ELEMENTS,),
        "hirshfeld_head.query": (HEAD_ELEMENTS, ratio_features),
        **_under("zbl", {"a": (4,), "c": (4,), "p": (), "d": ()}),
    }


def _mlp(inputs: int, hidden: int, outputs: int) -> Shapes:
    return {**_under("hidden", _dense(inputs, hidden)), **_under("output", _dense(hidden, outputs))}


def _dense(inputs: int, outputs: int) -> Shapes:
    return {"weight": (inputs, outputs), "bias": (outputs,)}


def _under(prefix: str, shapes: Shapes) -> Shapes:
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}


_REMEDY = "Check that the weights and their hyperparameters belong together, and import them again"
"""Remedy in errors about arrays that do not fit."""
