"""A running function recorded as its computation graph (floor 2; imports the arithmetic and the graph).

The function is run once on overloaded numbers: what it executes is what the graph holds (lecture, section 3). Loops and
recursion are unrolled, branches are decided by the values, arrays are taken apart into their elements.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from ..arithmetic.cells import Cells, cells_apply
from ..arithmetic.overload import Overloaded
from ..arithmetic.plain import is_overloaded, value_of
from ..arithmetic.retarget import retarget
from ..errors import ArgumentError, GraphError
from ..graph.graph import Graph, GraphBuilder
from ..ops import TABLE, Op

__all__ = ["Recorder", "Traced", "record", "trace"]


class Recorder(Protocol):
    """What tracing writes to; `pathgrad.graph.GraphBuilder` is one."""

    def input(self, name: str, value: float) -> int:
        """A new input vertex."""
        ...

    def constant(self, value: float) -> int:
        """A new constant vertex."""
        ...

    def vertex(self, op: Op, operands: Sequence[int], value: float) -> int:
        """A new vertex for one operation."""
        ...


class Traced(Overloaded):
    """A number together with the vertex that computed it.

    Parameters
    ----------
    recorder : Recorder
        Where operations on it are recorded.
    vertex : int
        Its vertex.
    value : float
        Its value, which comparisons read.
    whole : bool
        It was computed from ``int`` alone: it can also count a loop or index an array, without a derivative.
    """

    __pathgrad_priority__ = 1
    __slots__ = ("_recorder", "_value", "_vertex", "_whole")

    def __init__(self, recorder: Recorder, vertex: int, value: float, whole: bool = False) -> None:
        self._recorder, self._vertex, self._value, self._whole = recorder, vertex, value, whole

    @property
    def value(self) -> float:
        """The number."""
        return self._value

    @property
    def vertex(self) -> int:
        """The number of its vertex."""
        return self._vertex

    def __pathgrad__(self, operator: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        if not operator.elementwise or any(np.ndim(operand) for operand in operands):
            return cells_apply(operator, operands, parameters)
        value = operator.value(*(np.float64(value_of(operand)) for operand in operands), **parameters)
        if operator.result == "bool":
            return bool(value)
        vertices = [_vertex_of(operand, self._recorder) for operand in operands]
        vertex = self._recorder.vertex(operator, vertices, float(value))
        whole = operator.result == "number" and all(map(_is_whole, operands)) and float(value).is_integer()
        return Traced(self._recorder, vertex, float(value), whole)

    def __index__(self) -> int:
        if not self._whole:
            raise TypeError(f"{self!r} was used as an index or a count; give this input as an int, or use int(...)")
        return int(self._value)

    def __repr__(self) -> str:
        return f"Traced({self._value!r}, vertex={self._vertex})"


def _is_whole(x: Any) -> bool:
    return x._whole if isinstance(x, Traced) else isinstance(x, (int, np.integer, np.bool_))


def _vertex_of(x: Any, recorder: Recorder) -> int:
    if not isinstance(x, Traced):
        return recorder.constant(float(x))
    if x._recorder is not recorder:
        raise GraphError(
            f"trace: {x!r} belongs to another trace; a number that was kept from an earlier run, or passed into a "
            "trace inside a trace, cannot be an operand. Pass plain numbers"
        )
    return x.vertex


def trace(f: Callable[..., Any], *inputs: Any, **named: Any) -> Graph:
    """The computation graph of ``f`` at the given inputs.

    Parameters
    ----------
    f : callable
        An ordinary function of floats and arrays; it may use ``math``, NumPy and helper functions.
    *inputs, **named
        Its arguments. Every number in them becomes an input vertex, named after its argument: ``x``, ``w[1,2]``,
        ``p[0]``, ``p['a']``. Truth values, strings and None are handed on as they are.

    Returns
    -------
    Graph
        The operations that were executed. Its outputs are the numbers in the result, in order.

    Raises
    ------
    ArgumentError
        If the result holds something that is not a number, or the arguments hold no number.
    UnsupportedCall
        If ``f`` calls a library function for which there is no operator record.

    Notes
    -----
    Source: lecture, section 3. Cost: one evaluation, with a fixed overhead for each operation.

    Examples
    --------
    >>> graph = trace(lambda x, y: (x + 4 * y) * ((x + y) * y), x=3.0, y=5.0)
    >>> float(graph.values[graph.outputs[0]])
    920.0
    """
    builder = GraphBuilder()
    outputs, names = record(builder, f, inputs, named)
    return builder.finish(outputs, names)


def record(
    recorder: Recorder, f: Callable[..., Any], inputs: Sequence[Any] = (), named: dict[str, Any] | None = None
) -> tuple[list[int], list[str]]:
    """Run ``f`` on overloaded inputs and record its operations.

    Parameters
    ----------
    recorder : Recorder
        What the operations are written to.
    f, inputs, named
        As for `trace`.

    Returns
    -------
    vertices, names : list of int, list of str
        The vertices of the numbers in the result, and their names.

    Raises
    ------
    ArgumentError, UnsupportedCall
        As `trace`.
    """
    lift = _Lift(recorder)
    arguments, keywords = lift.arguments(f, tuple(inputs), named or {})
    if not lift.count:
        raise ArgumentError("trace: no argument holds a number; give at least one float or array as an input")
    result = retarget(f)(*arguments, **keywords)
    vertices, names = [], []
    for name, element in _elements(result, _result_name(f)):
        if not isinstance(element, (Traced, int, float, np.number, np.bool_)):
            raise ArgumentError(
                f"trace: the result holds {element!r} at {name}, a {type(element).__name__}; "
                "return floats, arrays, or tuples, lists and dicts of them"
            )
        vertex = _vertex_of(element, recorder)
        if vertex in vertices:  # a number that the result holds twice is two outputs
            vertex = recorder.vertex(TABLE["positive"], [vertex], float(value_of(element)))
        vertices.append(vertex)
        names.append(name)
    return vertices, names


class _Lift:
    """Inputs turned into input vertices, in the order of the arguments."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder, self.count = recorder, 0

    def arguments(self, f: Callable[..., Any], inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
        try:
            signature = inspect.signature(f)
        except (TypeError, ValueError):  # a built-in function
            lifted = [self.lifted(value, f"x{k}" if len(inputs) > 1 else "x") for k, value in enumerate(inputs)]
            return lifted, {name: self.lifted(value, name) for name, value in named.items()}
        try:
            bound = signature.bind(*inputs, **named)
        except TypeError as error:
            name = getattr(f, "__name__", repr(f))
            raise ArgumentError(f"trace: {name}{signature} cannot be called with these inputs: {error}") from error
        for name, value in bound.arguments.items():
            if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: self.lifted(each, key) for key, each in value.items()}
            else:
                bound.arguments[name] = self.lifted(value, name)
        return bound.args, bound.kwargs

    def lifted(self, x: Any, name: str) -> Any:
        if isinstance(x, Cells) or is_overloaded(x):
            raise ArgumentError(f"trace: input {name} is {x!r}, which is overloaded already; give plain numbers")
        if isinstance(x, np.ndarray) and x.ndim == 0:
            x = x[()]
        if isinstance(x, (int, float, np.integer, np.floating)) and not isinstance(x, bool):
            self.count += 1
            vertex = self.recorder.input(name, float(x))
            return Traced(self.recorder, vertex, float(x), whole=isinstance(x, (int, np.integer)))
        if isinstance(x, np.ndarray) and x.dtype.kind in "iuf":
            cells = np.empty(x.shape, object)
            for index in np.ndindex(*x.shape):
                cells[index] = self.lifted(x[index], f"{name}[{','.join(map(str, index))}]")
            return cells.view(Cells)
        if isinstance(x, dict):
            return type(x)((key, self.lifted(each, f"{name}[{key!r}]")) for key, each in x.items())
        if isinstance(x, (list, tuple)):
            parts = [self.lifted(each, f"{name}[{k}]") for k, each in enumerate(x)]
            return type(x)._make(parts) if hasattr(x, "_make") else type(x)(parts)
        if dataclasses.is_dataclass(x) and not isinstance(x, type):
            fields = [field.name for field in dataclasses.fields(x) if field.init]
            return dataclasses.replace(x, **{key: self.lifted(getattr(x, key), f"{name}.{key}") for key in fields})
        return x


def _elements(result: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The numbers in a result, with their names, in order."""
    if isinstance(result, np.ndarray):
        for index in np.ndindex(*result.shape):
            yield (f"{name}[{','.join(map(str, index))}]" if index else name), result[index]
    elif isinstance(result, dict):
        for key, part in result.items():
            yield from _elements(part, f"{name}[{key!r}]")
    elif isinstance(result, (list, tuple)):
        for k, part in enumerate(result):
            yield from _elements(part, f"{name}[{k}]")
    else:
        yield name, result


def _result_name(f: Callable[..., Any]) -> str:
    name = getattr(f, "__name__", "result")
    return name if name.isidentifier() else "result"
