"""Restraints: one file each, energies that keep a simulation where it should be."""
