"""The computation graph and its builder (floor 2; imports the rest of this package).

A computation graph is the acyclic graph of the operations performed in one execution, each edge labelled with the
partial derivative of its head with respect to its tail (lecture, section 3). This module gives the arrays of
`structure` their verbs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from ..errors import GraphError
from ..ops import Op, elementary
from .eliminate import Elimination, eliminate
from .jacobian import Jacobian, jacobian
from .paths import Direction, Paths, Sweep, paths
from .semiring import Semiring
from .structure import CONSTANT, INPUT, Structure, VertexKey
from .symbolic import symbolic

__all__ = ["Graph", "GraphBuilder", "summation"]

Keys = VertexKey | Iterable[VertexKey]


class Graph(Structure):
    """A computation graph: what one execution did, with the partial derivatives on its edges.

    Made by tracing a function, by `GraphBuilder`, or by `Graph.from_edges`. ``graph.inputs`` and ``graph.outputs``
    are its vertices; wherever a vertex is expected its number or name does as well.

    Examples
    --------
    The lecture's h(x, y) = (x + 4y) × ((x + y) × y) at x = 3, y = 5 (equation 3, Figures 2b and 3):

    >>> from pathgrad.ops.elementary import add, multiply
    >>> build = GraphBuilder()
    >>> x, y, four = build.input("x", 3.0), build.input("y", 5.0), build.constant(4.0)
    >>> left = build.vertex(add, [x, build.vertex(multiply, [four, y], 20.0)], 23.0)
    >>> right = build.vertex(multiply, [build.vertex(add, [x, y], 8.0), y], 40.0)
    >>> h = build.finish([build.vertex(multiply, [left, right], 920.0)], ["h"])
    >>> h
    <Graph of 8 vertices and 10 edges: inputs x, y; outputs h>
    >>> h.paths("x", direction="forward").value, h.paths("y", direction="backward").value
    (155.0, 459.0)
    """

    def __repr__(self) -> str:
        ends = [_listed([v.name or str(int(v)) for v in side]) for side in (self.inputs, self.outputs)]
        kind = "Symbolic graph" if self.is_symbolic else "Graph"
        return (
            f"<{kind} of {len(self)} vertices and {self.edge_count} edges: inputs {ends[0] or 'none'}; "
            f"outputs {ends[1]}>"
        )

    @classmethod
    def from_edges(
        cls,
        n: int,
        n_inputs: int,
        edges: Iterable[Sequence[Any]],
        outputs: Iterable[int],
        *,
        operators: Sequence[str] | None = None,
        values: Sequence[float] | None = None,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str | None] | None = None,
    ) -> Self:
        """A graph made by hand.

        Parameters
        ----------
        n, n_inputs : int
            Vertices are 0 to ``n - 1``, the first ``n_inputs`` of them inputs.
        edges : iterable of (tail, head) or (tail, head, label)
            In the order of each head's operands; two edges between the same pair both count. The label is 1.0 if
            left out, and may be anything that the semiring understands.
        outputs : iterable of int
            The output vertices.
        operators : sequence of str, optional
            Names for the vertices after the inputs, for pictures.
        values : sequence of float, optional
            The value of every vertex.
        input_names, output_names : sequence of str, optional
            Names; inputs are ``x[0], x[1], ...`` if left out.

        Returns
        -------
        Graph

        Raises
        ------
        GraphError
            The graph is empty or has a cycle, an edge or output names an unknown vertex, an edge enters an input, or
            a list has the wrong length.

        Examples
        --------
        >>> Graph.from_edges(3, 2, [(0, 2, 5.0), (1, 2, 3.0)], outputs=[2])
        <Graph of 3 vertices and 2 edges: inputs x[0], x[1]; outputs 2>
        """
        listed = [tuple(edge) for edge in edges]
        ends = [int(v) for v in outputs]
        if n <= 0:
            raise GraphError("graph: it is empty; a computation graph has at least one vertex. Pass n of 1 or more")
        if not 0 <= n_inputs <= n:
            raise GraphError(f"graph: n_inputs is {n_inputs} in a graph of {n} vertices; pass a number from 0 to {n}")
        for edge in listed:
            if len(edge) not in (2, 3):
                raise GraphError(f"graph: an edge is (tail, head) or (tail, head, label), got {edge!r}")
            for end in edge[:2]:
                if not 0 <= end < n:
                    raise GraphError(
                        f"graph: edge {edge[0]} → {edge[1]} names vertex {end}, which is unknown; "
                        f"the vertices are 0 to {n - 1}"
                    )
        by_head = sorted(listed, key=lambda edge: int(edge[1]))
        heads = np.array([edge[1] for edge in by_head], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(np.bincount(heads, minlength=n))])
        names = [f"x[{i}]" for i in range(n_inputs)] if input_names is None else list(input_names)
        called = [None] * len(ends) if output_names is None else list(output_names)
        kinds = ["?"] * (n - n_inputs) if operators is None else list(operators)
        numbers = [float("nan")] * n if values is None else list(values)
        for what, got, wanted in (
            ("input_names", names, n_inputs),
            ("output_names", called, len(ends)),
            ("operators", kinds, n - n_inputs),
            ("values", numbers, n),
        ):
            if len(got) != wanted:
                raise GraphError(f"graph: {what} has {len(got)} entries, expected {wanted}; give one for each vertex")
        used = sorted(set(kinds))
        codes = [INPUT] * n_inputs + [
            used.index(kind) if starts[v + 1] > starts[v] else CONSTANT for v, kind in enumerate(kinds, start=n_inputs)
        ]
        graph = cls(
            codes=codes,
            values=np.array(numbers, dtype=np.float64),
            starts=starts,
            operands=[edge[0] for edge in by_head],
            labels=_label_array([edge[2] if len(edge) == 3 else 1.0 for edge in by_head]),
            carries=[True] * len(by_head),
            operators=used,
            inputs=range(n_inputs),
            outputs=ends,
            input_names=names,
            output_names=called,
        )
        for edge in listed:
            if edge[1] < n_inputs:
                raise GraphError(
                    f"graph: edge {edge[0]} → {edge[1]} enters input {edge[1]}; inputs are given, not computed. "
                    f"Number the inputs 0 to n_inputs - 1 and point edges from operands to users"
                )
        return graph

    def paths(
        self,
        source: Keys,
        target: Keys | None = None,
        direction: Direction = "forward",
        semiring: Semiring | None = None,
    ) -> Paths:
        """Solve a path problem; see `pathgrad.graph.paths`."""
        return paths(self, source, target, direction, semiring)

    def jacobian(
        self,
        outputs: Keys | None = None,
        inputs: Keys | None = None,
        order: Literal["auto", "forward", "reverse"] = "auto",
        semiring: Semiring | None = None,
    ) -> Jacobian:
        """All derivatives of ``outputs`` by ``inputs``; see `pathgrad.graph.jacobian`."""
        return jacobian(self, outputs, inputs, order, semiring)

    def eliminate(
        self,
        order: Literal["forward", "reverse", "markowitz"] | Sequence[VertexKey] = "markowitz",
        outputs: Keys | None = None,
        inputs: Keys | None = None,
        semiring: Semiring | None = None,
    ) -> Elimination:
        """The Jacobian by eliminating vertices in any order; see `pathgrad.graph.eliminate`."""
        return eliminate(self, order, outputs, inputs, semiring)

    def symbolic(self, names: Mapping[VertexKey, str] | Literal["auto"] | None = None) -> Self:
        """The same graph labelled with SymPy expressions; see `pathgrad.graph.symbolic`."""
        return symbolic(self, names)

    def draw(self, path: str | Path, paths: Paths | Sweep | None = None, **options: Any) -> Path:
        """Draw the graph into an SVG, PNG or DOT file; see `pathgrad.draw.draw`."""
        # Pictures stand on the top floor, above this one: found by name when asked for, so that no import points up.
        drawn: Path = importlib.import_module("pathgrad.draw").draw(self, path, paths=paths, **options)
        return drawn


class GraphBuilder:
    """Records a computation graph, operand before user.

    Examples
    --------
    >>> from pathgrad.ops.elementary import multiply
    >>> builder = GraphBuilder()
    >>> x = builder.input("x", 3.0)
    >>> graph = builder.finish([builder.vertex(multiply, [x, x], 9.0)])
    >>> graph.outputs[0].labels, graph.paths("x").value
    ((np.float64(3.0), np.float64(3.0)), 6.0)
    """

    def __init__(self) -> None:
        self._codes: list[int] = []
        self._values: list[float] = []
        self._starts: list[int] = [0]
        self._operands: list[int] = []
        self._labels: list[float] = []
        self._carries: list[bool] = []
        self._operators: dict[Op, int] = {}
        self._inputs: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def input(self, name: str, value: float) -> int:
        """A new input; returns its number.

        Parameters
        ----------
        name : str
            The user's name for it, ``"x"`` or ``"x[0]"``.
        value : float
            Its value.

        Raises
        ------
        GraphError
            Another input has this name.
        """
        if name in self._inputs:
            raise GraphError(f"graph: two inputs are named {name!r}; give each its own name")
        self._inputs[name] = len(self)
        return self._leaf(INPUT, value)

    def constant(self, value: float) -> int:
        """A new constant; returns its number."""
        return self._leaf(CONSTANT, value)

    def _leaf(self, code: int, value: float) -> int:
        self._codes.append(code)
        self._values.append(float(value))
        self._starts.append(len(self._operands))
        return len(self) - 1

    def vertex(self, op: Op, operands: Sequence[int], value: float) -> int:
        """A new operation; returns its number. Its edges get the labels that ``op`` has at these values.

        Parameters
        ----------
        op : Op
            The record. It need not be in the table: `summation` makes records for sums of any number of operands.
        operands : sequence of int
            Numbers of earlier vertices.
        value : float
            The result.

        Raises
        ------
        GraphError
            An operand is unknown, their number is not the operator's, or ``op`` is an array operator.

        Notes
        -----
        Labels outside an operator's domain are inf or nan without a warning: the value has given it already.
        """
        if not op.elementwise:
            raise GraphError(
                f"graph: {op.name!r} is an array operator, and vertices are numbers; record its elementwise operations"
            )
        if len(operands) != op.arity:
            raise GraphError(f"graph: {op.name!r} takes {op.arity} operands, got {len(operands)}")
        for operand in operands:
            if not 0 <= operand < len(self):
                raise GraphError(
                    f"graph: operand {operand} of {op.name!r} is unknown; {len(self)} vertices are recorded so far. "
                    f"Pass numbers that the builder returned"
                )
        result, arguments = np.float64(value), [np.float64(self._values[u]) for u in operands]
        with np.errstate(all="ignore"):
            labels = [0.0 if label is None else float(label(result, *arguments)) for label in op.labels]
        self._codes.append(self._operators.setdefault(op, len(self._operators)))
        self._values.append(float(value))
        self._operands.extend(int(u) for u in operands)
        self._labels.extend(labels)
        self._carries.extend(label is not None for label in op.labels)
        self._starts.append(len(self._operands))
        return len(self) - 1

    def finish(self, outputs: Sequence[int], output_names: Sequence[str | None] | None = None) -> Graph:
        """The graph.

        Parameters
        ----------
        outputs : sequence of int
            Numbers of the output vertices.
        output_names : sequence of str, optional
            Their names.

        Raises
        ------
        GraphError
            Nothing was recorded, there is no output, an output is unknown, or the names do not fit.
        """
        names = [None] * len(outputs) if output_names is None else list(output_names)
        if len(names) != len(outputs):
            raise GraphError(f"graph: {len(names)} output names for {len(outputs)} outputs; give one for each")
        return Graph(
            codes=self._codes,
            values=np.array(self._values, dtype=np.float64),
            starts=self._starts,
            operands=self._operands,
            labels=np.array(self._labels, dtype=np.float64),
            carries=self._carries,
            operators=tuple(self._operators),
            inputs=tuple(self._inputs.values()),
            outputs=outputs,
            input_names=tuple(self._inputs),
            output_names=names,
        )


@cache
def summation(arity: int) -> Op:
    """The record of a sum of ``arity`` operands: an n-ary operator, every label 1 (lecture, section 5 and Figure 9).

    Examples
    --------
    >>> builder = GraphBuilder()
    >>> terms = [builder.input(name, 1.0) for name in "abc"]
    >>> builder.finish([builder.vertex(summation(3), terms, 3.0)]).outputs[0].labels
    (np.float64(1.0), np.float64(1.0), np.float64(1.0))
    """

    def value(*operands: Any) -> Any:
        return sum(operands[1:], start=operands[0])

    def label(v: Any, *operands: Any) -> float:
        return 1.0

    labels: tuple[Callable[..., Any], ...] = (label,) * arity
    return Op(
        "sum",
        value,
        labels,
        domain=elementary.add.domain[:1] * arity,
        ref="lecture 3 and 5",
        symbol="+",
        sympy=lambda sp, *operands: sp.Add(*operands),
        linear=tuple(range(arity)),
        total=True,
        result="number",
    )


def _label_array(labels: list[Any]) -> Any:
    if all(isinstance(label, (int, float, np.number)) for label in labels):
        return np.array(labels, dtype=np.float64)
    array = np.empty(len(labels), dtype=object)
    for position, label in enumerate(labels):
        array[position] = label
    return array


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")
