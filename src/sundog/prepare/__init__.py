"""Structures that are built: molecules, peptides, liquids, and systems with names."""
