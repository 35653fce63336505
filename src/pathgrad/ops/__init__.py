"""The table of operators: one record each, its value and its labels (floor 0).

Reading order: `record` (what a record is), `elementary`, `exponential`, `trigonometric`, `hyperbolic`, `rounding`,
`comparison`, `special` (elementwise operators), `broadcasting`, `structural`, `creation`, `reduction` (array
operators). To add an operator, add one record; tests, dual numbers, source transformation and graphs follow.
"""

from __future__ import annotations

from . import (
    broadcasting,
    comparison,
    creation,
    elementary,
    exponential,
    hyperbolic,
    reduction,
    rounding,
    special,
    storage,
    structural,
    trigonometric,
)
from .domain import Interval
from .indexing import Index, Integer, NewAxis, Slice
from .record import TABLE, Label, LinearMap, Op, apply, array_op, op

__all__ = [
    "OWN",
    "SPELLINGS",
    "TABLE",
    "Index",
    "Integer",
    "Interval",
    "Label",
    "LinearMap",
    "NewAxis",
    "Op",
    "Slice",
    "apply",
    "array_op",
    "broadcasting",
    "comparison",
    "creation",
    "elementary",
    "exponential",
    "hyperbolic",
    "op",
    "reduction",
    "rounding",
    "special",
    "storage",
    "structural",
    "trigonometric",
]

#: The operators that the package itself has.
OWN: tuple[Op, ...] = tuple(TABLE.values())
#: Python spelling (``"numpy.sin"``) to record.
SPELLINGS: dict[str, Op] = {spelling: record for record in TABLE.values() for spelling in record.spellings}
