"""Reader of parameters that upstream's training keeps with orbax, without orbax or upstream.

A checkpoint is a folder with `_METADATA`, which names the arrays, and the arrays as zarr, each in
a folder of its own or all in a database (OCDBT). TensorStore, an extra, reads both.
"""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sundog.errors import UnavailableError, WeightsError

MARKER = "_METADATA"
"""File that names the arrays of a checkpoint."""

STEP = re.compile(r"(?:ckpt_)?(\d+)")
"""Name of the folder of a checkpoint after some steps."""


def find_checkpoint(path: Path) -> Path | None:
    """Return the folder with the parameters of the last checkpoint of a directory.

    Args:
        path: Work directory, its `checkpoints`, one of these, or the parameters of one.
    """
    for folder in (path, path / "params"):
        if (folder / MARKER).is_file():
            return folder
    steps = {
        int(found[1]): one
        for parent in (path / "checkpoints", path)
        if parent.is_dir()
        for one in parent.iterdir()
        if (found := STEP.fullmatch(one.name)) and (one / "params" / MARKER).is_file()
    }
    return steps[max(steps)] / "params" if steps else None


def read_checkpoint(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint by their paths, such as `layers_0/…`, without `params/`.

    Args:
        folder: Folder with the parameters, as `find_checkpoint` returns it.

    Raises:
        UnavailableError: TensorStore is not installed.
        WeightsError: The checkpoint is damaged, or of another kind.
    """
    try:
        tensorstore: Any = import_module("tensorstore")
    except ImportError as error:
        raise UnavailableError(
            "weights: an orbax checkpoint needs TensorStore. Install it with: "
            "pip install 'sundog[orbax]'"
        ) from error
    try:
        metadata = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        paths = _paths(metadata["tree_metadata"])
        base = f"file://{folder.absolute()}/"
        whole = (folder / "manifest.ocdbt").is_file()
        driver = "zarr3" if metadata.get("use_zarr3") else "zarr"
        arrays = {}
        for path in paths:
            place = ".".join(path) + "/"
            store = {"driver": "ocdbt", "base": base, "path": place} if whole else base + place
            spec = {"driver": driver, "kvstore": store}
            found = tensorstore.open(spec, read=True, open=True).result().read().result()
            arrays["/".join(path[1:])] = np.asarray(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"weights: the checkpoint {folder} cannot be read",
            got=f"{type(error).__name__}: {str(error)[:200]}",
            remedy="Check that the folder is whole",
        ) from error
    return arrays


def _paths(tree: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the path of each array, of which the first part is `params`."""
    paths = [tuple(str(part["key"]) for part in one["key_metadata"]) for one in tree.values()]
    if not paths or not all(path[0] == "params" and len(path) > 1 for path in paths):
        raise ValueError("no parameters of a flax model")
    if any("/" in part or part in ("", ".", "..") for path in paths for part in path):
        raise ValueError("a name of an array that leads elsewhere")
    return paths
