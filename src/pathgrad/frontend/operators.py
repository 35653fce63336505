"""Python's operators, comparisons and truth, between values of a reading (floor 2).

An operator between things known when reading is computed; one that meets a run-time number or an array is written into
the program.
"""

from __future__ import annotations

import ast
import operator
from typing import Any

from ..ir import Const, Type
from ..ops import TABLE
from .context import Reader
from .operands import matmul, operand, operate
from .storage import type_of
from .values import Array, DictValue, ListValue, Scalar, as_number, describe, is_static

_BINARY: dict[type, tuple[str, Any]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
}


_COMPARE: dict[type, tuple[str, Any]] = {
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}


_BITWISE = {ast.BitAnd: "logical_and", ast.BitOr: "logical_or", ast.BitXor: "logical_xor"}


# ---- arithmetic ------------------------------------------------------------------------------------------------------
def binary(reader: Reader, node: ast.AST, op: ast.operator, left: Any, right: Any, name: str = "t") -> Any:
    """``left op right``."""
    if type(op) in _BITWISE:
        return _bitwise(reader, node, op, left, right, name)
    if type(op) not in _BINARY:
        reader.fail(node, f"the operator {type(op).__name__} is for bits, not for numbers that vary; use arithmetic")
    table_name, python = _BINARY[type(op)]
    if isinstance(left, ListValue) and isinstance(op, ast.Add) and isinstance(right, ListValue):
        return reader.state.add(ListValue.of([*left.items, *right.items]))
    if isinstance(left, ListValue) and isinstance(op, ast.Mult) and isinstance(right, int):
        return reader.state.add(ListValue.of(left.items * right))
    if is_static(left) and is_static(right):
        return compute(reader, node, python, left, right)
    if isinstance(left, tuple) and isinstance(right, tuple) and isinstance(op, ast.Add):
        return (*left, *right)
    for side in (left, right):
        if not isinstance(side, Array | ListValue) and as_number(side) is None:
            reader.fail(node, f"arithmetic needs numbers or arrays; got {describe(side)}")
    if table_name == "matmul":
        return matmul(reader, node, left, right)
    return operate(reader, TABLE[table_name], [left, right], name)


def _bitwise(reader: Reader, node: ast.AST, op: ast.operator, left: Any, right: Any, name: str) -> Any:
    if isinstance(left, bool) and isinstance(right, bool):
        return {ast.BitAnd: left and right, ast.BitOr: left or right, ast.BitXor: left != right}[type(op)]
    for side in (left, right):
        atom = operand(reader, node, side)
        if not (isinstance(atom.type, Type) and atom.type.dtype == "bool"):
            reader.fail(node, f"the operator {type(op).__name__} is read for truth values only; got {describe(side)}")
    return operate(reader, TABLE[_BITWISE[type(op)]], [left, right], name)


def compute(reader: Reader, node: ast.AST, function: Any, *values: Any) -> Any:
    """Compute something known when reading; its exception becomes a refusal with a place."""
    try:
        return function(*values)
    except Exception as error:
        reader.fail(node, f"{type(error).__name__} while reading: {error}")


# ---- comparisons and truth -------------------------------------------------------------------------------------------
def compare(reader: Reader, node: ast.Compare, op: ast.cmpop, left: Any, right: Any, name: str) -> Any:
    """``left op right`` for one comparison."""
    if isinstance(op, ast.Is | ast.IsNot):
        same = left is right
        return same if isinstance(op, ast.Is) else not same
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(right, DictValue | ListValue):
            inside = left in (right.slots if isinstance(right, DictValue) else right.items)
        elif is_static(left) and is_static(right):
            inside = left in right
        else:
            reader.fail(node, "membership of a run-time number cannot be read; compare with == in a loop")
        return inside if isinstance(op, ast.In) else not inside
    table_name, python = _COMPARE[type(op)]
    if is_static(left) and is_static(right):
        return compute(reader, node, python, left, right)
    return operate(reader, TABLE[table_name], [left, right], name)


def as_truth(reader: Reader, node: ast.AST, value: Any) -> Any:
    """The truth of a value: a bool, or a run-time bool."""
    if isinstance(value, Array) and type_of(reader, value).rank:
        reader.fail(node, "the truth of a whole array is not defined; use np.any, np.all or an element")
    number = value if isinstance(value, Scalar) else None
    if number is not None:
        if number.dtype == "bool":
            return number
        return operate(reader, TABLE["not_equal"], [number, 0], "test")
    if isinstance(value, ListValue | DictValue):
        return bool(value.slots)
    return bool(value)


def truth(reader: Reader, node: ast.expr) -> Any:
    """The truth of an expression."""
    value = as_truth(reader, node, reader.evaluate(node, "test"))
    if isinstance(value, Scalar) and isinstance(value.atom, Const):
        return bool(value.atom.value)
    return value
