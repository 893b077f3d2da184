"""Observers: one file each, what a run measures beside its state."""
