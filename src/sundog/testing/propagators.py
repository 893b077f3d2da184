"""`check_propagator`: the contract of a propagator, checked on a state at hand.

P T P T x = x                     reversibility: T turns momenta and rates around
|det ∂P(x)/∂x| = 1                volume of the phase space of the mobile atoms
P(dt) = P(dt/2) P(dt/2)           of a factor that is exact
P(dt) − P(dt/2) P(dt/2) ∝ dt^(k+1)    of one that is accurate to order k
K + reservoirs − heat             energy of a thermostat, whose heat is counted
"""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sundog.engine.constraints import Constraints
from sundog.engine.propagators.base import AbstractPropagator, constraints_of
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.state import MDState
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.system import pad
from sundog.testing.contract import require, require_close

ROUNDING = 1e-10
"""Largest deviation of positions in Å and momenta in amu·Å per time unit by rounding alone, after a
few applications to a system of everyday size."""

LARGEST_LENGTH_ERROR = 1e-9
"""Largest relative deviation of the length of a rigid bond; of its rate, in inverse time units."""

LARGEST_ORDER_ERROR = 0.5
"""Largest deviation of the order that is found from the order that is claimed."""

PADDING = 3
"""Number of atoms of padding that are added to the state."""

SKIN_ANGSTROM = 0.5
"""Reserve of pair lists for the padded state in Å."""


def check_propagator(
    propagator: AbstractPropagator,
    state: MDState,
    *,
    force_field: AbstractForceField | None = None,
    rigid: MDState | None = None,
    reversible: bool = False,
    preserves_volume: bool = False,
    counts_heat: bool = False,
    order: float | None = None,
) -> None:
    """Check the promises that every propagator makes, and those that are claimed for this one.

    Every propagator is a pure map of the state: it leaves shapes, padding and frozen atoms
    alone, is random by the key of the state only, and `constrained` gives a propagator that keeps
    rigid bonds, or refuses.

    Args:
        propagator: propagator to be checked.
        state: state as `Ensemble.entered` returns it, with thermal momenta and everything that the
            propagator needs; of few atoms where the volume is to be checked.
        force_field: makes pair lists for the padded state; needed by propagators that evaluate
            forces.
        rigid: a state with constraints; without one, only what `constrained` returns is checked.
        reversible: the propagator undoes itself when momenta and rates are turned around.
        preserves_volume: it preserves the volume of phase space at a fixed cell.
        counts_heat: it changes momenta only, and counts in `MDState.heat` or in its reservoirs
            what energy that costs.
        order: its order of accuracy in its `timestep`; infinite for an exact factor.

    Raises:
        ContractError: a promise is broken.
    """
    name = type(propagator).__name__
    state = _with_variables(propagator, state)
    after = _applied(propagator, state)
    _check_shapes(name, state, after)
    _check_randomness(name, propagator, state, after)
    _check_frozen(name, propagator, state)
    _check_padding(name, propagator, state, after, force_field)
    _check_constrained(name, propagator, rigid)
    if reversible:
        back = _reversed(propagator, _applied(propagator, _reversed(propagator, after)))
        what = f"{name} undoes itself when time is reversed"
        require_close(_coordinates(back), _coordinates(state), allowed=ROUNDING, what=what)
    if preserves_volume:
        _check_volume(name, propagator, state)
    if counts_heat:
        energies = [_energy(propagator, one) for one in (state, after)]
        what = f"{name} counts the energy that it exchanges"
        require_close(energies[1], energies[0], allowed=ROUNDING, what=what)
    if order is not None:
        _check_order(name, propagator, state, order)


def reservoirs_of(propagator: AbstractPropagator) -> list[AbstractReservoir]:
    """Return the reservoirs among the parameters of a propagator."""

    def is_reservoir(one: Any) -> bool:
        return isinstance(one, AbstractReservoir)

    leaves = jax.tree.leaves(propagator, is_leaf=is_reservoir)
    return [one for one in leaves if is_reservoir(one)]


@eqx.filter_jit
def _applied(propagator: AbstractPropagator, state: MDState) -> MDState:
    return propagator(state)


def _applied_anew(propagator: AbstractPropagator, state: MDState) -> MDState:
    """Return the same by a program of its own, in which Python has run once more."""
    return eqx.filter_jit(lambda propagator, state: propagator(state))(propagator, state)


def _with_variables(propagator: AbstractPropagator, state: MDState) -> MDState:
    """Return the state with the first values of variables that it lacks."""
    for one in reservoirs_of(propagator):
        own = one.variables.arrays(state, one.first(state))
        state = replace(state, extended=state.extended | dict(own))
    return state


