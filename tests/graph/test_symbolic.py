"""Symbolic labels come from the same records as numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy

from pathgrad.errors import GraphError
from pathgrad.graph import Graph, SymbolicValue
from pathgrad.graph.symbolic import exact
from pathgrad.ops import TABLE

from .graphs import Recorder, lecture_h, network

SYMBOLIC_OPS = [name for name, op in TABLE.items() if op.elementwise and op.sympy is not None and name != "polygamma"]


def test_figure_2a():
    x, y = sympy.symbols("x y")
    root = lecture_h().symbolic().outputs[0]
    assert root.labels == ((x + y) * y, x + 4 * y)
    assert [v.labels for v in root.operands] == [(1, 1), (y, x + y)]
    assert repr(lecture_h().symbolic()).startswith("<Symbolic graph of 8 vertices")
    assert repr(lecture_h().symbolic().inputs[0]) == "<vertex 0: input x>"


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_example_4_1(direction):
    x, y = sympy.symbols("x y")
    value = lecture_h().symbolic().paths(source="x", target=7, direction=direction).value
    assert sympy.expand(value) == 2 * x * y + 5 * y**2
    assert value.subs({x: 3, y: 5}) == 155


def test_jacobian_and_elimination_in_closed_form():
    x, y = sympy.symbols("x y")
    h = lecture_h().symbolic()
    gradient = [2 * x * y + 5 * y**2, x**2 + 10 * x * y + 12 * y**2]
    for matrix in (h.jacobian().matrix, h.eliminate().matrix):
        assert [sympy.expand(entry) for entry in matrix[0]] == gradient


def test_figure_9():
    graph, names = network()
    s = {name: sympy.Symbol(name) for name in ("y1", "y2", "y3", "v1", "v2", "v3", "w3", "w6", "w9", "h1", "h3", "x1")}
    symbolic = graph.symbolic(names=names)
    weights = symbolic.paths(["w4", "w14"], "Cost", "backward").value
    through = [(s[f"y{k}"] - s[f"v{k}"]) * s[f"y{k}"] * (1 - s[f"y{k}"]) for k in (1, 2, 3)]
    outer = sum(t * s[w] for t, w in zip(through, ("w3", "w6", "w9"), strict=True))
    assert sympy.expand(weights["w4"] - through[1] * s["h1"]) == 0
    assert sympy.expand(weights["w14"] - outer * s["h3"] * (1 - s["h3"]) * s["x1"]) == 0
    assert symbolic.vertex("h3").labels == (s["h3"] * (1 - s["h3"]),)


@pytest.mark.parametrize("name", SYMBOLIC_OPS)
def test_formulas_of_every_operator_give_its_numbers(name):
    record, op = Recorder(), TABLE[name]
    points = [1.0 if i.boolean else next(p for p in np.linspace(i.low, i.high, 11)[3:] if p in i) for i in op.domain]
    inputs = [record.input(f"x{j}", float(p)) for j, p in enumerate(points)]
    graph = record.builder.finish([record(op, *inputs)])
    at = {sympy.Symbol(f"x{j}"): float(p) for j, p in enumerate(points)}
    formulas = graph.symbolic().labels
    np.testing.assert_allclose([float(f.subs(at)) for f in formulas], graph.labels, rtol=1e-9, atol=1e-12)


def test_names_replace_what_would_be_written_out():
    h = lecture_h()
    assert [str(label) for label in h.symbolic(names={3: "p", 5: "s"}).labels[2:]] == [
        "1", "1", "1", "1", "y", "s", "s*y", "p + x",
    ]  # fmt: skip
    auto = h.symbolic("auto")
    assert [str(label) for label in auto.outputs[0].labels] == ["v3", "v1"] and auto.vertex("v3") == 6


def test_truth_values_become_conditions():
    record = Recorder()
    x, y = record.input("x", 2.0), record.input("y", -1.0)
    compared = record.builder.finish([record("where", record("greater", x, y), x, y)]).symbolic()
    a, b = sympy.symbols("x y")
    assert compared.paths("x").value == sympy.Piecewise((1, a > b), (0, True))
    record = Recorder()
    c, x = record.input("c", 1.0), record.input("x", 2.0)
    chosen = record.builder.finish([record("where", c, x, x)]).symbolic()
    assert chosen.outputs[0].labels[1].subs(sympy.Symbol("c"), 1.0) == 1


def test_numbers_are_written_exactly():
    assert [str(exact(v)) for v in (4.0, -0.5, np.float64(0.375), True, np.False_)] == [
        "4",
        "-1/2",
        "3/8",
        "True",
        "False",
    ]
    assert exact(0.1) == 0.1 and exact(math.inf) == sympy.oo and exact(sympy.Symbol("q")) == sympy.Symbol("q")


def test_symbols_obey_pythons_operators():
    x, y = (SymbolicValue(sympy.Symbol(name)) for name in "xy")
    a, b = x.expression, y.expression
    pairs = [
        (x + y, a + b), (2 + x, 2 + a), (x - 1, a - 1), (1 - x, 1 - a), (x * y, a * b), (3 * x, 3 * a), (x / y, a / b),
        (1 / x, 1 / a), (x // y, sympy.floor(a / b)), (x**2, a**2), (2**x, 2**a), (-x, -a), (x < y, a < b),
        (x <= y, a <= b), (x > 1, a > 1), (x >= y, a >= b), (x == y, sympy.Eq(a, b)), (x != y, sympy.Ne(a, b)),
    ]  # fmt: skip
    assert [got.expression for got, _ in pairs] == [wanted for _, wanted in pairs]
    assert repr(x) == "SymbolicValue(x)"
    with pytest.raises(TypeError):
        x + "text"
    with pytest.raises(TypeError):
        hash(x)


def test_what_has_no_formula_is_refused():
    record = Recorder()
    graph = record.builder.finish([record("isnan", record.input("x", 1.0))])
    with pytest.raises(GraphError, match="'isnan' has no symbolic form"):
        graph.symbolic()
    with pytest.raises(GraphError, match=r"vertex 1 \(sin\) is known by name alone"):
        Graph.from_edges(2, 1, [(0, 1)], [1], operators=["sin"]).symbolic()


@pytest.mark.parametrize(
    ("names", "message"),
    [({4: "x"}, "x would name two vertices"), ({99: "a"}, "vertex 99"), ("all", "'auto', got 'all'")],
)
def test_impossible_names_are_refused(names, message):
    with pytest.raises(GraphError, match=message):
        lecture_h().symbolic(names=names)
