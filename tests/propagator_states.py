"""States on which propagators are checked: everything in them moves."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from ase.build import molecule

from fixtures import hydrogens_of
from potentials import Harmonic, IdealGas, Split, argon
from sundog.engine.constraints import find_constraints
from sundog.engine.ensembles import npt
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.state import initial_state, with_constraints, with_thermal_momenta
from sundog.system import concatenate, make_system

TEMPERATURE = 300.0
FREE = IdealGas()
FORCE_FIELD = Split(Harmonic(0.02), Harmonic(0.005))
"""Without pair lists, whose programs take long to compile."""


@cache
def two_crystals():
    """Two small crystals at different temperatures, in the ensemble that needs most."""
    systems = concatenate([argon(1, 5.6, seed=seed) for seed in (1, 2)])
    state = initial_state(systems, FORCE_FIELD, seed=1)
    state = with_thermal_momenta(state, np.array([TEMPERATURE, 1.1 * TEMPERATURE]))
    baths = NoseHooverChain(20.0), MartynaTobiasKlein(300.0, 100.0, "flexible")
    ensemble = npt(FORCE_FIELD, 4.0, TEMPERATURE, *baths)
    state = replace(ensemble.entered(state), temperature=state.temperature)
    # Chains and cell are under way.
    rng = np.random.default_rng(0)
    for one in ensemble.reservoirs:
        for field in one.variables.odd:
            before = getattr(one.variables.of(state), field)
            noise = 0.01 * rng.normal(size=before.shape)
            if before.ndim == 3:
                noise = noise + noise.swapaxes(1, 2)
            state = one.variables.put(state, **{field: jnp.asarray(noise)})
    return state


@cache
def rigid_water():
    """Four molecules of water in a cell, with rigid bonds."""
    corners = 5.0 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    positions = np.concatenate([molecule("H2O").positions + corner for corner in corners])
    system = make_system(positions, [8, 1, 1] * 4, cell=12.0 * np.eye(3), pbc=True)
    state = initial_state(system, FREE, seed=2)
    state = with_constraints(state, find_constraints(system, hydrogens_of(system), "h-bonds"), FREE)
    state = with_thermal_momenta(state, TEMPERATURE)
    forces = jax.random.normal(jax.random.key(1), state.forces.shape, jnp.float64)
    return replace(state, forces=forces)
