"""Kernels for GPUs, interpreted."""

from dataclasses import replace

from sundog.forcefield.formulations.gpu import on_gpu
from sundog.forcefield.formulations.ordered import OrderedForceField
from sundog.kernels.gpu.layer import Tiles
from sundog.kernels.gpu.tiles import Tile

INTERPRETED = Tiles(
    *[Tile(atoms=8, slots=8, interpret=True)] * 3,
    far=Tile(atoms=8, slots=32, interpret=True),
    clusters=Tile(atoms=16, slots=64, interpret=True),
)
"""Larger than on a GPU, where an interpreter would go round for long."""


def interpreted(force_field, least_atoms=1, tiles=INTERPRETED) -> OrderedForceField:
    """Return a force field on the kernels for GPUs, interpreted.

    Args:
        force_field: in any precision.
        least_atoms: smaller systems are left in the order in which they come.
        tiles: shapes of the work.
    """
    return replace(on_gpu(force_field, tiles), least_atoms=least_atoms)
