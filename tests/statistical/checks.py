"""All checks of the ensembles by name; each returns rows of the table."""

from collections.abc import Callable
from functools import partial
from typing import get_args

from statistical.crystal import relaxation, tension
from statistical.drift import lennard_jones, peptide, water
from statistical.fluid import BAROSTATS, THERMOSTATS, constant_pressure, constant_volume
from statistical.ideal_gas import ideal_gas
from statistical.measuring import Row
from sundog.engine.cell_modes import Coupling
from sundog.names import Precision

CHECKS: dict[str, Callable[[], list[Row]]] = {
    **{
        f"ideal-gas-{barostat}-{thermostat}-{coupling}": partial(
            ideal_gas, barostat, thermostat, coupling
        )
        for barostat, thermostat in (
            ("rescaling", "langevin"),
            ("rescaling", "bussi"),
            ("mtk", "langevin"),
        )
        for coupling in get_args(Coupling)
    },
    "ideal-gas-mtk-nose-hoover-isotropic": partial(ideal_gas, "mtk", "nose-hoover", "isotropic"),
    **{f"fluid-{one}": partial(constant_volume, one) for one in THERMOSTATS},
    **{f"fluid-{one.replace(', ', '-')}": partial(constant_pressure, one) for one in BAROSTATS},
    **{
        f"crystal-{barostat}-{coupling}": partial(relaxation, barostat, coupling)
        for barostat in ("rescaling", "mtk")
        for coupling in ("anisotropic", "flexible")
    },
    **{f"tension-{barostat}": partial(tension, barostat) for barostat in ("rescaling", "mtk")},
    "drift-lennard-jones": lennard_jones,
}

WITH_WEIGHTS: dict[str, Callable[[], list[Row]]] = {
    f"drift-{name}-{precision}": partial(check, precision)
    for name, check in (("water", water), ("peptide", peptide))
    for precision in get_args(Precision)
}
"""Need the published weights and, for their speed, the compiled kernels."""
