"""Store of weight sets: they are written, found and read here.

A weight set is a pair of files: `<name>.safetensors`, the arrays, and `<name>.json`, the card,
which holds the hyperparameters, the provenance, the hash of the first and that of the model.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs
import safetensors
import safetensors.numpy

from sundog.errors import WeightsError
from sundog.files import write_atomically
from sundog.model.hyperparameters import Hyperparameters
from sundog.weights.card import HASHED
from sundog.weights.identity import identity_of
from sundog.weights.names import validate
from sundog.weights.published import DEFAULT, PUBLISHED

FORMAT_VERSION = 2
"""Version of the format; it increases when an older sundog cannot read the files. Since version 2
the card has one hash over arrays and hyperparameters."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""Pattern of the names of weight sets."""

_RENEW = "Get the weights again with `sundog weights fetch` or `sundog weights import PATH`"
"""Remedy in errors about damaged files."""


@dataclass(frozen=True)
class WeightSet:
    """Weights of a model with their card.

    Attributes:
        name: Name of the weight set.
        hyperparameters: Shape and constants of the model.
        arrays: Arrays by sundog's names.
        card: Provenance, licence and citation; complete once the set is stored.
    """

    name: str
    hyperparameters: Hyperparameters
    arrays: dict[str, np.ndarray]
    card: dict


class Installed(NamedTuple):
    """Weight set in the user's cache; its card is None if it cannot be read."""

    name: str
    path: Path
    card: dict | None


def cache_directory() -> Path:
    """Return the folder of sundog's cache: `SUNDOG_CACHE_DIR`, else one in the user's cache."""
    cache = os.environ.get("SUNDOG_CACHE_DIR") or platformdirs.user_cache_dir("sundog")
    return Path(cache).expanduser()


def weights_directory() -> Path:
    """Return the folder of the weight sets."""
    return cache_directory() / "weights"


def check_name(name: str) -> str:
    """Return a name if a weight set can have it.

    Raises:
        WeightsError: The name has other characters than are allowed.
    """
    if not _is_name(name):
        raise WeightsError(
            "weights: that is not a name for a weight set",
            got=repr(name),
            expected="letters, digits and . _ + -, beginning with a letter or digit",
        )
    return name


def list_installed() -> list[Installed]:
    """Return the weight sets in the user's cache, sorted by name."""
    installed = []
    for path in sorted(weights_directory().glob("*.safetensors")):
        try:
            card = _read_card(path)
        except WeightsError:
            card = None
        installed.append(Installed(path.stem, path, card))
    return installed


def resolve(name_or_path: str | os.PathLike | None = None) -> WeightSet:
    """Return the weight set that a user means, as `locate` finds it and `read_weights` reads it."""
    return read_weights(locate(name_or_path))


def locate(name_or_path: str | os.PathLike | None = None) -> Path:
    """Return the `.safetensors` file of the weight set that a user means.

    Args:
        name_or_path: Name of an installed set; or path, with a separator or ending in
            `.safetensors`, of the file or of a directory with one such file. None stands for the
            value of `SUNDOG_MODEL_PATH`, else for the published weights.

    Raises:
        WeightsError: There is no such set; the message says which there are and how to get it.
    """
    name_or_path = requested(name_or_path)
    if _is_name(name_or_path):
        return find_installed(name_or_path)
    return _find_file(Path(name_or_path).expanduser())


def requested(name_or_path: str | os.PathLike | None = None) -> str:
    """Return the name or path that is asked for, else `SUNDOG_MODEL_PATH`, else `so3lr`."""
    return str(name_or_path or os.environ.get("SUNDOG_MODEL_PATH") or DEFAULT)


def is_installed(name: str) -> bool:
    """Return whether the user's cache holds a weight set of a name, intact or not."""
    return (weights_directory() / f"{name}.safetensors").is_file()


def find_installed(name: str) -> Path:
    """Return the `.safetensors` file of an installed weight set.

    Raises:
        WeightsError: No set of that name is installed; the message says how to get it.
    """
    path = weights_directory() / f"{name}.safetensors"
    if path.is_file():
        return path
    installed = [weights.name for weights in list_installed()]
    raise WeightsError(
        f"weights: no weight set called `{name}` is installed",
        expected=f"one of those installed: {', '.join(installed) or 'none yet'}",
        remedy=_suggestion(name, installed),
    )


