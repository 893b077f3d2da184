"""Topology: bonds, molecules, hydrogens, residues and what else follows from a structure."""
