"""What `gpu.py` writes: a JSON that is whole after every part, and a figure."""

import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PAPER = 3.25
"""µs/atom/step of the paper, on one H100 (doi:10.1021/jacs.5c09558)."""


class Report:
    """What was found, on disk at any time."""

    def __init__(self, path: Path, seconds: float):
        """Begin a report that must be done in so many seconds."""
        self.path, self.end = path, time.monotonic() + seconds
        self.found: dict[str, Any] = {"schema": "sundog.gpu/1"}

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.end - time.monotonic()

    def part(self, name: str, function: Callable[[], Any], least: float = 20.0) -> Any:
        """Return what a part finds, or None where it fails or there is no time for it."""
        begin = time.monotonic()
        if self.left() < least:
            self._write(name, {"skipped": f"{self.left():.0f} s were left"})
            return None
        try:
            value = function()
        except Exception as error:  # one part must not cost the others what they found
            traceback.print_exc()
            self._write(name, {"failed": f"{type(error).__name__}: {str(error)[:2000]}"})
            return None
        self._write(name, value, time.monotonic() - begin)
        return value

    def _write(self, name: str, value: Any, seconds: float | None = None) -> None:
        self.found[name] = value
        self.found.setdefault("seconds", {})[name] = seconds
        self.path.write_text(json.dumps(self.found, indent=1) + "\n")
        print(name, json.dumps(value)[:1500], flush=True)


def figure(rows: list[dict[str, Any]], path: Path, title: str) -> None:
    """Draw the time per atom and step against the number of atoms."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for name in dict.fromkeys(row["kernels"] for row in rows):
        own = [row for row in rows if row["kernels"] == name]
        atoms = [row["atoms"] for row in own]
        axes.loglog(atoms, [np.median(r["step_us_per_atom"]) for r in own], "o-", label=name)
    axes.axhline(PAPER, color="0.5", ls="--", label="SO3LR article, one H100")
    axes.axhline(0.3, color="0.5", ls=":", label="goal")
    axes.set(xlabel="atoms", ylabel="µs per atom and step", title=title)
    axes.legend(frameon=False)
    plt.savefig(path, dpi=150)
