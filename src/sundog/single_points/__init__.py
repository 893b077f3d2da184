"""Single points: energies, forces and properties of given structures, in batches."""
