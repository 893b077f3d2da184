"""Words about the boxes in which `ewald` puts slabs."""

import numpy as np

from sundog.longrange.plan import Plan
from sundog.longrange.planned import PlannedNeighbors
from sundog.neighbors.base import AbstractNeighbors


def describe_boxes(planned: AbstractNeighbors | Plan | None) -> list[str]:
    """Return a line on the boxes in use, in Å; none where there are no slabs."""
    plan = planned.plan if isinstance(planned, PlannedNeighbors) else planned
    if not isinstance(plan, Plan) or plan.vacuum is None:
        return []
    flat = np.asarray(plan.vacuum.across)
    heights = np.asarray(plan.heights)[flat.any(axis=1)]
    reach = np.asarray(plan.vacuum.room)[int(plan.stage)][flat]
    tallest = int(heights.argmax())
    return [
        f"Slab: ewald in a box {heights[tallest]:.1f} Å high, for atoms that span up to "
        f"{reach[tallest]:.1f} Å across it"
    ]
