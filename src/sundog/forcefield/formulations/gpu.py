"""The plain force field with its work on pairs done by the kernels for GPUs.

Apart from `plain`, since Pallas takes its time to import.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp

from sundog.forcefield.formulations.ordered import OrderedForceField
from sundog.forcefield.formulations.plain import on_plain
from sundog.forcefield.so3lr import ForceField
from sundog.kernels.gpu.kernels import gpu_kernels
from sundog.kernels.gpu.layer import Tiles
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain.kernels import PlainKernels

TILES = Tiles(
    forward=Tile(atoms=4, slots=4, warps=8),
    backward=Tile(atoms=4, slots=4, warps=8),
    sums=Tile(atoms=8, slots=8, warps=4),
    far=Tile(atoms=1, slots=128, warps=4),
    clusters=Tile(atoms=16, slots=16, warps=4),
)
"""Shapes of the work: with 16 pairs to a tile the compiler keeps nearly everything in registers on
sm_90."""


def on_gpu(force_field: ForceField, tiles: Tiles = TILES) -> OrderedForceField:
    """Return the force field on the kernels for GPUs, large systems in spatial order (host only).

    Args:
        force_field: its parameters and precision are kept.
        tiles: shapes of the work.
    """
    plain = on_plain(force_field)
    assert isinstance(plain.kernels, PlainKernels)
    kernels = gpu_kernels(plain.kernels, tiles)
    cast = jax.tree.map(lambda leaf: jnp.asarray(leaf, force_field.network.dtype), kernels)
    return OrderedForceField(replace(plain, kernels=cast))
