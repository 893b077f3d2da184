"""Training: the published recipe, its step, and runs in folders."""
