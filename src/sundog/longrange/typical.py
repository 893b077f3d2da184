"""Typical charges, for which errors of forces are estimated: uncorrelated, at random places."""

DENSITY = 0.1
"""Number of atoms per Å³; that of liquid water."""

CHARGE = 0.4
"""Root mean square of the charges in e; SO3LR's charges in liquid water have 0.38 e."""
