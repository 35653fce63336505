"""Vertex elimination: one Jacobian in every order, and the counts of the literature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathgrad.errors import GraphError
from pathgrad.graph import COUNT, Graph

from .graphs import acyclic, by_enumeration, lecture_h, published

ORDERS = ("forward", "reverse", "markowitz")
# Multiplications for forward, reverse and Markowitz elimination: all pairs of labels, then without pairs with a ±1.
PUBLISHED = {
    "RoeFlux_1d": ((620, 364, 407), (362, 234, 280)),
    "RobotArm_6DOF": ((397, 301, 288), (227, 221, 179)),
    "HumanHeartDipole": ((240, 172, 194), (48, 60, 48)),
    "PropaneCombustion": ((151, 90, 111), (26, 26, 24)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_counts(name):
    done = [published(name).eliminate(order) for order in ORDERS]
    every, without_units = PUBLISHED[name]
    assert tuple(one.multiplications for one in done) == every
    assert tuple(one.multiplications - one.unit_products for one in done) == without_units


@pytest.mark.parametrize("name", [*PUBLISHED, "KerrSenn_metric"])
def test_elimination_gives_the_jacobian_of_the_sweeps(name):
    graph = published(name, seed=2)
    swept = graph.jacobian()
    for order in ORDERS:
        np.testing.assert_allclose(graph.eliminate(order).matrix, swept.matrix, rtol=1e-9, atol=1e-9)
    # Forward and reverse elimination are the two sweeps, multiplication by multiplication.
    for order in ("forward", "reverse"):
        assert graph.eliminate(order).multiplications == swept.costs[order].multiplications


@given(acyclic(), st.randoms(use_true_random=False))
def test_every_order_gives_one_jacobian(graph, random):
    expected = [[by_enumeration(graph, source, target)[0] for source in graph.inputs] for target in graph.outputs]
    given_order = list(range(len(graph)))
    random.shuffle(given_order)
    for order in (*ORDERS, given_order):
        assert graph.eliminate(order).matrix.tolist() == expected


@given(acyclic())
def test_inner_vertices_may_be_sources_and_targets(graph):
    result = graph.eliminate(outputs=range(len(graph)), inputs=range(len(graph)))
    for target in range(len(graph)):
        for source in range(len(graph)):
            assert result.matrix[target, source] == by_enumeration(graph, source, target)[0]


def test_the_result_tells_what_was_done():
    result = lecture_h().eliminate([6, 5, 4, 3])
    assert result.matrix.tolist() == [[155.0, 459.0]] and result.name == "given" and result.order == (6, 5, 4, 3)
    assert str(result).startswith("given elimination of 4 vertices: 7 multiplications, 3 additions, 4 edges of fill-in")
    assert lecture_h().eliminate("reverse").order == (6, 5, 4, 3)


def test_edges_side_by_side_are_combined_first():
    graph = Graph.from_edges(3, 1, [(0, 1, 3.0), (0, 1, 3.0), (1, 2, 5.0)], [2])
    result = graph.eliminate()
    assert (result.matrix[0, 0], result.multiplications, result.additions) == (30.0, 1, 1)
    assert graph.eliminate(semiring=COUNT).matrix[0, 0] == 2


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("sideways", "got 'sideways'"),
        ([3, 4, 5], r"missing: \[6\], named twice: none"),
        ([3, 4, 5, 6, 6], r"missing: none, named twice: \[6\]"),
        ([3, 4, 5, 66], "vertex 66"),
    ],
)
def test_impossible_orders_are_refused(order, message):
    with pytest.raises(GraphError, match=message):
        lecture_h().eliminate(order)
