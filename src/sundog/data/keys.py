"""Keys of structures that fall into fragments, and how far apart fragments are set."""

FRAGMENT = "fragment"
"""Array with the number of each atom's fragment, from 0."""

FRAGMENT_CHARGES = "fragment_charges"
"""Entry of `info` with the total charge of each fragment in e."""

APART = 10_000.0
"""Å by which monomer B is moved away."""
