"""The laws of a semiring, for each that is provided."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathgrad.graph import BOOLEAN, COUNT, INTERVAL, MAX_TIMES, REAL, SYMBOLIC, Bounds, Graph, Semiring, Strongest

from .graphs import acyclic, by_enumeration, lecture_h

# Exact in floating point, so that the laws hold without rounding.
WHOLE = st.integers(-1000, 1000).map(float)
POWERS = st.integers(-8, 8).map(lambda k: 2.0**k)
EDGES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.just(0)), min_size=1, max_size=3).map(tuple)
ELEMENTS = {
    REAL: WHOLE,
    SYMBOLIC: st.integers(-9, 9),
    BOOLEAN: st.booleans(),
    COUNT: st.integers(0, 1000),
    MAX_TIMES: st.one_of(st.builds(Strongest, POWERS, EDGES), st.just(MAX_TIMES.zero), st.just(MAX_TIMES.one)),
}
EXACT = pytest.mark.parametrize("ring", ELEMENTS, ids=lambda ring: ring.name)


@EXACT
@given(st.data())
def test_combine_is_a_commutative_monoid(ring, data):
    a, b, c = (data.draw(ELEMENTS[ring]) for _ in range(3))
    assert ring.combine(a, b) == ring.combine(b, a)
    assert ring.combine(ring.combine(a, b), c) == ring.combine(a, ring.combine(b, c))
    assert ring.combine(a, ring.zero) == a


@EXACT
@given(st.data())
def test_extend_is_a_monoid(ring, data):
    a, b, c = (data.draw(ELEMENTS[ring]) for _ in range(3))
    assert ring.extend(ring.extend(a, b), c) == ring.extend(a, ring.extend(b, c))
    assert ring.extend(a, ring.one) == a == ring.extend(ring.one, a)


@EXACT
@given(st.data())
def test_extend_distributes_over_combine(ring, data):
    a, b, c = (data.draw(ELEMENTS[ring]) for _ in range(3))
    assert ring.extend(a, ring.combine(b, c)) == ring.combine(ring.extend(a, b), ring.extend(a, c))
    assert ring.extend(ring.combine(b, c), a) == ring.combine(ring.extend(b, a), ring.extend(c, a))


@EXACT
@given(st.data())
def test_zero_annihilates(ring, data):
    a = data.draw(ELEMENTS[ring])
    assert ring.extend(a, ring.zero) == ring.zero == ring.extend(ring.zero, a)


@pytest.mark.parametrize("wild", [math.inf, -math.inf, math.nan])
def test_zero_annihilates_what_is_not_finite(wild):
    assert REAL.extend(0.0, wild) == 0.0 == REAL.extend(wild, 0.0)
    assert INTERVAL.extend(INTERVAL.zero, Bounds(wild, wild)) == INTERVAL.zero
    assert MAX_TIMES.extend(MAX_TIMES.zero, Strongest(wild, ((0, 1, 0),))) == MAX_TIMES.zero


def test_a_path_not_taken_contributes_nothing():
    # sqrt at 0 has an infinite label, and the label of the branch not taken is 0
    graph = Graph.from_edges(3, 1, [(0, 1, math.inf), (1, 2, 0.0)], [2])
    assert graph.paths(0, 2).value == graph.paths(0, 2, "backward").value == graph.eliminate().matrix[0, 0] == 0.0


ENDS = st.floats(-100, 100)


@given(*[st.tuples(ENDS, ENDS).map(lambda ends: Bounds(min(ends), max(ends)))] * 2, st.data())
def test_bounds_contain_the_exact_result(a, b, data):
    x, y = (data.draw(st.floats(*bounds)) for bounds in (a, b))
    for result, exact in (
        (INTERVAL.combine(a, b), Fraction(x) + Fraction(y)),
        (INTERVAL.extend(a, b), Fraction(x) * Fraction(y)),
    ):
        assert Fraction(result.low) <= exact <= Fraction(result.high)


def test_bounds_of_an_indefinite_product_are_the_whole_line():
    assert INTERVAL.extend(Bounds(math.nan, math.nan), Bounds(2.0, 2.0)) == (-math.inf, math.inf)
    assert INTERVAL.extend(INTERVAL.one, Bounds(2.0, 3.0)) == (2.0, 3.0) == INTERVAL.extend((2.0, 3.0), INTERVAL.one)


def test_interval_labels_give_error_bounds():
    graph = Graph.from_edges(3, 1, [(0, 1, (1.9, 2.1)), (1, 2, (-3.0, -2.0)), (0, 2, 1.0)], [2])
    low, high = graph.paths(0, 2, semiring=INTERVAL).value
    assert low == pytest.approx(1 - 6.3) and high == pytest.approx(1 - 3.8)
    low, high = lecture_h().paths("y", semiring=INTERVAL).value
    assert low < 459 < high and high - low < 1e-10


def test_the_strongest_path_knows_its_edges():
    strongest = lecture_h().paths("y", semiring=MAX_TIMES).value
    assert strongest.magnitude == 23.0 * 8.0 and strongest.vertices == (1, 6, 7)
    assert lecture_h().paths("y", direction="backward", semiring=MAX_TIMES).value == strongest
    assert lecture_h().eliminate(semiring=MAX_TIMES).matrix[0, 1] == strongest
    assert MAX_TIMES.zero.vertices == ()


def test_among_equally_strong_paths_the_shortest_and_then_the_first_is_taken():
    graph = Graph.from_edges(4, 1, [(0, 1), (1, 3), (0, 2), (2, 3), (0, 3), (0, 3)], [3])
    for direction in ("forward", "backward"):
        assert graph.paths(0, 3, direction, MAX_TIMES).value.edges == ((0, 3, 2),)
    diamond = Graph.from_edges(4, 1, [(0, 1), (0, 2), (2, 3), (1, 3)], [3])
    assert diamond.paths(0, 3, semiring=MAX_TIMES).value.vertices == (0, 1, 3)


def test_a_nan_label_is_never_the_weaker():
    graph = Graph.from_edges(2, 1, [(0, 1, math.nan), (0, 1, 5.0)], [1])
    assert math.isnan(graph.paths(0, 1, semiring=MAX_TIMES).value.magnitude)


@given(acyclic())
def test_count_counts_and_boolean_asks_whether(graph):
    for source in graph.inputs:
        for target in graph.outputs:
            _, count = by_enumeration(graph, source, target)
            assert graph.paths(source, target, semiring=COUNT).value == count
            assert graph.paths(source, target, semiring=BOOLEAN).value is (count > 0)


def test_a_semiring_of_the_users_own():
    shortest = Semiring(math.inf, 0.0, min, lambda a, b: a + b, "shortest", lift=lambda edge: 1.0)
    assert lecture_h().paths("y", semiring=shortest).value == 2.0
    assert "shortest" in repr(shortest)
