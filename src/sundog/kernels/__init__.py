"""Fast paths. Each has the plain formulation in `model` or `terms` as its oracle."""
