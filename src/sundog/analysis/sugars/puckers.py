"""Shapes of sugar rings by Cremer and Pople.

    z_j: height of ring atom j over the mean plane,  q_m e^{iφ_m} = √(2/N) Σ_j z_j e^{−2πi m j/N}

Amplitude Q = √(Σ z²) in Å; of six-membered rings θ = arccos(q₃/Q), 0° for ⁴C₁ and 180° for ¹C₄ of
D sugars, and φ₂ along the equator of boats and skews; of five-membered rings the phase φ₂. Atoms
count from the ring's oxygen over the anomeric carbon. Chair shares: θ below 45° or above 135°.
Source: Cremer, Pople, J. Am. Chem. Soc. 97, 1354 (1975), doi:10.1021/ja00839a011.
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from sundog.analysis.accumulators import Series
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.analysis.sugars.graph import sugar_rings
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line

CHAIR_DEGREES = 45.0
"""Angle from a pole in degrees within which a six-membered ring is a chair."""


class Puckers(AbstractObservable):
    """Puckering amplitudes and angles of the rings of sugars."""

    name: ClassVar[str] = "puckers"
    title: ClassVar[str] = "Shapes of sugar rings"

    def prepare(self) -> None:
        """Find the rings."""
        self._rings = sugar_rings(self.recording.topology)
        if not self._rings:
            raise self.refuse("there are no sugars")
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add the shapes of some frames."""
        whole = self.recording.whole(frames)
        columns = {}
        for ring in self._rings:
            amplitude, theta, phi = cremer_pople(whole[:, list(ring.atoms)])
            columns[f"{ring.label}_q_angstrom"] = amplitude
            columns[f"{ring.label}_phi_degrees"] = phi
            if theta is not None:
                columns[f"{ring.label}_theta_degrees"] = theta
        self._series.add(time_ps=frames.times, **columns)

    def result(self) -> Result:
        """Return amplitudes, chair shares and series."""
        table = self._series.table()
        quantities, lines = [], []
        for ring in self._rings:
            q = estimate(table[f"{ring.label}_q_angstrom"])
            quantities.append(
                Quantity(f"{ring.label}_q_angstrom", f"{ring.label}: amplitude Q", "Å", q, 3)
            )
            name = f"{ring.label}_theta_degrees"
            if name not in table:
                lines.append(
                    Line(
                        table["time_ps"],
                        table[f"{ring.label}_phi_degrees"],
                        label=ring.label,
                        look="points",
                    )
                )
                continue
            for label, inside in (
                ("4C1", table[name] < CHAIR_DEGREES),
                ("1C4", table[name] > 180 - CHAIR_DEGREES),
            ):
                share = estimate(inside.astype(float))
                words = f"{ring.label}: share of {label} (of a D sugar)"
                quantities.append(Quantity(f"{ring.label}_{label}", words, "", share, 3))
            lines.append(Line(table["time_ps"], table[name], label=ring.label, look="points"))
        picture = Curves(
            "theta", self.title, "time / ps", "θ (six-membered) or φ₂ (five) / °", tuple(lines)
        )
        return Result(self.name, self.title, tuple(quantities), {"series": table}, (picture,))


def cremer_pople(
    ring: Float[np.ndarray, "frames members 3"],
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Return amplitude in Å, θ (None for five members) and φ₂ in degrees by frame.

    Args:
        ring: positions in Å of the atoms of the ring, in order.
    """
    members = ring.shape[1]
    centred = ring - ring.mean(axis=1, keepdims=True)
    angle = 2 * np.pi * np.arange(members) / members
    one = np.einsum("fja,j->fa", centred, np.sin(angle))
    other = np.einsum("fja,j->fa", centred, np.cos(angle))
    normal = np.cross(one, other)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    heights = np.einsum("fja,fa->fj", centred, normal)
    amplitude = np.sqrt((heights**2).sum(axis=1))
    second = np.sqrt(2 / members) * heights @ np.exp(-2j * angle)
    phi = np.degrees(np.angle(second)) % 360
    if members != 6:
        return amplitude, None, phi
    third = heights @ np.cos(np.pi * np.arange(members)) / np.sqrt(members)
    theta = np.degrees(np.arccos(np.clip(third / amplitude, -1, 1)))
    return amplitude, theta, phi
