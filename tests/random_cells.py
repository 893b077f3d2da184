"""Random structures in awkward cells, and pair lists as sets that can be compared."""

import itertools

import numpy as np

from sundog.system import System, concatenate, make_system, pad

PERIODICITIES = list(itertools.product([False, True], repeat=3))


def random_cell(rng, lengths=(3.0, 9.0), skew=1.0) -> np.ndarray:
    """Return a triclinic cell, sheared by up to `skew` lattice vectors."""
    cell = np.diag(rng.uniform(*lengths, 3))
    cell[1, 0], cell[2, 0], cell[2, 1] = rng.uniform(-skew, skew, 3) * np.diag(cell)[[0, 0, 1]]
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return cell @ rotation


def random_system(rng, atoms, pbc, *, hops=0, **cell_options) -> System:
    """Return atoms in and around a random cell, moved by up to `hops` lattice vectors each."""
    cell = random_cell(rng, **cell_options)
    fractional = 1.2 * rng.uniform(size=(atoms, 3)) - 0.1
    fractional += rng.integers(-hops, hops, size=(atoms, 3), endpoint=True) * np.asarray(pbc)
    return make_system(
        fractional @ cell, np.ones(atoms, int), cell=cell, pbc=np.broadcast_to(pbc, 3)
    )


def awkward_batch(rng, atoms, systems) -> System:
    """Return four structures, of 37, 5, 1 and 16 atoms and as many kinds of cells, padded."""
    parts = [
        random_system(rng, 37, (True, True, True), lengths=(6.0, 8.0)),
        random_system(rng, 5, (False, False, False), lengths=(6.0, 8.0)),
        random_system(rng, 1, (True, False, True), lengths=(3.0, 4.0)),
        random_system(rng, 16, (False, True, False), hops=2, lengths=(9.0, 15.0)),
    ]
    return pad(concatenate(parts), atoms, systems)


def entries(pairs) -> list[tuple[int, ...]]:
    """Return the sorted (i, j, shift) of a list; sorted, so that a duplicate shows."""
    table = np.column_stack([np.asarray(a) for a in (pairs.i, pairs.j, pairs.shift)])
    return sorted(map(tuple, table[np.asarray(pairs.mask)].tolist()))


def distances(system, pairs) -> np.ndarray:
    """Return the distances of the entries that are not padding, in float64."""
    positions = np.asarray(system.positions, dtype=np.float64)
    cell = np.asarray(system.cell, dtype=np.float64)[np.asarray(system.system_index)]
    mask = np.asarray(pairs.mask)
    i, j, shift = (np.asarray(a)[mask] for a in (pairs.i, pairs.j, pairs.shift))
    vectors = positions[j] + np.einsum("pa,pab->pb", shift, cell[i]) - positions[i]
    return np.linalg.norm(vectors, axis=1)


def brute_force(system, cutoff) -> list[tuple[int, ...]]:
    """Return the entries of the exact list, pair by pair and image by image."""
    positions, cell, pbc = (np.asarray(a) for a in (system.positions, system.cell, system.pbc))
    index, is_atom = np.asarray(system.system_index), np.asarray(system.is_atom)
    found = []
    for i, j in itertools.product(np.flatnonzero(is_atom), repeat=2):
        if index[i] != index[j]:
            continue
        lattice, periodic = cell[index[i]], pbc[index[i]]
        ranges = [range(1)] * 3
        for k in np.flatnonzero(periodic):
            # The least-squares fractional coordinate; each further image is a height away.
            others = lattice[[n for n in np.flatnonzero(periodic) if n != k]]
            normal = lattice[k] - (
                np.linalg.pinv(others) @ others @ lattice[k] if len(others) else 0
            )
            height = np.linalg.norm(normal)
            middle = -(positions[j] - positions[i]) @ normal / height**2
            reach = cutoff / height
            ranges[k] = range(int(np.floor(middle - reach)), int(np.ceil(middle + reach)) + 1)
        for shift in itertools.product(*ranges):
            vector = positions[j] + np.array(shift) @ lattice - positions[i]
            if np.linalg.norm(vector) < cutoff and (i != j or any(shift)):
                found.append((int(i), int(j), *shift))
    return sorted(found)
