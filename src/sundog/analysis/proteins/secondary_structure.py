"""Secondary structure along time by DSSP, with its full codes, and the helix contents.

    H α helix   G 3₁₀ helix   I π helix   E strand   B bridge   T turn   S bend   − none

by the hydrogen bonds of the backbone alone (mdtraj's DSSP; Kabsch, Sander, Biopolymers 22, 2577
(1983), doi:10.1002/bip.360221211). Residues are found by bonds, so that names do not matter, but
for proline, which has no hydrogen to give. mdtraj places the hydrogen of each nitrogen itself.
"""

from typing import ClassVar

import mdtraj
import numpy as np

from sundog.analysis.accumulators import Series, Thinned
from sundog.analysis.atoms import Peptide, backbone, neighbours_of, residue_labels
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Timeline
from sundog.plots.style import BLUE, GOLD, GREEN, GREY, INK, ORANGE, PURPLE, SKY
from sundog.topology.topology import Topology

CODES = "HGIEBTS "
"""Codes of DSSP in the order of the legend."""

LABELS = ("α helix", "3₁₀ helix", "π helix", "strand", "bridge", "turn", "bend", "none")
"""Words for the codes."""

COLORS = (BLUE, SKY, PURPLE, ORANGE, GOLD, GREEN, INK, GREY)
"""Colours of the codes."""

FEWEST_RESIDUES = 4
"""Number of residues below which there is no secondary structure."""


class SecondaryStructure(AbstractObservable):
    """Secondary structure of residues along time, and the share of each kind."""

    name: ClassVar[str] = "dssp"
    title: ClassVar[str] = "Secondary structure"

    def prepare(self) -> None:
        """Find the backbone."""
        topology = self.recording.topology
        residues = backbone(topology)
        if len(residues) < FEWEST_RESIDUES:
            raise self.refuse(f"fewer than {FEWEST_RESIDUES} residues of a peptide")
        self._atoms = np.array([k for one in residues for k in (one.n, one.ca, one.c, one.o)])
        self._labels = residue_labels(topology, np.array([one.ca for one in residues]))
        self._topology = _backbone_topology(topology, residues)
        self._series, self._kept = Series(), Thinned()

    def update(self, frames: Frames) -> None:
        """Add the codes of some frames."""
        own = self.recording.whole(frames)[:, self._atoms]
        kinds = codes(own, self._topology)
        shares = {
            f"share_{'none' if code == ' ' else code}": (kinds == k).mean(axis=1)
            for k, code in enumerate(CODES)
        }
        self._series.add(time_ps=frames.times, **shares)
        for time, one in zip(frames.times.tolist(), kinds, strict=True):
            self._kept.add(time, one)

    def result(self) -> Result:
        """Return shares, and the timeline."""
        table = self._series.table()
        quantities = [
            Quantity(f"share_{code}", f"Share of {label}", "", estimate(table[f"share_{code}"]), 3)
            for code, label in zip(CODES[:5], LABELS, strict=False)
        ]
        helix = table["share_H"] + table["share_G"] + table["share_I"]
        quantities.append(Quantity("share_helix", "Share of all helices", "", estimate(helix), 3))
        kinds, times = self._kept.values.astype(int), self._kept.times
        letters = np.array([list(CODES.replace(" ", "-"))])[0][kinds]
        timeline = {"time_ps": times, "codes": np.array(["".join(row) for row in letters])}
        picture = Timeline(
            "timeline", self.title, "time / ps", "residue", times, self._labels, kinds.T,
            LABELS, COLORS,
        )  # fmt: skip
        return Result(
            self.name,
            self.title,
            tuple(quantities),
            {"series": table, "timeline": timeline},
            (picture,),
        )


def codes(positions: np.ndarray, topology: mdtraj.Topology) -> np.ndarray:
    """Return the places in `CODES` by frame and residue.

    Args:
        positions: positions in Å of N, Cα, C and O of every residue.
        topology: residues of these four atoms.
    """
    trajectory = mdtraj.Trajectory((positions / 10).astype(np.float32), topology)
    found = mdtraj.compute_dssp(trajectory, simplified=False)
    kinds = np.full(found.shape, len(CODES) - 1)
    for k, code in enumerate(CODES):
        kinds[found == code] = k
    return kinds


def _backbone_topology(topology: Topology, residues: tuple[Peptide, ...]) -> mdtraj.Topology:
    """Return residues of N, CA, C and O; a chain ends where no peptide bond follows."""
    made, near = mdtraj.Topology(), neighbours_of(topology)
    chain, before = None, -1
    for one in residues:
        if chain is None or one.before != before or before < 0:
            chain = made.add_chain()
        before = one.c
        hydrogens = [k for k in near[one.n] if topology.numbers[k] == 1]
        proline = one.before >= 0 and not hydrogens and len(near[one.n]) == 3
        residue = made.add_residue("PRO" if proline else "ALA", chain)
        for name, kind in (("N", "N"), ("CA", "C"), ("C", "C"), ("O", "O")):
            made.add_atom(name, mdtraj.element.get_by_symbol(kind), residue)
    return made
