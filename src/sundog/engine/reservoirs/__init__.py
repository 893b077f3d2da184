"""Reservoirs: one file each, what a system exchanges energy with."""
