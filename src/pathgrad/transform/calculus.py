"""Derivative expressions: labels of the table, applied and summed in the fewest words (floor 3).

``times(t, label)`` is the semiring's extend and ``plus`` its combine, with what is known when transforming left out:
a label 1, a label -1, a reciprocal, a choice. Where a label may be infinite or nan although the path was not taken, the
product is written with the operator ``extend``, for which zero annihilates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Builder, Const, Let, Type, Var
from ..ops import TABLE, LinearMap

__all__ = ["Calculus", "bar_name", "bar_variable", "dot_name", "dot_variable"]


class Calculus:
    """Writes derivative expressions into a builder.

    Parameters
    ----------
    builder : Builder
        Where statements go.
    wild : set of Var
        Variables that are not provably finite.

    Attributes
    ----------
    masked : set of Var
        Derivatives that may be zero because a path was not taken: behind a choice, a branch, or a write.
    """

    def __init__(self, builder: Builder, wild: set[Var]) -> None:
        self.builder = builder
        self.wild = wild
        self.masked: set[Var] = set()

    def is_masked(self, t: Atom | None) -> bool:
        """Whether a derivative may be zero because a path was not taken; None is zero."""
        return t is None or _is(t, 0) or t in self.masked

    def mask(self, t: Atom, yes: bool = True) -> Atom:
        """Note that a derivative may be zero because a path was not taken."""
        if yes and isinstance(t, Var):
            self.masked.add(t)
        return t

    # ---- labels ------------------------------------------------------------------------------------------------------
    def label(self, let: Let, position: int, args: Sequence[Atom], value: Atom) -> Any:
        """The label of one operand: an atom, or a `LinearMap`."""
        op = let.op
        terms = [self.builder.term(a) for a in args]
        v = self.builder.term(value)
        if op.facts.get("variadic") == "arrays":
            return op.facts["label"](position, v, *terms, **let.params)
        function = op.labels[position]
        assert function is not None
        result = function(v, *terms, **let.params)
        return result if isinstance(result, LinearMap) else self.builder.term(result).atom

    def contribution(self, let: Let, position: int, args: Sequence[Atom], value: Atom, t: Atom, name: str) -> Atom:
        """``t`` extended by the label of one operand, forward."""
        label = self.label(let, position, args, value)
        if isinstance(label, LinearMap):
            result = self.named(label.apply(self.builder.term(t)), name)
        else:
            result = self.extended(let, position, t, label, args, name)
        return self.mask(result, result is not t and (let.op.selects or self.is_masked(t)))

    def extended(self, let: Let, position: int, t: Atom, label: Atom, args: Sequence[Atom], name: str) -> Atom:
        """``t`` times a label; for the second factor of a product in the order of the product rule, x y'."""
        test = self.needs_test(let, position, args, t)
        plain = not test and not isinstance(t, Const) and not isinstance(label, Const)
        if let.op.name == "multiply" and position == 1 and plain:
            return self.builder.emit(TABLE["multiply"], [label, t], name=name)
        return self.times(t, label, test, name)

    def transposed(self, let: Let, position: int, args: Sequence[Atom], value: Atom, t: Atom, name: str) -> Atom:
        """``t`` extended by the label of one operand, backward."""
        label = self.label(let, position, args, value)
        if isinstance(label, LinearMap):
            result = self.named(label.transpose(self.builder.term(t)), name)
        else:
            result = self.times(t, label, self.needs_test(let, position, args, t), name)
        return self.mask(result, result is not t and (let.op.selects or self.is_masked(t)))

    def named(self, term: Any, name: str) -> Atom:
        """The atom of a term, with a name if it is a fresh temporary."""
        atom: Atom = self.builder.term(term).atom
        if isinstance(atom, Var) and atom.name == "t" and name != "t":
            atom.name, atom.temporary = name, False
        return atom

    def needs_test(self, let: Let, position: int, args: Sequence[Atom], t: Atom) -> bool:
        """Whether the label may be infinite or nan where the derivative ``t`` is zero."""
        op = let.op
        masked = self.is_masked(t)
        if op.name == "power" and isinstance(args[1], Const) and args[1].value >= 1:
            return masked and args[0] in self.wild
        if op.edge:
            return True
        if not masked or (position in op.linear and op.name != "divide"):
            return False
        if op.name == "divide" and isinstance(args[1], Const):
            return False
        return not op.total or any(a in self.wild for a in args)

    # ---- algebra -----------------------------------------------------------------------------------------------------
    def times(self, t: Atom, label: Atom, test: bool, name: str = "t") -> Atom:
        """``t`` extended by ``label``."""
        emit = self.builder.emit
        if _is(label, 0):
            return Const(0.0, t.type if isinstance(t.type, Type) and not t.type.rank else Type("f64"))
        if _is(label, 1) or _is(t, 0):
            return t
        if _is(label, -1):
            return emit(TABLE["negative"], [t], name=name)
        if _is(t, 1):
            return self.named(label, name)
        if _is(t, -1):
            return emit(TABLE["negative"], [label], name=name)
        whole = self.definition(t)
        ones = whole is not None and whole.op.name in ("spread", "broadcast_with") and _is(whole.args[0], 1)
        same = isinstance(t.type, Type) and isinstance(label.type, Type) and t.type.dims == label.type.dims
        if ones and same:
            return self.named(label, name)
        definition = self.definition(label)
        if definition is not None:
            if definition.op.name == "where" and any(isinstance(a, Const) for a in definition.args[1:]):
                condition, a, b = definition.args
                chosen = self.times(t, a, test, name), self.times(t, b, test, name)
                return emit(TABLE["where"], [condition, *chosen], name=name)
            if definition.op.name == "negative":
                return emit(TABLE["negative"], [self.times(t, definition.args[0], test, name)], name=name)
            if definition.op.name == "divide" and _is(definition.args[0], 1) and not test:
                return emit(TABLE["divide"], [t, definition.args[1]], name=name)
        if test:
            return emit(TABLE["extend"], [t, label], name=name)
        return emit(TABLE["multiply"], [t, label], name=name)

    def plus(self, a: Atom | None, b: Atom, name: str) -> Atom:
        """The sum of two contributions; None is zero."""
        if a is None or _is(a, 0):
            return b
        if _is(b, 0):
            return a
        result = self._sum(a, b, name)
        return self.mask(result, self.is_masked(a) and self.is_masked(b))

    def _sum(self, a: Atom, b: Atom, name: str) -> Atom:
        if a is b:
            return self.builder.emit(TABLE["multiply"], [2.0, a], name=name)
        definition = self.definition(b)
        if definition is not None and definition.op.name == "negative":
            return self.builder.emit(TABLE["subtract"], [a, definition.args[0]], name=name)
        first = self.definition(a)
        if first is not None and first.op.name == "negative" and not isinstance(b, Const):
            return self.builder.emit(TABLE["subtract"], [b, first.args[0]], name=name)
        return self.builder.emit(TABLE["add"], [a, b], name=name)

    def definition(self, atom: Atom) -> Let | None:
        """The statement that defines ``atom``, if it is among the last of the open block."""
        if not isinstance(atom, Var):
            return None
        for statement in reversed(self.builder.block.statements[-12:]):
            if isinstance(statement, Let) and statement.target is atom:
                return statement
        return None


def bar_name(atom: Any) -> str:
    """The name of a cotangent: x_bar, and no name for the cotangent of a temporary."""
    return "t" if getattr(atom, "name", "t") == "t" and getattr(atom, "temporary", True) else f"{atom.name}_bar"


def dot_name(atom: Any) -> str:
    """The name of a tangent: x_dot, and no name for the tangent of a temporary."""
    return "t" if getattr(atom, "name", "t") == "t" and getattr(atom, "temporary", True) else f"{atom.name}_dot"


def bar_variable(v: Var) -> Var:
    """A variable for the cotangent of ``v``."""
    return Var(bar_name(v), v.type, temporary=v.temporary)


def dot_variable(v: Var) -> Var:
    """A variable for the tangent of ``v``."""
    return Var(dot_name(v), v.type, temporary=v.temporary)


def _is(atom: Atom, number: float) -> bool:
    return isinstance(atom, Const) and not atom.type.is_array and atom.value == number
