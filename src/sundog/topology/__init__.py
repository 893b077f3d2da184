"""Topology: bonds, molecules, residues and what follows from them."""
