"""Physical constants in sundog's units (see `units`)."""

COULOMB = 14.399645351950548
"""Coulomb constant ke in eV·Å/e² (CODATA 2014)."""

FINE_STRUCTURE = 0.0072973525693
"""Fine-structure constant, dimensionless (CODATA 2018)."""
