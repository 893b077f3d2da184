"""Peptides from their sequences."""
