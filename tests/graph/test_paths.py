"""Path problems in both directions: values, intermediate values and counts."""

from __future__ import annotations

import pytest
from hypothesis import given

from pathgrad.errors import GraphError
from pathgrad.graph import Graph

from .graphs import acyclic, by_enumeration, lecture_h

# The green numbers of the lecture's Figure 3, by vertex: x, y, 4 are 0, 1, 2; then 4y, x + 4y, x + y, (x + y)y, h.
FIGURE_3 = {
    ("x", "forward"): {0: 1, 4: 1, 5: 1, 6: 5, 7: 155},
    ("x", "backward"): {7: 1, 4: 40, 6: 23, 5: 115, 0: 155},
    ("y", "forward"): {1: 1, 3: 4, 4: 4, 5: 1, 6: 13, 7: 459},
    ("y", "backward"): {7: 1, 4: 40, 3: 40, 6: 23, 5: 115, 1: 459},
}


@pytest.mark.parametrize(("source", "direction"), FIGURE_3)
def test_figure_3(source, direction):
    result = lecture_h().paths(source, direction=direction)
    expected = FIGURE_3[source, direction]
    assert dict(result.values) == expected and result.value == max(expected.values())


def test_counts_are_those_executed():
    h = lecture_h()
    # from x: four edges beyond the first two, two of which meet at the root
    assert (h.paths("x").multiplications, h.paths("x").additions) == (3, 1)
    assert (h.paths("x", direction="backward").multiplications, h.paths("x", direction="backward").additions) == (3, 1)
    assert (h.paths("y").multiplications, h.paths("y").additions) == (4, 2)
    assert (h.paths(["x", "y"]).multiplications, h.paths(["x", "y"]).additions) == (7, 3)


@given(acyclic())
def test_both_directions_sum_over_all_paths(graph):
    for source in range(len(graph)):
        for target in graph.outputs:
            expected, _ = by_enumeration(graph, source, target)
            assert graph.paths(source, target, "forward").value == expected
            assert graph.paths(source, target, "backward").value == expected


def test_several_sources_and_targets():
    graph = Graph.from_edges(4, 2, [(0, 2, 2.0), (1, 2, 3.0), (1, 3, 5.0)], [2, 3], input_names=["a", "b"])
    many = graph.paths(["a", "b"], 2)
    assert dict(many.value) == {0: 2.0, 1: 3.0} and many.value["b"] == 3.0 and many.value[graph.vertex("a")] == 2.0
    assert many.values["a"][2] == 2.0 and many.values["b"]["b"] == 1.0 and len(many.sweeps) == 2
    assert dict(graph.paths("b", graph.outputs).value) == {2: 3.0, 3: 5.0}
    pairs = {(2, 0): 2.0, (2, 1): 3.0, (3, 0): 0.0, (3, 1): 5.0}
    for direction in ("forward", "backward"):
        assert graph.paths(graph.inputs, graph.outputs, direction).value == pairs
    backward = graph.paths(graph.inputs, 2, "backward")
    assert len(backward.sweeps) == 1 and backward.values["a"] == 2.0 and dict(backward.value) == {0: 2.0, 1: 3.0}


def test_values_say_what_they_hold():
    result = lecture_h().paths("x")
    assert "y" not in result.values and "x" in result.values and 3.5 not in result.values
    assert repr(result.values) == "{x: 1.0, 4: 1.0, 5: 1.0, 6: 5.0, h: 155.0}"
    assert repr(result) == "<forward paths from x to h, real: 155.0; 3 multiplications, 1 additions>"
    with pytest.raises(KeyError):
        result.values["y"]


def test_no_path_is_zero_and_the_empty_path_is_one():
    graph = Graph.from_edges(3, 2, [(0, 2, 5.0)], [2])
    assert graph.paths(1, 2).value == 0.0 and len(graph.paths(1, 2).values) == 0
    assert graph.paths(2, 2).value == 1.0
    assert graph.paths(2, 0, "backward").value == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "z"}, "no vertex is named 'z'"),
        ({"source": "x", "target": 99}, "vertex 99"),
        ({"source": "x", "direction": "sideways"}, "direction must be 'forward' or 'backward', got 'sideways'"),
        ({"source": "x", "semiring": "real"}, "semiring must be a Semiring, got 'real'"),
        ({"source": []}, "empty list"),
    ],
)
def test_impossible_questions_are_refused(arguments, message):
    with pytest.raises(GraphError, match=message):
        lecture_h().paths(**arguments)


def test_a_graph_of_several_outputs_wants_a_target():
    with pytest.raises(GraphError, match="has 2 outputs and no target"):
        Graph.from_edges(3, 1, [(0, 1), (0, 2)], [1, 2]).paths(0)
