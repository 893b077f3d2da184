"""How finely the sums in reciprocal space resolve a cell: planned on the host, kept as a value.

A sum over modes n with |n_d| ≤ M_d/2 holds every wave vector up to π/h as long as

    |a_d| ≤ h M_d    for the lattice vectors a_d of every structure,

whatever the shape of the cell, since k·a_d = 2π n_d. h is the spacing: that of the mesh, or for
the plain sum one at which g(k) has vanished. M fixes shapes, so it is static, while under
constant pressure the cell drifts. A plan therefore holds one or several stages, each a shape
larger than the one before; it goes on to the next in the very step in which the cell outgrows the
present one, and never back. When the last is outgrown the plan overflows: the host appends a
stage and repeats the chunk, in which the earlier steps are the same to the bit, wherever the
chunk began.

Of slabs the box of `slab.py` is what a shape resolves. Its height belongs to the stage, and changes
as the shape does: in the step in which the atoms spread beyond the room in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from math import prod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from sundog.errors import CellError
from sundog.longrange.slab import Vacuum, spans
from sundog.system import System
from sundog.typing import Cells, PerSystem

Shape = tuple[int, int, int]

MARGIN = 1.02
"""Lattice vectors may grow by this factor before a new stage is due."""

LARGEST_GROWTH = 1.5
"""Of lattice vectors between two stages; a cell that exploded must not spoil the plan."""

LARGEST_SHAPE = 2**27
"""Modes of all structures together that are still planned: gigabytes."""

SMALLEST_SIZE = 8
"""Modes along each lattice vector, at least: as many as a B-spline is wide."""


class Plan(eqx.Module):
    """Shapes of a sum in reciprocal space, and how large the cells were so far.

    Attributes:
        stages: shapes M in the order of their use.
        spacing: h in Å.
        order: of the mesh's B-splines, None for a plain sum.
        stage: which shape is in use.
        longest: the longest that the lattice vectors have been and, across slabs, the largest
            extent of the atoms, Å.
        vacuum: heights of the boxes of slabs; None where there are no slabs.
    """

    stages: tuple[Shape, ...] = eqx.field(static=True)
    spacing: float = eqx.field(static=True)
    order: int | None = eqx.field(static=True)
    stage: Int[Array, ""]
    longest: Float[Array, "systems 3"]
    vacuum: Vacuum | None = None

    @property
    def heights(self) -> PerSystem | None:
        """H of the boxes in use, Å; None where there are no slabs."""
        return None if self.vacuum is None else self.vacuum.height[self.stage]

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a structure has outgrown the last stage: what was computed since is void."""
        return ~self._suffices()[-1]

    def update(self, system: System) -> "Plan":
        """Return the plan in the stage that the system needs as it is now (pure, jittable)."""
        lengths = _lengths(system.cell) if self.vacuum is None else spans(system)
        followed = replace(self, longest=jnp.fmax(self.longest, lengths))
        suffices = followed._suffices()
        first = jnp.argmax(suffices.at[-1].set(True)).astype(self.stage.dtype)
        return replace(followed, stage=jnp.maximum(self.stage, first))

    def enlarged(self, asked: "Plan") -> "Plan":
        """Return the plan with one more stage (host only).

        Args:
            asked: a later state of the plan, which has overflowed.

        Raises:
            CellError: the shape would be too large, or atoms have left their slab.
        """
        used, most, vacuum = int(self.stage), LARGEST_GROWTH * np.asarray(self.longest), self.vacuum
        if vacuum is not None:
            # A thin slab may well become several times as thick.
            most = np.where(vacuum.across, np.inf, most)
        lengths = np.fmin(np.asarray(asked.longest), most)
        if vacuum is not None:
            vacuum = vacuum.grown(used, lengths)
            lengths = vacuum.of_boxes(lengths)
        larger = shape_of(lengths, self.spacing, self.order)
        shape = tuple(int(n) for n in np.maximum(larger, self.stages[-1]))
        stages = (*self.stages[used:], shape)
        return replace(self, stages=stages, stage=jnp.zeros_like(self.stage), vacuum=vacuum)

    def at_stage(self, function: Callable[[Shape], PyTree[Array]]) -> PyTree[Array]:
        """Return what a function of the shape gives for the one in use."""
        if len(self.stages) == 1:
            return function(self.stages[0])
        branches = [lambda shape=shape: function(shape) for shape in self.stages]
        return jax.lax.switch(self.stage, branches)

    def memory(self) -> dict[str, np.ndarray]:
        """Return what `recalled` needs (host only)."""
        memory = {
            "stages": np.asarray(self.stages, np.int64),
            "stage": np.asarray(self.stage),
            "longest": np.asarray(self.longest),
        }
        if self.vacuum is not None:
            memory["height"] = np.asarray(self.vacuum.height)
            memory["room"] = np.asarray(self.vacuum.room)
        return memory

    def recalled(self, memory: Mapping[str, np.ndarray]) -> "Plan":
        """Return the plan that a memory is of, made for the same accuracy (host only).

        Raises:
            KeyError: the memory is not of a plan.
        """
        vacuum = self.vacuum
        if vacuum is not None:
            height, room = jnp.asarray(memory["height"]), jnp.asarray(memory["room"])
            vacuum = replace(vacuum, height=height, room=room)
        return replace(
            self,
            stages=tuple(tuple(row) for row in memory["stages"].tolist()),
            stage=jnp.asarray(memory["stage"]),
            longest=jnp.asarray(memory["longest"]),
            vacuum=vacuum,
        )

    def _suffices(self) -> Bool[Array, " stages"]:
        limits = jnp.asarray(self.spacing * np.asarray(self.stages, np.float64)[:, None])
        if self.vacuum is not None:
            limits = jnp.minimum(limits, self.vacuum.room)
        # The comparison is false for what is not a number, which ends a run by itself.
        return ~jnp.any(self.longest[None] > limits, axis=(1, 2))


