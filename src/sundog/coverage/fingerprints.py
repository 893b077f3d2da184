"""64-bit fingerprints of neighbourhoods, equal exactly when the graphs are isomorphic.

Colours of nodes are refined as by Weisfeiler and Leman, in each neighbourhood on its own,

    c_0(v) = mix(element, shell),   c_{n+1}(v) = mix(c_n(v) + 3 Σ_{w~v} mix(c_n(w))),

and the fingerprint is a hash of all colours. Sums do not depend on order, and integers modulo 2⁶⁴
not on machine, process or version. In trees, which most neighbourhoods are, one pass from the last
shell to the centre does the same.

Refinement alone confuses some graphs: around one centre a ring of six and two rings of three, for
example. It is exact where, once the colours are stable, the nodes that share their colour with
another make up a forest: those with a colour of their own are known by it, and refinement tells
every forest from every other graph (Arvind et al., Comput. Complex. 26, 627 (2017),
doi:10.1007/s00037-016-0147-6). Where
that fails, each node of one colour class on a cycle is marked in turn, all copies are refined
further, and the fingerprint is made of theirs, until every copy is a forest in that sense. So no
two different graphs share a fingerprint by construction, only by chance: with a million distinct
environments that has a probability of 3·10⁻⁸.

Sources: Weisfeiler, Leman, Nauchno-Tech. Inform. 2, 12 (1968); individualisation and refinement:
McKay, Piperno, J. Symb. Comput. 60, 94 (2014), doi:10.1016/j.jsc.2013.09.003.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int, UInt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sundog.coverage.neighborhoods import Neighborhoods

Hashes = UInt[np.ndarray, " values"]
"""Hashes or colours of nodes."""

GOLDEN, FIRST, SECOND = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
"""Constants of the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014,
doi:10.1145/2660193.2660195)."""

TREE, GRAPH, MARKED, BRANCHED = (np.uint64(n) for n in (0x74, 0x67, 0x6D, 0x62))
"""Tags that enter a hash, so that fingerprints made in different ways differ."""


def mix(values: Hashes) -> Hashes:
    """Return each value hashed."""
    z = values + GOLDEN
    z ^= z >> np.uint64(30)
    z *= FIRST
    z ^= z >> np.uint64(27)
    z *= SECOND
    return z ^ (z >> np.uint64(31))


def fingerprints(graphs: Neighborhoods) -> UInt[np.ndarray, " count"]:
    """Return the fingerprint of each neighbourhood."""
    nodes = np.bincount(graphs.owner, minlength=graphs.count)
    bonds = np.bincount(graphs.owner[graphs.source], minlength=graphs.count) // 2
    # Trees of shells: every node is reached from the shell before, and there are no other bonds.
    tree = (bonds == nodes - 1) & (np.bincount(graphs.owner, graphs.shell == 0) == 1)
    tree &= _connected(graphs)
    found = np.zeros(graphs.count, np.uint64)
    if tree.any():
        found[tree] = _of_trees(graphs.part(tree))
    if not tree.all():
        rest = graphs.part(~tree)
        found[~tree] = _of_graphs(rest, _first_colours(rest))
    return found


def _connected(graphs: Neighborhoods) -> Bool[np.ndarray, " count"]:
    """Return which neighbourhoods reach each node from the shell before."""
    nearer = graphs.shell[graphs.target] == graphs.shell[graphs.source] - 1
    held = np.zeros(len(graphs.owner), bool)
    held[graphs.source[nearer]] = True
    loose = graphs.owner[~held & (graphs.shell > 0)]
    return np.bincount(loose, minlength=graphs.count) == 0


def _of_trees(graphs: Neighborhoods) -> UInt[np.ndarray, " count"]:
    """Return the fingerprints of trees, made from the last shell inwards."""
    colours = _first_colours(graphs)
    outwards = graphs.shell[graphs.target] == graphs.shell[graphs.source] + 1
    source, target = graphs.source[outwards], graphs.target[outwards]
    depth = graphs.shell[source]
    for shell in range(int(graphs.shell.max()), -1, -1):
        here = depth == shell
        branches = _sums(colours[target[here]], source[here], len(colours))
        colours = np.where(graphs.shell == shell, mix(colours + np.uint64(3) * branches), colours)
    return mix(colours[graphs.shell == 0] ^ TREE)


def _of_graphs(graphs: Neighborhoods, colours: Hashes) -> UInt[np.ndarray, " count"]:
    """Return fingerprints by refinement, marking nodes in turn where that is not exact."""
    colours = _stable(graphs, colours)
    partition = _partition(graphs.owner, colours)
    cyclic = _on_cycles(graphs, partition)
    found = mix(_sums(colours, graphs.owner, graphs.count) ^ GRAPH)
    unsure = np.zeros(graphs.count, bool)
    unsure[graphs.owner[cyclic]] = True
    if unsure.any():
        found[unsure] = _branched(graphs, colours, partition.size, cyclic, unsure)
    return found


def _branched(
    graphs: Neighborhoods,
    colours: Hashes,
    size: Int[np.ndarray, " nodes"],
    cyclic: Bool[np.ndarray, " nodes"],
    unsure: Bool[np.ndarray, " count"],
) -> UInt[np.ndarray, " unsure"]:
    """Return fingerprints made from those of copies, in each of which one node is marked."""
    # The smallest class on a cycle, of these the one of least colour: independent of atom order.
    candidates = np.flatnonzero(cyclic)
    order = np.lexsort((colours[candidates], size[candidates], graphs.owner[candidates]))
    candidates = candidates[order]
    owner = graphs.owner[candidates]
    chosen = candidates[np.flatnonzero(np.diff(owner, prepend=-1))]
    colour_of = np.zeros(graphs.count, np.uint64)
    colour_of[graphs.owner[chosen]] = colours[chosen]
    marks = candidates[colours[candidates] == colour_of[owner]]
    copies, node = _copies(graphs, graphs.owner[marks])
    colours = colours[node]
    # Each copy is marked at its image of the node that it was made for.
    marked = node == marks[copies.owner]
    colours[marked] = mix(colours[marked] ^ MARKED)
    below = mix(_of_graphs(copies, colours) ^ BRANCHED)
    return mix(_sums(below, graphs.owner[marks], graphs.count)[unsure])


def _copies(
    graphs: Neighborhoods, wanted: Int[np.ndarray, " copies"]
) -> tuple[Neighborhoods, Int[np.ndarray, " nodes"]]:
    """Return neighbourhoods, some of them several times, and which node each of theirs is."""
    first = np.searchsorted(graphs.owner, np.arange(graphs.count + 1))
    size = np.diff(first)[wanted]
    owner = np.repeat(np.arange(len(wanted)), size)
    begin = np.cumsum(size) - size
    node = np.arange(len(owner)) - begin[owner] + first[wanted][owner]
    edge_first = np.searchsorted(graphs.source, first)
    edges = np.diff(edge_first)[wanted]
    copy = np.repeat(np.arange(len(wanted)), edges)
    edge = np.arange(len(copy)) - (np.cumsum(edges) - edges)[copy] + edge_first[wanted][copy]
    moved = (begin - first[wanted])[copy]
    source, target = graphs.source[edge] + moved, graphs.target[edge] + moved
    many = replace(
        graphs,
        count=len(wanted),
        owner=owner,
        number=graphs.number[node],
        shell=graphs.shell[node],
        source=source,
        target=target,
    )
    return many, node


@dataclass(frozen=True)
class _Classes:
    """Classes of nodes that share neighbourhood and colour.

    Attributes:
        size: Size of the class of each node.
        count: Number of classes of each neighbourhood.
    """

    size: Int[np.ndarray, " nodes"]
    count: Int[np.ndarray, " neighbourhoods"]


def _partition(owner: Int[np.ndarray, " nodes"], colours: Hashes) -> _Classes:
    order = np.lexsort((colours, owner))
    new = np.diff(owner[order], prepend=-1) != 0
    new[1:] |= colours[order[1:]] != colours[order[:-1]]
    number = np.cumsum(new) - 1
    size = np.empty(len(owner), np.int64)
    size[order] = np.bincount(number)[number]
    return _Classes(size, np.bincount(owner[order[new]]))


def _stable(graphs: Neighborhoods, colours: Hashes) -> Hashes:
    """Return colours refined in each neighbourhood until its classes no longer split."""
    classes = _partition(graphs.owner, colours).count
    moving = np.ones(graphs.count, bool)
    while moving.any():
        part = graphs.part(moving)
        nodes = moving[graphs.owner]
        old = colours[nodes]
        around = _sums(mix(old)[part.target], part.source, len(old))
        refined = mix(old + np.uint64(3) * around)
        now = _partition(part.owner, refined).count
        # Also where no class split: each colour then describes the surroundings of its class.
        colours[nodes] = refined
        split = now > classes[moving]
        classes[moving] = now
        moving[moving] = split
    return colours


def _on_cycles(graphs: Neighborhoods, classes: _Classes) -> Bool[np.ndarray, " nodes"]:
    """Return the mask of the nodes for which refinement may not be exact.

    They share their colour with other nodes and, in the subgraph of such nodes alone, belong to a
    component with a cycle and have two neighbours or more.
    """
    shared = classes.size > 1
    edges = shared[graphs.source] & shared[graphs.target]
    source, target = graphs.source[edges], graphs.target[edges]
    nodes = len(graphs.owner)
    joined = coo_array((np.ones(len(source), np.int8), (source, target)), shape=(nodes, nodes))
    component = connected_components(joined, directed=False)[1]
    size = np.bincount(component)
    bonds = np.bincount(component[source], minlength=len(size)) // 2
    degree = np.bincount(source, minlength=nodes)
    return shared & (bonds >= size)[component] & (degree > 1)


def _first_colours(graphs: Neighborhoods) -> Hashes:
    return mix((graphs.number * 64 + graphs.shell).astype(np.uint64))


def _sums(values: Hashes, index: Int[np.ndarray, " values"], count: int) -> Hashes:
    """Return the sum modulo 2⁶⁴ of the values of each index; `index` must ascend."""
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    ends = np.cumsum(np.bincount(index, minlength=count))
    return total[ends] - total[np.concatenate([[0], ends[:-1]])]