def _reversed(propagator: AbstractPropagator, state: MDState) -> MDState:
    state = replace(state, momenta=-state.momenta)
    turned: set[tuple[type, str]] = set()
    for one in reservoirs_of(propagator):
        own = (one.variables.kind, one.variables.prefix)
        if own not in turned:
            state = one.variables.reversed(state)
        turned.add(own)
    return state


def _coordinates(state: MDState) -> dict[str, Any]:
    """Return what a trajectory is made of, except its random numbers and its books of heat."""
    return {
        "positions": state.system.positions,
        "cell": state.system.cell,
        "momenta": state.momenta,
        "extended": state.extended,
    }


def _same_key(one: MDState, other: MDState) -> bool:
    return bool(jnp.all(jax.random.key_data(one.key) == jax.random.key_data(other.key)))


def _energy(propagator: AbstractPropagator, state: MDState) -> jax.Array:
    stored = sum((one.energy(state) for one in reservoirs_of(propagator)), start=-state.heat)
    return state.kinetic_energy + stored


def _check_shapes(name: str, before: MDState, after: MDState) -> None:
    def described(state: MDState) -> Any:
        arrays = eqx.filter(state, eqx.is_array)
        return jax.tree.map(lambda one: (one.shape, str(one.dtype)), arrays)

    same = eqx.tree_equal(described(before), described(after))
    require(bool(same), f"{name} leaves the structure and the types of the state as they are")
    require(int(after.step) == int(before.step), f"{name} leaves counting of steps to the engine")
    finite = all(bool(jnp.isfinite(one).all()) for one in jax.tree.leaves(_coordinates(after)))
    require(finite, f"{name} gives finite numbers")


def _check_randomness(
    name: str, propagator: AbstractPropagator, state: MDState, after: MDState
) -> None:
    def same(a: MDState, b: MDState) -> bool:
        return bool(eqx.tree_equal(_coordinates(a), _coordinates(b)))

    require(
        same(_applied_anew(propagator, state), after), f"{name} depends on nothing but the state"
    )
    other = _applied(propagator, replace(state, key=jax.random.fold_in(state.key, 1)))
    spent = not _same_key(state, after)
    require(spent or same(other, after), f"{name} replaces the key that it has drawn from")


def _check_frozen(name: str, propagator: AbstractPropagator, state: MDState) -> None:
    """Check that an atom that is not mobile stays at rest; a cell may take it along."""
    if state.constraints is not None:
        return
    first = int(np.flatnonzero(np.asarray(state.mobile))[0])
    system = state.system
    of_first = jnp.zeros_like(state.degrees).at[system.system_index[first]].set(3.0)
    state = replace(
        state,
        mobile=state.mobile.at[first].set(False),
        momenta=state.momenta.at[first].set(0.0),
        degrees=state.degrees - of_first,
    )
    after = _applied(propagator, state)
    held = np.asarray(system.is_atom & ~state.mobile)
    require(not np.any(np.asarray(after.momenta)[held]), f"{name} leaves frozen atoms at rest")
    index = np.asarray(system.system_index)[held]
    cells = [np.asarray(one.system.cell)[index] for one in (state, after)]
    has_cell = np.asarray(system.volume)[index] > 0
    before = np.where(has_cell[:, None, None], cells[0], np.eye(3))
    growth = np.linalg.solve(before, np.where(has_cell[:, None, None], cells[1], np.eye(3)))
    expected = np.einsum("na,nab->nb", np.asarray(system.positions)[held], growth)
    require_close(
        np.asarray(after.system.positions)[held],
        expected,
        allowed=ROUNDING,
        what=f"{name} moves frozen atoms with the cell only",
    )


def _check_padding(
    name: str,
    propagator: AbstractPropagator,
    state: MDState,
    after: MDState,
    force_field: AbstractForceField | None,
) -> None:
    """Check that padding stays as it is, and changes nothing for the others."""
    if state.constraints is not None:
        return
    atoms, systems = state.system.number_of_atoms, state.system.number_of_systems
    padded = _padded(state, force_field)
    found = _applied(propagator, padded)
    for values, count in (
        (found.system.positions, atoms),
        (found.momenta, atoms),
        (found.system.cell, systems),
        (found.heat, systems),
    ):
        require(not np.any(np.asarray(values)[count:]), f"{name} leaves padding as it is")
    finite = all(bool(jnp.isfinite(one).all()) for one in jax.tree.leaves(_coordinates(found)))
    require(finite, f"{name} gives finite numbers where there is padding")
    if _same_key(state, after):
        # Random numbers are drawn for the whole batch, so that others cannot be compared.
        require_close(
            (found.system.positions[:atoms], found.momenta[:atoms], found.system.cell[:systems]),
            (after.system.positions, after.momenta, after.system.cell),
            allowed=ROUNDING,
            what=f"{name} does the same where there is padding",
        )


