"""Conversion between the arrays of a flax or torch file and sundog's, by the table in `layouts`."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np

from sundog.errors import WeightsError
from sundog.weights.layouts import Layout, Row, rows


def to_canonical(sources: Mapping[str, np.ndarray], layout: Layout) -> dict[str, np.ndarray]:
    """Return the arrays of a file under sundog's names and in sundog's layout.

    Args:
        sources: Arrays by their names in the file.
        layout: Family that the file belongs to.

    Raises:
        WeightsError: An array is missing, cannot be brought into shape, or has no place in the
            model.
    """
    unused = {name for name in sources if not any(fnmatchcase(name, p) for p in layout.derived)}
    arrays = {}
    for row in rows(_count_layers(sources, layout)):
        names = _names_in_file(row, layout)
        missing = [name for name in names if name not in unused]
        if missing:
            raise WeightsError(
                f"weights: the array `{row.name}` is missing: the file has no `{missing[0]}`",
                expected="a model of the SO3LR family",
            )
        unused.difference_update(names)
        arrays[row.name] = _convert(row, layout, [sources[name] for name in names])
    if unused:
        raise WeightsError(
            "weights: the file holds arrays that have no place in the model",
            got=", ".join(f"`{name}`" for name in sorted(unused)[:5]),
            expected="a model of the SO3LR family without additions",
        )
    return arrays


def from_canonical(arrays: Mapping[str, np.ndarray], layout: Layout) -> dict[str, np.ndarray]:
    """Return the arrays of a file of a family, by their names in it.

    Args:
        arrays: Arrays by sundog's names, complete.
        layout: Family that the file shall belong to.
    """
    layers = {name.split(".")[1] for name in arrays if name.startswith("layers.")}
    found = {}
    for row in rows(len(layers)):
        back = row.kind.to_flax if layout.family == "flax" else row.kind.to_torch
        parts = back(arrays[row.name])
        for name, part in zip(_names_in_file(row, layout), parts, strict=True):
            found[name] = np.array(part, np.float32, order="C")
    return found


def _convert(row: Row, layout: Layout, parts: list[np.ndarray]) -> np.ndarray:
    try:
        array = getattr(row.kind, layout.family)(*parts)
    except (ValueError, IndexError):
        array = None
    if array is None or array.ndim != row.kind.rank:
        raise WeightsError(
            f"weights: the array `{row.name}` cannot be brought into shape: the file's "
            f"`{_names_in_file(row, layout)[0]}` is of another shape than in the SO3LR model",
            got=", ".join(str(part.shape) for part in parts),
        )
    # A copy, so that the array is writable, contiguous and does not keep the file in memory.
    return np.array(array, order="C")


def _names_in_file(row: Row, layout: Layout) -> tuple[str, ...]:
    return getattr(row, layout.family)


def _count_layers(sources: Mapping[str, np.ndarray], layout: Layout) -> int:
    numbers = {found[1] for name in sources if (found := re.match(layout.layer, name))}
    # A file without layers is reported as one whose first layer is missing.
    return max(1, len(numbers))
