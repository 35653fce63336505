"""Building graphs, naming vertices, and what is refused."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from pathgrad.errors import GraphError
from pathgrad.graph import Edge, Graph, GraphBuilder, summation
from pathgrad.ops import TABLE

from .graphs import Recorder, lecture_h


def test_labels_are_those_of_figure_2b():
    h = lecture_h()
    assert [vertex.symbol for vertex in h.inputs] == ["x", "y"]
    root = h.outputs[0]
    assert (root.value, root.symbol, root.labels) == (920.0, "×", (40.0, 23.0))
    left, right = root.operands
    assert (left.operator, left.labels) == ("add", (1.0, 1.0))
    assert (right.operator, right.labels) == ("multiply", (5.0, 8.0))


def test_vertices_are_found_by_number_name_and_vertex():
    h = lecture_h()
    assert h.vertex("x") == h.vertex(0) == h.vertex(np.int64(0)) == h.vertex(h.inputs[0]) == 0
    assert h.vertex("h") == h.outputs[0] == 7
    assert h.vertex("y").name == "y" and h.vertex(3).name is None
    assert repr(h.vertex("x")) == "<vertex 0: input x = 3.0>" and repr(h.outputs[0]) == "<vertex 7: × h = 920.0>"
    assert repr(h) == "<Graph of 8 vertices and 10 edges: inputs x, y; outputs h>"
    assert h.vertex(2).operator == "constant" and h.vertex(2).symbol == "4.0"


def test_a_vertex_survives_pickling():
    vertex = pickle.loads(pickle.dumps(lecture_h().outputs[0]))
    assert vertex == 7 and vertex.value == 920.0


def test_two_edges_between_the_same_vertices_both_count():
    record = Recorder()
    x = record.input("x", 3.0)
    graph = record.builder.finish([record("multiply", x, x)])
    assert list(graph.edges()) == [Edge(0, 1, 0, 3.0), Edge(0, 1, 1, 3.0)]
    assert graph.paths("x").value == 6.0


def test_flat_operands_have_an_edge_with_label_zero_that_is_not_followed():
    record = Recorder()
    x, y = record.input("x", 2.0), record.input("y", -1.0)
    graph = record.builder.finish([record("where", record("greater", x, y), x, y)])
    assert graph.outputs[0].labels == (0.0, 1.0, 0.0)
    assert not graph.carries[graph.row(2)].any() and graph.paths("x").values.keys() == {0, 3}


def test_labels_outside_the_domain_do_not_warn():
    record = Recorder()
    graph = record.builder.finish([record("sqrt", record.input("x", 0.0)), record("log", 0)])
    assert [vertex.labels for vertex in graph.outputs] == [(math.inf,), (math.inf,)]


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.elementwise and name != "polygamma"])
def test_labels_of_every_operator_are_those_of_its_record(name):
    record, op = Recorder(), TABLE[name]
    points = [next(p for p in np.linspace(i.low, i.high, 11)[3:] if p in i) for i in op.domain]
    if any(interval.boolean for interval in op.domain):
        points = [1.0 if i.boolean else p for i, p in zip(op.domain, points, strict=True)]
    graph = record.builder.finish([record(op, *(record.input(f"x{j}", float(p)) for j, p in enumerate(points)))])
    v = graph.outputs[0]
    expected = [0.0 if label is None else float(label(v.value, *map(np.float64, points))) for label in op.labels]
    np.testing.assert_array_equal(v.labels, expected)


def test_sums_take_any_number_of_operands():
    record = Recorder()
    terms = [record.input(f"x[{i}]", float(i)) for i in range(5)]
    graph = record.builder.finish([record(summation(5), *terms)])
    assert graph.outputs[0].value == 10.0 and graph.outputs[0].labels == (1.0,) * 5
    assert graph.vertex("x[3]") == 3 and summation(5) is summation(5)


def test_vertices_may_be_numbered_in_any_order():
    graph = Graph.from_edges(4, 1, [(3, 1, 5.0), (0, 3, 2.0), (1, 2, 7.0)], outputs=[2])
    assert graph.order.tolist() == [0, 3, 1, 2]
    assert graph.paths(0, 2).value == graph.paths(0, 2, direction="backward").value == 70.0
    assert graph.eliminate("forward").matrix.tolist() == [[70.0]]


def test_hand_made_graphs_have_operators_values_and_names():
    graph = Graph.from_edges(
        3, 1, [(0, 2), (1, 2)], [2], operators=["c", "add"], values=[1.0, 2.0, 3.0], input_names=["a"], output_names="s"
    )
    assert [graph.vertex(v).operator for v in range(3)] == ["input", "constant", "add"]
    assert graph.vertex("s").value == 3.0 and graph.vertex("s").symbol == "+"
    assert Graph.from_edges(2, 1, [(0, 1)], [1], operators=["mystery"]).outputs[0].symbol == "mystery"
    assert "sum" in repr(Graph.from_edges(9, 8, [(0, 8)], [8], output_names=["sum"])) and "…" in repr(
        Graph.from_edges(9, 8, [(0, 8)], [8])
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0, [], []), "empty"),
        ((3, 1, [(0, 1), (1, 2), (2, 1)], [2]), r"cycle, (1 → 2 → 1|2 → 1 → 2)"),
        ((2, 1, [(0, 1), (1, 1)], [1]), "cycle, 1 → 1"),
        ((2, 1, [(0, 5)], [1]), r"edge 0 → 5 names vertex 5, which is unknown"),
        ((2, 1, [(-1, 1)], [1]), r"names vertex -1, which is unknown"),
        ((2, 1, [(0, 1)], [2]), r"vertex 2 \(output\) is unknown"),
        ((2, 1, [(0, 1)], []), "no output"),
        ((2, 3, [(0, 1)], [1]), "n_inputs is 3"),
        ((2, 1, [(0,)], [1]), r"an edge is \(tail, head\)"),
        ((2, 2, [(0, 1)], [1]), "enters input 1"),
    ],
)
def test_impossible_graphs_are_refused(arguments, message):
    with pytest.raises(GraphError, match=message):
        Graph.from_edges(*arguments)


@pytest.mark.parametrize("option", ["operators", "values", "input_names", "output_names"])
def test_lists_of_the_wrong_length_are_refused(option):
    with pytest.raises(GraphError, match=f"{option} has 5 entries"):
        Graph.from_edges(2, 1, [(0, 1)], [1], **{option: list("abcde")})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("xx", "no vertex is named 'xx'; its names are 'x'"),
        (8, r"vertex 8 \(asked for\) is unknown; the vertices are 0 to 7"),
        (-1, "vertex -1"),
        (1.5, r"got 1\.5 \(float\)"),
    ],
)
def test_unknown_vertices_are_refused(key, message):
    with pytest.raises(GraphError, match=message):
        lecture_h().vertex(key)


@pytest.mark.parametrize(("keys", "message"), [([], "empty list"), (["x", 0], "named twice")])
def test_impossible_lists_of_vertices_are_refused(keys, message):
    with pytest.raises(GraphError, match=message):
        lecture_h().vertices(keys)


def test_the_builder_refuses_what_it_cannot_record():
    builder = GraphBuilder()
    with pytest.raises(GraphError, match="empty"):
        builder.finish([0])
    x = builder.input("x", 1.0)
    with pytest.raises(GraphError, match="two inputs are named 'x'"):
        builder.input("x", 2.0)
    with pytest.raises(GraphError, match="operand 7 of 'sin' is unknown; 1 vertices"):
        builder.vertex(TABLE["sin"], [7], 0.0)
    with pytest.raises(GraphError, match="'add' takes 2 operands, got 1"):
        builder.vertex(TABLE["add"], [x], 1.0)
    with pytest.raises(GraphError, match="'matmul' is an array operator"):
        builder.vertex(TABLE["matmul"], [x, x], 1.0)
    with pytest.raises(GraphError, match="no output"):
        builder.finish([])
    with pytest.raises(GraphError, match="vertex 3"):
        builder.finish([3])
    with pytest.raises(GraphError, match="2 output names for 1 outputs"):
        builder.finish([x], ["a", "b"])
    assert len(builder) == 1
