"""The whole state of a training run as named arrays and a record, and back.

With it a run goes on bit for bit: parameters, moments, average and step are the arrays; the place
in the shuffled order, the best loss, what was summed since the last row, and the structures that
were left out are the record.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sundog.errors import RunDirectoryError
from sundog.train.step import TrainState


@dataclass
class Progress:
    """Knowledge of a run beside its arrays.

    Attributes:
        epoch: number of the epoch, from 0.
        batch: number of the next batch in it.
        best: lowest loss of a validation, None before the first.
        best_step: step of that validation.
        waited: validations since then.
        summed: sums since the last row of the table of losses, by column.
        counted: number of steps in these sums.
        bad: reasons why structures were left out during the run, by number.
        structures: number of structures that steps have seen.
    """

    epoch: int = 0
    batch: int = 0
    best: float | None = None
    best_step: int = 0
    waited: int = 0
    summed: dict[str, float] = field(default_factory=dict)
    counted: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    structures: int = 0

    def record(self) -> dict[str, Any]:
        """Return the values for JSON, which keeps every digit."""
        return asdict(self) | {"bad": {str(k): v for k, v in self.bad.items()}}

    @classmethod
    def of_record(cls, told: dict[str, Any]) -> "Progress":
        """Return the progress that `record` told."""
        own: dict[str, Any] = {one.name: told[one.name] for one in fields(cls)}
        own["bad"] = {int(number): reason for number, reason in own["bad"].items()}
        return cls(**own)


def arrays_of(state: TrainState) -> dict[str, np.ndarray]:
    """Return the arrays of a state by their paths."""
    leaves = jax.tree_util.tree_flatten_with_path(state)[0]
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def state_of(arrays: dict[str, np.ndarray], like: TrainState) -> TrainState:
    """Return the state of named arrays.

    Args:
        arrays: arrays that `arrays_of` named.
        like: a state of the same settings, as the first one.

    Raises:
        RunDirectoryError: the arrays are not those of such a state.
    """
    leaves, tree = jax.tree_util.tree_flatten_with_path(like)
    names = [jax.tree_util.keystr(path) for path, _ in leaves]
    shapes = {name: (leaf.shape, leaf.dtype) for name, (_, leaf) in zip(names, leaves, strict=True)}
    found = {name: (one.shape, one.dtype) for name, one in arrays.items()}
    if found != shapes:
        odd = sorted(k for k in found.keys() | shapes.keys() if found.get(k) != shapes.get(k))
        raise RunDirectoryError(
            "resume: the state that was kept is not one of these settings",
            got=f"{odd[0]}: {found.get(odd[0])}",
            expected=str(shapes.get(odd[0])),
            remedy="Resume with the settings of the run",
        )
    return jax.tree.unflatten(tree, [jnp.asarray(arrays[name]) for name in names])
