"""Check whether the kernels for GPUs can run on the present device."""

import jax

from sundog.names import Precision

LEAST_CAPABILITY = 8.0
"""Smallest NVIDIA compute capability (Ampere): Triton then forms products on TF32 tensor cores."""


def why_unavailable(precision: Precision) -> str | None:
    """Return why the kernels cannot be used, or None when they can.

    Args:
        precision: precision of the arithmetic.
    """
    if jax.default_backend() != "gpu":
        return (
            f"JAX computes on {jax.default_backend()} here; on a machine with an NVIDIA GPU, "
            "install jax[cuda13], or jax[cuda12] for drivers older than 580"
        )
    # Imported here because it takes long.
    from jax.experimental.pallas import triton

    if not hasattr(triton, "load"):
        return f"jax {jax.__version__} is too old for them; install a newer one"
    if precision != "float32":
        return "kernels for GPUs compute in float32"
    device = jax.devices()[0]
    capability = getattr(device, "compute_capability", None)
    if capability is None:
        return f"{device.device_kind} is not an NVIDIA GPU"
    if float(capability) < LEAST_CAPABILITY:
        return (
            f"{device.device_kind} has compute capability {capability}, and the kernels need "
            f"{LEAST_CAPABILITY:g} (Ampere) or newer"
        )
    return None
