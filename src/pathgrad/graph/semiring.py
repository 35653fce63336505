"""Semirings: what a path problem computes (floor 2; imports structure).

A path problem extends labels along each path and combines over all paths (lecture, section 3). With ``×`` for extend
and ``+`` for combine it gives derivatives; any other semiring gives another answer from the same sweep. Combine need
not be idempotent, 1 + 1 is 2: on an acyclic graph one traversal in topological order solves the problem exactly.

Zero annihilates: ``extend(zero, a) = zero`` for every ``a``, inf and nan included, so that a path that was not taken
contributes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .structure import Edge

__all__ = ["BOOLEAN", "COUNT", "INTERVAL", "MAX_TIMES", "REAL", "SYMBOLIC", "Bounds", "Semiring", "Strongest"]


def _label(edge: Edge) -> Any:
    return edge.label


@dataclass(frozen=True, eq=False)
class Semiring:
    """A semiring, with the way that an edge becomes one of its elements.

    Attributes
    ----------
    zero : Any
        The value where there is no path: neutral for combine, annihilates under extend.
    one : Any
        The value of the empty path: neutral for extend.
    combine : callable
        Two alternatives into one; associative and commutative.
    extend : callable
        ``extend(a, b)``: the path of value ``a`` followed by that of value ``b``, from the inputs towards the
        outputs. Associative, distributes over combine; need not commute.
    name : str
        Its name in messages.
    lift : callable
        An `Edge` to the element that it contributes; its label unless given.
    dtype : Any
        The NumPy dtype of a matrix of elements.

    Examples
    --------
    The length of the longest path, which is the depth of the computation:

    >>> from pathgrad.graph import Graph
    >>> graph = Graph.from_edges(3, 1, [(0, 1), (1, 2), (0, 2)], outputs=[2])
    >>> longest = Semiring(-float("inf"), 0, max, lambda a, b: a + b, "longest", lift=lambda edge: 1)
    >>> graph.paths(0, 2, semiring=longest).value
    2
    """

    zero: Any
    one: Any
    combine: Callable[[Any, Any], Any] = field(repr=False)
    extend: Callable[[Any, Any], Any] = field(repr=False)
    name: str = "semiring"
    lift: Callable[[Edge], Any] = field(default=_label, repr=False)
    dtype: Any = field(default=object, repr=False)


def _times(a: Any, b: Any) -> Any:
    # The axiom of a semiring, which IEEE arithmetic breaks at inf and nan.
    return 0.0 if a == 0 or b == 0 else a * b


def _symbolic_times(a: Any, b: Any) -> Any:
    return 0 if a == 0 or b == 0 else a * b


class Strongest(NamedTuple):
    """The strongest path: the largest product of absolute labels, and the path that has it.

    Attributes
    ----------
    magnitude : float
        The product of the absolute values of the labels.
    edges : tuple
        The path from input to output, as ``(source, target, position)`` for each edge.
    """

    magnitude: float
    edges: tuple[tuple[int, int, int], ...]

    @property
    def vertices(self) -> tuple[int, ...]:
        """The vertices that the path visits, from input to output."""
        return (self.edges[0][0], *(edge[1] for edge in self.edges)) if self.edges else ()


_NO_PATH = Strongest(0.0, ())


def _rank(a: Strongest) -> tuple[Any, ...]:
    # A nan label is a fact that must not be hidden by a finite rival. Among equals the shortest path, then the first:
    # an order that appending or prepending the same edges to both rivals keeps, as distributivity requires.
    return (math.isnan(a.magnitude), 0.0 if math.isnan(a.magnitude) else a.magnitude, -len(a.edges))


def _stronger(a: Strongest, b: Strongest) -> Strongest:
    if _rank(a) != _rank(b):
        return a if _rank(a) > _rank(b) else b
    return min(a, b, key=lambda path: path.edges)


def _append(a: Strongest, b: Strongest) -> Strongest:
    magnitude = _times(a.magnitude, b.magnitude)
    return Strongest(magnitude, a.edges + b.edges) if magnitude != 0 else _NO_PATH


def _strength(edge: Edge) -> Strongest:
    magnitude = abs(edge.label)
    return Strongest(magnitude, ((edge.source, edge.target, edge.position),)) if magnitude != 0 else _NO_PATH


class Bounds(NamedTuple):
    """A closed interval that certainly contains a number.

    Attributes
    ----------
    low, high : float
        Its ends.
    """

    low: float
    high: float


def _outward(low: float, high: float) -> Bounds:
    # One unit in the last place to each side covers the rounding of one operation.
    return Bounds(math.nextafter(low, -math.inf), math.nextafter(high, math.inf))


def _bounds_combine(a: Bounds, b: Bounds) -> Bounds:
    if a == (0.0, 0.0) or b == (0.0, 0.0):
        return b if a == (0.0, 0.0) else a
    return _outward(a.low + b.low, a.high + b.high)


def _bounds_extend(a: Bounds, b: Bounds) -> Bounds:
    if a == (0.0, 0.0) or b == (0.0, 0.0):
        return Bounds(0.0, 0.0)
    for one, other in ((a, b), (b, a)):
        if one == (1.0, 1.0):
            return other
    corners = [_times(x, y) for x in a for y in b]
    if any(math.isnan(corner) for corner in corners):
        return Bounds(-math.inf, math.inf)
    return _outward(min(corners), max(corners))


def _bounds_of(edge: Edge) -> Bounds:
    return Bounds(*edge.label) if isinstance(edge.label, tuple) else Bounds(edge.label, edge.label)


#: Sums of products of numbers: derivatives.
REAL = Semiring(0.0, 1.0, lambda a, b: a + b, _times, "real", dtype=float)

#: Sums of products of SymPy expressions: derivatives in closed form (lecture, Example 4.1).
SYMBOLIC = Semiring(0, 1, lambda a, b: a + b, _symbolic_times, "symbolic")

#: Whether any path carries a derivative: the sparsity of the Jacobian. A label that happens to be 0 still counts.
BOOLEAN = Semiring(False, True, lambda a, b: a or b, lambda a, b: a and b, "boolean", lambda edge: True, bool)

#: The number of paths.
COUNT = Semiring(0, 1, lambda a, b: a + b, lambda a, b: a * b, "count", lambda edge: 1)

#: The path with the largest product of absolute labels, and that product; elements are `Strongest`.
MAX_TIMES = Semiring(_NO_PATH, Strongest(1.0, ()), _stronger, _append, "max-times", _strength)

#: `Bounds` on the derivative, rounded outwards; labels may be numbers or ``(low, high)``. Distributes up to inclusion.
INTERVAL = Semiring(Bounds(0.0, 0.0), Bounds(1.0, 1.0), _bounds_combine, _bounds_extend, "interval", _bounds_of)
