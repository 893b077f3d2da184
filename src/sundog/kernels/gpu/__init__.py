"""Fused kernels for GPUs, in Pallas; without a GPU, tests run them by JAX's interpreter."""
