"""Import of a model of another program as a weight set in the user's cache."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from pathlib import Path

import yaml

from sundog.errors import WeightsError
from sundog.weights.card import new_card
from sundog.weights.model_file import read_model_file, read_orbax
from sundog.weights.orbax import find_checkpoint
from sundog.weights.published import PUBLISHED
from sundog.weights.store import (
    WeightSet,
    check_name,
    read_file,
    read_weights,
    weights_directory,
    write_weights,
)

_MODEL_FILES = ("*.safetensors", "params.pkl", "*.model", "*.pth", "*.pt")
"""Patterns of the names of model files that are looked for in a directory."""

_SETTINGS_FILES = ("hyperparameters.json", "hyperparameters.yaml")
"""Names of the file of settings beside a `params.pkl`."""


FIXED_ELSEWHERE = frozenset({"radial_decay", "zbl_cutoff"})
"""Hyperparameters that are constants in the programs that train these models, not settings."""


def import_weights(
    path: str | Path,
    name: str | None = None,
    *,
    replace: bool = False,
    assume: Sequence[str] = (),
) -> WeightSet:
    """Convert a model and store it in the user's cache.

    Args:
        path: Flax `params.pkl`, model saved by torch, sundog `.safetensors` with its card beside
            it, or directory that holds one of them. A `params.pkl` is read with the
            `hyperparameters.json` or `.yaml` beside it.
        name: Name of the weight set; None for the published model's name, if it is one, else
            for the name of the file or, for a `params.pkl`, of its directory.
        replace: Whether a weight set of that name may be overwritten.
        assume: Names of hyperparameters that the file does not state and that shall be those of
            the published model. Those that no program has as settings need not be named.

    Returns:
        Weight set as it was stored.

    Raises:
        WeightsError: There is no model at `path`, or none that sundog computes; the file is
            damaged or malicious, or does not state a hyperparameter; or a weight set of that name
            exists.
    """
    place = Path(path).expanduser()
    file = _find_model(place)
    if file is None:
        weights = _convert_checkpoint(place)
        _refuse_assumptions(weights, assume)
    elif file.suffix == ".safetensors":
        weights = read_weights(file)
    else:
        weights = _convert(file)
        _refuse_assumptions(weights, assume)
    weights = changed(weights, name=check_name(name or weights.name))
    if not replace and (weights_directory() / f"{weights.name}.safetensors").exists():
        raise WeightsError(
            f"weights: a weight set called `{weights.name}` is installed already",
            remedy="Choose another `name`, or replace it with replace=True",
        )
    return write_weights(weights)


def _refuse_assumptions(weights: WeightSet, assume: Sequence[str]) -> None:
    """Refuse hyperparameters that the file does not state and that are not asked for."""
    told = {name.replace("-", "_") for name in assume}
    assumed = weights.card.get("assumed_hyperparameters") or []
    open_ = [name for name in assumed if name not in told and name not in FIXED_ELSEWHERE]
    if open_:
        values = weights.hyperparameters.to_dict()
        raise WeightsError(
            "weights: the file does not state hyperparameters of its model",
            got="no " + ", ".join(open_),
            expected=f"a {' or '.join(_SETTINGS_FILES)} beside it",
            remedy="If the model has the published values, ask for them by name: "
            + " ".join(f"--assume {name}" for name in open_)
            + f" ({', '.join(f'{name} {values[name]}' for name in open_)})",
        )
    if unknown := sorted(told - set(assumed)):
        raise WeightsError(
            "assume: the file states these hyperparameters, or there are none of these names",
            got=", ".join(unknown),
            expected=", ".join(assumed) or "none",
        )


def _convert(file: Path) -> WeightSet:
    model = read_model_file(read_file(file), _read_settings(file.parent))
    published = PUBLISHED.get(model.published or "")
    card = new_card(
        source={"kind": "file", "file": file.name, "sha256": model.sha256},
        licence=published.licence if published else None,
        assumed=model.assumed,
    )
    own_name = file.resolve().parent.name if file.name == "params.pkl" else file.stem
    return WeightSet(model.published or own_name, model.hyperparameters, model.arrays, card)


def _convert_checkpoint(path: Path) -> WeightSet:
    folder = find_checkpoint(path)
    assert folder is not None
    settings = next(
        (one for above in (path, *folder.parents[:4]) if (one := _read_settings(above))), None
    )
    model = read_orbax(folder, settings)
    source = {"kind": "checkpoint", "file": str(folder), "sha256": model.sha256}
    card = new_card(source=source, licence=None, assumed=model.assumed)
    return WeightSet(path.resolve().name, model.hyperparameters, model.arrays, card)


def _find_model(path: Path) -> Path | None:
    """Return the file of a model, or None where there is a checkpoint of orbax instead."""
    if not path.exists():
        raise WeightsError(f"weights: there is nothing at {path}", remedy="Check the path")
    if not path.is_dir():
        return path
    found = [file for pattern in _MODEL_FILES for file in sorted(path.glob(pattern))]
    if len(found) == 1:
        return found[0]
    if not found and find_checkpoint(path) is not None:
        return None
    raise WeightsError(
        f"weights: {path} does not hold one model",
        got=", ".join(file.name for file in found) or "none",
        expected=f"one file of {', '.join(_MODEL_FILES)}",
        remedy="Give the path of the model file itself",
    )


def _read_settings(directory: Path) -> Mapping | None:
    for name in _SETTINGS_FILES:
        file = directory / name
        if not file.is_file():
            continue
        try:
            # JSON is YAML too, but its own reader is faster and stricter.
            settings = (json.loads if file.suffix == ".json" else yaml.safe_load)(read_file(file))
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            raise WeightsError(f"weights: {file} cannot be read", got=error) from error
        if not isinstance(settings, Mapping):
            raise WeightsError(f"weights: {file} does not hold settings", expected="a mapping")
        return settings
    return None
