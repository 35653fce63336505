"""The symbolically labelled computation graph (floor 2; imports structure, ops; SymPy when first used).

The labels are those of the operator table, called with symbols instead of numbers (lecture, Figure 2a): no rule is
written again for symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, TypeVar

import numpy as np

from ..errors import GraphError
from ..ops import TABLE, Op, elementary
from .structure import INPUT, Structure, VertexKey

__all__ = ["SymbolicValue", "symbolic"]

_G = TypeVar("_G", bound=Structure)
# Exact binary fractions up to this denominator (0.5, 0.375) print as fractions; others (0.1) stay decimal.
_LARGEST_DENOMINATOR = 1024


def exact(value: Any) -> Any:
    """A number as SymPy writes it in a formula: 4.0 as 4, 0.5 as 1/2, 0.1 as a decimal; expressions unchanged.

    Examples
    --------
    >>> exact(4.0), exact(0.5), exact(0.1)
    (4, 1/2, 0.100000000000000)
    """
    import sympy

    if isinstance(value, (bool, np.bool_)):
        return sympy.true if value else sympy.false
    if isinstance(value, (int, float, np.number)):
        number = float(value)
        if not np.isfinite(number):
            return sympy.sympify(number)
        fraction = Fraction(number)
        if fraction.denominator <= _LARGEST_DENOMINATOR:
            return sympy.Rational(fraction.numerator, fraction.denominator)
        # 15 digits, so that 0.1 stays 0.1 and does not become its binary expansion.
        return sympy.Float(repr(number), 15)
    return value


class SymbolicValue:
    """A SymPy expression that operators of the table accept, so that labels can be called with it.

    Parameters
    ----------
    expression : sympy.Expr or number
        What it stands for.

    Examples
    --------
    >>> import sympy
    >>> from pathgrad.ops.exponential import sigmoid
    >>> sigmoid.labels[0](SymbolicValue(sympy.Symbol("y")), SymbolicValue(sympy.Symbol("x"))).expression
    y*(1 - y)
    """

    __slots__ = ("expression",)
    __array_ufunc__ = None

    def __init__(self, expression: Any) -> None:
        self.expression = exact(expression)

    def __pathgrad__(self, op: Op, operands: tuple[Any, ...], parameters: Mapping[str, Any]) -> SymbolicValue:
        """The operator on expressions, by its record."""
        import sympy

        if op.sympy is None or parameters:
            raise GraphError(
                f"symbolic: the operator {op.name!r} has no symbolic form; "
                f"give its record a field sympy=lambda sp, *operands: ..."
            )
        expressions = [
            operand.expression if isinstance(operand, SymbolicValue) else exact(operand) for operand in operands
        ]
        for j, interval in enumerate(op.domain[: len(expressions)]):
            # Traced truth values are the numbers 1 and 0, or an input used as a condition; a Symbol passes for a
            # Boolean in SymPy, but nothing numeric could be substituted for it.
            boolean = isinstance(expressions[j], sympy.logic.boolalg.Boolean)
            if interval.boolean and (not boolean or isinstance(expressions[j], sympy.Symbol)):
                expressions[j] = sympy.Ne(expressions[j], 0)
        return SymbolicValue(op.sympy(sympy, *expressions))

    def _binary(self, op: Op, other: Any, swapped: bool = False) -> Any:
        if not isinstance(other, (SymbolicValue, int, float, np.number)):
            return NotImplemented
        return self.__pathgrad__(op, (other, self) if swapped else (self, other), {})

    def __add__(self, other: Any) -> Any:
        return self._binary(elementary.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._binary(elementary.add, other, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self._binary(elementary.subtract, other)

    def __rsub__(self, other: Any) -> Any:
        return self._binary(elementary.subtract, other, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self._binary(elementary.multiply, other)

    def __rmul__(self, other: Any) -> Any:
        return self._binary(elementary.multiply, other, swapped=True)

    def __truediv__(self, other: Any) -> Any:
        return self._binary(elementary.divide, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary(elementary.divide, other, swapped=True)

    def __floordiv__(self, other: Any) -> Any:
        return self._binary(TABLE["floor_divide"], other)

    def __pow__(self, other: Any) -> Any:
        return self._binary(elementary.power, other)

    def __rpow__(self, other: Any) -> Any:
        return self._binary(elementary.power, other, swapped=True)

    def __neg__(self) -> Any:
        return self.__pathgrad__(elementary.negative, (self,), {})

    def __lt__(self, other: Any) -> Any:
        return self._binary(TABLE["less"], other)

    def __le__(self, other: Any) -> Any:
        return self._binary(TABLE["less_equal"], other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(TABLE["greater"], other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(TABLE["greater_equal"], other)

    def __eq__(self, other: Any) -> Any:
        return self._binary(TABLE["equal"], other)

    def __ne__(self, other: Any) -> Any:
        return self._binary(TABLE["not_equal"], other)

    __hash__ = None  # type: ignore[assignment]  # == builds an expression, as in NumPy

    def __repr__(self) -> str:
        return f"SymbolicValue({self.expression})"


def symbolic(graph: _G, names: Mapping[VertexKey, str] | Literal["auto"] | None = None) -> _G:
    """The graph with SymPy expressions in place of numbers.

    Parameters
    ----------
    graph : Graph
        A graph with operator records: traced, or made by `GraphBuilder`.
    names : mapping of vertex to str, or "auto", optional
        Names for intermediate results: labels are then written in terms of them, as the lecture's Figure 9 writes
        y(1 − y) for the sigmoid's label. ``"auto"`` names every operation ``v0, v1, ...`` by its number. Results
        without a name are written out in terms of the inputs.
        By default the names that the vertices of the graph have (those of a network do).

    Returns
    -------
    Graph
        Same vertices and edges; values and labels are expressions. Inputs are ``sympy.Symbol`` of their names.

    Raises
    ------
    GraphError
        An operator has no symbolic form, or ``names`` names an unknown vertex or one name twice.

    Notes
    -----
    Written-out results can grow exponentially with the length of the program; name some. Constants stay numbers.

    Examples
    --------
    >>> from pathgrad.graph import GraphBuilder
    >>> from pathgrad.ops.exponential import sigmoid
    >>> builder = GraphBuilder()
    >>> y = builder.vertex(sigmoid, [builder.input("x", 0.0)], 0.5)
    >>> graph = builder.finish([y])
    >>> symbolic(graph, names={y: "y"}).outputs[0].labels
    (y*(1 - y),)
    """
    import sympy

    given = _names(graph, names)
    taken = [*graph.input_names, *given.values()]
    if len(set(taken)) < len(taken):
        twice = sorted({name for name in taken if taken.count(name) > 1})
        raise GraphError(f"symbolic: {', '.join(twice)} would name two vertices; choose distinct names")
    _, starts, operands, _ = graph.rows
    # Object arrays are filled element by element: NumPy would look into expressions that have a length.
    values, labels = np.empty(len(graph), dtype=object), np.empty(graph.edge_count, dtype=object)
    for vertex in graph.order.tolist():
        record = graph.record(vertex)
        if vertex in given:
            values[vertex] = sympy.Symbol(given[vertex])
        elif graph.codes[vertex] == INPUT:
            values[vertex] = sympy.Symbol(graph.names[vertex])
        elif graph.codes[vertex] < 0:
            values[vertex] = exact(graph.values[vertex])
        if graph.codes[vertex] < 0:
            continue
        if record is None:
            raise GraphError(
                f"symbolic: vertex {vertex} ({graph.operator_name(vertex)}) is known by name alone, without an "
                f"operator record; trace a function, or build the graph with GraphBuilder"
            )
        arguments = [SymbolicValue(values[operands[p]]) for p in range(starts[vertex], starts[vertex + 1])]
        if vertex not in given:
            values[vertex] = (
                SymbolicValue(record(*arguments)).expression if not arguments else record(*arguments).expression
            )
        result = SymbolicValue(values[vertex])
        for position, label in enumerate(record.labels):
            partial = 0 if label is None else label(result, *arguments)
            labels[starts[vertex] + position] = exact(
                partial.expression if isinstance(partial, SymbolicValue) else partial
            )
    return graph.relabelled(values, labels, given)


def _names(graph: Structure, names: Mapping[VertexKey, str] | Literal["auto"] | None) -> dict[int, str]:
    if names is None:
        return dict(graph.vertex_names)
    if isinstance(names, str):
        if names != "auto":
            raise GraphError(f"symbolic: names must be a mapping of vertex to name or 'auto', got {names!r}")
        free = (v for v in range(len(graph)) if graph.codes[v] >= 0)
        return {v: f"v{i}" for i, v in enumerate(free)}
    return {int(graph.vertex(key)): name for key, name in names.items()}
