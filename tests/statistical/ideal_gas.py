"""The ideal gas under every barostat: the volume's distribution is known in full.

    p(V) ∝ V^n exp(−P V/kT),   ⟨P V⟩ = Var(P V)/kT = (n + 1) kT

n = N where no momentum is conserved, as with Langevin's noise; n = N − 1 where the
centre of mass is at rest, since its coordinate then has no part in the phase space that
the cell scales. The shape of the cell is held by an energy that does not depend on V.

In a deterministic bath the momenta of an ideal gas keep their ratios in the frame of the
cell for ever, so that it is ergodic only where the cell keeps its shape. For the other
couplings Martyna, Tobias and Klein's equations are checked with Langevin's noise in the
place of the atoms' chain.
"""

from dataclasses import replace

import numpy as np
from scipy import stats

from potentials import ARGON, IdealGas
from statistical.measuring import (
    Row,
    distribution_row,
    mean_row,
    record,
    replicas,
    variance_row,
)
from sundog.engine.ensembles import Ensemble, npt
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHoover, NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin, OrnsteinUhlenbeck
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.system import make_system
from sundog.units import BAR, BOLTZMANN, FEMTOSECOND

ATOMS, REPLICAS = 8, 200
TEMPERATURE, PRESSURE_BAR = 300.0, 100.0
TIMESTEP, RELAXATION = 5.0, 500.0
FORCE_FIELD = IdealGas(stiffness=5 * BOLTZMANN * TEMPERATURE)
THERMOSTATS = {"langevin": Langevin(10.0), "bussi": Bussi(100.0)}
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
    told = (PRESSURE_BAR, RELAXATION, coupling)
    if barostat == "mtk":
        ensemble = _martyna_tobias_klein(MartynaTobiasKlein(*told), thermostat)
    else:
        bath = CellRescaling(*told, compressibility_per_bar=1 / PRESSURE_BAR)
        ensemble = npt(FORCE_FIELD, TIMESTEP, TEMPERATURE, THERMOSTATS[thermostat], bath)
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


def _martyna_tobias_klein(bath: MartynaTobiasKlein, thermostat: str) -> Ensemble:
    if thermostat == "nose-hoover":
        return npt(FORCE_FIELD, TIMESTEP, TEMPERATURE, NoseHooverChain(100.0), bath)
    recipe = npt(FORCE_FIELD, TIMESTEP, TEMPERATURE, NoseHooverChain(100.0), bath, 0)
    noise = OrnsteinUhlenbeck(TIMESTEP / 2 * FEMTOSECOND, 0.01 / FEMTOSECOND)
    return replace(
        recipe,
        propagators=tuple(
            noise if isinstance(one, NoseHoover) else one for one in recipe.propagators
        ),
    )
