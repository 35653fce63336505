"""A network's computation graph, vertex by vertex as the lecture draws it in Figure 9 (floor 5; imports graph, ops)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph import Graph, GraphBuilder, summation
from ..ops import Op
from ..ops.elementary import half_squared_difference, multiply
from ..ops.exponential import sigmoid

__all__ = ["circuit"]


def circuit(weights: Sequence[NDArray[Any]], x: NDArray[Any], v: NDArray[Any], bias: bool) -> Graph:
    """The computation graph of the cost of one example.

    Parameters
    ----------
    weights : sequence of arrays
        One matrix for each layer, a row for each node; with ``bias`` the last column belongs to a constant 1.
    x, v : array
        The example and its desired outputs.
    bias : bool
        Whether nodes have a bias.

    Returns
    -------
    Graph
        Inputs ``x1, x2, ...``, the weights ``w1, w2, ...`` and the desired outputs ``v1, v2, ...``. The weights are
        numbered as in Figure 9: node by node, from the output layer down. Named vertices: the nodes of the hidden layer
        ``h1, h2, ...`` (``h1_1, ...``, layer first, where there are several), those of the output layer
        ``y1, y2, ...``, and the one output, ``Cost``.

    Notes
    -----
    Source: lecture, section 6. Cost: four vertices for each node and one or two for each weight.

    Examples
    --------
    >>> import numpy as np
    >>> graph = circuit([np.ones((3, 2)), np.ones((3, 3))], np.ones(2), np.zeros(3), bias=False)
    >>> graph.vertex("w14"), graph.outputs
    (<vertex 6: input w14 = 1.0>, (<vertex 50: + Cost = 1.3072467327872794>,))
    """
    builder = GraphBuilder()
    values: list[float] = []  # of every vertex so far

    def leaf(name: str, value: float) -> int:
        values.append(float(value))
        return builder.input(name, value)

    def operation(op: Op, *operands: int) -> int:
        values.append(float(op(*(np.float64(values[u]) for u in operands))))
        return builder.vertex(op, operands, values[-1])

    firsts = np.cumsum([0, *(w.size for w in reversed(weights))])[-2::-1] + 1  # each layer's first number
    current = [leaf(f"x{j}", number) for j, number in enumerate(x, start=1)]
    drawn = [
        np.reshape([leaf(f"w{first + k}", number) for k, number in enumerate(w.flat)], w.shape).astype(int)
        for first, w in zip(firsts, weights, strict=True)
    ]
    desired = [leaf(f"v{j}", number) for j, number in enumerate(v, start=1)]
    names: dict[int, str] = {}
    for depth, layer in enumerate(drawn, start=1):
        if bias:
            values.append(1.0)
            current = [*current, builder.constant(1.0)]
        sums = [
            operation(
                summation(len(current)), *(operation(multiply, int(w), u) for w, u in zip(node, current, strict=True))
            )
            for node in layer
        ]
        current = [operation(sigmoid, total) for total in sums]
        prefix = "y" if depth == len(weights) else "h" if len(weights) == 2 else f"h{depth}_"
        names |= {vertex: f"{prefix}{j}" for j, vertex in enumerate(current, start=1)}
    misses = [operation(half_squared_difference, y, wanted) for y, wanted in zip(current, desired, strict=True)]
    total = operation(summation(len(misses)), *misses)
    graph = builder.finish([total], ["Cost"])
    return graph.relabelled(graph.values, graph.labels, names)
