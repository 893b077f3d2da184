"""Fused kernels for GPUs, in Pallas; interpreted where there is none."""
