"""Figure of an explanation: atoms by charge, terms by fragment, interaction energy of a dimer."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from sundog.elements import covalent_radii
from sundog.explain.decompose import ordered
from sundog.explain.fragments import formulas
from sundog.explain.interaction import Interaction
from sundog.explain.outcome import Explanation, NoInteractions
from sundog.files import replacing
from sundog.units import KCAL_PER_MOL

BLUE, INK, GREY = "#0072b2", "#3c434c", "#9aa2ab"
"""Colours of bars and points, of lines, and of bonds."""

PART_COLOURS = {"frozen": "#0072b2", "response": "#e69f00", "inside": "#cc79a7"}
"""Colours of the parts of a term."""

MOST_NAMES = 12
"""Most fragments that are drawn as bars with their formulas below; more are drawn as points."""


def plot_explanation(explanation: Explanation, output_png: Path, title: str) -> None:
    """Write the figure of an explanation.

    Args:
        explanation: Explanation to show.
        output_png: Picture to write.
        title: Title above the panels.

    Raises:
        RunDirectoryError: The picture cannot be written.
    """
    bound = explanation.interactions
    dimer = None if isinstance(bound, NoInteractions) or len(bound) != 1 else bound[0]
    terms = explanation.terms
    figure = Figure(figsize=(11, 7 if dimer is None else 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.4, 1))[:, 0]
    panels = parts[0].subplots(1, 1 if dimer is None else 2, squeeze=False)[0]
    _draw_atoms(panels[0], explanation)
    if dimer is not None:
        _draw_interaction(panels[1], dimer)
    energies = explanation.energies_of_fragments()
    for axes, name in zip(parts[1].subplots(1, len(terms), squeeze=False)[0], terms, strict=True):
        _draw_bars(axes, energies[name], name, explanation)
    with replacing(output_png) as scratch:
        figure.savefig(scratch, dpi=150)


def _draw_atoms(axes: Axes, explanation: Explanation) -> None:
    """Draw the atoms along the axes in which they spread most, coloured by charge."""
    places = explanation.fragments.whole
    plane, depth = _projected(places)
    radii = covalent_radii()[explanation.atoms.numbers]
    charges = np.asarray(explanation.found.atoms.partial_charges)
    order = np.argsort(depth)
    bonds = explanation.fragments.topology.bonds
    segments = np.stack([plane[bonds.first], plane[bonds.second]], axis=1)
    # Bonds across a face of the cell would cross the picture.
    lengths = np.linalg.norm(places[bonds.first] - places[bonds.second], axis=1)
    reach = 2 * (radii[bonds.first] + radii[bonds.second])
    axes.add_collection(LineCollection(list(segments[lengths < reach]), color=GREY, lw=1, zorder=1))
    largest = max(float(np.abs(charges).max()), 1e-3)
    size = 500 * radii**2 * min(1.0, 60 / len(radii)) + 4
    dots = axes.scatter(
        *plane[order].T,
        c=charges[order],
        s=size[order],
        cmap="RdBu_r",
        vmin=-largest,
        vmax=largest,
        edgecolors=INK,
        linewidths=0.5,
        zorder=2,
    )
    axes.figure.colorbar(dots, ax=axes, label="partial charge, e", shrink=0.8)
    axes.margins(0.12)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("Å")
    axes.set_title("atoms, seen along their thinnest direction", fontsize=10)


def _projected(
    places: Float[np.ndarray, "atoms 3"],
) -> tuple[Float[np.ndarray, "atoms 2"], Float[np.ndarray, " atoms"]]:
    """Return positions in the plane in which they spread most, and heights above that plane."""
    _, _, axes = np.linalg.svd(places - places.mean(axis=0), full_matrices=True)
    turned = (places - places.mean(axis=0)) @ axes.T
    return turned[:, :2], turned[:, 2]


def _draw_interaction(axes: Axes, dimer: Interaction) -> None:
    names = ordered(dimer.terms)
    for row, name in enumerate([*names, "total"]):
        value = dimer.energy if name == "total" else dimer.terms[name]
        axes.barh(row, value / KCAL_PER_MOL, 0.36, color=INK)
        axes.annotate(
            f"{round(value / KCAL_PER_MOL, 2) + 0.0:.2f}",
            (max(value, 0.0) / KCAL_PER_MOL, row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
        # The parts of a term are thin bars below it.
        for place, (part, share) in enumerate(dimer.parts.get(name, {}).items()):
            first = name == next(iter(dimer.parts))
            axes.barh(
                row + 0.27 + 0.13 * place,
                share / KCAL_PER_MOL,
                0.1,
                color=PART_COLOURS[part],
                label=part if first else None,
            )
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(names) + 1), [*names, "total"])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("interaction energy, kcal/mol")
    axes.legend(fontsize=8, title="parts of a term", title_fontsize=8)


def _draw_bars(
    axes: Axes, values: Float[np.ndarray, " fragments"], name: str, explanation: Explanation
) -> None:
    """Draw a term by fragment: bars, or points of many; of a single one, the mean by element."""
    fragments, atoms = explanation.fragments, explanation.atoms
    labels, what = [""] * len(values), "eV"
    if len(values) == 1:
        energies = np.asarray(explanation.found.energies[name])
        symbols = np.array(atoms.get_chemical_symbols())
        labels, what = np.unique(symbols).tolist(), "eV per atom"
        values = np.array([energies[symbols == one].mean() for one in labels])
    elif len(values) <= MOST_NAMES:
        labels = [f"{n} {one}" for n, one in enumerate(formulas(atoms, fragments))]
    if labels[0]:
        axes.bar(np.arange(len(values)), values, color=BLUE, width=0.8)
        axes.axhline(0, color=INK, lw=0.8)
    else:
        # Energies of a protein and of its water fit one scale only per atom.
        what = "eV per atom"
        axes.plot(values / np.bincount(fragments.index), ".", color=BLUE, ms=3)
    axes.set_title(f"{name}, {what}", fontsize=10)
    if labels[0]:
        axes.set_xticks(range(len(values)), labels, rotation=90 if len(values) > 5 else 0)
    else:
        axes.set_xlabel("fragment")
