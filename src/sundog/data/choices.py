"""Choices about stores and splits, as flags and keywords have them. Nothing heavy is imported."""

from dataclasses import dataclass
from typing import Literal

from sundog.bounds import check_fields
from sundog.errors import InputError

By = Literal["structure", "near", "molecule", "scaffold", "formula", "group"]
"""Kinds of structures that stay together."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Conditions on the structures of a store, and the groups that they belong to."""

    group_key: str | None = None
    """Entry of `info` that names the group of a structure, as the molecule of a conformer."""
    shortest_distance_angstrom: float = 0.5
    """Structures with atoms closer than this are left out."""
    largest_force_ev_per_angstrom: float = 1000.0
    """Structures with a component of a force label beyond this are left out."""
    most_bad_frames: int = 10
    """Structures that may be left out; one more ends the making of the store."""

    def __post_init__(self):
        """Refuse values that are of another type or out of bounds."""
        check_fields(self)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Choice of the parts that structures are divided into."""

    by: By = "near"
    """Structures that stay together in one part: equal structures, molecules near each other,
    conformers of a molecule by its bonds, or all molecules of a scaffold, formula or group."""
    validation_fraction: float = 0.1
    """Part of the structures for validation."""
    test_fraction: float = 0.1
    """Part of the structures for test."""
    near_angstrom: float = 0.05
    """Root mean square change of the distances up to which molecules are near."""
    seed: int = 0
    """Seed of the choice."""

    def __post_init__(self):
        """Refuse values that are of another type or out of bounds."""
        check_fields(self)
        if self.validation_fraction + self.test_fraction >= 1:
            raise InputError(
                "validation_fraction: nothing is left for training",
                got=f"{self.validation_fraction} and {self.test_fraction} for test",
                expected="less than 1 together",
            )
