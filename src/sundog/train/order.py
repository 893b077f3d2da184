"""The order of structures and their batches, epoch by epoch: a function of the seed alone.

Epoch k is a permutation drawn from (seed, k). Flat batches take structures in that order until a
bound would be exceeded, as published. Ring batches take molecules of one width, in that order;
their batches are then shuffled, and the last one of each width is filled with padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sundog.errors import InputError
from sundog.numerics.lengths import standard_length
from sundog.train.batch import Ring, Room
from sundog.train.settings import Batches
from sundog.train.survey import Survey

RING_WIDTH = 32
"""Most atoms of a molecule in a ring: beyond, most pairs are further apart than the cutoff."""

WIDTH_STEP = 4
"""Step between the widths of rings."""


@dataclass(frozen=True)
class Planned:
    """A batch before it is made.

    Attributes:
        members: numbers of its structures.
        shape: room of a flat batch, or shape of a ring.
    """

    members: np.ndarray
    shape: Room | Ring


class Plan:
    """Batches of every epoch.

    Attributes:
        layout: `flat` or `ring`.
        shapes: shapes of the batches of the first epoch, the commonest first.
    """

    def __init__(self, found: Survey, numbers: np.ndarray, settings: Batches, seed: int):
        """Plan batches of some structures of a set.

        Args:
            found: survey of the set.
            numbers: numbers of the structures.
            settings: bounds and layout.
            seed: seed of the order.

        Raises:
            InputError: a structure does not fit a batch, or the layout.
        """
        self._found, self._numbers = found, numbers
        self._settings, self._seed = settings, seed
        self.layout = self._layout()
        self._bounds = Room(
            settings.batch_atoms,
            settings.batch_pairs,
            settings.batch_pairs,
            settings.batch_structures,
        )
        if self.layout == "ring":
            widths = _widths(found.atoms[numbers])
            self._rings = {w: self._ring(w, int(np.sum(widths == w))) for w in np.unique(widths)}
        else:
            self._refuse_large()
            self._usual = self._bounds
            self._usual = self._usual_room()
        shapes = [one.shape for one in self.epoch(0)]
        self.shapes = sorted(set(shapes), key=lambda shape: -shapes.count(shape))

    def epoch(self, number: int) -> list[Planned]:
        """Return the batches of an epoch, counted from 0."""
        rng = np.random.default_rng([self._seed, 0, number])
        order = self._numbers[rng.permutation(len(self._numbers))]
        if self.layout == "flat":
            return self._flat(order)
        planned = []
        widths = _widths(self._found.atoms[order])
        for width, shape in self._rings.items():
            inside = order[widths == width]
            for start in range(0, len(inside), shape.molecules):
                planned.append(Planned(inside[start : start + shape.molecules], shape))
        return [planned[k] for k in rng.permutation(len(planned))]

    def _layout(self) -> str:
        sizes = self._found.atoms[self._numbers]
        periodic = self._found.periodic[self._numbers]
        fits = sizes.max() <= RING_WIDTH and not periodic.any()
        if self._settings.layout == "ring" and not fits:
            number = self._numbers[np.argmax((sizes > RING_WIDTH) | periodic)]
            raise InputError(
                "layout: `ring` is for molecules",
                got=f"structure {number} of {self._found.atoms[number]} atoms"
                + (" in a cell" if self._found.periodic[number] else ""),
                expected=f"molecules of at most {RING_WIDTH} atoms",
                remedy='Use layout="flat"',
            )
        auto = "ring" if fits else "flat"
        return auto if self._settings.layout == "auto" else self._settings.layout

    def _ring(self, width: int, present: int) -> Ring:
        s = self._settings
        by_pairs = (s.batch_pairs - 1) // max(width * (width - 1), 1)
        most = min(s.batch_structures - 1, (s.batch_atoms - 1) // width, by_pairs, present)
        return Ring(int(width), max(int(most), 1))

    def _needs(self, number: int) -> np.ndarray:
        f = self._found
        return np.array([f.atoms[number], f.short[number], f.long[number], 1])

    def _refuse_large(self) -> None:
        for number in self._numbers:
            need = self._needs(number)
            if not self._bounds.holds(Room(*need)):
                raise InputError(
                    "batch_atoms: a structure does not fit into a batch",
                    got=f"structure {number} with {need[0]} atoms, {need[1]} pairs of short and "
                    f"{need[2]} of long range",
                    expected=f"less than {self._bounds.atoms} atoms and {self._bounds.short} pairs",
                    remedy="Raise batch_atoms and batch_pairs, or leave the structure out",
                )

    def _flat(self, order: np.ndarray) -> list[Planned]:
        bounds = np.array(self._bounds)
        planned: list[Planned] = []
        members: list[int] = []
        total = np.zeros(4, np.int64)
        for number in order.tolist():
            need = self._needs(number)
            if members and np.any(total + need >= bounds):
                planned.append(self._planned(members, total))
                members, total = [], np.zeros(4, np.int64)
            members.append(number)
            total = total + need
        return [*planned, self._planned(members, total)] if members else planned

    def _planned(self, members: list[int], total: np.ndarray) -> Planned:
        need = Room(*total.tolist())
        room = self._usual if self._usual.holds(need) else self._bounds
        return Planned(np.array(members), room)

    def _usual_room(self) -> Room:
        """Return the room that batches of the first epoch need, in standard lengths."""
        used = [
            np.sum([self._needs(number) for number in one.members], axis=0) for one in self.epoch(0)
        ]
        most = np.max(used, axis=0) + 1
        lengths = [
            min(standard_length(int(need)), bound)
            for need, bound in zip(most, self._bounds, strict=True)
        ]
        return Room(*lengths)


def _widths(sizes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the width of the ring for molecules of given sizes."""
    steps = -(-np.asarray(sizes) // WIDTH_STEP)
    return np.maximum(steps * WIDTH_STEP, WIDTH_STEP)
