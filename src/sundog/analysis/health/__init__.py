"""Health of a run: what the engine did, and what the model says of itself."""