def _padded(state: MDState, force_field: AbstractForceField | None) -> MDState:
    """Return the state with atoms and one structure of padding."""
    atoms, systems = state.system.number_of_atoms, state.system.number_of_systems
    system = pad(state.system, atoms + PADDING, systems + 1)

    def longer(values: jax.Array, count: int, value: float = 0.0) -> jax.Array:
        rest = jnp.full((count, *values.shape[1:]), value, values.dtype)
        return jnp.concatenate([values, rest])

    padded = replace(
        state,
        system=system,
        **{name: longer(getattr(state, name), PADDING) for name in ("momenta", "forces", "mobile")},
        masses=longer(state.masses, PADDING, 1.0),
        **{name: longer(getattr(state, name), 1) for name in ("degrees", "virial", "heat")},
        temperature=longer(state.temperature, 1, float(state.temperature[0])),
        energies={name: longer(values, 1) for name, values in state.energies.items()},
        dipole=None if state.dipole is None else longer(state.dipole, 1),
        extended={
            name: longer(values, 1) if values.ndim else values
            for name, values in state.extended.items()
        },
    )
    if force_field is not None:
        lists = force_field.allocate_neighbors(system, SKIN_ANGSTROM)
        padded = replace(padded, neighbors=lists)
    return padded


def _check_constrained(name: str, propagator: AbstractPropagator, rigid: MDState | None) -> None:
    try:
        keeper = propagator.constrained()
    except InputError:
        return
    require(keeper.constrained() is keeper, f"{name}.constrained() keeps constraints itself")
    if rigid is None:
        return
    after = _applied(keeper, _with_variables(keeper, rigid))
    wrong = _length_errors(constraints_of(rigid), after)
    none = jax.tree.map(jnp.zeros_like, wrong)
    what = f"{name}.constrained() keeps the lengths of rigid bonds"
    require_close(wrong, none, allowed=LARGEST_LENGTH_ERROR, what=what)


def _length_errors(constraints: Constraints, state: MDState) -> tuple[jax.Array, jax.Array]:
    """Return relative errors of the lengths, and the relative rates at which they change."""
    bonds = constraints.bonds(state.system)
    squares = jnp.sum(bonds**2, axis=2)
    lengths = jnp.where(constraints.is_bond, squares / constraints.lengths**2 - 1, 0.0)
    along = constraints.momenta_along(state.system, state.momenta, state.masses)
    return lengths, (along - state.momenta) / state.masses[:, None]


def _check_volume(name: str, propagator: AbstractPropagator, state: MDState) -> None:
    mobile = np.flatnonzero(np.asarray(state.mobile))

    def mapped(values: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        positions = state.system.positions.at[mobile].set(values[0])
        momenta = state.momenta.at[mobile].set(values[1])
        after = propagator(replace(state, system=state.system.at(positions), momenta=momenta))
        return after.system.positions[mobile], after.momenta[mobile]

    start = (state.system.positions[mobile], state.momenta[mobile])
    blocks = jax.jit(jax.jacfwd(mapped))(start)
    size = 3 * len(mobile)
    matrix = np.block([[np.asarray(one).reshape(size, size) for one in row] for row in blocks])
    _, logarithm = np.linalg.slogdet(matrix)
    what = f"{name} preserves the volume of phase space"
    require_close(logarithm, np.zeros(()), allowed=ROUNDING * size, what=what)


def _check_order(name: str, propagator: AbstractPropagator, state: MDState, order: float) -> None:
    """Check by how much two half steps differ from a whole one, and how that depends on dt."""

    def error(share: float) -> float:
        timestep = share * propagator.timestep  # pyright: ignore[reportAttributeAccessIssue]
        whole = _applied(eqx.tree_at(lambda one: one.timestep, propagator, timestep), state)
        half = eqx.tree_at(lambda one: one.timestep, propagator, timestep / 2)
        twice = _applied(half, _applied(half, state))
        ends = [jax.tree.leaves(_coordinates(one)) for one in (whole, twice)]
        return max(float(jnp.max(jnp.abs(a - b))) for a, b in zip(*ends, strict=True))

    if np.isinf(order):
        require_close(
            np.asarray(error(1.0)),
            np.zeros(()),
            allowed=ROUNDING,
            what=f"{name} is exact: two half steps are a whole one",
        )
        return
    found = np.log2(error(1.0) / error(0.5)) - 1
    require_close(
        np.asarray(found),
        np.asarray(order),
        allowed=LARGEST_ORDER_ERROR,
        what=f"{name} is accurate to order {order:g} in its timestep",
    )
