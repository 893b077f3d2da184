"""Units of sundog and factors of conversion into them.

Interfaces use eV, Å, e (elementary charge), amu, K and fs; dispersion computes in atomic units.
Momenta and times inside the engine follow from eV, Å and amu: the internal unit of time is
Å·√(amu/eV) = 10.18 fs. Values are CODATA 2014, as in `ase.units`, because the published weights
were trained and evaluated with them.
"""

import math

ELEMENTARY_CHARGE_COULOMB = 1.6021766208e-19
ATOMIC_MASS_KG = 1.660539040e-27
BOLTZMANN_JOULE_PER_KELVIN = 1.38064852e-23
AVOGADRO_PER_MOL = 6.022140857e23
CALORIE_JOULE = 4.184
"""Constants in SI units: CODATA 2014 (Mohr, Newell, Taylor, Rev. Mod. Phys. 88, 035009, 2016).

The calorie is the thermochemical one, exact by definition.
"""

BOHR = 0.5291772105638411
"""Bohr radius in Å."""

HARTREE = 27.211386024367243
"""Hartree energy in eV."""

BOLTZMANN = BOLTZMANN_JOULE_PER_KELVIN / ELEMENTARY_CHARGE_COULOMB
"""Boltzmann constant in eV/K."""

FEMTOSECOND = 1e5 * math.sqrt(ELEMENTARY_CHARGE_COULOMB / ATOMIC_MASS_KG) * 1e-10
"""One femtosecond in the engine's time unit, Å·√(amu/eV)."""

KCAL_PER_MOL = CALORIE_JOULE * 1e3 / (ELEMENTARY_CHARGE_COULOMB * AVOGADRO_PER_MOL)
"""One kcal/mol in eV."""

BAR = 1e5 * 1e-30 / ELEMENTARY_CHARGE_COULOMB
"""One bar in eV/Å³."""

DEBYE = 0.20819433442462576
"""One debye in e·Å."""

MILLINEWTON_PER_METRE = 100 * BAR
"""One mN/m in eV/Å²."""

GRAM_PER_CM3 = 1e-3 / ATOMIC_MASS_KG * 1e-24
"""One g/cm³ in amu/Å³."""
