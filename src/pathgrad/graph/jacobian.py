"""The Jacobian by forward or backward sweeps, whichever is cheaper (floor 2; imports paths, semiring, structure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .paths import Direction, chosen_semiring, sweep
from .semiring import BOOLEAN, Semiring
from .structure import Structure, Vertex, VertexKey

__all__ = ["Cost", "Jacobian", "jacobian"]

Order = Literal["forward", "reverse"]


class Cost(NamedTuple):
    """What an order takes.

    Attributes
    ----------
    passes : int
        Traversals of the graph.
    multiplications, additions : int
        Calls of extend and combine, all passes together.
    """

    passes: int
    multiplications: int
    additions: int

    def __str__(self) -> str:
        passes = "1 pass" if self.passes == 1 else f"{self.passes} passes"
        return f"{passes}, {self.multiplications} multiplications, {self.additions} additions"


@dataclass(frozen=True)
class Jacobian:
    """The matrix of path values from inputs to outputs, the order that computed it, and the cost of either.

    Attributes
    ----------
    matrix : ndarray, shape (len(outputs), len(inputs))
        Row ``k``, column ``l``: the path value from ``inputs[l]`` to ``outputs[k]``.
    outputs, inputs : tuple of Vertex
        The sets K and L of the lecture's section 4.
    order : str
        ``"forward"`` or ``"reverse"``: what was done.
    reason : str
        Why.
    costs : dict
        ``Cost`` by order: counted for the order that was done, and by a rehearsal without numbers for the other.
    """

    matrix: NDArray[Any]
    outputs: tuple[Vertex, ...]
    inputs: tuple[Vertex, ...]
    order: Order
    reason: str
    costs: dict[Order, Cost]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.matrix, dtype=dtype)

    def __str__(self) -> str:
        lines = [f"Jacobian of {len(self.outputs)} outputs by {len(self.inputs)} inputs: {self.order}, {self.reason}"]
        for order, cost in self.costs.items():
            lines.append(f"  {order:<8} {cost}{'  (done)' if order == self.order else ''}")
        return "\n".join([*lines, str(self.matrix)])


def jacobian(
    graph: Structure,
    outputs: VertexKey | Iterable[VertexKey] | None = None,
    inputs: VertexKey | Iterable[VertexKey] | None = None,
    order: Literal["auto", "forward", "reverse"] = "auto",
    semiring: Semiring | None = None,
) -> Jacobian:
    """The derivatives of the outputs K with respect to the inputs L.

    Parameters
    ----------
    graph : Graph
        The graph.
    outputs, inputs : vertex, name or list of them, optional
        K and L; all outputs and all inputs if left out.
    order : {"auto", "forward", "reverse"}
        ``|L|`` forward passes, or ``|K|`` backward passes. ``"auto"`` takes the fewer passes; if they are as many,
        the order with fewer multiplications and additions.
    semiring : Semiring, optional
        As for `paths`; `BOOLEAN` gives the sparsity pattern.

    Returns
    -------
    Jacobian
        ``.matrix``, ``.order``, ``.reason`` and ``.costs``; ``print`` it for all four.

    Raises
    ------
    GraphError
        A vertex is unknown, or ``order`` is none of the three.

    Notes
    -----
    Source: lecture, section 4, "Forward-Mode Versus Reverse-Mode", and Figure 5. Orders other than these two are
    `eliminate`'s.

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(4, 2, [(0, 2, 2.0), (1, 2, 3.0), (2, 3, 10.0)], outputs=[3])
    >>> print(jacobian(graph))
    Jacobian of 1 outputs by 2 inputs: reverse, |K| = 1 < |L| = 2
      forward  2 passes, 2 multiplications, 0 additions
      reverse  1 pass, 2 multiplications, 0 additions  (done)
    [[20. 30.]]
    """
    if order not in ("auto", "forward", "reverse"):
        raise GraphError(
            f"jacobian: order must be 'auto', 'forward' or 'reverse', got {order!r}; other orders are graph.eliminate's"
        )
    ring = chosen_semiring(graph, semiring)
    K = graph.vertices(graph.outputs if outputs is None else outputs)
    L = graph.vertices(graph.inputs if inputs is None else inputs)
    rehearsed = {name: _passes(graph, K, L, name, BOOLEAN)[1] for name in _ORDERS}
    done, reason = _choose(order, len(K), len(L), rehearsed)
    matrix, cost = _passes(graph, K, L, done, ring)
    return Jacobian(matrix, K, L, done, reason, {**rehearsed, done: cost})


_ORDERS: tuple[Order, Order] = ("forward", "reverse")


def _choose(asked: str, k: int, l: int, costs: dict[Order, Cost]) -> tuple[Order, str]:  # noqa: E741
    if asked != "auto":
        return ("forward" if asked == "forward" else "reverse"), "as asked"
    if k != l:
        return ("reverse", f"|K| = {k} < |L| = {l}") if k < l else ("forward", f"|L| = {l} < |K| = {k}")
    work = {order: cost.multiplications + cost.additions for order, cost in costs.items()}
    if work["forward"] == work["reverse"]:
        return "forward", f"|K| = |L| = {k} and both cost the same"
    cheaper: Order = "forward" if work["forward"] < work["reverse"] else "reverse"
    return cheaper, f"|K| = |L| = {k} and it is cheaper"


def _passes(
    graph: Structure, K: tuple[Vertex, ...], L: tuple[Vertex, ...], order: Order, ring: Semiring
) -> tuple[NDArray[Any], Cost]:
    matrix = np.empty((len(K), len(L)), dtype=ring.dtype)
    multiplications = additions = 0
    seeds, ends = (L, K) if order == "forward" else (K, L)
    direction: Direction = "forward" if order == "forward" else "backward"
    for i, seed in enumerate(seeds):
        one = sweep(graph, seed, ends, direction, ring)
        multiplications, additions = multiplications + one.multiplications, additions + one.additions
        for j, end in enumerate(ends):
            # Assigned one by one: NumPy would take a tuple element (bounds, a strongest path) for a row.
            matrix[(j, i) if order == "forward" else (i, j)] = one.values.get(end, ring.zero)
    return matrix, Cost(len(seeds), multiplications, additions)
