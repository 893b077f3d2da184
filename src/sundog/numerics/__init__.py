"""Numerical building blocks that depend on no other part of sundog's physics."""
