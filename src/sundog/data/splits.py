"""Structures divided into parts for training, validation and test.

What belongs together stays on one side: equal structures always; structures that are near each
other, of one formula, of one group, or of one scaffold where that is asked for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jaxtyping import Int

from sundog.data.choices import Split
from sundog.data.duplicates import equal_structures, near_structures
from sundog.data.graphs import molecule_hash, scaffold_hash
from sundog.data.records import Record
from sundog.data.store import Store
from sundog.errors import FileFormatError, InputError
from sundog.files import write_atomically

PARTS = ("train", "validation", "test")
"""Names of the parts."""


def divide(store: Store, how: Split) -> dict[str, Int[np.ndarray, " structures"]]:
    """Return the numbers of the structures of each part, ascending.

    Args:
        store: structures.
        how: choice of the parts.

    Raises:
        InputError: a part that was asked for would be empty, or there are no groups.
    """
    kinds = _kinds(store, how)
    names, where = np.unique(kinds, return_inverse=True)
    where = where.reshape(len(store))
    order = np.random.default_rng([how.seed, 1]).permutation(len(names))
    ends = np.cumsum(np.bincount(where, minlength=len(names))[order])
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    # As many kinds as come nearest to what is wanted, and one at least.
    parts = {"validation": how.validation_fraction, "test": how.test_fraction}
    found: dict[str, np.ndarray] = {}
    first, wanted = 0, 0.0
    for part, fraction in parts.items():
        wanted += fraction * len(store)
        last = int(np.argmin(np.abs(ends - wanted))) + 1 if fraction else first
        last = max(last, first + 1) if fraction else last
        found[part] = np.flatnonzero((rank[where] >= first) & (rank[where] < last))
        first = last
    found["train"] = np.flatnonzero(rank[where] >= first)
    empty = [name for name, one in found.items() if not len(one) and parts.get(name, 1.0)]
    if empty:
        raise InputError(
            f"by: a split by {how.by} leaves nothing for {empty[0]}",
            got=f"{len(store)} structures in {len(names)} kinds",
            remedy="Give more structures, smaller fractions, or a finer split",
        )
    return {part: found[part] for part in PARTS}


def leaks(
    store: Store, parts: Mapping[str, Int[np.ndarray, " structures"]], near_angstrom: float
) -> dict[str, int]:
    """Return how many structures of each other part are near one for training.

    Args:
        store: structures.
        parts: numbers of the structures of each part.
        near_angstrom: as for `Split`.
    """
    groups = near_structures(store, near_angstrom)
    trained = groups[parts["train"]]
    others = (part for part in PARTS if part != "train")
    return {part: int(np.isin(groups[parts[part]], trained).sum()) for part in others}


def save_split(folder: Path, parts: Mapping[str, np.ndarray], how: Split) -> None:
    """Write the numbers of the parts, and how they were found.

    Args:
        folder: folder that does not exist.
        parts: numbers of the structures of each part.
        how: choice by which they were found.
    """
    folder.mkdir(parents=True)
    for name, numbers in parts.items():
        with (folder / f"{name}.npy").open("xb") as file:
            np.save(file, numbers.astype("<i8"))
    write_atomically(folder / "split.json", json.dumps(asdict(how), indent=2) + "\n")


def load_split(folder: Path, structures: int) -> dict[str, Int[np.ndarray, " structures"]]:
    """Return the numbers of the structures of each part.

    Args:
        folder: folder that `save_split` has written.
        structures: number of structures of the store.

    Raises:
        FileFormatError: it is no split, or not one of so many structures.
    """
    found = {}
    for name in PARTS:
        path = folder / f"{name}.npy"
        try:
            numbers = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FileFormatError(f"{path}: no part of a split", got=error) from error
        if numbers.dtype != np.dtype("<i8") or numbers.ndim != 1:
            raise FileFormatError(f"{path}: no numbers of structures", got=numbers.dtype)
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < structures:
            raise FileFormatError(
                f"{path}: a split of other structures",
                got=f"number {numbers.max()}",
                expected=f"numbers below {structures}",
            )
        found[name] = numbers
    return found


_NAMES: Mapping[str, Callable[[Record], bytes]] = {
    "formula": lambda one: repr(one.formula).encode(),
    "molecule": molecule_hash,
    "scaffold": scaffold_hash,
}
"""Functions that name what a structure is not divided from."""


def _kinds(store: Store, how: Split) -> np.ndarray:
    """Return a name for what each structure is not divided from."""
    if how.by == "structure":
        return equal_structures(store)
    if how.by == "near":
        return near_structures(store, how.near_angstrom)
    if how.by in _NAMES:
        name_of = _NAMES[how.by]
        return np.array([name_of(store[number]) for number in range(len(store))])
    if store.groups == ("",):
        raise InputError(
            "by: the store has no groups",
            remedy="Make it with a group_key, the entry of `info` that names them",
        )
    return store.group_numbers
