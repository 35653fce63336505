"""Operators on small arrays, element by element (floor 3).

A small array is a NumPy array of atoms. Operators that move numbers move atoms; the others write a statement for each
element. What is known of an element decides what is written: a product with 1 is the other factor, and in derivative
arithmetic zero annihilates. In a value the product of 0 and infinity is not 0: factors whose product with 0 a matrix
product leaves out are noted (`Elements.skipped`), for the program to look at them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir import Atom, Const, Let, Statement, Type, Var
from ..ir.types import F64
from ..ops import TABLE

__all__ = ["MOVES", "RULES", "Elements", "Known", "is_zero", "small_shape"]

#: Arrays of more elements stay arrays.
_MOST = 16
_ZERO = Const(0.0, F64)


def small_shape(type_: Any) -> tuple[int, ...] | None:
    """The lengths of an array of doubles that are few and known; None for all other values."""
    if not isinstance(type_, Type) or type_.dtype != "f64" or not type_.rank:
        return None
    lengths = []
    for token in type_.dims:
        if token != 1 and not (isinstance(token, tuple) and token[0] == "literal"):
            return None
        lengths.append(1 if token == 1 else int(token[1]))
    return tuple(lengths) if 0 < np.prod(lengths) <= _MOST else None


def is_zero(atom: Atom) -> bool:
    """Whether a number is the constant 0."""
    return isinstance(atom, Const) and not atom.type.is_array and bool(atom.value == 0)


def _is_one(atom: Atom) -> bool:
    return isinstance(atom, Const) and not atom.type.is_array and bool(atom.value == 1)


@dataclass
class Known:
    """What is known of the numbers of a program.

    Attributes
    ----------
    sums : set of Var
        Products and sums of a matrix product: they need not be rounded one by one.
    unsigned : set of Var
        Sums of which it does not matter which zero they are, because their terms come in any order.
    nothing : dict
        Products with 0 that are written, with the other factor.
    """

    sums: set[Var] = field(default_factory=set)
    unsigned: set[Var] = field(default_factory=set)
    nothing: dict[Atom, Atom] = field(default_factory=dict)


class Elements:
    """Writes the statements for the elements of one operator.

    Parameters
    ----------
    let : Let
        The statement whose elements are written; they take its role and its origin.
    statements : list of Statement
        Where they go.
    known : Known
        What is known of the numbers before.

    Attributes
    ----------
    skipped : list of Var
        Factors whose product with 0 was left out of a value: if one is not finite, neither is the value.
    """

    def __init__(self, let: Let, statements: list[Statement], known: Known) -> None:
        self.let = let
        self.statements = statements
        self.known = known
        self.skipped: list[Var] = []

    @property
    def is_value(self) -> bool:
        """Whether IEEE arithmetic is kept."""
        return self.let.role not in ("adjoint", "tangent")

    def of(self, operands: Sequence[Any], numbers: Sequence[int]) -> Any:
        """The elements of the result.

        Parameters
        ----------
        operands : sequence of array
            The operands, as arrays of atoms.
        numbers : sequence of int
            The operands that are positions or lengths.
        """
        name = self.let.op.name
        if name in MOVES:
            result = self.let.op.value(*operands, *numbers, **self.let.params)
        elif name in RULES:
            result = RULES[name](self, *operands, *numbers, **self.let.params)
        else:
            result = self.each(name, *operands)
        return np.asarray(result, object)

    def emit(self, name: str, *args: Atom) -> Atom:
        """The result of an operator on numbers."""
        known = self.left_out(name, args) if self.is_value else _annihilated(name, args)
        if name == "multiply":
            known = known or (args[1] if _is_one(args[0]) else args[0] if _is_one(args[1]) else None)
        if isinstance(known, tuple):
            return self.emit("negative", known[0])
        if known is not None and known.type == F64:
            return known
        target = Var(self.let.target.name, F64, temporary=True)
        self.statements.append(Let(target, TABLE[name], args, {}, self.let.origin, self.let.role))
        if name == "multiply" and self.is_value and any(map(is_zero, args)):
            self.known.nothing[target] = args[is_zero(args[0])]
        return target

    def left_out(self, name: str, args: Sequence[Atom]) -> Atom | None:
        """A sum to which a product with 0 would be added; None for everything else."""
        if name != "add":
            return None
        for total, other in (args, args[::-1]):
            factor = self.known.nothing.get(other)
            if total in self.known.unsigned and factor is not None:
                self.skipped += [factor] if isinstance(factor, Var) else []
                return total
        return None

    def product(self, a: Any, b: Any) -> Any:
        """A matrix product: arrays of one or two axes."""
        rows = a if a.ndim == 2 else a[None, :]
        columns = b if b.ndim == 2 else b[:, None]
        result: Any = np.full((rows.shape[0], columns.shape[1]), None, object)
        # term by term: operations that can be one operation on vectors stand side by side
        for k in range(rows.shape[1]):
            for i, j in np.ndindex(result.shape):
                result[i, j] = self.plus(result[i, j], rows[i, k], columns[k, j])
        for at in np.ndindex(result.shape):
            result[at] = _ZERO if result[at] is None else result[at]
        return result.reshape(a.shape[:-1] + b.shape[1:] if b.ndim == 2 else a.shape[:-1])

    def plus(self, total: Atom | None, x: Atom, y: Atom) -> Atom | None:
        """One more product in a sum; None is a sum without any."""
        if is_zero(x) or is_zero(y):
            if self.is_value:
                self.skipped += [v for v in (x, y) if isinstance(v, Var)]
            return total
        term = self.emit("multiply", x, y)
        new = term if total is None else self.emit("add", total, term)
        self.known.sums.update(v for v in (term, new) if isinstance(v, Var) and v not in (x, y))
        if new is not term and isinstance(new, Var):
            self.known.unsigned.add(new)
        return new

    def total(self, items: Sequence[Atom]) -> Atom:
        """A sum."""
        result = items[0]
        for item in items[1:]:
            result = self.emit("add", result, item)
            if isinstance(result, Var) and result is not item:
                self.known.sums.add(result)
        return result

    def each(self, name: str, *operands: Any) -> Any:
        """An elementwise operator."""
        arrays = np.broadcast_arrays(*operands)
        result = np.empty(arrays[0].shape, object)
        for at in np.ndindex(result.shape):
            elements: list[Any] = [a[at] for a in arrays]
            result[at] = self.emit(name, *elements)
        return result


def _annihilated(name: str, args: Sequence[Atom]) -> Any:
    """What a derivative's sum or product with 0 is; a number to be negated in a tuple; None where neither is known."""
    zeros = [is_zero(a) for a in args]
    if name in ("multiply", "extend") and any(zeros):
        return _ZERO
    if name in ("divide", "negative") and zeros[0]:
        return _ZERO
    if name == "add" and any(zeros):
        return args[1] if zeros[0] else args[0]
    if name == "subtract" and any(zeros):
        return args[0] if zeros[1] else (args[1],)
    return None


