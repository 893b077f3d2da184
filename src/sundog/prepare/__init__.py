"""Structures that are generated: boxes of water and polyalanine."""
