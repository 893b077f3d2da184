"""Accuracy benchmarks: one file each, with a card, `prepare` and `score`."""
