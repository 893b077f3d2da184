"""Compiled kernels for the CPU, called by XLA. Their source is in `native/`."""
