"""Accumulators that do not grow with the number of frames."""

import math

import numpy as np
from jaxtyping import Float

from sundog.analysis.statistics import Estimate, estimate, estimates_by_column

MOST_BLOCKS = 128
"""Number of blocks at which neighbouring ones are merged."""

MOST_KEPT, FEWEST_KEPT = 4096, 256
"""Numbers of frames at which every second one is dropped: of small arrays, and of large ones."""

KEPT_BYTES = 200_000_000
"""Memory in bytes that kept frames take at most, unless they are `FEWEST_KEPT`."""


class BlockedMean:
    """Mean of an array over frames, with errors from blocks of successive frames.

    Blocks are merged in pairs when there are `MOST_BLOCKS`, so that memory is bounded.
    """

    def __init__(self):
        """Begin without frames."""
        self._blocks: list[np.ndarray] = []
        self._size = 1
        self._open: np.ndarray | None = None
        self._held = 0
        self.total: np.ndarray | None = None
        self.frames = 0

    def add(self, values: Float[np.ndarray, "..."]) -> None:
        """Add the array of one frame."""
        values = np.array(values, np.float64)
        self.total = values.copy() if self.total is None else self.total + values
        held = values if self._open is None else self._open + values
        self._open = held
        self.frames += 1
        self._held += 1
        if self._held == self._size:
            self._blocks.append(held / self._size)
            self._open, self._held = None, 0
            if len(self._blocks) == MOST_BLOCKS:
                pairs = zip(self._blocks[::2], self._blocks[1::2], strict=True)
                self._blocks = [(one + other) / 2 for one, other in pairs]
                self._size *= 2

    @property
    def mean(self) -> np.ndarray:
        """Mean over all frames."""
        assert self.total is not None
        return self.total / self.frames

    @property
    def blocks(self) -> np.ndarray:
        """Means of the blocks, all of the same number of frames."""
        return np.stack(self._blocks) if self._blocks else np.zeros((0, *self.mean.shape))

    @property
    def error(self) -> np.ndarray:
        """Standard error of every element; NaN where there are too few effective samples."""
        if not self._blocks:
            return np.full_like(self.mean, np.nan)
        blocks = np.stack(self._blocks)
        errors = estimates_by_column(blocks.reshape(len(blocks), -1))[1]
        return errors.reshape(blocks.shape[1:])

    def estimate(self, place: int | tuple[int, ...] = ()) -> Estimate:
        """Return one element with its error; n_eff is at most the number of blocks.

        Args:
            place: index of the element.
        """
        if not self._blocks:
            return Estimate(float(self.mean[place]), math.nan, 0.0, self.frames)
        blocks = estimate(np.array([block[place] for block in self._blocks]))
        return blocks._replace(mean=float(self.mean[place]), count=self.frames)


class Thinned:
    """Frames of an array at equal distances, never more than `most`: then every second is dropped.

    Attributes:
        stride: number of frames from one that is kept to the next.
    """

    def __init__(self, most: int | None = None):
        """Begin without frames.

        Args:
            most: largest number of frames, even; by default `MOST_KEPT`, or fewer large ones.
        """
        self._most = most
        self._kept: list[np.ndarray] = []
        self._times: list[float] = []
        self._seen = 0
        self.stride = 1

    def add(self, time: float, values: Float[np.ndarray, "..."]) -> None:
        """Add the array of one frame."""
        if self._most is None:
            fitting = KEPT_BYTES // max(np.asarray(values).nbytes, 1) // 2 * 2
            self._most = min(MOST_KEPT, max(FEWEST_KEPT, fitting))
        if self._seen % self.stride == 0:
            self._kept.append(np.array(values))
            self._times.append(time)
            if len(self._kept) == self._most:
                self._kept, self._times = self._kept[::2], self._times[::2]
                self.stride *= 2
        self._seen += 1

    def __len__(self) -> int:
        """Return the number of frames that are kept."""
        return len(self._kept)

    @property
    def values(self) -> np.ndarray:
        """Arrays of the frames that are kept."""
        return np.stack(self._kept)

    @property
    def times(self) -> np.ndarray:
        """Times of the frames that are kept."""
        return np.array(self._times)


class Series:
    """Numbers of every frame by name: scalars alone, 8 bytes each."""

    def __init__(self):
        """Begin without frames."""
        self._parts: dict[str, list[np.ndarray]] = {}

    def add(self, **columns: Float[np.ndarray, " frames"]) -> None:
        """Add the numbers of some frames."""
        for name, values in columns.items():
            self._parts.setdefault(name, []).append(np.asarray(values, np.float64))

    def __getitem__(self, name: str) -> Float[np.ndarray, " frames"]:
        """Return a column."""
        return np.concatenate(self._parts[name])

    def table(self) -> dict[str, np.ndarray]:
        """Return all columns by name."""
        return {name: self[name] for name in self._parts}
