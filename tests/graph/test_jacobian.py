"""Forward or reverse, by |L| and |K| (lecture, Figure 5)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from pathgrad.errors import GraphError
from pathgrad.graph import BOOLEAN, MAX_TIMES, Cost, Graph

from .graphs import acyclic, by_enumeration, lecture_h, published


def fan(n_inputs: int, n_outputs: int) -> Graph:
    """Figure 5: inputs into one vertex, outputs out of it."""
    middle = n_inputs
    edges = [(i, middle, i + 1.0) for i in range(n_inputs)]
    edges += [(middle, middle + 1 + k, 10.0 ** (k + 1)) for k in range(n_outputs)]
    return Graph.from_edges(n_inputs + 1 + n_outputs, n_inputs, edges, range(middle + 1, middle + 1 + n_outputs))


def test_one_input_is_one_forward_pass():
    result = fan(1, 4).jacobian()
    assert result.order == "forward" and result.reason == "|L| = 1 < |K| = 4"
    assert result.costs == {"forward": Cost(1, 4, 0), "reverse": Cost(4, 4, 0)}


def test_one_output_is_one_backward_pass():
    result = fan(4, 1).jacobian()
    assert result.order == "reverse" and result.reason == "|K| = 1 < |L| = 4"
    assert result.matrix.tolist() == [[10.0, 20.0, 30.0, 40.0]] and result.costs["forward"].passes == 4


def test_as_many_inputs_as_outputs_is_decided_by_cost():
    chain = Graph.from_edges(5, 1, [(0, 1, 2.0), (1, 2, 3.0), (2, 3, 5.0), (0, 3, 1.0), (3, 4, 7.0)], [4])
    assert chain.jacobian().reason.startswith("|K| = |L| = 1 and ")
    wide = Graph.from_edges(4, 2, [(0, 2, 2.0), (1, 2, 3.0), (2, 3, 7.0), (2, 3, 7.0), (0, 3, 1.0)], [3, 2])
    result = wide.jacobian()
    work = {order: cost.multiplications + cost.additions for order, cost in result.costs.items()}
    assert work[result.order] == min(work.values()) and work["forward"] != work["reverse"]
    assert "cheaper" in result.reason


def test_subsets_by_name():
    h = lecture_h()
    assert h.jacobian(outputs="h", inputs="y").matrix.tolist() == [[459.0]]
    assert h.jacobian(outputs=[7, 6], inputs=["y", "x"]).matrix.tolist() == [[459.0, 155.0], [13.0, 5.0]]


@pytest.mark.parametrize("name", ["RobotArm_6DOF", "KerrSenn_metric"])
@pytest.mark.parametrize("order", ["forward", "reverse"])
def test_the_predicted_cost_is_the_executed_cost(name, order):
    graph = published(name)
    done, other = graph.jacobian(order=order), graph.jacobian(order="reverse" if order == "forward" else "forward")
    assert done.costs == other.costs and done.reason == "as asked"
    np.testing.assert_allclose(done.matrix, other.matrix, rtol=1e-12, atol=1e-12)
    direction = "forward" if order == "forward" else "backward"
    swept = graph.paths(graph.inputs, graph.outputs, direction)
    assert (swept.multiplications, swept.additions) == done.costs[order][1:]


@given(acyclic())
def test_both_orders_agree_with_enumeration(graph):
    expected = [[by_enumeration(graph, source, target)[0] for source in graph.inputs] for target in graph.outputs]
    for order in ("auto", "forward", "reverse"):
        assert graph.jacobian(order=order).matrix.tolist() == expected


def test_sparsity_and_other_elements():
    graph = Graph.from_edges(4, 2, [(0, 2, 0.0), (1, 3, 5.0)], [2, 3])
    pattern = graph.jacobian(semiring=BOOLEAN).matrix
    assert pattern.dtype == bool and pattern.tolist() == [[True, False], [False, True]]
    assert graph.jacobian(semiring=MAX_TIMES).matrix[1, 1].magnitude == 5.0


def test_it_says_what_it_chose_and_what_each_way_costs():
    result = lecture_h().jacobian()
    assert str(result) == (
        "Jacobian of 1 outputs by 2 inputs: reverse, |K| = 1 < |L| = 2\n"
        "  forward  2 passes, 7 multiplications, 3 additions\n"
        "  reverse  1 pass, 7 multiplications, 3 additions  (done)\n"
        "[[155. 459.]]"
    )
    assert np.asarray(result).tolist() == [[155.0, 459.0]]


def test_impossible_orders_are_refused():
    with pytest.raises(GraphError, match="order must be 'auto', 'forward' or 'reverse', got 'markowitz'"):
        lecture_h().jacobian(order="markowitz")
    with pytest.raises(GraphError, match="no vertex is named 'q'"):
        lecture_h().jacobian(inputs=["q"])
