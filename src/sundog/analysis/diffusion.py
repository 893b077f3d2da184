"""Self-diffusion from the mean square displacement of molecules.

    MSD(τ) = ⟨|x_i(t + τ) − x_i(t)|²⟩_{i,t},   6 D = slope of MSD(τ)

x: positions of the molecules, unwrapped, without the motion of their common centre. The slope is
fitted where the displacement is diffusive; its error comes from independent parts of the
trajectory. A periodic cell of length L slows diffusion down,

    D(∞) = D(L) + ξ k_B T/(6π η L),  ξ = 2.837297 for a cube

(Yeh, Hummer, J. Phys. Chem. B 108, 15873 (2004), doi:10.1021/jp0477147), which needs the
viscosity η and is not applied here.
"""

import numpy as np
from jaxtyping import Float

from sundog.errors import InputError

Paths = Float[np.ndarray, "frames molecules 3"]
"""Positions in Å of molecules in each frame."""


def unwrapped_at_mean_cell(
    positions: Paths, cells: Float[np.ndarray, "frames 3 3"]
) -> Float[np.ndarray, "frames molecules 3"]:
    """Return positions scaled to the mean cell, which removes the motion of a fluctuating cell.

    Args:
        positions: Positions in Å, unwrapped.
        cells: Cell of each frame in Å, lattice vectors as rows.
    """
    fractional = np.einsum("fmi,fij->fmj", positions, np.linalg.inv(cells))
    return fractional @ cells.mean(axis=0)


def mean_squared_displacement(
    positions: Paths, lags: Float[np.ndarray, " lags"] | np.ndarray
) -> Float[np.ndarray, " lags"]:
    """Return the MSD in Å² at lags, averaged over all molecules and time origins.

    Args:
        positions: Positions in Å, unwrapped; the mean over the molecules is subtracted.
        lags: Positive numbers of frames, less than the number of frames.
    """
    apart = positions - positions.mean(axis=1, keepdims=True)
    moved = [apart[lag:] - apart[:-lag] for lag in np.asarray(lags, int)]
    return np.array([(one**2).sum(axis=2).mean() for one in moved])


def diffusion_coefficient(
    positions: Paths,
    frame_ps: float,
    *,
    from_ps: float = 2.0,
    to_ps: float = 10.0,
    parts: int = 5,
) -> tuple[float, float]:
    """Return D in Å²/ps and its standard error from the parts of a trajectory.

    Args:
        positions: Positions in Å, unwrapped.
        frame_ps: Time between frames in ps.
        from_ps: Lag in ps at which the fit begins, after the ballistic and caged motion.
        to_ps: Lag in ps at which the fit ends.
        parts: Number of independent parts of the trajectory, at least two, each longer than
            `to_ps`.

    Raises:
        InputError: The trajectory is too short for the fit.
    """
    first, last = round(from_ps / frame_ps), round(to_ps / frame_ps)
    if parts < 2 or first < 1 or last <= first or len(positions) // parts <= last:
        raise InputError(
            "diffusion: the trajectory is too short",
            got=f"{len(positions)} frames of {frame_ps:g} ps in {parts} parts",
            expected=f"at least two parts, each longer than {to_ps:g} ps, and a fit from "
            f"{from_ps:g} ps on of several frames",
            remedy="Run for longer, write frames more often, or fit earlier (to_ps)",
        )
    lags = np.unique(np.linspace(first, last, min(last - first + 1, 40)).astype(int))
    slopes = [
        np.polyfit(lags * frame_ps, mean_squared_displacement(part, lags), 1)[0]
        for part in np.array_split(positions, parts)
    ]
    d = np.array(slopes) / 6
    return float(d.mean()), float(d.std(ddof=1) / np.sqrt(parts))
