"""Numbers and arrays as operands of the table's operators (floor 2).

Python's promotion is kept: a Python number is weak, so ``2.0 * a`` stays float32 for a float32 array.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir import Atom, Const, Type, Var
from ..ir.types import ValueType, promote
from ..ops import TABLE, Op
from .context import Reader
from .storage import content_of, new_array
from .values import NOT_TAKEN, UNBOUND, Array, ListValue, Scalar, as_number, describe

#: The name of what a variable holds where it was not assigned.
UNBOUND_NAME = "unbound"


# ---- operands --------------------------------------------------------------------------------------------------------
def operand(reader: Reader, node: ast.AST, value: Any) -> Atom:
    """A number or array as an atom."""
    if isinstance(value, Array):
        return content_of(reader, value)
    number = as_number(value)
    if number is not None:
        return number.atom
    if isinstance(value, ListValue | tuple):
        return array_from(reader, node, value)
    reader.fail(node, f"a number or an array is needed here; got {describe(value)}")


def array_from(reader: Reader, node: ast.AST, value: Any) -> Atom:
    """A list or tuple of numbers or arrays as an array."""
    parts = value.items if isinstance(value, ListValue) else list(value)
    if not parts:
        return reader.builder.emit(TABLE["zeros"], [0], {"dtype": "f64"})
    atoms = [operand(reader, node, part) for part in parts]
    ranks = {a.type.rank for a in atoms}
    if len(ranks) > 1:
        reader.fail(
            node, "an array is made of parts with the same number of axes; got " + ", ".join(map(str, sorted(ranks)))
        )
    dtype = promote(*(a.type.dtype for a in atoms))  # type: ignore[union-attr]
    atoms = [cast_atom(reader, a, Type(dtype, a.type.rank, getattr(a.type, "dims", ()))) for a in atoms]
    if all(isinstance(a, Const) and not a.name for a in atoms):
        values = np.array([a.value for a in atoms if isinstance(a, Const)])
        return Const(values, Type(dtype, values.ndim, tuple(1 if n == 1 else ("literal", n) for n in values.shape)))
    if ranks != {0}:
        return reader.builder.emit(TABLE["stack"], atoms, {"axis": 0})
    return reader.builder.emit(TABLE["pack"], atoms, {})


def atom_of(reader: Reader, value: Any, wanted: ValueType) -> Atom:
    """One leaf as an atom of the wanted type; an unbound one as a value that is never read."""
    if value is UNBOUND or value is NOT_TAKEN:
        name = UNBOUND_NAME if value is UNBOUND else "undefined"
        return reader.builder.emit(TABLE["undefined"], [], {"type": wanted}, name)
    if isinstance(value, Array):
        atom: Atom = content_of(reader, value)
    elif isinstance(value, Var | Const):
        atom = value
    else:
        scalar = as_number(value)
        assert scalar is not None
        atom = scalar.atom
    return cast_atom(reader, atom, wanted)


def cast_atom(reader: Reader, atom: Atom, wanted: ValueType) -> Atom:
    """``atom`` in the dtype of ``wanted``."""
    if not isinstance(atom.type, Type) or not isinstance(wanted, Type) or atom.type.dtype == wanted.dtype:
        return atom
    if isinstance(atom, Const) and not atom.type.is_array:
        value = {"bool": bool, "i64": int, "f32": float, "f64": float}[wanted.dtype](atom.value)
        return Const(value, Type(wanted.dtype))
    return reader.builder.emit(TABLE["cast"], [atom], {"dtype": wanted.dtype}, atom.name)


def named(value: Any, name: str) -> Any:
    """Give a fresh temporary the name that the user assigns it to."""
    if isinstance(value, Scalar) and isinstance(value.atom, Var) and value.atom.temporary:
        value.atom.name, value.atom.temporary = name, False
    elif isinstance(value, Array) and not value.views:
        content = value.cell.content
        if isinstance(content, Var) and content.temporary:
            content.name, content.temporary = name, False
        if value.cell.name == "t":
            value.cell.name = name
    elif isinstance(value, Array) and not value.name:
        return replace(value, name=name)
    return value


# ---- operators of the table ------------------------------------------------------------------------------------------
def operate(
    reader: Reader, op: Op, values: Sequence[Any], name: str = "t", params: dict[str, Any] | None = None
) -> Any:
    """Apply an operator of the table to reader values."""
    node = reader.source.node
    numbers = [as_number(value) for value in values]
    atoms = [operand(reader, node, v) if n is None else n.atom for v, n in zip(values, numbers, strict=True)]
    if op.elementwise:
        atoms = _weakened(reader, atoms, numbers)
    if op.name == "power":
        atoms = _integer_power(reader, atoms)
    result = reader.builder.emit(op, atoms, params, name)
    if result.type.rank:
        return new_array(reader, result, name)
    weak = op.elementwise and all(n is not None and n.weak for n in numbers)
    return Scalar(result, weak)


def _weakened(reader: Reader, atoms: list[Atom], numbers: list[Scalar | None]) -> list[Atom]:
    """Python numbers take the precision of float32 operands that they meet."""
    strong = [a.type for a, n in zip(atoms, numbers, strict=True) if n is None or not n.weak]
    floats = {t.dtype for t in strong if isinstance(t, Type) and t.dtype in ("f32", "f64")}
    if floats != {"f32"}:
        return atoms
    result = []
    for atom, number in zip(atoms, numbers, strict=True):
        weak = number is not None and number.weak and isinstance(atom, Var)
        assert isinstance(atom.type, Type)
        result.append(cast_atom(reader, atom, Type("f32")) if weak and atom.type.dtype != "bool" else atom)
    return result


def _integer_power(reader: Reader, atoms: list[Atom]) -> list[Atom]:
    """An integer to a power that may be negative is a float, as in Python."""
    base, exponent = atoms
    integers = all(isinstance(a.type, Type) and a.type.dtype == "i64" for a in atoms)
    if integers and not (isinstance(exponent, Const) and exponent.value >= 0):
        return [cast_atom(reader, base, Type("f64", base.type.rank, getattr(base.type, "dims", ()))), exponent]
    return atoms


def matmul(reader: Reader, node: ast.AST, left: Any, right: Any) -> Any:
    """``left @ right``."""
    a, b = (operand(reader, node, side) for side in (left, right))
    if not a.type.rank or not b.type.rank:
        reader.fail(node, "@ needs arrays; use * with a number")
    return operate(reader, TABLE["matmul"], [left, right])
