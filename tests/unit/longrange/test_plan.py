"""Plans follow a cell that drifts, without a step that depends on where a chunk began."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.errors import CellError
from sundog.longrange.plan import LARGEST_GROWTH, MARGIN, SMALLEST_SIZE, plan_of, shape_of
from sundog.longrange.planning import force_error, mesh_for
from sundog.system import System, make_system

SPACING = 1.5


def box(length: float) -> System:
    return make_system(np.zeros((1, 3)), [8], cell=length * np.eye(3), pbc=True)


def update(plan, length):
    return jax.jit(lambda p, s: p.update(s))(plan, box(length))


def test_sizes_suit_fourier_transforms_and_leave_room():
    for length in np.linspace(5, 120, 60):
        (size, *_) = shape_of(np.full((1, 3), length), SPACING, 6)
        assert size * SPACING >= MARGIN * length
        assert size >= SMALLEST_SIZE
        rest = size
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        assert rest == 1
    lengths = np.array([[20.0, 31.0, 12.0], [25.0, 1.0, 0.0]])
    assert shape_of(lengths, 2.0, None) == (14, 16, SMALLEST_SIZE)


def test_a_plan_goes_to_its_next_stage_in_the_step_that_needs_it_and_never_back():
    plan = plan_of(box(30.0), SPACING, 6)
    (shape,) = plan.stages
    limit = shape[0] * SPACING
    assert not update(plan, limit - 1e-9).overflow
    outgrown = update(plan, limit + 1e-9)
    assert outgrown.overflow
    larger = plan.enlarged(outgrown)
    assert larger.stages[0] == shape
    # Before the cell has grown, steps are done as if nothing had happened.
    again = update(larger, limit - 1e-9)
    assert (int(again.stage), bool(again.overflow)) == (0, False)
    after = update(again, limit + 1e-9)
    assert (int(after.stage), bool(after.overflow)) == (1, False)
    back = update(after, 30.0)
    assert int(back.stage) == 1
    # Room for the next drift is planned from what was asked for, not from where a chunk began.
    assert plan.enlarged(outgrown).stages == update(plan, 31.0).enlarged(outgrown).stages
    # Stages that are over are forgotten.
    outgrown = update(back, after.stages[1][0] * SPACING + 0.1)
    assert back.enlarged(outgrown).stages[0] == after.stages[1]


def test_a_cell_that_exploded_does_not_spoil_the_plan():
    plan = plan_of(box(30.0), SPACING, 6)
    for length in (1e9, np.inf):
        exploded = replace(plan, longest=jnp.full((1, 3), length))
        assert exploded.overflow
        assert plan.enlarged(exploded).stages[-1][0] <= 1.3 * LARGEST_GROWTH * 30.0 / SPACING
    nowhere = replace(box(30.0), cell=jnp.full((1, 3, 3), jnp.nan))
    assert not plan.update(nowhere).overflow
    with pytest.raises(CellError, match="too large"):
        plan_of(box(1e4), SPACING, 6)


def test_a_memory_is_the_plan():
    plan = plan_of(box(30.0), SPACING, 6)
    later = update(plan.enlarged(update(plan, 40.0)), 40.0)
    again = plan.recalled(later.memory())
    assert again.stages == later.stages
    jax.tree.map(np.testing.assert_array_equal, again, later)
    with pytest.raises(KeyError):
        plan.recalled({})


def test_the_cheapest_mesh_that_is_accurate_enough():
    spacings = []
    for accuracy in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8):
        spacing, order = mesh_for(accuracy, 4.0)
        assert force_error(np.asarray([spacing]), order, 4.0)[0] <= accuracy
        spacings.append(spacing)
    assert spacings[1] > spacings[-1]
    # The wider the charges are smeared, the coarser a mesh does.
    assert mesh_for(1e-4, 8.0)[0] > 1.5 * mesh_for(1e-4, 4.0)[0]
