"""Spectra of velocities and dipoles."""
