"""Kernels in plain JAX with hand-written derivatives, for every device that XLA supports."""
