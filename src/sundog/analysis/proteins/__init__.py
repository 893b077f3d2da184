"""Observables of proteins: deviation, fluctuation, secondary structure, contacts, motion."""
