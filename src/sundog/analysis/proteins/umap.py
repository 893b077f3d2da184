"""Map of the conformations of several runs in one plane, with UMAP (an extra).

Neighbours stay neighbours; distances and sizes of islands mean nothing. Positions as for `pca`, in
Å; the seed makes the map the same again. Source: McInnes, Healy, Melville, arXiv:1802.03426.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from sundog.analysis.proteins.components import Placed
from sundog.analysis.result import Result
from sundog.plots.pictures import Scatter

FEWEST_FRAMES = 20
"""Number of frames below which there is nothing to map."""


class Map(Placed):
    """Conformations of runs in a plane."""

    name: ClassVar[str] = "umap"
    title: ClassVar[str] = "Map of conformations"
    alone: ClassVar[str] = "map"

    def prepare(self) -> None:
        """Refuse where the package is not installed."""
        if find_spec("umap") is None:
            raise self.refuse(
                "the package umap-learn is not installed", "pip install 'sundog[analysis]'"
            )
        super().prepare()

    @classmethod
    def placing(cls, several: Sequence[Any], picture: str) -> Result:
        """Return the map of runs in one plane."""
        return _map(several, picture)


def _map(several: Sequence[Map], name: str) -> Result:
    import umap  # pyright: ignore[reportMissingImports], an extra

    placed = [one.placed(several[0].first) for one in several]
    data = np.concatenate(placed)
    if len(data) < FEWEST_FRAMES:
        raise several[0].refuse(f"{FEWEST_FRAMES} frames are needed for a map")
    plane = umap.UMAP(  # pyright: ignore[reportAttributeAccessIssue], the package
        random_state=several[0].choices.seed, n_jobs=1
    ).fit_transform(data)
    parts = np.split(np.asarray(plane, np.float64), np.cumsum([len(one) for one in placed])[:-1])
    names = [one.recording.name for one in several]
    groups = tuple(zip(names, parts, strict=True))
    table = {
        "run": np.repeat(names, [len(one) for one in parts]),
        "time_ps": np.concatenate([one.times for one in several]),
        "x": np.concatenate(parts)[:, 0],
        "y": np.concatenate(parts)[:, 1],
    }
    picture = Scatter(name, Map.title, "x", "y", groups)
    return Result(Map.name, Map.title, (), {name: table}, (picture,))
