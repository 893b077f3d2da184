"""Fast formulations of the work on pairs; their reference is that of `model` and `terms`."""
