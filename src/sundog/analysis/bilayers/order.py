"""Order parameters of the C–H bonds of lipid chains, beside experiment.

    S_CH = ⟨3 cos² θ − 1⟩ / 2

θ: angle between a C–H bond and the normal of the bilayer; averaged over lipids and frames, for each
hydrogen and each carbon of both chains, which are counted from the carbonyl carbon (`graph`). The
normal is that of the first two lattice vectors. Measured values are those of POPC at 300 K by NMR
(Ferreira et al., Phys. Chem. Chem. Phys. 15, 1976 (2013), doi:10.1039/c2cp42738a); they are shown
beside chains of palmitic and oleic length.
"""

import csv
from importlib.resources import files
from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean
from sundog.analysis.atoms import neighbours_of
from sundog.analysis.bilayers.graph import CHAINS, bilayer_of
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line

MEASURED = "popc_order_parameters.csv"
"""File beside this one with measured order parameters."""

LENGTHS = {"sn-1": 16, "sn-2": 18}
"""Number of carbons of the chains of POPC."""


class OrderParameters(AbstractObservable):
    """Order parameters of C–H bonds by chain, carbon and hydrogen."""

    name: ClassVar[str] = "order-parameters"
    title: ClassVar[str] = "Order parameters of the chains"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """List the C–H bonds of the chains."""
        topology = self.recording.topology
        found = bilayer_of(self)
        near, kinds = neighbours_of(topology), topology.numbers
        bonds: dict[tuple[str, int, int], list[tuple[int, int]]] = {}
        for lipid in found:
            for name, chain in zip(CHAINS, lipid.chains, strict=True):
                for place, carbon in enumerate(chain, start=1):
                    hydrogens = [k for k in near[carbon] if kinds[k] == 1]
                    for which, hydrogen in enumerate(hydrogens, start=1):
                        bonds.setdefault((name, place, which), []).append((carbon, hydrogen))
        self._keys = sorted(bonds)
        self._bonds = [np.array(bonds[key]) for key in self._keys]
        self._lengths = {
            name: {len(lipid.chains[k]) for lipid in found} for k, name in enumerate(CHAINS)
        }
        self._means = BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add the order of some frames."""
        assert frames.cells is not None
        normals = np.cross(frames.cells[:, 0], frames.cells[:, 1])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        whole = self.recording.whole(frames)
        for positions, normal in zip(whole, normals, strict=True):
            row = []
            for pairs in self._bonds:
                arm = positions[pairs[:, 1]] - positions[pairs[:, 0]]
                cosine = arm @ normal / np.linalg.norm(arm, axis=1)
                row.append((3 * (cosine**2).mean() - 1) / 2)
            self._means.add(np.array(row))

    def result(self) -> Result:
        """Return order parameters of hydrogens and carbons, and the measured ones."""
        chains = np.array([key[0] for key in self._keys])
        carbons = np.array([key[1] for key in self._keys])
        hydrogens = np.array([key[2] for key in self._keys])
        mean, error = self._means.mean, self._means.error
        by_hydrogen = {
            "chain": chains, "carbon": carbons, "hydrogen": hydrogens, "s_ch": mean,
            "s_ch_error": error,
        }  # fmt: skip
        rows, lines, quantities = [], [], []
        for name in CHAINS:
            places = np.unique(carbons[chains == name])
            groups = [np.flatnonzero((chains == name) & (carbons == k)) for k in places]
            values = np.array([mean[one].mean() for one in groups])
            errors = np.array([np.sqrt((error[one] ** 2).sum()) / len(one) for one in groups])
            rows += [(name, k, v, e) for k, v, e in zip(places, values, errors, strict=True)]
            lines.append(Line(places.astype(float), values, errors, f"{name}", "line"))
            first = groups[0]
            value = self._means.estimate(int(first[0]))
            value = value._replace(mean=float(values[0]), error=float(errors[0]))
            label = f"S_CH of {name}, carbon {places[0]}"
            quantities.append(Quantity(f"s_ch_{name}_{places[0]}", label, "", value, 3))
        tables = {
            "by_hydrogen": by_hydrogen,
            "by_carbon": dict(
                zip(
                    ("chain", "carbon", "s_ch", "s_ch_error"),
                    map(np.array, zip(*rows, strict=True)),
                    strict=True,
                )
            ),
        }
        notes = []
        if all(self._lengths[name] == {length} for name, length in LENGTHS.items()):
            measured = measured_order_parameters()
            lines += [
                Line(x.astype(float), y, label=f"{name}, NMR", look="points")
                for name, (x, y) in measured.items()
            ]
            notes.append("NMR: POPC at 300 K, doi:10.1039/c2cp42738a")
        picture = Curves("order", self.title, "carbon", "S_CH", tuple(lines))
        return Result(self.name, self.title, tuple(quantities), tables, (picture,), tuple(notes))


def measured_order_parameters() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return carbons and measured order parameters by chain of POPC."""
    text = (files("sundog.analysis.bilayers") / MEASURED).read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if line[0] != "#"))
    return {
        name: (
            np.array([int(row["carbon"]) for row in rows if row["chain"] == name]),
            np.array([float(row["s_ch"]) for row in rows if row["chain"] == name]),
        )
        for name in CHAINS
    }
