"""Observables of liquids: structure, transport, hydrogen bonds."""
