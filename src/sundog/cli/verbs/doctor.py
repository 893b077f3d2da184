"""`sundog doctor`: versions, devices, kernels and weights, and the largest system that fits."""

import platform
import sys
from typing import Literal

from sundog.cli.options import set_up_jax
from sundog.errors import SundogError

MOLECULES = 512
"""Number of molecules of the water whose memory is measured; that of larger boxes is taken in
proportion to their atoms."""


def doctor(
    *,
    precision: Literal["float32", "float64"] = "float32",
    cutoff_angstrom: float = 12.0,
    memory: bool = True,
) -> int:
    """Say what this installation can do, and what it lacks.

    The exit code is 0 if simulations can be run, else 2.

    Parameters
    ----------
    precision
        Precision for which kernels and memory are examined.
    cutoff_angstrom
        Cutoff of the long range in Å, for the memory.
    memory
        Find the largest system of water that fits, which compiles the force field.
    """
    from sundog import __version__

    print(f"sundog {__version__}, Python {platform.python_version()}, {platform.platform()}")
    set_up_jax()
    try:
        _devices()
        _kernels(precision)
        _weights(precision, cutoff_angstrom, memory)
    except SundogError as error:
        print(f"sundog: {error}", file=sys.stderr)
        return 2
    return 0


def _devices() -> None:
    import jax
    import jaxlib

    from sundog.errors import InputError

    print(f"jax {jax.__version__}, jaxlib {jaxlib.__version__}")
    try:
        devices = jax.devices()
    except RuntimeError as error:
        raise InputError(
            "doctor: JAX finds no device it can use",
            got=str(error).splitlines()[0],
            remedy="Compare the driver with JAX's CUDA version, or set JAX_PLATFORMS=cpu",
        ) from error
    for device in devices:
        print(f"Device {device.id}: {device.device_kind} ({device.platform})")


def _kernels(precision: Literal["float32", "float64"]) -> None:
    from sundog.forcefield.formulations.choice import KERNELS, unavailable

    for name in KERNELS:
        reason = unavailable(name, precision)
        print(f"Kernels {name}: {'available' if reason is None else 'not here: ' + reason}")


def _weights(
    precision: Literal["float32", "float64"], cutoff_angstrom: float, memory: bool
) -> None:
    from sundog.forcefield.formulations.choice import with_kernels
    from sundog.io.structures import system_from_atoms
    from sundog.prepare.water import water_box
    from sundog.runs.settings import SimulationSettings
    from sundog.single_points.memory import forecast
    from sundog.weights.load import load

    reference = load(
        electrostatics="truncated", cutoff_angstrom=cutoff_angstrom, precision=precision
    )
    print(f"Weights: {reference.model_name}")
    fast, said = with_kernels(reference, "auto")
    print(f"Kernels of auto: {said}")
    if not memory:
        return
    system = system_from_atoms(water_box(MOLECULES))
    neighbors = fast.allocate_neighbors(system, SimulationSettings().skin_angstrom)
    found = forecast(fast, system, neighbors)
    print(
        f"Memory: {found.available / 2**30:.0f} GiB, {found.bytes_per_atom / 1000:.0f} kB per atom "
        f"of water: about {found.most_atoms:,} atoms fit"
    )
