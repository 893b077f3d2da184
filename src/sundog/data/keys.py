"""Keys of structures with fragments, and the distance at which fragments are apart."""

FRAGMENT = "fragment"
"""Array with the number of each atom's fragment, from 0."""

FRAGMENT_CHARGES = "fragment_charges"
"""Entry of `info` with the total charge of each fragment in e."""

APART = 10_000.0
"""Distance in Å by which monomer B is moved away; charges of 1 e interact by 1.4 meV there."""
