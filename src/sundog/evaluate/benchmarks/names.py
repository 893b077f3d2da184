"""The benchmarks, by name; nothing is imported, so that help is immediate."""

BENCHMARKS = ("sapt10k", "s66x8", "s22")
"""Each is the file of its name in this folder."""
