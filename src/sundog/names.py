"""Names of the choices that settings, formulations and ensembles share.

The module imports nothing heavy, so that the command line can show its help quickly.
"""

from typing import Literal

Precision = Literal["float32", "float64"]
ElectrostaticsName = Literal["exact", "truncated", "wolf", "ewald"]
KernelName = Literal["auto", "reference", "plain", "cpu", "gpu"]

EnsembleName = Literal["nve", "nvt", "npt"]
ThermostatName = Literal["langevin", "bussi", "nose-hoover"]
BarostatName = Literal["rescaling", "mtk"]
ConstraintKind = Literal["h-bonds", "rigid-water+h-bonds"]
Coupling = Literal["isotropic", "semi-isotropic", "anisotropic", "flexible"]
TrajectoryFormat = Literal["xtc", "dcd", "extxyz", "h5md"]
CellChange = Literal["none", "isotropic", "anisotropic", "flexible"]
