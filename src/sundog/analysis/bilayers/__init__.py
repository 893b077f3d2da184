"""Observables of lipid bilayers."""
