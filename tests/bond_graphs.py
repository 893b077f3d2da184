"""Graphs of networkx as sundog's bond graphs, and neighbourhoods as networkx sees them."""

import networkx as nx
import numpy as np
from networkx.algorithms.isomorphism import categorical_node_match

from sundog.coverage.graphs import BondGraph
from sundog.coverage.neighborhoods import Neighborhoods


def as_bond_graph(graphs: list[nx.Graph]) -> BondGraph:
    """The bond graph of graphs whose nodes are 0, 1, … with an attribute `number`."""
    sizes = [len(one) for one in graphs]
    whole = nx.disjoint_union_all(graphs)
    neighbors = [sorted(whole[node]) for node in range(len(whole))]
    start = np.cumsum([0, *map(len, neighbors)])
    ends = np.array([n for some in neighbors for n in some], np.int64)
    return BondGraph(
        numbers=np.array([whole.nodes[n]["number"] for n in range(len(whole))]),
        structure=np.repeat(np.arange(len(sizes)), sizes),
        start=start,
        neighbor=ends,
        shift=np.zeros((len(ends), 3), np.int64),
    )


def around(graph: nx.Graph, center: int, bonds: int) -> nx.Graph:
    """What is within a number of bonds, by networkx alone; the centre is marked."""
    ball = nx.ego_graph(graph, center, radius=bonds)
    nx.set_node_attributes(ball, {node: node == center for node in ball}, "center")
    return ball


def as_networkx(found: Neighborhoods, which: int) -> nx.Graph:
    """One of sundog's neighbourhoods, with its centre marked."""
    graph = nx.Graph()
    for node in np.flatnonzero(found.owner == which).tolist():
        graph.add_node(node, number=int(found.number[node]), center=bool(found.shell[node] == 0))
    mine = found.owner[found.source] == which
    edges = zip(found.source[mine].tolist(), found.target[mine].tolist(), strict=True)
    graph.add_edges_from(edges)
    return graph


def same(first: nx.Graph, second: nx.Graph) -> bool:
    """Whether two neighbourhoods are isomorphic, centre on centre and element on element."""
    match = categorical_node_match(["number", "center"], [0, False])
    return nx.is_isomorphic(first, second, node_match=match)


def assert_classified(balls: list[nx.Graph], hashes: np.ndarray) -> int:
    """Fingerprints are equal exactly where graphs are isomorphic; returns how many classes."""
    first: dict[int, nx.Graph] = {}
    for ball, fingerprint in zip(balls, hashes.tolist(), strict=True):
        if fingerprint in first:
            assert same(ball, first[fingerprint])
        first.setdefault(fingerprint, ball)
    classes = list(first.values())
    for n, one in enumerate(classes):
        assert not any(same(one, other) for other in classes[:n])
    return len(classes)
