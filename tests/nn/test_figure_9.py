"""The network of the lecture's Figure 9: its computation graph, and the formulas that its path sums give."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy

from pathgrad.graph import Graph
from pathgrad.nn import Network

DIRECTIONS = ["forward", "backward"]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Network([2, 3, 3], seed=0).graph([1.0, 2.0], [0.0, 1.0, 0.0])


def lecture_formula(name: str) -> sympy.Expr:
    x1, h1, h3, w3, w6, w9, y1, y2, y3, v1, v2, v3 = sympy.symbols("x1 h1 h3 w3 w6 w9 y1 y2 y3 v1 v2 v3")
    if name == "w4":
        return (y2 - v2) * y2 * (1 - y2) * h1
    terms = (y1 - v1) * y1 * (1 - y1) * w3 + (y2 - v2) * y2 * (1 - y2) * w6 + (y3 - v3) * y3 * (1 - y3) * w9
    return terms * h3 * (1 - h3) * x1


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", ["w4", "w14"])
def test_path_sums_are_the_lectures_formulas(graph: Graph, name: str, direction: str) -> None:
    symbolic = graph.symbolic(names=graph.vertex_names)
    found = symbolic.paths(name, "Cost", direction=direction).value
    assert sympy.expand(found - lecture_formula(name)) == 0


@pytest.mark.parametrize("name", ["w4", "w14"])
def test_the_formulas_at_the_numbers_of_the_run(graph: Graph, name: str) -> None:
    at = {sympy.Symbol(name): vertex.value for vertex in map(graph.vertex, graph.names) for name in [vertex.name]}
    assert graph.paths(name, "Cost").value == pytest.approx(float(lecture_formula(name).subs(at)), rel=1e-12)


def test_vertices_are_named_as_in_the_figure(graph: Graph) -> None:
    inputs = ["x1", "x2", *(f"w{k}" for k in range(1, 16)), "v1", "v2", "v3"]
    assert sorted(v.name for v in graph.inputs) == sorted(inputs)
    assert sorted(graph.vertex_names.values()) == ["h1", "h2", "h3", "y1", "y2", "y3"]
    assert [v.name for v in graph.outputs] == ["Cost"]
    assert [graph.vertex(name).operator for name in ("h1", "y3", "Cost")] == ["sigmoid", "sigmoid", "sum"]


def test_weights_are_numbered_as_in_the_figure() -> None:
    network = Network([2, 3, 3], seed=0)
    graph = network.graph([1.0, 2.0], [0.0, 1.0, 0.0])
    hidden, outer = network.weights
    assert [graph.vertex(f"w{k}").value for k in range(1, 10)] == outer.ravel().tolist()
    assert [graph.vertex(f"w{k}").value for k in range(10, 16)] == hidden.ravel().tolist()


def test_one_backward_pass_gives_every_derivative(graph: Graph) -> None:
    jacobian = graph.jacobian(inputs=[f"w{k}" for k in range(1, 16)])
    assert "reverse  1 pass" in str(jacobian)


def test_several_hidden_layers_and_biases_have_names() -> None:
    graph = Network([1, 2, 2, 1], bias=True, seed=0).graph([0.5], [1.0])
    assert sorted(graph.vertex_names.values()) == ["h1_1", "h1_2", "h2_1", "h2_2", "y1"]
    assert sum(v.operator == "constant" for v in map(graph.vertex, range(len(graph)))) == 3


def test_the_figure_is_drawn(graph: Graph, tmp_path: Path) -> None:
    pytest.importorskip("igraph")
    symbolic = graph.symbolic(names=graph.vertex_names)
    solved = symbolic.paths("w14", "Cost", direction="backward")
    assert symbolic.draw(tmp_path / "figure-9.dot", paths=solved).read_text(encoding="utf-8").count("->") > 40
