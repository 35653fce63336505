"""Vertex elimination: path problems in any order (floor 2; imports paths, semiring, structure, topology).

Eliminating a vertex joins each edge into it with each edge out of it, ``extend`` for the pair and ``combine`` where
the joined edge exists already; then only edges from inputs to outputs remain, and their labels are the Jacobian.
Inputs to outputs is forward mode, the other way reverse mode, and cheaper orders lie between (lecture, section 2: "the
endpoints of a spectrum").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .paths import chosen_semiring
from .semiring import Semiring
from .structure import Edge, Structure, Vertex, VertexKey
from .topology import relevant

__all__ = ["Elimination", "eliminate"]

# The label of an edge that only renames a vertex; joining with it costs nothing.
_SAME = object()
_UNITS = (1, -1)


@dataclass(frozen=True)
class Elimination:
    """What an elimination gave and took.

    Attributes
    ----------
    matrix : ndarray, shape (len(outputs), len(inputs))
        The Jacobian.
    outputs, inputs : tuple of Vertex
        Its rows and columns.
    order : tuple of Vertex
        The vertices in the order in which they were eliminated.
    name : str
        ``"forward"``, ``"reverse"``, ``"markowitz"`` or ``"given"``.
    multiplications, additions : int
        Calls of extend and combine.
    fill_in : int
        Edges that the elimination had to create.
    unit_products : int
        Those of the multiplications in which a label was 1 or −1, which emitted code need not execute.
    """

    matrix: NDArray[Any]
    outputs: tuple[Vertex, ...]
    inputs: tuple[Vertex, ...]
    order: tuple[Vertex, ...]
    name: str
    multiplications: int
    additions: int
    fill_in: int
    unit_products: int

    def __str__(self) -> str:
        return (
            f"{self.name} elimination of {len(self.order)} vertices: {self.multiplications} multiplications, "
            f"{self.additions} additions, {self.fill_in} edges of fill-in\n{self.matrix}"
        )


class _Workspace:
    """The linearized graph while it shrinks: one label for each pair of joined vertices."""

    def __init__(self, graph: Structure, K: Sequence[Vertex], L: Sequence[Vertex], ring: Semiring) -> None:
        order, starts, operands, carries = graph.rows
        between = relevant(order, starts, operands, carries, L, K)
        self.ring = ring
        self.before: dict[int, dict[int, Any]] = {v: {} for v in order if between[v]}
        self.after: dict[int, dict[int, Any]] = {v: {} for v in order if between[v]}
        self.multiplications = self.additions = self.fill_in = self.unit_products = 0
        for head in self.before:
            for position in range(starts[head], starts[head + 1]):
                tail = operands[position]
                if carries[position] and between[tail]:
                    edge = Edge(tail, head, position - starts[head], graph.label_list[position])
                    self.join(tail, head, ring.lift(edge))
        self.fill_in = 0
        # A source that is computed from another, or a target that another uses, lies on paths and also ends them: a
        # twin without further edges ends them, and the vertex itself can be eliminated.
        self.ends: dict[tuple[str, int], int] = {}
        sources, targets, twin = set(map(int, L)), set(map(int, K)), len(graph)
        for vertex in [v for v in order if between[v]]:
            on_paths = (vertex in sources and bool(self.before[vertex] or vertex in targets)) or (
                vertex in targets and bool(self.after[vertex])
            )
            for role, members in (("source", sources), ("target", targets)):
                if vertex in members:
                    self.ends[role, vertex] = twin if on_paths else vertex
                    if on_paths:
                        self.before[twin], self.after[twin] = {}, {}
                        self._put(*((twin, vertex) if role == "source" else (vertex, twin)), _SAME)
                        twin += 1
        ending = set(self.ends.values())
        self.interior = [v for v in order if between[v] and v not in ending]

    def _put(self, tail: int, head: int, label: Any) -> None:
        self.after[tail][head] = self.before[head][tail] = label

    def join(self, tail: int, head: int, label: Any) -> None:
        """Add an edge, combining it with the one that is there."""
        if head in self.after[tail]:
            there = self.after[tail][head]
            one = self.ring.one
            label = self.ring.combine(one if there is _SAME else there, one if label is _SAME else label)
            self.additions += 1
        else:
            self.fill_in += 1
        self._put(tail, head, label)

    def degree(self, vertex: int) -> int:
        """Markowitz: how many pairs of edges the elimination of ``vertex`` joins."""
        return len(self.before[vertex]) * len(self.after[vertex])

    def eliminate(self, vertex: int) -> None:
        """Join each edge into ``vertex`` with each edge out of it, and remove it."""
        before, after = self.before.pop(vertex), self.after.pop(vertex)
        for tail in before:
            del self.after[tail][vertex]
        for head in after:
            del self.before[head][vertex]
        for tail, into in before.items():
            for head, out in after.items():
                if into is _SAME or out is _SAME:
                    label = out if into is _SAME else into
                else:
                    label = self.ring.extend(into, out)
                    self.multiplications += 1
                    self.unit_products += bool(into in _UNITS or out in _UNITS)
                self.join(tail, head, label)

    def value(self, source: int, target: int) -> Any:
        """The label that remains between an input and an output."""
        tail, head = self.ends.get(("source", source)), self.ends.get(("target", target))
        if tail is None or head is None:
            return self.ring.zero
        label = self.after[tail].get(head, self.ring.zero)
        return self.ring.one if label is _SAME else label


def eliminate(
    graph: Structure,
    order: Literal["forward", "reverse", "markowitz"] | Sequence[VertexKey] = "markowitz",
    outputs: VertexKey | Iterable[VertexKey] | None = None,
    inputs: VertexKey | Iterable[VertexKey] | None = None,
    semiring: Semiring | None = None,
) -> Elimination:
    """The Jacobian by vertex elimination.

    Parameters
    ----------
    graph : Graph
        The graph; it is not changed.
    order : {"forward", "reverse", "markowitz"} or sequence of vertices
        From inputs to outputs, the other way round, always the vertex that joins the fewest pairs of edges (ties to
        the lowest number), or as given: every vertex between inputs and outputs once. Vertices that no path between
        them visits may be named and are passed over.
    outputs, inputs : vertex, name or list of them, optional
        As for `jacobian`.
    semiring : Semiring, optional
        As for `paths`.

    Returns
    -------
    Elimination
        ``.matrix``, the counts, and the order that was followed.

    Raises
    ------
    GraphError
        ``order`` is no order: an unknown word or vertex, a vertex twice, or one missing.

    Notes
    -----
    Markowitz' rule is greedy: no known polynomial method finds the cheapest order. Edges side by side (``x * x``) are
    combined before the first elimination, which counts as an addition.

    References
    ----------
    A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd edition, SIAM 2008, on Jacobian accumulation.

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(4, 2, [(0, 2, 2.0), (1, 2, 3.0), (2, 3, 10.0)], outputs=[3])
    >>> print(eliminate(graph, "reverse"))
    reverse elimination of 1 vertices: 2 multiplications, 0 additions, 2 edges of fill-in
    [[20. 30.]]
    """
    ring = chosen_semiring(graph, semiring)
    K = graph.vertices(graph.outputs if outputs is None else outputs)
    L = graph.vertices(graph.inputs if inputs is None else inputs)
    space = _Workspace(graph, K, L, ring)
    name, pick = _order(graph, space, order)
    eliminated: list[Vertex] = []
    remaining = list(space.interior)
    while remaining:
        vertex = pick(remaining)
        remaining.remove(vertex)
        space.eliminate(vertex)
        eliminated.append(graph.vertex(vertex))
    matrix = np.empty((len(K), len(L)), dtype=ring.dtype)
    for k, target in enumerate(K):
        for j, source in enumerate(L):
            matrix[k, j] = space.value(int(source), int(target))
    return Elimination(
        matrix,
        K,
        L,
        tuple(eliminated),
        name,
        space.multiplications,
        space.additions,
        space.fill_in,
        space.unit_products,
    )


def _order(
    graph: Structure, space: _Workspace, order: str | Sequence[VertexKey]
) -> tuple[str, Callable[[list[int]], int]]:
    if order == "forward":
        return "forward", lambda remaining: remaining[0]
    if order == "reverse":
        return "reverse", lambda remaining: remaining[-1]
    if order == "markowitz":
        return "markowitz", lambda remaining: min(remaining, key=lambda v: (space.degree(v), v))
    if isinstance(order, str):
        raise GraphError(
            f"eliminate: order must be 'forward', 'reverse', 'markowitz' or a sequence of vertices, got {order!r}"
        )
    interior = set(space.interior)
    given = [int(graph.vertex(v)) for v in order]
    wanted = [v for v in given if v in interior]
    if sorted(wanted) != sorted(interior):
        missing, twice = sorted(interior - set(wanted)), sorted({v for v in wanted if wanted.count(v) > 1})
        raise GraphError(
            f"eliminate: the given order must name every vertex between inputs and outputs once; "
            f"missing: {missing or 'none'}, named twice: {twice or 'none'}"
        )
    following = iter(wanted)
    return "given", lambda remaining: next(following)
