"""A dense Lennard-Jones fluid of light and heavy atoms, at two temperatures and pressures.

    K ~ Γ(N_f/2, kT),   ⟨p²/2m⟩ = 3/2 kT for each mass,
    ln p₁(x)/p₂(x) linear in x = U, U + PV or V with the slope that the ensemble demands

The ratio is checked with `physical_validation` (Shirts, J. Chem. Theory Comput. 9, 909
(2013)), which tells by how many standard errors the slope is off.
"""

import contextlib
import io
import logging
import warnings
from functools import partial

import jax.numpy as jnp
import numpy as np
from scipy import stats

from potentials import LennardJones, argon
from statistical.measuring import (
    Row,
    distribution_row,
    mean_row,
    replicas,
    variance_row,
)
from sundog.engine.ensembles import Ensemble, npt, nvt
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.run import run
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.units import BOLTZMANN

ATOMS, REPLICAS = 32, 32
TEMPERATURES = (150.0, 168.0)
PRESSURES_BAR = (1000.0, 1400.0)
LIGHT, HEAVY = 10.0, 40.0
FORCE_FIELD = LennardJones(cutoff=5.0)
TIMESTEP = 4.0
EQUILIBRATION, SAMPLES, STRIDE = 1200, 24, 200
"""Steps, samples, and the steps between them: 0.8 ps, several times the relaxation times."""

DISCRETISATION = 0.004
"""Relative, of kinetic energies: (ω dt/2)² of the light atoms' fastest vibrations."""

THERMOSTATS = {
    "langevin": Langevin(5.0),
    "bussi": Bussi(100.0),
    "nose-hoover": NoseHooverChain(100.0),
}

_rescaling = partial(CellRescaling, barostat_time_fs=500.0, compressibility_per_bar=2e-4)

BAROSTATS = {
    "rescaling, langevin": (Langevin(5.0), _rescaling),
    "rescaling, bussi": (Bussi(), _rescaling),
    "mtk": (NoseHooverChain(100.0), partial(MartynaTobiasKlein, barostat_time_fs=500.0)),
}
"""Thermostat, and from the pressure to the barostat, by name."""

Observed = dict[str, np.ndarray]
"""Arrays [temperatures, samples, replicas]."""


def constant_volume(thermostat: str) -> list[Row]:
    """Return rows for a thermostat."""
    ensemble = nvt(FORCE_FIELD, TIMESTEP, _temperatures(), THERMOSTATS[thermostat])
    seen = _simulate(ensemble, 11)
    name = f"LJ fluid, {thermostat}: "
    cold, hot = (_data("NVT", seen, k) for k in (0, 1))
    return [
        *_kinetic_rows(name, seen, 0 if thermostat == "langevin" else 3),
        Row(name + "p(U) at two temperatures, off by σ", 0.0, _quantiles(cold, hot), 1.0),
    ]


def constant_pressure(barostat: str) -> list[Row]:
    """Return rows for a barostat with its thermostat."""
    runs = []
    for pressure in PRESSURES_BAR:
        thermostat, made = BAROSTATS[barostat]
        ensemble = npt(FORCE_FIELD, TIMESTEP, _temperatures(), thermostat, made(pressure))
        runs.append(_simulate(ensemble, 13))
    low, high = runs
    name = f"LJ fluid, {barostat}: "
    cold, hot = (_data("NPT", low, k, PRESSURES_BAR[0]) for k in (0, 1))
    dense = _data("NPT", high, 0, PRESSURES_BAR[1])
    mean = mean_row(name + "⟨P⟩ in bar", PRESSURES_BAR[0], np.hstack([*low["pressure"]]), 5.0)
    return [
        *_kinetic_rows(name, low, 0 if "langevin" in barostat else 3),
        mean,
        Row(name + "p(U + PV) at two temperatures, off by σ", 0.0, _quantiles(cold, hot), 1.0),
        Row(name + "p(V) at two pressures, off by σ", 0.0, _quantiles(cold, dense), 1.0),
    ]


