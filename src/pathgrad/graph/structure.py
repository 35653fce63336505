"""The arrays of a computation graph and the vertices that read them (floor 2; imports ops, errors).

`Structure` is storage and lookup without verbs; `graph.Graph` adds the verbs, which are functions on a `Structure`.

Storage, for a graph of ``n`` vertices and ``m`` edges::

    codes[n]      what each vertex is: INPUT, CONSTANT or an index into ``operators``
    values[n]     its value (float64, or SymPy expressions in an object array)
    starts[n+1]   edges into vertex v stand at starts[v]:starts[v+1], in the order of its operands
    operands[m]   the tail of each edge (its head is the row it stands in)
    labels[m]     the partial derivative of the head with respect to the tail (lecture, sections 3 and 5)
    carries[m]    False for an edge that carries no derivative wherever it exists (a condition, the operand of floor)
    order[n]      a topological order; 0, 1, ..., n - 1 for every graph that was recorded from a running function
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from ..ops import TABLE, Op
from .topology import topological_order

__all__ = ["CONSTANT", "INPUT", "Edge", "Structure", "Vertex", "VertexKey"]

INPUT = -1
CONSTANT = -2

#: How callers name a vertex: a `Vertex`, its number, or the name of an input, output or named vertex.
VertexKey = int | str


class Edge(NamedTuple):
    """One edge: from an operand to the vertex that uses it.

    Attributes
    ----------
    source, target : int
        The operand and its user.
    position : int
        Which operand of ``target`` it is, from 0; it tells the two edges of ``x * x`` apart.
    label : Any
        The partial derivative of ``target`` with respect to this operand.
    """

    source: int
    target: int
    position: int
    label: Any


class Vertex(int):
    """A vertex: its number, which it also is, and what the graph knows of it.

    Being an integer it indexes arrays and dictionaries; vertices of a graph and of its symbolic twin are
    interchangeable.

    Examples
    --------
    >>> from pathgrad.graph import Graph
    >>> Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1], input_names=["x"]).vertex("x")
    <vertex 0: input x>
    """

    _graph: Structure

    def __new__(cls, number: int, graph: Structure) -> Self:
        """Vertex ``number`` of ``graph``."""
        vertex = super().__new__(cls, number)
        vertex._graph = graph
        return vertex

    def __getnewargs__(self) -> tuple[Any, ...]:
        return int(self), self._graph

    @property
    def name(self) -> str | None:
        """The user's name of an input, output or named vertex, else None."""
        return self._graph.names.get(int(self))

    @property
    def operator(self) -> str:
        """The operator's name in the table, ``"input"`` or ``"constant"``."""
        return self._graph.operator_name(self)

    @property
    def symbol(self) -> str:
        """What a drawing writes into the vertex."""
        return self._graph.operator_symbol(self)

    @property
    def value(self) -> Any:
        """Its value in the recorded run; NaN in a hand-made graph without values."""
        return self._graph.values[int(self)]

    @property
    def operands(self) -> tuple[Vertex, ...]:
        """The vertices that it was computed from, in the order of the operator's arguments."""
        row = self._graph.operands[self._graph.row(int(self))]
        return tuple(Vertex(int(u), self._graph) for u in row)

    @property
    def labels(self) -> tuple[Any, ...]:
        """The labels of the edges from its operands, in the same order."""
        return tuple(self._graph.labels[self._graph.row(int(self))])

    def __repr__(self) -> str:
        what = self.symbol if self._graph.codes[int(self)] >= 0 else self.operator
        name = f" {self.name}" if self.name else ""
        value = self.value
        known = not (isinstance(value, float) and np.isnan(value)) and str(value) != self.name
        return f"<vertex {int(self)}: {what}{name}{f' = {value!s}' if known else ''}>"


