"""Names that settings and recipes share; imported where JAX must not be."""

from typing import Literal

EnsembleName = Literal["nve", "nvt", "npt"]
ThermostatName = Literal["langevin", "bussi", "nose-hoover"]
BarostatName = Literal["rescaling", "mtk"]
ConstraintKind = Literal["h-bonds", "rigid-water+h-bonds"]
Coupling = Literal["isotropic", "semi-isotropic", "anisotropic", "flexible"]