def _temperatures() -> np.ndarray:
    return np.repeat(TEMPERATURES, REPLICAS // 2)


def _simulate(ensemble: Ensemble, seed: int) -> Observed:
    # 29.5 Å³ per atom, near 1000 bar at 150 K.
    system = replicas(argon(2, spacing=4.905), REPLICAS)
    masses = jnp.asarray(np.tile([LIGHT, HEAVY], ATOMS * REPLICAS // 2))
    state = initial_state(system, FORCE_FIELD, seed=seed, masses=masses)
    state = with_thermal_momenta(state, 2 * _temperatures())  # to melt
    light = jnp.asarray(masses == LIGHT)
    seen: dict[str, list[np.ndarray]] = {}
    steps = EQUILIBRATION + SAMPLES * STRIDE
    for chunk in run(state, ensemble, steps=steps, sample_every=STRIDE, frame_every=STRIDE):
        state = chunk.state
        per_atom = jnp.sum(state.momenta**2, axis=1) / (2 * state.masses)
        values = {
            "kinetic": chunk.samples["kinetic_energy_ev"][-1],
            "light": np.asarray(state.sum_over_atoms(jnp.where(light, per_atom, 0.0))),
            "potential": chunk.samples["potential_energy_ev"][-1],
            "volume": chunk.samples["volume_angstrom3"][-1],
            "pressure": chunk.samples["pressure_bar"][-1],
        }
        for name, value in values.items():
            seen.setdefault(name, []).append(value)
    return {
        name: np.stack(np.split(np.stack(values[-SAMPLES:]), 2, axis=1))
        for name, values in seen.items()
    }


def _kinetic_rows(name: str, seen: Observed, conserved: int) -> list[Row]:
    degrees = 3 * ATOMS - conserved
    thermal = BOLTZMANN * np.asarray(TEMPERATURES)[:, None, None]
    kinetic = np.hstack([*(seen["kinetic"] / thermal)])
    # At rest, the centre of mass takes 3/2 kT from the atoms in proportion to their masses.
    share = 0.5 * (3 * ATOMS - 2 * conserved * LIGHT / (LIGHT + HEAVY)) / degrees
    light = np.hstack([*(seen["light"] / thermal)])
    gamma = stats.gamma(degrees / 2)
    allowed = DISCRETISATION * degrees / 2
    return [
        mean_row(name + "⟨K⟩/kT", degrees / 2, kinetic, allowed),
        variance_row(name + "Var(K/kT)", degrees / 2, kinetic, 2 * allowed),
        distribution_row(name + "p(K), KS test in σ", kinetic, gamma.cdf),
        mean_row(name + "⟨K⟩/kT of light atoms", share * degrees / 2, light, allowed),
    ]


def _data(ensemble: str, seen: Observed, k: int, pressure: float | None = None):
    from physical_validation import data

    units = data.UnitData(
        kb=BOLTZMANN,
        energy_conversion=96.48534,
        length_conversion=0.1,
        volume_conversion=1e-3,
        temperature_conversion=1.0,
        pressure_conversion=1.0,
        time_conversion=1e-3,
    )
    volume = seen["volume"][k].ravel()
    fixed = {"volume": volume[0]} if pressure is None else {"pressure": pressure}
    return data.SimulationData(
        units=units,
        ensemble=data.EnsembleData(ensemble, natoms=ATOMS, temperature=TEMPERATURES[k], **fixed),
        observables=data.ObservableData(
            kinetic_energy=seen["kinetic"][k].ravel(),
            potential_energy=seen["potential"][k].ravel(),
            total_energy=(seen["kinetic"] + seen["potential"])[k].ravel(),
            volume=volume,
            pressure=seen["pressure"][k].ravel(),
            temperature=seen["kinetic"][k].ravel(),
            constant_of_motion=seen["kinetic"][k].ravel(),
        ),
    )


def _quantiles(one, two) -> float:
    from physical_validation import ensemble

    logging.getLogger("pymbar").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        (quantiles,) = ensemble.check(one, two, verbosity=0, data_is_uncorrelated=True)
    return float(quantiles)
