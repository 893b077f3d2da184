"""Structures made rather than read."""
