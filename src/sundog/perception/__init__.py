"""Perception: bond orders, formal charges and open valences of a structure, and what is wrong."""
