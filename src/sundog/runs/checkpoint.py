"""`MDState` as named arrays and back, so that a run continues bit for bit.

What changes along a trajectory is saved. What does not (elements, masses, charges) is taken from
the structure and the settings again; pair lists are built again from what they remember.
"""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from sundog.engine.state import MDState
from sundog.errors import RunDirectoryError

PLAIN = ("momenta", "forces", "virial", "heat", "temperature", "step")
"""Fields of `MDState` that are one array each, saved under their own names."""

NESTED = ("energies", "extended")
"""Fields of `MDState` that are arrays by name, saved as `field.name`."""

LISTS = "lists."
"""Prefix of the names of the arrays from which pair lists are built again."""

DIPOLE = "dipole"
"""Name of the dipole, which only force fields with charges have."""


def arrays_of(state: MDState) -> dict[str, np.ndarray]:
    """Return everything of a state that its trajectory changes (host only)."""
    arrays = {
        "numbers": state.system.numbers,
        "total_charge": state.system.total_charge,
        "positions": state.system.positions,
        "cell": state.system.cell,
        "origin": state.system.origin,
        "key": jax.random.key_data(state.key),
        **{name: getattr(state, name) for name in PLAIN},
    }
    for name in NESTED:
        arrays |= {f"{name}.{key}": value for key, value in getattr(state, name).items()}
    if state.dipole is not None:
        arrays[DIPOLE] = state.dipole
    arrays |= {LISTS + key: value for key, value in state.neighbors.memory().items()}
    return {name: np.asarray(value) for name, value in jax.device_get(arrays).items()}


def restored(state: MDState, arrays: Mapping[str, np.ndarray]) -> MDState:
    """Return the state whose arrays `arrays_of` returned (host only).

    Args:
        state: state of the same structures, with pair lists of the same kind.
        arrays: arrays of a checkpoint by name.

    Raises:
        RunDirectoryError: the checkpoint is of other structures, or was made by another kind of
            kernels or by a version that saved less.
    """
    if "energies.electrostatics" in arrays and DIPOLE not in arrays:
        raise RunDirectoryError(
            "resume: the checkpoint is of an earlier version of sundog",
            got="no dipole",
            remedy="Begin another run with the last frame of the trajectory, or use that version",
        )
    for name in ("numbers", "total_charge"):
        if not np.array_equal(arrays.get(name, ()), getattr(state.system, name)):
            raise RunDirectoryError(
                "resume: the checkpoint is not of this structure",
                got=f"{name} differ",
                remedy="The input in the folder of the run was changed; put back the original",
            )
    system = replace(
        state.system,
        **{name: jnp.asarray(arrays[name]) for name in ("positions", "cell", "origin")},
    )
    nested = {
        name: {
            key.removeprefix(f"{name}."): jnp.asarray(value)
            for key, value in arrays.items()
            if key.startswith(f"{name}.")
        }
        for name in NESTED
    }
    memory = {k.removeprefix(LISTS): v for k, v in arrays.items() if k.startswith(LISTS)}
    try:
        neighbors = state.neighbors.recalled(system, memory)
    except KeyError as error:
        raise RunDirectoryError(
            "resume: the pair lists of the checkpoint are of another kind of kernels",
            got=f"no {error}",
            remedy="Run on the same kind of machine, or choose the `kernels` of the earlier run",
        ) from error
    return replace(
        state,
        system=system,
        key=jax.random.wrap_key_data(jnp.asarray(arrays["key"])),
        neighbors=neighbors,
        dipole=jnp.asarray(arrays[DIPOLE]) if DIPOLE in arrays else None,
        **{name: jnp.asarray(arrays[name]) for name in PLAIN},
        **nested,
    )
