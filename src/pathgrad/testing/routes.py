"""Six independent routes to a Jacobian (floor 6; imports api, arithmetic, frontend, graph, problem)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..api import jvp, vjp
from ..arithmetic.cells import Cells
from ..arithmetic.derivative import seeded, split
from ..arithmetic.levels import differentiation
from ..arithmetic.retarget import retarget
from ..frontend.trace import trace
from ..graph import Graph
from .problem import Array, Problem, names_of, numbers_in, rebuilt

__all__ = ["ROUTES"]


def _by_duals(problem: Problem) -> tuple[Array, Array]:
    """One run on dual numbers for each input (lecture, Example 2.3)."""
    columns, value = [], problem.value
    for k in range(len(problem.inputs)):
        with differentiation() as (level, tag):
            lifted: list[Any] = [seeded(float(x), float(j == k), level, tag) for j, x in enumerate(problem.point)]
            arguments = [rebuilt(argument, lifted, Cells) for argument in problem.arguments]
            values, tangents = split(retarget(problem.f)(*arguments), level, tag)
        value = np.array(numbers_in(values), dtype=float)
        columns.append(np.array(numbers_in(tangents), dtype=float))
    return value, np.stack(columns, axis=1)


def _by_forward_source(problem: Problem) -> tuple[Array, Array]:
    """One call of the tangent program for each input (lecture, Example 2.1)."""
    columns, value = [], problem.value
    for k in range(len(problem.inputs)):
        left: list[Any] = [float(j == k) for j in range(len(problem.inputs))]
        tangents = [rebuilt(argument, left) for argument in problem.arguments]
        primals = [rebuilt(argument, list(numbers_in(argument))) for argument in problem.arguments]
        result, tangent = jvp(problem.f, primals, tangents)
        value = np.array(numbers_in(result), dtype=float)
        columns.append(_filled(numbers_in(tangent), len(problem.outputs)))
    return value, np.stack(columns, axis=1)


def _by_reverse_source(problem: Problem) -> tuple[Array, Array]:
    """One call of the adjoint program for each output (lecture, section 4)."""
    result, pull = vjp(problem.f, *(rebuilt(argument, list(numbers_in(argument))) for argument in problem.arguments))
    rows = []
    for k in range(len(problem.outputs)):
        left: list[Any] = [float(j == k) for j in range(len(problem.outputs))]
        bars = pull(rebuilt(result, left))
        row = [
            number
            for bar, argument in zip(bars, problem.arguments, strict=True)
            for number in ([0.0] * len(names_of(argument, "")) if bar is None else numbers_in(bar))
        ]
        rows.append(_filled(row, len(problem.inputs)))
    return np.array(numbers_in(result), dtype=float), np.stack(rows)


def _filled(numbers: Sequence[Any], count: int) -> Array:
    """A row of a Jacobian; a constant result has no derivative program to call and a row of zeros."""
    return np.array(numbers, dtype=float) if numbers else np.zeros(count)


def _graph_of(problem: Problem) -> Graph:
    return trace(problem.f, *(rebuilt(argument, list(numbers_in(argument))) for argument in problem.arguments))


def _graph_value(problem: Problem, graph: Graph) -> tuple[Array, list[int]]:
    """The values of the float outputs, and which of the graph's outputs these are."""
    rows = [k for k, name in enumerate(graph.output_names) if name in set(problem.outputs)]
    rows = rows if len(rows) == len(problem.outputs) else list(range(len(graph.outputs)))
    return np.array([graph.values[graph.outputs[k]] for k in rows], dtype=float), rows


def _by_graph(order: str) -> Callable[[Problem], tuple[Array, Array]]:
    def solve(problem: Problem) -> tuple[Array, Array]:
        graph = _graph_of(problem)
        value, rows = _graph_value(problem, graph)
        if order == "elimination":
            matrix = graph.eliminate("markowitz", inputs=problem.inputs).matrix
        else:
            matrix = graph.jacobian(inputs=problem.inputs, order=order).matrix  # type: ignore[arg-type]
        return value, np.array(matrix, dtype=float)[rows]

    return solve


#: From a problem to the outputs and the Jacobian.
ROUTES: dict[str, Callable[[Problem], tuple[Array, Array]]] = {
    "duals": _by_duals,
    "forward source": _by_forward_source,
    "reverse source": _by_reverse_source,
    "graph forward": _by_graph("forward"),
    "graph backward": _by_graph("reverse"),
    "elimination": _by_graph("elimination"),
}
