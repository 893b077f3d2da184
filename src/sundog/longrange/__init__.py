"""Sums over all periodic images: electrostatics in reciprocal space, plain and on a mesh."""