# ---- operators that move numbers -------------------------------------------------------------------------------------
def _written(e: Elements, a: Any, value: Any, *numbers: int, index: Any) -> Any:
    at = np.arange(a.size).reshape(a.shape)[index.with_operands(numbers)]
    result = a.copy()
    new = np.broadcast_to(value, np.shape(at))
    for place, one in zip(np.ravel(at), new.ravel(), strict=True):
        before = result.ravel()[place]
        result.reshape(-1)[place] = e.emit("add", before, one) if e.let.op.name == "accumulate" else one
    return result


def _summed(e: Elements, x: Any, axis: Any, keepdims: bool) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else tuple(k % x.ndim for k in axis)
    kept = tuple(k for k in range(x.ndim) if k not in axes)
    shape = tuple(x.shape[k] for k in kept)
    lines = np.transpose(x, (*kept, *axes)).reshape(*shape, -1)
    result = np.empty(shape, object)
    for at in np.ndindex(shape):
        result[at] = e.total(list(lines[at]))
    return result.reshape(tuple(1 if k in axes else n for k, n in enumerate(x.shape)) if keepdims else shape)


def _sum_to(e: Elements, t: Any, like: Any) -> Any:
    shape = np.shape(like)
    if t.shape == shape:
        return t
    axes = tuple(range(t.ndim - len(shape)))
    t = _summed(e, t, axes, False) if axes else t
    axes = tuple(k for k, n in enumerate(shape) if n == 1 and t.shape[k] != 1)
    return _summed(e, t, axes, True) if axes else t


def _outer(e: Elements, a: Any, b: Any) -> Any:
    return e.each("multiply", a[:, None], b[None, :])


#: Operators whose elements are elements of their operands: the table's own function moves atoms.
MOVES = ("load", "transpose", "stack", "reshape_like", "expand_dims", "squeeze", "broadcast_with", "copy")

Rule = Callable[..., Any]

#: Operators on small arrays that write statements, or put in numbers of their own.
RULES: dict[str, Rule] = {
    "zeros": lambda e, *dims, dtype: np.full(tuple(map(int, dims)), _ZERO, object),
    "zeros_like": lambda e, x: np.full(x.shape, _ZERO, object),
    "pack": lambda e, *parts: np.stack(parts),
    "store": _written,
    "accumulate": _written,
    "sum": lambda e, x, axis, keepdims: _summed(e, x, axis, keepdims),
    "sum_to": _sum_to,
    "matmul": lambda e, a, b: e.product(a, b),
    "outer": _outer,
}
