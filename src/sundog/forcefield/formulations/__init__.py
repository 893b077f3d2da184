"""Formulations: one Hamiltonian, computed in several ways."""
