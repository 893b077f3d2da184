"""Principal components of the motion, of one run or of several in one space.

    x − ⟨x⟩ = Σ_k p_k(t) v_k,   v_k: eigenvectors of the covariance of the positions

Positions of the Cα of peptides, else of heavy atoms, or of a selection, fitted to the first frame
of the first run; p in Å. Frames are thinned to 1,000 a run. Components of a run that is
shorter than its slow motions are cosines of time (Hess, Phys. Rev. E 62, 8438 (2000),
doi:10.1103/PhysRevE.62.8438); the cosine content of the first says so, near 1.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int

from sundog.analysis.atoms import backbone
from sundog.analysis.kept import KeptFrames, fitted_atoms
from sundog.analysis.result import Result
from sundog.analysis.superposition import superposed
from sundog.plots.pictures import Scatter

COMPONENTS = 5
"""Number of components that are given."""


class Placed(KeptFrames):
    """Observable that places the frames of a run, or of several, in a common space.

    Attributes:
        alone: name of the picture of a single run.
    """

    alone: ClassVar[str]

    def chosen(self) -> Int[np.ndarray, " chosen"]:
        """Return the α carbons of a peptide, or what is selected."""
        alpha = [one.ca for one in backbone(self.recording.topology)]
        named = self.choices.selection is not None
        return fitted_atoms(self) if named or len(alpha) < 3 else np.array(alpha)

    @classmethod
    @abstractmethod
    def placing(cls, several: Sequence[Any], picture: str) -> Result:
        """Return the frames of runs in one space, and a picture of that name."""

    def result(self) -> Result:
        """Return the frames of this run alone."""
        return self.placing([self], self.alone)

    @classmethod
    def together(cls, several: Sequence[Any]) -> Result | None:
        """Return the frames of all runs in one space; None where their atoms differ."""
        if len(several) < 2 or not several[0].alike(several):
            return None
        return cls.placing(several, "together")

    def placed(self, reference: np.ndarray) -> np.ndarray:
        """Return the positions by frame, fitted to a reference."""
        fitted = np.arange(len(self._atoms))
        return superposed(self._kept.values, reference, fitted).reshape(len(self._kept), -1)

    @property
    def times(self) -> np.ndarray:
        """Times of the frames that are kept, in ps."""
        return self._kept.times

    @property
    def first(self) -> np.ndarray:
        """Positions of the first frame about their centre."""
        one = self._kept.values[0]
        return one - one.mean(axis=0)

    def alike(self, several: Sequence["Placed"]) -> bool:
        """Return whether other runs have as many atoms of the same elements."""
        kinds = [one.recording.topology.numbers[one._atoms] for one in several]
        return all(np.array_equal(kinds[0], one) for one in kinds)


class PrincipalComponents(Placed):
    """Principal components of the motion, and the run in their plane."""

    name: ClassVar[str] = "pca"
    title: ClassVar[str] = "Principal components"
    alone: ClassVar[str] = "components"

    @classmethod
    def placing(cls, several: Sequence[Any], picture: str) -> Result:
        """Return the components of the motion of runs in one space."""
        title = cls.title if picture == cls.alone else f"{cls.title} of all runs"
        return _components(cls.name, title, several, picture)


def _components(name: str, title: str, several: Sequence[Placed], picture: str) -> Result:
    reference = several[0].first
    placed = [one.placed(reference) for one in several]
    data = np.concatenate(placed)
    if len(data) < 3:
        raise several[0].refuse("three frames are needed for components")
    centred = data - data.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    share = sizes**2 / max(float((sizes**2).sum()), 1e-300)
    count = min(COMPONENTS, len(axes))
    along = centred @ axes[:count].T
    ends = np.cumsum([len(one) for one in placed])[:-1]
    parts = np.split(along, ends)
    times = np.concatenate([one.times for one in several])
    runs = np.repeat([one.recording.name for one in several], [len(one) for one in placed])
    table = {"run": runs, "time_ps": times}
    table |= {f"component_{k + 1}_angstrom": along[:, k] for k in range(count)}
    groups = tuple(
        (one.recording.name, part[:, :2]) for one, part in zip(several, parts, strict=True)
    )
    x, y = (f"component {k + 1} ({100 * share[k]:.0f} %) / Å" for k in range(2))
    notes = [f"Components 1 to {count} hold {100 * share[:count].sum():.0f} % of the variance"]
    for one, part in zip(several, parts, strict=True):
        content = cosine_content(part[:, 0])
        words_of = "a random walk, not a sampled motion" if content > 0.7 else "no random walk"
        notes.append(f"{one.recording.name}: cosine content of the first {content:.2f}, {words_of}")
    tables = {
        picture: table,
        f"{picture}_variance": {"component": np.arange(1, count + 1), "share": share[:count]},
    }
    return Result(name, title, (), tables, (Scatter(picture, title, x, y, groups),), tuple(notes))


def cosine_content(series: np.ndarray) -> float:
    """Return how much of a series is half a period of a cosine: 1 for a random walk's first."""
    count = len(series)
    wave = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    power = float((series**2).sum())
    return 0.0 if power == 0 else float(2 / count * (series @ wave) ** 2 / power)
