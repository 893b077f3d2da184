"""Provenance of a run: enough to repeat it, nothing that identifies its user or machine."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

RECORDED_PACKAGES = ("sundog", "jax", "jaxlib", "equinox", "numpy", "ase", "mdtraj")
"""Packages on which results depend, and whose versions are recorded."""


def collect_provenance(
    *, command_line: Sequence[str], weights_name: str, weights_sha256: str, device: str
) -> dict[str, Any]:
    """Return the provenance of a run that starts now, ready for JSON.

    Args:
        command_line: words of the command line, the program first.
        weights_name: name of the weight set.
        weights_sha256: hash of the weights, which identifies them if the name is reused.
        device: kind of the device that computes, from `jax.Device.device_kind`.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command_line": list(command_line),
        "weights": {"name": weights_name, "sha256": weights_sha256},
        "device": device,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in RECORDED_PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
