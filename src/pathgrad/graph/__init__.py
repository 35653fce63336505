"""Computation graphs and path problems (floor 2).

Reading order: `structure` (the arrays), `topology` (order, reachability), `semiring` (what a path problem computes),
`paths` (one sweep), `jacobian` (which direction), `eliminate` (any order), `symbolic` (labels as formulas), `graph`
(the class with these as methods, and the builder).
"""

from __future__ import annotations

from .eliminate import Elimination, eliminate
from .graph import Graph, GraphBuilder, summation
from .jacobian import Cost, Jacobian, jacobian
from .paths import Paths, Sweep, VertexValues, paths, sweep
from .semiring import BOOLEAN, COUNT, INTERVAL, MAX_TIMES, REAL, SYMBOLIC, Bounds, Semiring, Strongest
from .structure import Edge, Structure, Vertex, VertexKey
from .symbolic import SymbolicValue, symbolic

__all__ = [
    "BOOLEAN",
    "COUNT",
    "INTERVAL",
    "MAX_TIMES",
    "REAL",
    "SYMBOLIC",
    "Bounds",
    "Cost",
    "Edge",
    "Elimination",
    "Graph",
    "GraphBuilder",
    "Jacobian",
    "Paths",
    "Semiring",
    "Strongest",
    "Structure",
    "Sweep",
    "SymbolicValue",
    "Vertex",
    "VertexKey",
    "VertexValues",
    "eliminate",
    "jacobian",
    "paths",
    "summation",
    "sweep",
    "symbolic",
]
