"""Systems with names, as they were simulated with the published weights: `sundog prepare --system`.

A system is a row of `SYSTEMS`. Where the published coordinates are not at hand, it has their
composition and a geometry that is built; `recipes/` says for each what was run.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from sundog.errors import InputError
from sundog.prepare.base_pairs import stacked_pairs
from sundog.prepare.built import Built
from sundog.prepare.carbons import buckyball_catcher, double_walled_nanotube
from sundog.prepare.membranes import popc_bilayer
from sundog.prepare.mixtures import build_mixture
from sundog.prepare.molecules import build_smiles

STACHYOSE = (
    "OC[C@@H]1[C@@H]([C@@H]([C@H]([C@H](O1)OC[C@@H]2[C@@H]([C@@H]([C@H]([C@H](O2)OC[C@@H]3[C@H]"
    "([C@@H]([C@H]([C@H](O3)O[C@]4([C@H]([C@@H]([C@H](O4)CO)O)O)CO)O)O)O)O)O)O)O)O)O"
)
"""SMILES of α-D-Galp-(1→6)-α-D-Galp-(1→6)-α-D-Glcp-(1↔2)-β-D-Fruf."""

DHA = r"CC/C=C\C/C=C\C/C=C\C/C=C\C/C=C\C/C=C\CCC(=O)O"
"""SMILES of all-cis docosahexaenoic acid, neutral."""

BUILT = "The structure is built, it is not that of a published file"
"""Decision that is said of systems of which the published coordinates are another conformer."""


@dataclass(frozen=True)
class NamedSystem:
    """System with a name.

    Attributes:
        words: Description, as part of a sentence.
        atoms: Number of atoms at its usual size.
        build: Function of the number of molecules and the seed.
        molecules: Number of molecules of its usual size, None where there is one size only.
    """

    words: str
    atoms: int
    build: Callable[[int, int], Built]
    molecules: int | None = None


def _molecule(smiles: str, name: str) -> Callable[[int, int], Built]:
    def build(_: int, seed: int) -> Built:
        built = build_smiles(smiles, name, seed)
        return Built(built.atoms, (*built.decisions, BUILT))

    return build


def _liquid(mixture: str) -> Callable[[int, int], Built]:
    def build(molecules: int, seed: int) -> Built:
        total = molecules if "%" in mixture else None
        return build_mixture(mixture.format(molecules), total=total, seed=seed)

    return build


SYSTEMS = {
    "water": NamedSystem("liquid water", 12288, _liquid("water:{}"), 4096),
    "benzene": NamedSystem("liquid benzene", 2592, _liquid("benzene:{}"), 216),
    "water-ethanol": NamedSystem(
        "water with 10 % of ethanol by moles", 3600, _liquid("water:90%,ethanol:10%"), 1000
    ),
    "popc-bilayer": NamedSystem("a POPC bilayer in water", 32512, lambda *_: popc_bilayer()),
    "stachyose": NamedSystem("the sugar stachyose", 87, _molecule(STACHYOSE, "SYO")),
    "dha": NamedSystem("docosahexaenoic acid", 56, _molecule(DHA, "HXA")),
    "at-at": NamedSystem("two stacked adenine-thymine pairs", 60, lambda *_: stacked_pairs()),
    "buckyball-catcher": NamedSystem("C60 in C60H28", 148, lambda *_: buckyball_catcher()),
    "double-walled-nanotube": NamedSystem(
        "C326H44, a nanotube in a nanotube", 370, lambda *_: double_walled_nanotube()
    ),
}
"""Systems by name."""


def build_system(name: str, molecules: int | None = None, seed: int = 0) -> Built:
    """Return a system by its name.

    Args:
        name: Name in `SYSTEMS`.
        molecules: Number of molecules of a liquid; None is the usual size.
        seed: Seed of places and conformers.

    Raises:
        InputError: There is no such system, or it has one size only.
        UnavailableError: A package that builds it is not installed.
    """
    system = SYSTEMS.get(name)
    if system is None:
        near = difflib.get_close_matches(name.lower(), SYSTEMS, n=1, cutoff=0.5)
        raise InputError(
            "system: no such system",
            got=name,
            expected=f"one of {', '.join(SYSTEMS)}",
            remedy=f"Did you mean {near[0]}?" if near else None,
        )
    if molecules is not None and system.molecules is None:
        raise InputError(
            f"molecules: {name} has one size only",
            got=molecules,
            expected=f"none; it has {system.atoms} atoms",
        )
    if molecules is not None and molecules < 1:
        raise InputError("molecules: must be a positive integer", got=molecules)
    return system.build(molecules or system.molecules or 1, seed)
