"""Picture of a structure: atoms as circles, seen along the shortest side, the nearest in front."""

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data.colors import jmol_colors
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from sundog.elements import covalent_radii
from sundog.files import replacing
from sundog.topology.residue_names import WATERS

WATER_OPACITY, WATER_SIZE = 0.25, 0.5
"""Opacity and relative size of atoms of water where there is anything else."""

SHADE = 0.55
"""Brightness of the atoms farthest away, relative to the nearest."""


def draw_structure(atoms: Atoms, path: Path, title: str) -> None:
    """Draw a structure into a PNG file.

    Args:
        atoms: Structure with names of residues.
        path: File to write.
        title: Line above the picture.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    water = np.isin(atoms.arrays["residuenames"], list(WATERS))
    alone = bool(water.all())
    across, up, depth = _view(atoms, atoms.positions if alone else atoms.positions[~water])
    order = np.argsort(depth, kind="stable")
    near = (depth - depth.min()) / max(float(np.ptp(depth)), 1e-9)
    faint = water & (not alone)
    radii = covalent_radii()[atoms.numbers] * np.where(faint, WATER_SIZE, 1.0)
    colours = np.column_stack(
        [
            jmol_colors[atoms.numbers] * (SHADE + (1 - SHADE) * near)[:, None],
            np.where(faint, WATER_OPACITY, 1.0),
        ]
    )
    figure = Figure(figsize=(6.0, 6.0), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.add_subplot()
    circles = [Circle((float(across[k]), float(up[k])), float(radii[k])) for k in order.tolist()]
    panel.add_collection(
        PatchCollection(
            circles, facecolors=colours[order], edgecolors=(0, 0, 0, 0.25), linewidths=0.15
        )
    )
    panel.set_aspect("equal")
    panel.autoscale_view()
    panel.set_xlabel("Å")
    panel.set_title(title, fontsize=9)
    with replacing(path) as scratch:
        figure.savefig(scratch, format="png", metadata={"Software": None})


def _view(
    atoms: Atoms, solute: Float[np.ndarray, "some 3"]
) -> tuple[Float[np.ndarray, " atoms"], ...]:
    """Return positions across, up and towards the eye, Å.

    Cells are seen along x with z up, as slabs and bilayers lie; other structures with their longest
    side across and their shortest towards the eye.
    """
    if atoms.pbc.any() or len(solute) < 3:
        axes = np.eye(3)[[1, 2, 0]]
    else:
        axes = np.linalg.eigh(np.cov(solute.T))[1].T[::-1]
        # The sign of an axis is a matter of rounding: its largest component is positive.
        axes *= np.sign(axes[np.arange(3), np.abs(axes).argmax(axis=1)])[:, None]
    across, up, depth = axes @ (atoms.positions - atoms.positions.mean(axis=0)).T
    return across, up, depth