class Structure:
    """A computation graph as arrays. Made by `GraphBuilder` and `Graph.from_edges`, not by hand.

    Attributes
    ----------
    codes, values, starts, operands, labels, carries, order : ndarray
        The arrays of the module's docstring.
    operators : tuple
        The operator records in use (bare names in hand-made graphs).
    names : dict
        Vertex number to name.
    """

    def __init__(
        self,
        *,
        codes: Sequence[int] | NDArray[Any],
        values: Sequence[Any] | NDArray[Any],
        starts: Sequence[int] | NDArray[Any],
        operands: Sequence[int] | NDArray[Any],
        labels: Sequence[Any] | NDArray[Any],
        carries: Sequence[bool] | NDArray[Any],
        operators: Sequence[Op | str],
        inputs: Sequence[int],
        outputs: Sequence[int],
        input_names: Sequence[str],
        output_names: Sequence[str | None],
        vertex_names: Mapping[int, str] | None = None,
    ) -> None:
        self.codes = np.asarray(codes, dtype=np.int32)
        self.values = np.asarray(values)
        self.starts = np.asarray(starts, dtype=np.int64)
        self.operands = np.asarray(operands, dtype=np.int64)
        self.labels = np.asarray(labels)
        self.carries = np.asarray(carries, dtype=np.bool_)
        self.operators = tuple(operators)
        self.input_names = tuple(input_names)
        self.output_names = tuple(output_names)
        self.vertex_names = dict(vertex_names or {})
        self._input_numbers = tuple(int(v) for v in inputs)
        self._output_numbers = tuple(int(v) for v in outputs)
        if len(self.codes) == 0:
            raise GraphError("graph: it is empty; a computation graph has at least one vertex. Record one operation")
        if not self._output_numbers:
            raise GraphError("graph: it has no output; name at least one vertex as output, or there is nothing to ask")
        self._check(self._output_numbers, "output")
        self.order = np.asarray(topological_order(self.starts.tolist(), self.operands.tolist()), dtype=np.int64)

    # ---- vertices --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def edge_count(self) -> int:
        """The number of edges."""
        return len(self.operands)

    @property
    def is_symbolic(self) -> bool:
        """Whether labels are expressions rather than numbers."""
        return self.labels.dtype == object

    @property
    def inputs(self) -> tuple[Vertex, ...]:
        """The input vertices, in the order of the function's arguments."""
        return tuple(Vertex(v, self) for v in self._input_numbers)

    @property
    def outputs(self) -> tuple[Vertex, ...]:
        """The output vertices, in the order of the function's results."""
        return tuple(Vertex(v, self) for v in self._output_numbers)

    @cached_property
    def names(self) -> dict[int, str]:
        """Vertex number to name; where a vertex has several, an input's comes first."""
        outputs = {v: name for v, name in zip(self._output_numbers, self.output_names, strict=True) if name}
        inputs = dict(zip(self._input_numbers, self.input_names, strict=True))
        return {**outputs, **self.vertex_names, **inputs}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        outputs = {name: v for v, name in zip(self._output_numbers, self.output_names, strict=True) if name}
        inputs = dict(zip(self.input_names, self._input_numbers, strict=True))
        return {**outputs, **{name: v for v, name in self.vertex_names.items()}, **inputs}

    def vertex(self, key: VertexKey) -> Vertex:
        """The vertex of that number or name.

        Parameters
        ----------
        key : Vertex, int or str
            A vertex, its number, or the name of an input (``"x"``, ``"x[0]"``), output or named vertex.

        Returns
        -------
        Vertex

        Raises
        ------
        GraphError
            The graph has no such vertex.

        Examples
        --------
        >>> from pathgrad.graph import Graph
        >>> graph = Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1], input_names=["x"])
        >>> int(graph.vertex("x"))
        0
        """
        if isinstance(key, str):
            if key in self._numbers:
                return Vertex(self._numbers[key], self)
            near = difflib.get_close_matches(key, self._numbers, n=3) or list(self._numbers)[:8]
            raise GraphError(
                f"graph: no vertex is named {key!r}; its names are {', '.join(map(repr, near)) or 'none'}. "
                f"Use one of them, a vertex of graph.inputs or graph.outputs, or a number below {len(self)}"
            )
        try:
            number = operator.index(key)
        except TypeError:
            raise GraphError(
                f"graph: a vertex is named by its number or its name, got {key!r} ({type(key).__name__}). "
                f"Use graph.inputs, graph.outputs or a name such as 'x'"
            ) from None
        self._check((number,), "asked for")
        return Vertex(number, self)

    def vertices(self, keys: VertexKey | Iterable[VertexKey]) -> tuple[Vertex, ...]:
        """The vertices of one key or of several, without repeats allowed.

        Raises
        ------
        GraphError
            A vertex is unknown, is named twice, or none is named.
        """
        single = isinstance(keys, (str, int, np.integer)) or not isinstance(keys, Iterable)
        found = tuple(map(self.vertex, [keys] if single else keys))  # type: ignore[arg-type]
        if not found:
            raise GraphError("graph: an empty list of vertices was given; name at least one")
        if len(set(found)) < len(found):
            raise GraphError(f"graph: a vertex is named twice in {[int(v) for v in found]}; name each once")
        return found

    def _check(self, numbers: Iterable[int], role: str) -> None:
        for number in numbers:
            if not 0 <= number < len(self):
                raise GraphError(
                    f"graph: vertex {number} ({role}) is unknown; the vertices are 0 to {len(self) - 1}. "
                    f"Use one of these numbers, or a vertex of graph.inputs or graph.outputs"
                )

    # ---- what a vertex is ------------------------------------------------------------------------------------------

    def row(self, vertex: int) -> slice:
        """Where the edges into ``vertex`` stand in ``operands``, ``labels`` and ``carries``."""
        return slice(int(self.starts[vertex]), int(self.starts[vertex + 1]))

    def record(self, vertex: int) -> Op | None:
        """The operator's record; None for inputs, constants and operators known by name alone."""
        code = self.codes[vertex]
        found = self.operators[code] if code >= 0 else None
        return found if isinstance(found, Op) else None

    def operator_name(self, vertex: int) -> str:
        """The operator's name, ``"input"`` or ``"constant"``."""
        code = int(self.codes[vertex])
        if code < 0:
            return "input" if code == INPUT else "constant"
        found = self.operators[code]
        return found.name if isinstance(found, Op) else found

    def operator_symbol(self, vertex: int) -> str:
        """What a drawing writes into the vertex: the operator's sign, or a leaf's name or value."""
        code = int(self.codes[vertex])
        if code < 0:
            return self.names.get(int(vertex)) or str(self.values[vertex])
        found = self.operators[code]
        record = found if isinstance(found, Op) else TABLE.get(found)
        return record.symbol if record is not None else str(found)

    def edges(self) -> Iterator[Edge]:
        """Every edge, by head and then by position.

        Examples
        --------
        >>> from pathgrad.graph import Graph
        >>> list(Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1]).edges())
        [Edge(source=0, target=1, position=0, label=3.0)]
        """
        starts, operands, labels = self.starts.tolist(), self.operands.tolist(), self.label_list
        for target in range(len(self)):
            for position in range(starts[target], starts[target + 1]):
                yield Edge(operands[position], target, position - starts[target], labels[position])

    @cached_property
    def label_list(self) -> list[Any]:
        """The labels as Python objects: sweeps on Python floats are faster and never warn."""
        return list(self.labels.tolist())

    @cached_property
    def rows(self) -> tuple[list[int], list[int], list[int], list[bool]]:
        """``order``, ``starts``, ``operands`` and ``carries`` as lists, for the sweeps."""
        return self.order.tolist(), self.starts.tolist(), self.operands.tolist(), self.carries.tolist()

    def relabelled(self, values: NDArray[Any], labels: NDArray[Any], vertex_names: Mapping[int, str]) -> Self:
        """The same graph with other values and labels (its symbolic twin, say)."""
        return type(self)(
            codes=self.codes,
            values=values,
            starts=self.starts,
            operands=self.operands,
            labels=labels,
            carries=self.carries,
            operators=self.operators,
            inputs=self._input_numbers,
            outputs=self._output_numbers,
            input_names=self.input_names,
            output_names=self.output_names,
            vertex_names={**self.vertex_names, **vertex_names},
        )
