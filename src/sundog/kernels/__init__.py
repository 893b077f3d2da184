"""Fast paths. Each has the reference formulation in `model` or `terms` as its oracle."""
