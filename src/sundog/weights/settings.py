"""Reader of the settings of models of other programs, which refuses what sundog does not compute.

Each dialect is a table of the keys of sundog's hyperparameters, and of the keys that must have the
value that the SO3LR model is built on. All others (units of the training data, optimiser,
initialisation, long-range cutoffs) do not change the model.
"""

from collections.abc import Mapping, Sequence
from reprlib import repr as short_repr
from typing import NamedTuple

from sundog.errors import WeightsError


class Dialect(NamedTuple):
    """Keys of the settings of a family of models.

    Attributes:
        hyperparameters: Key of each of sundog's hyperparameters that the family sets; a dot
            separates the keys of nested mappings.
        required: Value that sundog supports, by key.
    """

    hyperparameters: dict[str, str]
    required: dict[str, object]


_REQUIRED_BY_BOTH = {
    "dispersion_energy_bool": True,
    "electrostatic_energy_bool": True,
    "input_convention": "positions",
    "layer_normalization_1": True,
    "layer_normalization_2": True,
    "message_normalization": "avg_num_neighbors",
    "qk_non_linearity": "identity",
    "radial_basis_fn": "bernstein",
    "residual_mlp_1": True,
    "residual_mlp_2": False,
    "use_charge_embed": True,
    "use_spin_embed": True,
    "zbl_repulsion_bool": True,
}
"""Values that both dialects must have, by key."""

UPSTREAM = Dialect(
    hyperparameters={
        "features": "model.num_features",
        "heads": "model.num_heads",
        "degrees": "model.degrees",
        "layers": "model.num_layers",
        "radial_functions": "model.num_radial_basis_fn",
        "cutoff": "model.cutoff",
        "average_neighbors": "data.avg_num_neighbors",
        "coulomb_sigma": "model.electrostatic_energy_scale",
        "dispersion_damping": "model.dispersion_energy_scale",
    },
    required={
        "model.activation_fn": "silu",
        "model.cutoff_fn": "phys",
        "model.energy_activation_fn": "silu",
        **{f"model.{key}": value for key, value in _REQUIRED_BY_BOTH.items()},
    },
)
"""Settings of upstream's flax models."""

TORCH = Dialect(
    hyperparameters={
        "features": "num_features",
        "heads": "num_heads",
        "degrees": "degrees",
        "layers": "num_layers",
        "radial_functions": "num_radial_basis_fn",
        "cutoff": "r_max",
        "radial_decay": "radial_decay",
        "average_neighbors": "avg_num_neighbors",
        "coulomb_sigma": "electrostatic_energy_scale",
        "dispersion_damping": "dispersion_energy_scale",
    },
    required={
        "activation_fn_name": "silu",
        "cutoff_fn_name": "phys",
        "energy_activation_fn_name": "silu",
        "initialize_ev_to_zeros": True,
        **_REQUIRED_BY_BOTH,
    },
)
"""Settings of torch models."""

TORCH_FILE = Dialect(
    hyperparameters=TORCH.hyperparameters,
    required={
        "activation_fn": "silu",
        "cutoff_fn": "phys",
        "energy_activation_fn": "silu",
        **_REQUIRED_BY_BOTH,
    },
)
"""Settings of torch models in a file beside their state dict, under `ARCHITECTURE`."""

_COUNTS = ("features", "heads", "layers", "radial_functions")
"""Hyperparameters that are whole numbers."""

_LARGEST = 10_000
"""Largest value of a setting, beyond any model; a larger count would be a loop of that length."""


def read_settings(settings: Mapping, dialect: Dialect) -> dict:
    """Return the hyperparameters in the settings of a model.

    Args:
        settings: Settings as they were found.
        dialect: Dialect of the settings.

    Raises:
        WeightsError: A setting, which the message names, is missing, unreadable or not supported.
    """
    for key, value in dialect.required.items():
        found = _look_up(settings, key)
        if type(found) is not type(value) or found != value:
            raise WeightsError(
                f"weights: the setting `{key}` of the model is not supported",
                got=short_repr(found),
                expected=repr(value),
                remedy="sundog computes the SO3LR model only; use the program this one is from",
            )
    return {
        name: _checked(name, key, _look_up(settings, key))
        for name, key in dialect.hyperparameters.items()
    }


def _look_up(settings: Mapping, key: str) -> object:
    value: object = settings
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise WeightsError(
                f"weights: the setting `{key}` of the model is missing",
                remedy="Give the settings that were written when the model was trained",
            )
        value = value[part]
    return value


def _checked(name: str, key: str, value: object) -> object:
    match value:
        case bool():
            pass
        case [int(), *_] if name == "degrees" and _are_ascending(value):
            return tuple(value)
        case int() if name in _COUNTS and 0 < value <= _LARGEST:
            return value
        case int() | float() if name not in ("degrees", *_COUNTS) and 0 < value <= _LARGEST:
            return float(value)
    raise WeightsError(
        f"weights: the setting `{key}` of the model is not acceptable",
        got=short_repr(value),
        expected="ascending degrees from 1 on" if name == "degrees" else "a positive number",
    )


def _are_ascending(degrees: Sequence) -> bool:
    return all(type(degree) is int for degree in degrees) and all(
        low < high for low, high in zip([0, *degrees], degrees, strict=False)
    )
