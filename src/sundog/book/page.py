"""`Page`: what makes one figure of the paper, read from a YAML file of `pages/`.

    title: Ramachandran map of AcAla3NMe
    figure: Fig. 3                     # place in the paper
    parts:
      peptide:
        prepare: [--sequence, ACE-ALA3-NME, --extended]     # arguments of `sundog prepare`
        settings: {ensemble: nvt, temperature_kelvin: 500}  # settings of `sundog md`
        short: {steps: 200000, atoms: 42}                   # more of them, and the size, by length
        paper: {steps: 2000000, atoms: 42}
        analyze: [ramachandran]                             # observables, of `sundog analyze`
        choices: {from_ps: 10}                              # choices of the analysis
      …
    published:
      - {part: peptide, quantity: ramachandran/alpha, value: 1.0, unit: kcal/mol, source: …}

A part with `evaluate`, arguments of `sundog evaluate`, is a benchmark instead; one without
`settings` is the analysis of the prepared structure. `file: {name: …, what: …}` of a page is a
structure file that the user gives, and stands in the arguments as `{file}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from sundog.errors import InputError
from sundog.runs.yaml_files import read_mapping

PAGES = Path(__file__).parent / "pages"
"""Folder of the pages."""

Length = Literal["short", "paper"]
"""Extent of the runs: what two cores give in a night, or the system of the paper."""

LENGTHS: tuple[Length, ...] = ("short", "paper")
"""Both of them."""

CPU_US, GPU_US = 35.0, 3.25
"""Time in µs per atom and step: of compiled kernels on two cores (benchmarks/README.md), and that
published for an H100."""

FILLS_A_GPU = 2000
"""Number of atoms below which the time per atom on a GPU is longer than `GPU_US`."""


@dataclass(frozen=True)
class Published:
    """A number that others have published, beside which ours is put.

    Attributes:
        part: part of the page that gives ours.
        quantity: ours, as OBSERVABLE/QUANTITY of an analysis or METRIC of a benchmark; None where
            there is only theirs.
        label: words for it.
        value: theirs.
        unit: unit of both.
        source: where it was published.
    """

    part: str
    label: str
    value: float | str
    unit: str
    source: str
    quantity: str | None = None


@dataclass(frozen=True)
class Part:
    """A system of a page, from its structure to its analysis, or a benchmark.

    Attributes:
        name: name, which is that of its folder.
        prepare: arguments of `sundog prepare`, by length where it is a mapping.
        settings: settings of `sundog md` for every length; empty where nothing is simulated.
        lengths: settings by length, and `atoms`, the number of atoms; a simulation that has none
            for a length is not part of it.
        analyze: observables.
        choices: choices of the analysis.
        evaluate: arguments of `sundog evaluate`; empty where the part is no benchmark.
    """

    name: str
    prepare: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any]
    lengths: Mapping[Length, Mapping[str, Any]]
    analyze: Sequence[str]
    choices: Mapping[str, Any]
    evaluate: Sequence[str]

    @property
    def is_run(self) -> bool:
        """Whether something is simulated."""
        return bool(self.settings)

    def atoms(self, length: Length) -> int:
        """Return the number of atoms of the system."""
        return int(self.lengths[length]["atoms"])

    def told(self, length: Length) -> dict[str, Any]:
        """Return the settings of the simulation."""
        own = {key: value for key, value in self.lengths[length].items() if key != "atoms"}
        return {**self.settings, **own}

    def cost(self, length: Length) -> str:
        """Return the estimated time of the simulation in words.

        Small systems do not fill a GPU: for them there is no such time.
        """
        told = f"{_words(self.hours(length))} on two cores"
        if self.atoms(length) < FILLS_A_GPU:
            return told
        return f"{told}, {_words(self.hours(length, GPU_US))} on a GPU"

    def hours(self, length: Length, each_us: float = CPU_US) -> float:
        """Return the hours that the simulation takes, estimated; 0 without one.

        Args:
            length: extent of the runs.
            each_us: time per atom and step in µs.
        """
        if not self.is_run:
            return 0.0
        told = self.told(length)
        atoms = self.atoms(length) * told.get("replicas", 1)
        return 1e-6 * each_us * atoms * told["steps"] / 3600


@dataclass(frozen=True)
class Page:
    """Everything that makes one figure of the paper.

    Attributes:
        name: name of the recipe.
        title: title.
        figure: place in the paper.
        parts: systems and benchmarks.
        published: numbers to compare with.
        note: remarks; may be empty.
        file: name of the structure file that the user gives; None if none is needed.
        file_is: description of that file.
    """

    name: str
    title: str
    figure: str
    parts: Sequence[Part]
    published: Sequence[Published]
    note: str = ""
    file: str | None = None
    file_is: str = ""


def names() -> list[str]:
    """Return the names of all pages."""
    return sorted(path.stem for path in PAGES.glob("*.yaml"))


def read_page(name: str) -> Page:
    """Return a page.

    Raises:
        InputError: there is none of this name.
    """
    if name not in names():
        close = get_close_matches(name, names(), 1)
        raise InputError(
            f"recipe: there is none of the name {name}",
            expected=", ".join(names()),
            remedy=f"Perhaps {close[0]} is meant" if close else None,
        )
    told = read_mapping(PAGES / f"{name}.yaml")
    file = told.get("file", {})
    return Page(
        name,
        told["title"],
        told["figure"],
        [_part(key, value) for key, value in told["parts"].items()],
        [Published(**one) for one in told.get("published", [])],
        told.get("note", ""),
        file.get("name"),
        file.get("what", ""),
    )


def _words(hours: float) -> str:
    return f"{60 * hours:.0f} minutes" if hours < 1 else f"{hours:.3g} hours"


def _part(name: str, told: Mapping[str, Any]) -> Part:
    known = {one.name for one in fields(Part)} - {"name", "lengths"} | {*LENGTHS}
    assert known.issuperset(told), f"{name}: {sorted(set(told) - known)}"
    prepare = told.get("prepare", ())
    by_length: Mapping[str, Sequence[object]] = (
        prepare if isinstance(prepare, dict) else dict.fromkeys(LENGTHS, prepare)
    )
    return Part(
        name,
        {key: [str(one) for one in value] for key, value in by_length.items()},
        told.get("settings", {}),
        {key: told[key] for key in LENGTHS if key in told},
        told.get("analyze", ()),
        told.get("choices", {}),
        [str(one) for one in told.get("evaluate", ())],
    )
