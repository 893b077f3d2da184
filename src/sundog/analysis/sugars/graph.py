"""Sugars by their graphs of bonds: rings, anomeric carbons, and what links them.

A sugar is a ring of four or five carbons of four bonds and one oxygen, of which at least two
carry an oxygen or nitrogen outside the ring. Its anomeric carbon is bonded to the ring's oxygen and
to an oxygen or nitrogen outside. Names of atoms and residues do not matter.
"""

from functools import lru_cache
from typing import NamedTuple

from sundog.analysis.atoms import neighbours_of, residue_of, rings
from sundog.topology.topology import Topology

FEWEST_SUBSTITUTED = 2
"""Number of carbons of a ring that carry oxygen or nitrogen, at least."""


class SugarRing(NamedTuple):
    """Ring of a sugar.

    Attributes:
        atoms: oxygen, anomeric carbon, and the others in order around the ring.
        label: name and number of its residue, or its number among the sugars.
        outside: atom outside the ring at the anomeric carbon, through which it is linked.
    """

    atoms: tuple[int, ...]
    label: str
    outside: int


class Linkage(NamedTuple):
    """Link from the anomeric carbon of a sugar to another sugar or to an amino acid.

    Attributes:
        label: words for it.
        dihedrals: four atoms of each dihedral by its name.
    """

    label: str
    dihedrals: dict[str, tuple[int, int, int, int]]


@lru_cache(maxsize=8)
def sugar_rings(topology: Topology) -> tuple[SugarRing, ...]:
    """Return the rings of sugars in the order of their oxygens."""
    near, kinds = neighbours_of(topology), topology.numbers
    found = []
    for ring in rings(topology):
        oxygens = [k for k in ring if kinds[k] == 8]
        carbons = [k for k in ring if kinds[k] == 6]
        if len(ring) < 5 or len(oxygens) != 1 or len(carbons) != len(ring) - 1:
            continue
        if any(len(near[k]) != 4 for k in carbons):
            continue
        polar = {k: [a for a in near[k] if a not in ring and kinds[a] in (7, 8)] for k in carbons}
        if sum(bool(one) for one in polar.values()) < FEWEST_SUBSTITUTED:
            continue
        ends = [k for k in near[oxygens[0]] if k in ring and polar[k]]
        if not ends:
            continue
        # In a sialic acid or fructose the anomeric carbon has no hydrogen; in others one end has.
        start = ends[0]
        place = ring.index(oxygens[0])
        turned = ring[place:] + ring[:place]
        if turned[1] != start:
            turned = (turned[0], *turned[:0:-1])
        outside = polar[start][0]
        found.append((turned, outside))
    found.sort()
    labels = _labels(topology, [ring for ring, _ in found])
    return tuple(
        SugarRing(ring, label, outside)
        for (ring, outside), label in zip(found, labels, strict=True)
    )


def _labels(topology: Topology, found: list[tuple[int, ...]]) -> list[str]:
    if topology.names is None:
        return [str(k + 1) for k in range(len(found))]
    own = residue_of(topology)
    residues = [topology.residues[own[ring[0]]] for ring in found]
    labels = [f"{one.name}{one.number}{one.chain}" for one in residues]
    return [
        label if labels.count(label) == 1 else f"{label}-{k + 1}" for k, label in enumerate(labels)
    ]


def linkages(topology: Topology) -> list[Linkage]:
    """Return the links of sugars to one another and to nitrogens of amides.

    Torsions of a link C1–O–Cx: φ is O5–C1–O–Cx; ψ is C1–O–Cx–C(x−1), with the carbon before Cx
    in its ring or chain; for an exocyclic Cx ω is O–C6–C5–O5. Between two anomeric carbons both
    have a φ. To asparagine φ is O5–C1–N–C, ψ is C1–N–C–Cβ, and χ2 and χ1 follow.
    """
    near, kinds = neighbours_of(topology), topology.numbers
    sugars = sugar_rings(topology)
    by_atom = {atom: ring for ring in sugars for atom in ring.atoms}
    found = []
    for ring in sugars:
        first, bridge = ring.atoms[1], ring.outside
        beyond = [k for k in near[bridge] if k != first and kinds[k] == 6]
        if not beyond:
            continue
        if kinds[bridge] == 7:
            link = _to_amide(topology, ring, bridge, beyond)
        else:
            link = _to_sugar(topology, ring, bridge, beyond[0], by_atom)
        if link is not None:
            found.append(link)
    return found


def _to_sugar(
    topology: Topology, ring: SugarRing, bridge: int, target: int, by_atom: dict[int, SugarRing]
) -> Linkage | None:
    """Return the link through an oxygen to a carbon of another ring, or to one beside it."""
    near, kinds = neighbours_of(topology), topology.numbers
    oxygen, first = ring.atoms[:2]
    dihedrals = {"phi": (oxygen, first, bridge, target)}
    if target in by_atom:
        other = by_atom[target]
        place = other.atoms.index(target)
        if other is ring:
            return None
        if place == 1:  # two anomeric carbons
            if target < first:
                return None  # the other ring has told it
            dihedrals["phi_other"] = (other.atoms[0], target, bridge, first)
        else:
            dihedrals["psi"] = (first, bridge, target, other.atoms[place - 1])
        return Linkage(f"{ring.label}(1-{place}){other.label}", dihedrals)
    # A carbon outside the ring, as C6.
    inner = [k for k in near[target] if k in by_atom and by_atom[k] is not ring and kinds[k] == 6]
    if not inner:
        return None
    other = by_atom[inner[0]]
    dihedrals["psi"] = (first, bridge, target, inner[0])
    dihedrals["omega"] = (bridge, target, inner[0], other.atoms[0])
    return Linkage(f"{ring.label}(1-{len(other.atoms)}){other.label}", dihedrals)


def _to_amide(
    topology: Topology, ring: SugarRing, bridge: int, beyond: list[int]
) -> Linkage | None:
    """Return the link through the nitrogen of an amide whose carbon leads to an α carbon."""
    near, kinds = neighbours_of(topology), topology.numbers
    oxygen, first = ring.atoms[:2]
    carbonyl = beyond[0]
    betas = [k for k in near[carbonyl] if kinds[k] == 6]
    if not betas:
        return None
    beta = betas[0]
    alphas = [k for k in near[beta] if kinds[k] == 6 and k != carbonyl]
    nitrogens = [k for a in alphas for k in near[a] if kinds[k] == 7]
    if len(alphas) != 1 or not nitrogens:
        return None
    own = residue_of(topology)[alphas[0]]
    residue = topology.residues[own]
    amino = f"{residue.name}{residue.number}" if topology.names is not None else "amide"
    return Linkage(
        f"{ring.label}-{amino}",
        {
            "phi": (oxygen, first, bridge, carbonyl),
            "psi": (first, bridge, carbonyl, beta),
            "chi2": (alphas[0], beta, carbonyl, bridge),
            "chi1": (nitrogens[0], alphas[0], beta, carbonyl),
        },
    )
