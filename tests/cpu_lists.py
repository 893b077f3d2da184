"""What the integers of `CpuLists` say, spelled out. The layout is that of native/lists.hpp."""

from dataclasses import dataclass

import numpy as np

from sundog.kernels.cpu.lists import CpuLists
from sundog.system import System

UNIT = 16
NO_SHIFT = 128 | 128 << 8 | 128 << 16

Entries = list[tuple[int, ...]]


@dataclass(frozen=True)
class Decoded:
    """Views into the integers, cut to what is in use; atoms in sorted order."""

    atoms: int
    demand: np.ndarray
    order: np.ndarray
    wrap: np.ndarray
    system: np.ndarray
    row_start: np.ndarray
    pair_atom: np.ndarray
    pair_row: np.ndarray
    pair_shift: np.ndarray
    bounds: np.ndarray
    halo_start: np.ndarray
    halo_of: np.ndarray
    halo_rows: np.ndarray
    cluster_first: np.ndarray
    long_start: np.ndarray
    long_cluster: np.ndarray
    long_shift: np.ndarray

    @property
    def pair_i(self) -> np.ndarray:
        """The receiver of every short pair."""
        return np.repeat(np.arange(self.atoms), np.diff(self.row_start))

    def part_of(self, atoms: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.bounds, atoms, side="right") - 1

    def short_pairs(self) -> Entries:
        """Both directions of the listed pairs, as the user counts atoms, sorted."""
        return self._entries(self.pair_i, self.pair_atom, self.pair_shift)

    def long_pairs(self) -> Entries:
        """Both directions of the pairs of atoms in the listed pairs of clusters, sorted."""
        cluster = np.repeat(np.arange(len(self.long_start) - 1), np.diff(self.long_start))
        found = []
        for c, d, packed in zip(cluster, self.long_cluster, self.long_shift, strict=True):
            mine, theirs = (np.arange(*self.cluster_first[k : k + 2]) for k in (c, d))
            i, j = (a.ravel() for a in np.meshgrid(mine, theirs, indexing="ij"))
            keep = (i < j) | (c != d) | (packed != NO_SHIFT)
            found.append((i[keep], j[keep], np.full(keep.sum(), packed)))
        if not found:
            return []
        return self._entries(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))

    def _entries(self, i: np.ndarray, j: np.ndarray, packed: np.ndarray) -> Entries:
        shift = np.stack([(packed >> bits & 255) - 128 for bits in (0, 8, 16)], axis=-1)
        shift = shift - self.wrap[j] + self.wrap[i]
        i, j = self.order[i], self.order[j]
        both = np.concatenate([np.column_stack([i, j, shift]), np.column_stack([j, i, -shift])])
        return sorted(map(tuple, both.tolist()))


def decode(lists: CpuLists) -> Decoded:
    """Return the parts of lists that did not overflow."""
    atoms, _, count_of_parts, _, clusters, short, long_, halo = lists.extent
    data = np.asarray(lists.data)
    used = 0

    def take(count: int, *columns: int) -> np.ndarray:
        nonlocal used
        length = count * int(np.prod(columns, dtype=int))
        part = data[used : used + length].reshape(count, *columns)
        used += -(-length // UNIT) * UNIT
        return part

    parts = {
        "demand": take(UNIT),
        "order": take(atoms),
        "wrap": take(atoms, 3),
        "system": take(atoms),
        "row_start": take(atoms + 1),
        "pair_atom": take(short),
        "pair_row": take(short),
        "pair_shift": take(short),
        "bounds": take(count_of_parts + 1),
        "halo_start": take(count_of_parts + 1),
        "halo_of": take(atoms + 1),
        "halo_rows": take(halo),
        "cluster_first": take(clusters + 1),
        "long_start": take(clusters + 1),
        "long_cluster": take(long_),
        "long_shift": take(long_),
    }
    assert used == len(data)
    pairs, cluster_pairs, rows = parts["demand"][:3]
    for name in ("pair_atom", "pair_row", "pair_shift"):
        parts[name] = parts[name][:pairs]
    for name in ("long_cluster", "long_shift"):
        parts[name] = parts[name][:cluster_pairs]
    parts["halo_rows"] = parts["halo_rows"][:rows]
    parts["demand"] = parts["demand"][:6]
    return Decoded(atoms=atoms, **parts)


def within(system: System, listed: Entries, cutoff: float) -> Entries:
    """Return those of the entries that are closer than a cutoff."""
    table = np.array(listed, dtype=np.int64).reshape(-1, 5)
    positions = np.asarray(system.positions, np.float64)
    i, j = table[:, 0], table[:, 1]
    cell = np.asarray(system.cell, np.float64)[np.asarray(system.system_index)[i]]
    vectors = positions[j] + np.einsum("pa,pab->pb", table[:, 2:], cell) - positions[i]
    return [
        one for one, r in zip(listed, np.linalg.norm(vectors, axis=1), strict=True) if r < cutoff
    ]
