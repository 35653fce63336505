"""Positions: negative ones count from the end, those outside are errors (floor 4)."""

from __future__ import annotations

from ....ir import Atom, Const, Let
from ..emit.emitter import Emitter

__all__ = ["position"]


def position(e: Emitter, let: Let, atom: Atom, n: str, axis: int, token: object) -> str:
    """A position along an axis of length ``n``, counted from 0, checked.

    Parameters
    ----------
    e : Emitter
        The function being written.
    let : Let
        The statement, for the error.
    atom : Atom
        The position that the program gives.
    n : str
        The axis's length.
    axis : int
        The axis, for the error.
    token : object
        The axis's dimension token.
    """
    w = e.w
    at = e.scalar(atom)
    message = f"index {{0}} is out of bounds for axis {axis} with size {{1}}"
    if isinstance(atom, Const):
        value = int(atom.value)
        if not e.module.options.bounds_checks:
            return at if value >= 0 else w.add(n, at)
        least = value + 1 if value >= 0 else -value
        if n.isdigit():
            if int(n) < least:
                e.check("false", "index", message, [at, n])
            return at if value >= 0 else str(int(n) + value)
        e.check(w.compare("sge", n, str(least)), "index", message, [at, n])
        return at if value >= 0 else w.add(n, at)
    if (id(let), axis) in e.proven:
        return at
    low, high = e.ranges.bounds(atom, token)
    if low and (high or not e.module.options.bounds_checks):
        return at
    if not low:
        wrapped = w.select(w.compare("slt", at, "0"), w.add(at, n), at)
    else:
        wrapped = at
    if e.module.options.bounds_checks:
        e.check(w.compare("ult", wrapped, n), "index", message, [at, n])
    return wrapped
