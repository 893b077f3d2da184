"""The ideal gas under every barostat: the volume's distribution is known in full.

    p(V) ∝ V^n exp(−P V/kT),   ⟨P V⟩ = Var(P V)/kT = (n + 1) kT

n = N where no momentum is conserved, as with Langevin's noise; n = N − 1 where the
centre of mass is at rest, since its coordinate then has no part in the phase space that
the cell scales. The shape of the cell is held by an energy that does not depend on V.
"""

import numpy as np
from scipy import stats

from potentials import IdealGas
from statistical.measuring import (
    ARGON,
    Row,
    distribution_row,
    mean_row,
    record,
    replicas,
    variance_row,
)
from sundog.simulate.ensembles import Barostat, npt_martyna_tobias_klein, npt_rescaling
from sundog.simulate.state import initial_state, with_thermal_momenta
from sundog.system import make_system
from sundog.units import BAR, BOLTZMANN

ATOMS, REPLICAS = 8, 200
TEMPERATURE, PRESSURE_BAR = 300.0, 100.0
TIMESTEP, RELAXATION = 5.0, 500.0
FORCE_FIELD = IdealGas(stiffness=5 * BOLTZMANN * TEMPERATURE)
DISCRETISATION = 0.01
"""Of the variance: cell rescaling is of first order in timestep/relaxation."""


def ideal_gas(barostat: str, thermostat: str, coupling: str) -> list[Row]:
    """Return rows for mean, variance and distribution of P V/kT."""
    scale = PRESSURE_BAR * BAR / (BOLTZMANN * TEMPERATURE)
    side = ((ATOMS + 1) / scale) ** (1 / 3)
    positions = np.random.default_rng(0).uniform(0, side, (ATOMS, 3))
    one = make_system(positions, np.full(ATOMS, ARGON), cell=side * np.eye(3), pbc=True)
    state = initial_state(replicas(one, REPLICAS), FORCE_FIELD, seed=7)
    state = with_thermal_momenta(state, TEMPERATURE)
    bath = Barostat(PRESSURE_BAR, RELAXATION, coupling, compressibility_per_bar=1 / PRESSURE_BAR)
    if barostat == "mtk":
        ensemble = npt_martyna_tobias_klein(FORCE_FIELD, TIMESTEP, TEMPERATURE, bath, 100.0)
    else:
        ensemble = npt_rescaling(
            FORCE_FIELD,
            TIMESTEP,
            TEMPERATURE,
            bath,
            thermostat=thermostat,
            friction_per_ps=10.0,
            relaxation_time_fs=100.0,
        )
    state, _ = record(state, ensemble, 2000, stride=10)
    _, samples = record(state, ensemble, 4000, stride=10)
    volumes = scale * samples["volume_angstrom3"]
    expected = ATOMS + 1 if thermostat == "langevin" else ATOMS
    name = f"ideal gas, {barostat}, {thermostat}, {coupling}: "
    return [
        mean_row(name + "⟨PV⟩/kT", expected, volumes, DISCRETISATION),
        variance_row(name + "Var(PV/kT)", expected, volumes, DISCRETISATION * expected),
        distribution_row(name + "p(V), KS test in σ", volumes[::80], stats.gamma(expected).cdf),
    ]
