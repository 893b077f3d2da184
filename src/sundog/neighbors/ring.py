"""`RingPairs`: all pairs of small molecules without lists, for batches of one width.

Each molecule is padded to n atoms. Atom k of molecule m is row k·b + m of b molecules, and

    pair (d, k, m):  i = k,  j = k + d (mod n),  d = 1 … n/2

is every pair once; for even n the pairs of d = n/2 come twice, and their second half is masked.
Gathers at j are products with a matrix of zeros and ones, [n/2·n, n], whose transpose sums over j:
there is neither an index nor a scatter, so that sums have one order on every device. (XLA on CPUs
computes what comes before a window of rows again in each of its uses; a product it computes once.)
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.neighbors.pairs import PairList
from sundog.system import System
from sundog.typing import PairVectors


class RingPairs(PairList):
    """All pairs of molecules of one width, each once.

    Attributes:
        width: number n of atoms of each molecule, padding included.
        reverse: whether i and j are exchanged.
    """

    width: int = eqx.field(static=True, default=1)
    reverse: bool = eqx.field(static=True, default=False)

    @property
    def directions(self) -> tuple[PairList, ...]:
        """This list and its reverse."""
        return (self, RingPairs(self.j, self.i, self.shift, self.mask, None, self.width, True))

    @property
    def parity(self) -> int:
        """−1 for the reverse list, whose pairs have the harmonics of the others."""
        return -1 if self.reverse else 1

    def at_receivers(self, values: Array) -> Array:
        """Return `values[i]`, one row per pair."""
        return self._shifted(values) if self.reverse else self._repeated(values)

    def at_senders(self, values: Array) -> Array:
        """Return `values[j]`, one row per pair."""
        return self._repeated(values) if self.reverse else self._shifted(values)

    def sum_over_senders(self, values: Array, atoms: int) -> Array:
        """Return Σ_j values_ij for each of `atoms` receivers."""
        matrix = _matrix(self.width)
        if not self.reverse:
            return values.reshape(self._shifts, atoms, *values.shape[1:]).sum(axis=0)
        rows = values.reshape(len(matrix), -1)
        summed = jnp.asarray(matrix.T, values.dtype) @ rows
        return summed.reshape(atoms, *values.shape[1:])

    def vectors(self, system: System, strain: Float[Array, "systems 3 3"]) -> PairVectors:
        """Return the vectors r_ij in Å under a strain; there are no cells."""
        difference = self.at_senders(system.positions) - self.at_receivers(system.positions)
        rows = difference.reshape(-1, strain.shape[0], 3)
        return (rows + jnp.einsum("pma,mab->pmb", rows, strain)).reshape(-1, 3)

    @property
    def _shifts(self) -> int:
        return max(self.width // 2, 1)

    def _repeated(self, values: Array) -> Array:
        rows = jnp.broadcast_to(values[None], (self._shifts, *values.shape))
        return rows.reshape(-1, *values.shape[1:])

    def _shifted(self, values: Array) -> Array:
        matrix = jnp.asarray(_matrix(self.width), values.dtype)
        rows = matrix @ values.reshape(self.width, -1)
        return rows.reshape(-1, *values.shape[1:])


def _senders(width: int) -> np.ndarray:
    """Return the atom j of each shift d and atom i, [shifts · width]."""
    shifts = np.arange(1, max(width // 2, 1) + 1)
    return ((np.arange(width)[None] + shifts[:, None]) % width).reshape(-1)


def _matrix(width: int) -> np.ndarray:
    return np.eye(width)[_senders(width)]


def ring_arrays(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of `RingPairs` for molecules (host only).

    Args:
        numbers: atomic numbers, [width, molecules]; 0 in padding.
    """
    width, molecules = numbers.shape
    j = _senders(width)
    i = np.tile(np.arange(width), len(j) // width)
    once = i != j
    if width % 2 == 0:
        half = (np.arange(len(j)) // width == width // 2 - 1) & (i >= width // 2)
        once = once & ~half
    mask = (numbers[i] > 0) & (numbers[j] > 0) & once[:, None]
    rows = np.arange(molecules)
    return {
        "i": (i[:, None] * molecules + rows).reshape(-1).astype(np.int32),
        "j": (j[:, None] * molecules + rows).reshape(-1).astype(np.int32),
        "shift": np.zeros((mask.size, 3), np.int32),
        "mask": mask.reshape(-1),
    }