def write_weights(weights: WeightSet, directory: Path | None = None) -> WeightSet:
    """Store a weight set and return it with its complete card.

    Each file appears complete or not at all, the card last: an interrupted write leaves either
    the set that was there before or one that `read_weights` refuses.

    Args:
        weights: Weight set to store under its name.
        directory: Folder to write into; None for the user's cache.

    Raises:
        WeightsError: The arrays are not a whole model, the name is kept for another, or the files
            cannot be written.
    """
    validate(weights.arrays, weights.hyperparameters)
    _check_published(weights.name, weights.arrays, weights.hyperparameters)
    path = (directory or weights_directory()) / f"{check_name(weights.name)}.safetensors"
    data = safetensors.numpy.save(weights.arrays)
    card = {
        **weights.card,
        "format_version": FORMAT_VERSION,
        "name": weights.name,
        "hyperparameters": weights.hyperparameters.to_dict(),
        "safetensors_sha256": sha256(data).hexdigest(),
        "sha256": identity_of(weights.arrays, weights.hyperparameters),
    }
    _store(path, data)
    _store(_card_path(path), (json.dumps(card, indent=2) + "\n").encode())
    return WeightSet(weights.name, weights.hyperparameters, weights.arrays, card)


def read_weights(path: Path) -> WeightSet:
    """Read the weight set whose `.safetensors` file is at `path`.

    Raises:
        WeightsError: A file is missing, truncated or altered, of a newer format, or has the name of
            published weights and is another.
    """
    card = _read_card(path)
    data = read_file(path)
    if sha256(data).hexdigest() != card.get("safetensors_sha256"):
        raise WeightsError(
            f"weights: {path} is truncated or was altered: its hash is not the one in its card",
            remedy=_RENEW,
        )
    try:
        hyperparameters = Hyperparameters.from_dict(card["hyperparameters"])
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, LookupError, TypeError, ValueError, ArithmeticError) as e:
        raise WeightsError(
            f"weights: {path} or its card is damaged", got=f"{type(e).__name__}: {e}", remedy=_RENEW
        ) from e
    validate(arrays, hyperparameters)
    own = identity_of(arrays, hyperparameters)
    if card["format_version"] >= HASHED and card.get("sha256") != own:
        raise WeightsError(
            f"weights: the hyperparameters in {_card_path(path)} were altered: the hash of the "
            "model is not the one in its card",
            remedy=_RENEW,
        )
    _check_published(path.stem, arrays, hyperparameters)
    return WeightSet(path.stem, hyperparameters, arrays, {**card, "name": path.stem, "sha256": own})


def _check_published(
    name: str, arrays: dict[str, np.ndarray], hyperparameters: Hyperparameters
) -> None:
    """Refuse other weights under a published name, and published arrays with other constants."""
    own = identity_of(arrays, hyperparameters)
    known = PUBLISHED.get(name)
    if known is not None and own != known.identity:
        raise WeightsError(
            f"weights: the name `{name}` is kept for the published weights, and these are others",
            remedy=f"Give them another name; `sundog weights fetch {name}` gets the published ones",
        )
    published = {one.identity for one in PUBLISHED.values()}
    if own not in published and identity_of(arrays, Hyperparameters()) in published:
        raise WeightsError(
            "weights: these are the published arrays with other hyperparameters",
            got=hyperparameters,
            expected=str(Hyperparameters()),
            remedy=_RENEW,
        )


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        WeightsError: The file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"weights: cannot read {path}", got=error.strerror) from error


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and not text.endswith(".safetensors")


def _suggestion(name: str, installed: Sequence[str]) -> str:
    if name in PUBLISHED:
        return f"Get the published weights with `sundog weights fetch {name}`"
    if Path(name).exists():
        return f"If the file or directory of that name is meant, write ./{name}"
    for close in get_close_matches(name, {*installed, *PUBLISHED}, n=1):
        return f"Perhaps `{close}` was meant"
    return "Get weights with `sundog weights fetch` or `sundog weights import PATH`"


def _find_file(path: Path) -> Path:
    found = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if len(found) == 1 and found[0].suffix == ".safetensors" and found[0].is_file():
        return found[0]
    raise WeightsError(
        f"weights: there is no weight set at {path}",
        expected="a .safetensors file with its card, or a directory with one such pair",
        remedy="Turn a model made elsewhere into a weight set with `sundog weights import PATH`"
        if path.exists()
        else "Check the path",
    )


def _card_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_card(path: Path) -> dict:
    if path.is_file() and not _card_path(path).is_file():
        raise WeightsError(f"weights: {path} has no card, {_card_path(path).name}, beside it")
    try:
        card = json.loads(read_file(_card_path(path)))
    except ValueError:
        card = None
    if not isinstance(card, dict) or not isinstance(card.get("format_version"), int):
        raise WeightsError(f"weights: {_card_path(path)} is not a weight set's card", remedy=_RENEW)
    if card["format_version"] > FORMAT_VERSION:
        raise WeightsError(
            f"weights: {path} was written by a newer sundog",
            got=f"format {card['format_version']}",
            expected=f"format {FORMAT_VERSION} or older",
            remedy="Update sundog",
        )
    return card


def _store(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    write_atomically(path, data, failure=_cannot_write)


def _cannot_write(path: Path, error: OSError, state: str = "") -> WeightsError:
    return WeightsError(
        f"weights: cannot write {path}",
        got=error.strerror or error,
        remedy=f"{state}{'. ' * bool(state)}Make room, or set SUNDOG_CACHE_DIR to a directory with "
        "room that you may write to",
    )
