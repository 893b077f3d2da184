"""Transfer between atoms and meshes by compiled kernels; see `longrange.mesh`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.kernels.cpu import library
from sundog.longrange.mesh import AbstractTransport, Meshes, OnMesh
from sundog.typing import PerAtom

ATOMS_PER_PART = 192
MOST_PARTS = 16
"""Atoms in a part of the work, about, and largest number of parts.

Each part has a mesh of its own, and these are then added. The number of parts depends on the
number of atoms alone, so that results do not depend on the number of threads.
"""


class CpuTransport(AbstractTransport):
    """Transfer by the compiled kernels.

    Attributes:
        threads: largest number of threads, on which the results do not depend.
    """

    threads: int = eqx.field(static=True)

    def spread(self, at: OnMesh, charges: PerAtom, systems: int) -> Meshes:
        """Return the charges on the meshes; see `AbstractTransport.spread`."""
        extent = _extent(at, systems)
        size = extent[2] * library.mesh_scratch_size(extent)
        meshes, _ = jax.ffi.ffi_call(
            "sundog_spread",
            (
                jax.ShapeDtypeStruct((systems, *at.shape), charges.dtype),
                jax.ShapeDtypeStruct((size,), charges.dtype),
            ),
        )(*_atoms(at), charges, **self._attributes(extent))
        return meshes

    def gather(self, at: OnMesh, meshes: Meshes) -> tuple[PerAtom, Float[Array, "atoms 3"]]:
        """Return potentials and gradients; see `AbstractTransport.gather`."""
        extent = _extent(at, meshes.shape[0])
        size = library.mesh_scratch_size(extent)
        potential, slopes, _ = jax.ffi.ffi_call(
            "sundog_gather",
            (
                jax.ShapeDtypeStruct((extent[0],), meshes.dtype),
                jax.ShapeDtypeStruct((extent[0], 3), meshes.dtype),
                jax.ShapeDtypeStruct((size,), meshes.dtype),
            ),
        )(*_atoms(at), meshes, **self._attributes(extent))
        return potential, slopes

    def _attributes(self, extent: tuple[int, ...]) -> dict[str, np.int64 | np.ndarray]:
        return {"threads": np.int64(self.threads), "extent": np.asarray(extent, np.int64)}


def _atoms(at: OnMesh) -> tuple[Array, Array]:
    return at.u.astype(jnp.float64), at.mesh.astype(jnp.int32)


def _extent(at: OnMesh, systems: int) -> tuple[int, ...]:
    atoms = at.u.shape[0]
    parts = min(max(1, atoms // ATOMS_PER_PART), MOST_PARTS)
    return (atoms, systems, parts, *at.shape, at.order)
