"""What a derivative statement is equal to, given what is known of its operands (floor 3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..ir import Atom, Builder, Const, Let, Type, Var
from ..ops import TABLE

__all__ = ["folded"]

Known = Mapping[Var, Let]


def folded(s: Let, known: Known, same: Callable[[Let], Var | None]) -> list[Let] | Atom:
    """Simpler statements of which the last has the same target, or the atom that the target is.

    Parameters
    ----------
    s : Let
        The statement.
    known : mapping
        The statements that define the variables that are visible.
    same : callable
        The variable that an equal statement has defined before, or None.
    """
    if s.op.elementwise and s.args and all(map(_is_number, s.args)):
        return _constant(s)
    if s.op.name == "extend":
        return _extended(s)
    if s.op.name == "multiply":
        return _scaled(s, known)
    if s.op.name == "sum_to":
        return _sum_of_products(s, known, same)
    return [s]


def _is_number(atom: Atom) -> bool:
    return isinstance(atom, Const) and not atom.type.is_array


def _value(atom: Atom) -> float | None:
    return atom.value if isinstance(atom, Const) and not atom.type.is_array else None


def _constant(s: Let) -> list[Let] | Atom:
    builder = Builder()
    with builder.open():
        found = builder.emit(s.op, s.args, dict(s.params))
    return found if isinstance(found, Const) and found.type == s.target.type else [s]


def _extended(s: Let) -> list[Let] | Atom:
    """Zero annihilates; where neither factor is zero, or one is a finite number, a product does."""
    t, label = s.args
    first, second = _value(t), _value(label)
    if first == 1 and label.type == s.target.type and isinstance(label.type, Type) and not label.type.rank:
        return label
    if (first is not None and first != 0) or (second is not None and math.isfinite(second)):
        return [replace(s, op=TABLE["multiply"])]
    return [s]


def _scaled(s: Let, known: Known) -> list[Let] | Atom:
    """Two constant factors are one where that is exact: one of them is a power of two."""
    for number, other in (s.args, s.args[::-1]):
        outer = _value(number)
        let = known.get(other) if isinstance(other, Var) else None
        if outer is None or let is None or let.op.name != "multiply" or s.target.type != let.target.type:
            continue
        for constant, rest in (let.args, let.args[::-1]):
            inner = _value(constant)
            if inner is None or not isinstance(rest, Var) or rest.type != s.target.type:
                continue
            if not (_is_power_of_two(outer) or _is_power_of_two(inner)):
                continue
            product = float(outer) * float(inner)
            if product == 1.0:
                return rest
            return [replace(s, args=(Const(product, _number_type(s.target)), rest))]
    return [s]


def _number_type(v: Var) -> Type:
    assert isinstance(v.type, Type)
    return Type("f32" if v.type.dtype == "f32" else "f64")


def _is_power_of_two(number: float) -> bool:
    return isinstance(number, float | int) and number != 0 and abs(math.frexp(number)[0]) == 0.5


def _sum_of_products(s: Let, known: Known, same: Callable[[Let], Var | None]) -> list[Let] | Atom:
    """The sum of ``c * v`` over axes along which ``c`` is repeated is ``c`` times a sum that may be known."""
    summed = known.get(s.args[0]) if isinstance(s.args[0], Var) else None
    negated = summed is not None and summed.op.name == "negative"
    if negated and summed is not None:
        summed = known.get(summed.args[0]) if isinstance(summed.args[0], Var) else None
    if summed is None or summed.op.name != "multiply":
        return [s]
    for repeated, v in (summed.args, summed.args[::-1]):
        let = known.get(repeated) if isinstance(repeated, Var) else None
        if let is None or let.op.name != "spread":
            continue
        c = let.args[0]
        total = same(Let(Var("", s.target.type), TABLE["sum"], (v,), let.params))
        if total is None or not (_alike(total, s.target) and _alike(c, s.target)):
            continue
        product = replace(s, op=TABLE["multiply"], args=(c, total), params={})
        if not negated:
            return [product]
        product.target = Var(s.target.name, s.target.type, temporary=True)
        return [product, replace(s, op=TABLE["negative"], args=(product.target,), params={})]
    return [s]


def _alike(a: Atom, b: Atom) -> bool:
    """Whether two atoms have one type and certainly one shape."""
    if not isinstance(a.type, Type) or not isinstance(b.type, Type) or a.type != b.type:
        return False
    return a.type.dims == b.type.dims and None not in a.type.dims
