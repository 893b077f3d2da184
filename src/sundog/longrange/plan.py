"""Resolution of the sums in reciprocal space, planned on the host and carried as a value.

A sum over modes n with |n_d| ≤ M_d/2 contains every wave vector up to π/h as long as

    |a_d| ≤ h M_d    for the lattice vectors a_d of every structure,

whatever the shape of the cell, since k·a_d = 2π n_d.

    symbol    variable    meaning
    h         spacing     spacing of the mesh in Å; in the plain sum, π over the largest |k|
    M         shape       number of modes along each lattice vector

M fixes the shapes of arrays and is therefore static, whereas the cell changes under constant
pressure. A plan therefore holds one or several stages, each with a larger shape than the one
before. It moves to the next stage in the same step in which the cell outgrows the present one, and
never back. When the cell outgrows the last stage the plan overflows: the host appends a stage and
repeats the chunk of steps. Steps before that give the same bits, wherever the chunk began.

For slabs the shape resolves the box of `slab.py`. Its height belongs to the stage, and changes
with the shape, in the step in which the atoms spread beyond the room in the box.
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
"""Number of modes, or mesh points, along each lattice vector."""

MARGIN = 1.02
"""Factor by which lattice vectors may grow before a new stage is needed, which costs a compilation.

It leaves room for the fluctuations of a cell at constant pressure.
"""

LARGEST_GROWTH = 1.5
"""Largest factor by which lattice vectors grow between two stages.

A cell that exploded in the steps to be repeated must not inflate the plan.
"""

LARGEST_SHAPE = 2**27
"""Largest number of modes of all structures together; the arrays then take gigabytes."""

SMALLEST_SIZE = 8
"""Smallest number of modes along a lattice vector: more than any B-spline in use is wide."""


class Plan(eqx.Module):
    """Shapes of a sum in reciprocal space, and the largest size of the cells so far.

    Attributes:
        stages: shapes M in the order of their use.
        spacing: spacing h in Å.
        order: order of the mesh's B-splines, None for a plain sum.
        stage: index of the shape in use.
        longest: largest length so far of each lattice vector and, across slabs, largest extent
            of the atoms so far, in Å.
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
        """Heights H of the boxes in use, in Å; None where there are no slabs."""
        return None if self.vacuum is None else self.vacuum.height[self.stage]

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a structure has outgrown the last stage; later results are then invalid."""
        return ~self._suffices()[-1]

    def update(self, system: System) -> "Plan":
        """Return the plan in the stage that the present system needs (pure, jittable)."""
        lengths = _lengths(system.cell) if self.vacuum is None else spans(system)
        followed = replace(self, longest=jnp.fmax(self.longest, lengths))
        suffices = followed._suffices()
        first = jnp.argmax(suffices.at[-1].set(True)).astype(self.stage.dtype)
        return replace(followed, stage=jnp.maximum(self.stage, first))

    def enlarged(self, asked: "Plan") -> "Plan":
        """Return the plan with one more stage (host only).

        Args:
            asked: later state of the plan, which has overflowed.

        Raises:
            CellError: the shape would be too large, or atoms have left their slab.
        """
        used, most, vacuum = int(self.stage), LARGEST_GROWTH * np.asarray(self.longest), self.vacuum
        if vacuum is not None:
            # The limit does not hold across slabs: a thin one may become several times as thick.
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
        """Return the result of a function for the shape in use."""
        if len(self.stages) == 1:
            return function(self.stages[0])
        branches = [lambda shape=shape: function(shape) for shape in self.stages]
        return jax.lax.switch(self.stage, branches)

    def memory(self) -> dict[str, np.ndarray]:
        """Return the arrays that `recalled` needs (host only)."""
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
        """Return the plan restored from a memory (host only).

        Args:
            memory: arrays that `memory` returned for a plan of the same accuracy.

        Raises:
            KeyError: the memory is not that of a plan.
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
        # The comparison is false for lengths that are not numbers; these end a run elsewhere.
        return ~jnp.any(self.longest[None] > limits, axis=(1, 2))


def plan_of(
    system: System, spacing: float, order: int | None, vacuum: Vacuum | None = None
) -> Plan:
    """Return a plan for the present cells, with some room to grow (host only).

    Args:
        system: periodic structures and padding, as concrete arrays.
        spacing: spacing h in Å.
        order: order of the B-splines, None for a plain sum.
        vacuum: boxes with a single stage, where there are slabs.

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
    """Return the smallest shape for lattice vectors of `lengths`, which may grow by `MARGIN`.

    Sizes are products of 2, 3, 5 and 7 for the Fourier transforms of a mesh, and even numbers
    for a plain sum (host only).

    Args:
        lengths: lengths of the lattice vectors in Å, [systems, 3].
        spacing: spacing h in Å.
        order: order of the B-splines, None for a plain sum.

    Raises:
        CellError: the shape would be too large.
    """
    least = np.maximum(np.ceil(lengths.max(axis=0) * MARGIN / spacing), SMALLEST_SIZE)
    if not np.all(np.isfinite(least)) or len(lengths) * np.prod(least) > LARGEST_SHAPE:
        raise CellError(
            "cell: too large for a sum in reciprocal space",
            got=f"lattice vectors of {', '.join(f'{x:.4g}' for x in lengths.max(axis=0))} Å",
            expected=f"at most {LARGEST_SHAPE:,} points {spacing:.2g} Å apart",
            remedy='Check the cell, or use electrostatics="truncated"',
        )
    a, b, c = (int(2 * np.ceil(n / 2)) if order is None else _fft_size(int(n)) for n in least)
    return a, b, c


def _fft_size(least: int) -> int:
    """Return the smallest product of powers of 2, 3, 5 and 7 that is not less than `least`."""
    powers = [[p**k for k in range(least.bit_length() + 1)] for p in (2, 3, 5, 7)]
    return min(n for n in map(prod, product(*powers)) if n >= least)


def _lengths(cell: Cells) -> Float[Array, "systems 3"]:
    return jnp.sqrt(jnp.sum(cell**2, axis=2))
