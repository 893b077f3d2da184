"""Structure files of biomolecules, made ready for a simulation."""
