"""Fingerprints against isomorphism as networkx decides it."""

import networkx as nx
import numpy as np
import pytest

from bond_graphs import around, as_bond_graph, as_networkx, assert_classified, same
from sundog.coverage.fingerprints import fingerprints
from sundog.coverage.neighborhoods import by_bonds


def molecules(count: int, elements: tuple[int, ...], rings: int, seed: int) -> list[nx.Graph]:
    """Random connected graphs of up to 14 atoms with at most four bonds each."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        graph = nx.Graph()
        for node in range(int(rng.integers(3, 15))):
            open_ = [n for n in graph if graph.degree(n) < 4]
            graph.add_node(node, number=int(rng.choice(elements)))
            if node:
                graph.add_edge(node, int(rng.choice(open_)))
        for _ in range(int(rng.integers(0, rings + 1))):
            free = [n for n in graph if graph.degree(n) < 4]
            if len(free) > 1:
                graph.add_edge(*map(int, rng.choice(free, 2, replace=False)))
        made.append(graph)
    return made


def classified(graphs: list[nx.Graph], bonds: int) -> int:
    whole = as_bond_graph(graphs)
    hashes = fingerprints(by_bonds(whole, np.arange(len(whole.numbers)), bonds))
    balls = [around(graph, node, bonds) for graph in graphs for node in range(len(graph))]
    return assert_classified(balls, hashes)


@pytest.mark.parametrize("bonds", [1, 2, 3])
@pytest.mark.parametrize(("elements", "rings"), [((1, 6, 8), 0), ((6,), 2), ((6, 7), 5)])
def test_random_molecules_are_classified_as_by_isomorphism(elements, rings, bonds):
    assert classified(molecules(40, elements, rings, seed=bonds), bonds) > 3


def carbons(graph: nx.Graph, root: bool = False) -> nx.Graph:
    """A graph of carbons, with one more bonded to all of them if wanted, as node 0."""
    graph = nx.convert_node_labels_to_integers(graph)
    if root:
        graph = nx.convert_node_labels_to_integers(nx.disjoint_union(nx.empty_graph(1), graph))
        graph.add_edges_from((0, n) for n in range(1, len(graph)))
    nx.set_node_attributes(graph, 6, "number")
    return graph


def two_by_three(rim: nx.Graph) -> nx.Graph:
    """A centre with three neighbours of two neighbours each, and these joined as `rim` says."""
    graph = nx.Graph([(0, 1), (0, 2), (0, 3), (1, 4), (1, 7), (2, 5), (2, 8), (3, 6), (3, 9)])
    graph.add_edges_from((a + 4, b + 4) for a, b in rim.edges)
    return carbons(graph)


TRIANGLES = nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3))
ROOK = nx.line_graph(nx.complete_bipartite_graph(4, 4))
SHRIKHANDE = nx.Graph(
    ((a, b), ((a + da) % 4, (b + db) % 4))
    for a in range(4)
    for b in range(4)
    for da, db in ((0, 1), (1, 0), (1, 1))
)
PRISM = nx.circular_ladder_graph(3)
K33 = nx.complete_bipartite_graph(3, 3)


@pytest.mark.parametrize(
    ("first", "second", "bonds"),
    [
        (carbons(nx.cycle_graph(6), root=True), carbons(TRIANGLES, root=True), 1),
        (two_by_three(nx.cycle_graph(6)), two_by_three(TRIANGLES), 2),
        (carbons(PRISM, root=True), carbons(K33, root=True), 1),
        (carbons(ROOK, root=True), carbons(SHRIKHANDE, root=True), 1),
    ],
)
def test_what_refinement_alone_confuses_is_told_apart(first, second, bonds):
    """Around one centre all of these pairs have the same stable colours."""
    balls = [around(graph, 0, bonds) for graph in (first, second)]
    refined = [
        nx.weisfeiler_lehman_graph_hash(ball, node_attr="center", iterations=10) for ball in balls
    ]
    assert refined[0] == refined[1]
    assert not same(*balls)
    rng = np.random.default_rng(0)
    copies = []
    for graph in (first, second) * 3:
        order = np.concatenate([[0], rng.permutation(np.arange(1, len(graph)))])
        copies.append(nx.relabel_nodes(graph, dict(enumerate(order.tolist()))))
    copies = [_sorted(copy) for copy in copies]
    whole = as_bond_graph(copies)
    centers = np.searchsorted(whole.structure, np.arange(len(copies)))
    hashes = fingerprints(by_bonds(whole, centers, bonds))
    assert len(set(hashes[::2].tolist())) == len(set(hashes[1::2].tolist())) == 1
    assert hashes[0] != hashes[1]


def test_rings_that_colours_of_whole_molecules_confuse():
    """Decalin and bicyclopentyl, the textbook case, differ around their atoms."""
    decalin = nx.cycle_graph(10)
    decalin.add_edge(0, 5)
    bicyclopentyl = nx.disjoint_union(nx.cycle_graph(5), nx.cycle_graph(5))
    bicyclopentyl.add_edge(0, 5)
    pair = [carbons(decalin), carbons(bicyclopentyl)]
    assert len({nx.weisfeiler_lehman_graph_hash(one, node_attr="number") for one in pair}) == 1
    classified(pair, 2)
    whole = as_bond_graph(pair)
    hashes = fingerprints(by_bonds(whole, np.arange(20), 2)).tolist()
    assert set(hashes[:10]).isdisjoint(hashes[10:])


def test_the_neighbourhood_is_that_of_networkx():
    graphs = molecules(10, (1, 6, 8), 4, seed=9)
    whole = as_bond_graph(graphs)
    found = by_bonds(whole, np.arange(len(whole.numbers)), 2)
    balls = [around(graph, node, 2) for graph in graphs for node in range(len(graph))]
    for n, ball in enumerate(balls):
        assert same(ball, as_networkx(found, n))


def test_fingerprints_do_not_depend_on_what_else_is_looked_at():
    graphs = molecules(60, (1, 6), 4, seed=3)
    whole = as_bond_graph(graphs)
    atoms = np.arange(len(whole.numbers))
    together = fingerprints(by_bonds(whole, atoms, 3))
    alone = [fingerprints(by_bonds(whole, atoms[n : n + 1], 3))[0] for n in atoms[::7]]
    assert together[::7].tolist() == alone


def test_fingerprints_are_the_same_for_ever():
    """They are in files: another value needs another version of the schema."""
    ethane = nx.Graph([(0, 1), *((0, n) for n in (2, 3, 4)), *((1, n) for n in (5, 6, 7))])
    nx.set_node_attributes(ethane, {n: 6 if n < 2 else 1 for n in ethane}, "number")
    whole = as_bond_graph([_sorted(ethane), carbons(nx.cycle_graph(6), root=True)])
    hashes = fingerprints(by_bonds(whole, np.array([0, 2, 8]), 2))
    assert [f"{one:016x}" for one in hashes.tolist()] == PINNED


PINNED = ["1db6250d6929f002", "cee7658bb22ea7c6", "a818cf7965132210"]


def _sorted(graph: nx.Graph) -> nx.Graph:
    ordered = nx.Graph()
    ordered.add_nodes_from((n, graph.nodes[n]) for n in sorted(graph))
    ordered.add_edges_from(graph.edges)
    return ordered
