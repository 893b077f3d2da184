"""Accuracy benchmarks: one file each, with a card and `prepare`, which returns the task."""