def plan_of(
    system: System, spacing: float, order: int | None, vacuum: Vacuum | None = None
) -> Plan:
    """Return a plan for the cells as they are, with some room to grow (host only).

    Args:
        system: concrete arrays, periodic structures and padding.
        spacing: Å.
        order: of the B-splines, None for a plain sum.
        vacuum: of one stage, when there are slabs.

    Raises:
        CellError: the shape would be too large.
    """
    longest = _lengths(system.cell) if vacuum is None else spans(system)
    lengths = np.asarray(longest) if vacuum is None else vacuum.of_boxes(np.asarray(longest))
    return Plan(
        stages=(shape_of(lengths, spacing, order),),
        spacing=spacing,
        order=order,
        stage=jnp.zeros((), jnp.int32),
        longest=longest,
        vacuum=vacuum,
    )


def shape_of(lengths: np.ndarray, spacing: float, order: int | None) -> Shape:
    """Return the smallest shape for lattice vectors up to `lengths` and some longer ones (host).

    Sizes are products of 2, 3, 5 and 7 for the Fourier transforms of a mesh, even for a plain
    sum.

    Raises:
        CellError: the shape would be too large.
    """
    least = np.maximum(np.ceil(lengths.max(axis=0) * MARGIN / spacing), SMALLEST_SIZE)
    if not np.all(np.isfinite(least)) or len(lengths) * np.prod(least) > LARGEST_SHAPE:
        raise CellError(
            "cell: too large for a sum in reciprocal space",
            got=f"lattice vectors of {', '.join(f'{x:.4g}' for x in lengths.max(axis=0))} Å",
            expected=f"at most {LARGEST_SHAPE:,} points {spacing:.2g} Å apart",
            remedy="Check the cell, or use --electrostatics truncated",
        )
    a, b, c = (int(2 * np.ceil(n / 2)) if order is None else _friendly(int(n)) for n in least)
    return a, b, c


def _friendly(least: int) -> int:
    """Return the smallest product of powers of 2, 3, 5 and 7 that is not less."""
    powers = [[p**k for k in range(least.bit_length() + 1)] for p in (2, 3, 5, 7)]
    return min(n for n in map(prod, product(*powers)) if n >= least)


def _lengths(cell: Cells) -> Float[Array, "systems 3"]:
    return jnp.sqrt(jnp.sum(cell**2, axis=2))
