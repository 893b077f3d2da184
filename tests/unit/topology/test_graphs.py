"""Components and near pairs are those that SciPy finds."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from sundog.topology.graphs import components, near_pairs


@pytest.mark.parametrize(("nodes", "edges"), [(0, 0), (5, 0), (40, 25), (40, 200), (500, 480)])
def test_components(nodes, edges):
    rng = np.random.default_rng(nodes + edges)
    first, second = rng.integers(0, max(nodes, 1), (2, edges))
    graph = coo_array((np.ones(edges), (first, second)), shape=(nodes, nodes))
    expected = connected_components(graph, directed=False)[1] if nodes else np.zeros(0, int)
    assert components(first, second, nodes).tolist() == expected.tolist()


def test_a_long_chain_is_one_component():
    nodes = np.random.default_rng(0).permutation(1000)
    assert not components(nodes[:-1], nodes[1:], 1000).any()


@pytest.mark.parametrize("reach", [0.3, 1.0, 2.5, 30.0])
@pytest.mark.parametrize("spread", [(1, 1, 1), (10, 10, 10), (1e6, 3, 0), (0, 0, 0)])
def test_near_pairs(reach, spread):
    places = np.random.default_rng(1).uniform(-1, 1, (150, 3)) * spread
    expected = sorted(KDTree(places).query_pairs(reach))
    found = near_pairs(places, reach)
    assert [tuple(pair) for pair in found.tolist()] == expected


@pytest.mark.parametrize("reach", [0.0, -1.0, -np.inf, np.nan])
def test_nothing_is_within_no_distance(reach):
    assert near_pairs(np.zeros((3, 3)), reach).shape == (0, 2)
    assert near_pairs(np.zeros((0, 3)), 1.0).shape == (0, 2)
