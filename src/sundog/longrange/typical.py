"""The charges for which errors of forces are estimated: uncorrelated, at random places."""

DENSITY = 0.1
"""Atoms per Å³."""

CHARGE = 0.4
"""RMS, in e."""
