"""Electrostatics over all periodic images in reciprocal space, as a plain sum and on a mesh."""
