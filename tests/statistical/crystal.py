"""A cold Lennard-Jones crystal, which has a stress-free shape and can bear a tension.

Strained replicas must come back to the cubic cell, and under a surface tension γ of m = 2
interfaces the stress must become P_zz − (P_xx + P_yy)/2 = 2γ/L_z.
"""

import numpy as np

from potentials import LennardJones, argon
from statistical.measuring import Row, mean_row, record
from sundog.engine.ensembles import Ensemble, npt
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.names import Coupling
from sundog.system import concatenate
from sundog.units import BAR, MILLINEWTON_PER_METRE

REPLICAS = 16
TEMPERATURE = 20.0
FORCE_FIELD = LennardJones(cutoff=6.0)
SPACING = 5.35
TENSION = 10.0
TIMESTEP = 5.0


def relaxation(barostat: str, coupling: str) -> list[Row]:
    """Return rows for the shape to which strained crystals relax."""
    ensemble = _ensemble(barostat, coupling)
    random = np.random.default_rng(3)
    strains = 0.03 * random.normal(size=(REPLICAS, 3, 3))
    strains = 0.5 * (strains + strains.swapaxes(1, 2))
    if coupling != "flexible":
        strains = strains * np.eye(3)
    seen = _simulate(ensemble, strains)
    name = f"LJ crystal, strained by 3 %, {barostat}, {coupling}: "
    a, b, c = (seen[f"cell_{axis}_angstrom"] for axis in "abc")
    rows = [
        mean_row(name + "ln b/a", 0.0, np.log(b / a)),
        mean_row(name + "ln c/a", 0.0, np.log(c / a)),
    ]
    if coupling == "flexible":
        rows += [
            mean_row(name + f"{angle} − 90°", 0.0, seen[f"cell_{angle}_degrees"] - 90)
            for angle in ("alpha", "beta", "gamma")
        ]
    pressures = [seen[f"pressure_{axis}_bar"] for axis in ("xx", "yy", "zz")]
    return rows + [
        mean_row(name + f"⟨P_{axis}⟩ in bar", 0.0, values)
        for axis, values in zip(("xx", "yy", "zz"), pressures, strict=True)
    ]


def tension(barostat: str) -> list[Row]:
    """Return rows for a crystal under surface tension."""
    ensemble = _ensemble(barostat, "semi-isotropic", TENSION)
    seen = _simulate(ensemble, np.zeros((REPLICAS, 3, 3)))
    plane = 0.5 * (seen["pressure_xx_bar"] + seen["pressure_yy_bar"])
    height = seen["cell_c_angstrom"]
    expected = 2 * TENSION * MILLINEWTON_PER_METRE / BAR / height
    difference = seen["pressure_zz_bar"] - plane
    name = f"LJ crystal, surface tension, {barostat}, semi-isotropic: "
    deviation = mean_row("", 0.0, difference - expected)
    target = float(expected.mean())
    found = target + deviation.found
    return [
        Row(name + "⟨P_zz − P_xy⟩ in bar", target, found, deviation.error),
        mean_row(name + "⟨P_zz⟩ in bar", 0.0, seen["pressure_zz_bar"]),
    ]


def _ensemble(barostat: str, coupling: Coupling, tension: float = 0.0) -> Ensemble:
    told = (0.0, 500.0, coupling, tension)
    if barostat == "mtk":
        baths = NoseHooverChain(200.0), MartynaTobiasKlein(*told)
    else:
        baths = Langevin(2.0), CellRescaling(*told, compressibility_per_bar=1e-4)
    return npt(FORCE_FIELD, TIMESTEP, TEMPERATURE, *baths)


def _simulate(ensemble: Ensemble, strains: np.ndarray) -> dict[str, np.ndarray]:
    systems = [argon(2, SPACING, seed=k, strain=strain) for k, strain in enumerate(strains)]
    state = initial_state(concatenate(systems), FORCE_FIELD, seed=5)
    state = with_thermal_momenta(state, TEMPERATURE)
    state, _ = record(state, ensemble, 3000, stride=10)
    _, samples = record(state, ensemble, 4000, stride=10)
    return samples
