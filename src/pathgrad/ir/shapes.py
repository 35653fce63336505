"""Operands of which an operator reads the shape only (floor 1)."""

from __future__ import annotations

from .program import Let

__all__ = ["shape_only"]

_FIXED = {
    "zeros_like": (0,),
    "iota_like": (0,),
    "count_like": (0,),
    "length": (0,),
    "sum_to": (1,),
    "spread": (1,),
    "reshape_like": (1,),
    "cast_like": (1,),
    "scatter": (1,),
}
_ALL_BUT_FIRST = ("broadcast_with", "section", "place")


def shape_only(let: Let) -> tuple[int, ...]:
    """The positions of the operands whose content is not read."""
    if let.op.name in _ALL_BUT_FIRST:
        return tuple(range(1, len(let.args)))
    return _FIXED.get(let.op.name, ())
