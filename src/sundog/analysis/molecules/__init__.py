"""Observables of molecules: bonds, angles, dihedrals and the conformations they make."""
