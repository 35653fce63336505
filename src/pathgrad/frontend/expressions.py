"""Reading expressions (floor 2).

An expression of things known when reading is computed; one that contains a run-time number or an array is written into
the program.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from typing import Any

from ..ir import Type
from ..ops import TABLE
from .attributes import attribute
from .calls import read_call
from .comprehensions import comprehend
from .containers import items_of, static_key
from .context import Outcome, Reader
from .indexing import get_item
from .names import wrap
from .operands import operand, operate
from .operators import as_truth, binary, compare, compute, truth
from .values import Array, DictValue, ListValue, LocalFunction, Scalar, is_static

_REFUSED: dict[type, str] = {
    ast.Yield: "a generator (yield) cannot be read; fill an array or a list and return it",
    ast.YieldFrom: "a generator (yield from) cannot be read; fill an array or a list and return it",
    ast.Await: "an await expression cannot be read; use plain calls",
    ast.NamedExpr: "an assignment inside an expression (:=) cannot be read; assign on a line of its own",
    ast.DictComp: "a dict comprehension cannot be read; write the keys, or fill a dict in a loop",
    ast.SetComp: "a set comprehension cannot be read; use a list",
    ast.Set: "a set cannot be read; use a list or a tuple",
}


def evaluate(reader: Reader, node: ast.expr, name: str = "t") -> Any:
    """The value of an expression; what it writes is named ``name``."""
    method = _READERS.get(type(node))
    if method is None:
        words = _REFUSED.get(type(node), f"the expression {type(node).__name__} cannot be read; write it as statements")
        reader.fail(node, words)
    with reader.locating(node):
        return method(reader, node, name)


# ---- leaves and displays ---------------------------------------------------------------------------------------------
def _constant(reader: Reader, node: ast.Constant, name: str) -> Any:
    if isinstance(node.value, complex):
        reader.fail(node, "complex numbers cannot be differentiated; write real and imaginary parts")
    return node.value


def _name(reader: Reader, node: ast.Name, name: str) -> Any:
    return reader.name(node, node.id)


def _tuple(reader: Reader, node: ast.Tuple, name: str) -> Any:
    return tuple(_elements(reader, node.elts))


def _list(reader: Reader, node: ast.List, name: str) -> Any:
    return reader.state.add(ListValue.of(_elements(reader, node.elts)))


def _elements(reader: Reader, elements: Sequence[ast.expr]) -> list[Any]:
    result: list[Any] = []
    for element in elements:
        if isinstance(element, ast.Starred):
            result += items_of(reader, element, evaluate(reader, element.value))
        else:
            result.append(evaluate(reader, element))
    return result


def _dict(reader: Reader, node: ast.Dict, name: str) -> Any:
    slots: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            reader.fail(node, "** in a dict display cannot be read; write the keys")
        slots[evaluate(reader, key)] = evaluate(reader, value)
    return reader.state.add(DictValue(slots))


def _lambda(reader: Reader, node: ast.Lambda, name: str) -> Any:
    return LocalFunction(node, reader.frame, "<lambda>", default_values(reader, node.args))


def default_values(reader: Reader, arguments: ast.arguments) -> dict[str, Any]:
    """The values of parameter defaults, read where the function is made."""
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    result = {a.arg: evaluate(reader, d) for a, d in zip(with_default, arguments.defaults, strict=True)}
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if d is not None:
            result[a.arg] = evaluate(reader, d)
    return result


def _joined(reader: Reader, node: ast.JoinedStr, name: str) -> Any:
    for part in node.values:
        value = reader.evaluate(part.value) if isinstance(part, ast.FormattedValue) else ""
        if not isinstance(value, str | bool | int | float) or (
            isinstance(part, ast.FormattedValue) and (part.format_spec is not None or part.conversion != -1)
        ):
            reader.fail(node, "a formatted string (f-string) of run-time numbers cannot be read; format outside")
    texts = [
        str(reader.evaluate(part.value)) if isinstance(part, ast.FormattedValue) else str(getattr(part, "value", ""))
        for part in node.values
    ]
    return "".join(texts)


# ---- operators -------------------------------------------------------------------------------------------------------
def _binop(reader: Reader, node: ast.BinOp, name: str) -> Any:
    return binary(reader, node, node.op, evaluate(reader, node.left), evaluate(reader, node.right), name)


def _unaryop(reader: Reader, node: ast.UnaryOp, name: str) -> Any:
    value = evaluate(reader, node.operand)
    if isinstance(node.op, ast.Not):
        test = as_truth(reader, node, value)
        return not test if isinstance(test, bool) else operate(reader, TABLE["logical_not"], [test], name)
    if isinstance(node.op, ast.Invert):
        if isinstance(value, bool):
            return not value
        atom = operand(reader, node, value)
        if not (isinstance(atom.type, Type) and atom.type.dtype == "bool"):
            reader.fail(node, "~ is read for truth values only")
        return operate(reader, TABLE["logical_not"], [value], name)
    if is_static(value):
        return compute(reader, node, operator.neg if isinstance(node.op, ast.USub) else operator.pos, value)
    if isinstance(node.op, ast.UAdd):
        return value
    return operate(reader, TABLE["negative"], [value], name)


def _compare(reader: Reader, node: ast.Compare, name: str) -> Any:
    left = evaluate(reader, node.left)
    result: Any = True
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(reader, right_node)
        test = compare(reader, node, op, left, right, name)
        if result is True:
            result = test
        elif result is not False:
            result = False if test is False else operate(reader, TABLE["logical_and"], [result, test], name)
        left = right
    return result


def _boolop(reader: Reader, node: ast.BoolOp, name: str) -> Any:
    return _bool_chain(reader, node, node.values, isinstance(node.op, ast.And))


def _bool_chain(reader: Reader, node: ast.BoolOp, parts: Sequence[ast.expr], conjunction: bool) -> Any:
    first = truth(reader, parts[0])
    if len(parts) == 1:
        return first
    if isinstance(first, bool):
        return _bool_chain(reader, node, parts[1:], conjunction) if first is conjunction else first
    return _choose(
        reader,
        node,
        first,
        lambda: _bool_chain(reader, node, parts[1:], conjunction) if conjunction else True,
        lambda: False if conjunction else _bool_chain(reader, node, parts[1:], conjunction),
    )


def _choose(reader: Reader, node: ast.AST, test: Scalar, then: Any, orelse: Any) -> Any:
    """The value of one of two expressions."""
    outcome = reader.branch(
        node,
        test,
        lambda: Outcome(returned=True, value=then()),
        lambda: Outcome(returned=True, value=orelse()),
    )
    return outcome.value


def _ifexp(reader: Reader, node: ast.IfExp, name: str) -> Any:
    test = truth(reader, node.test)
    if isinstance(test, bool):
        return evaluate(reader, node.body if test else node.orelse, name)
    value = _choose(
        reader, node, test, lambda: evaluate(reader, node.body, name), lambda: evaluate(reader, node.orelse, name)
    )
    return value


# ---- parts and calls -------------------------------------------------------------------------------------------------
def _subscript(reader: Reader, node: ast.Subscript, name: str) -> Any:
    owner = evaluate(reader, node.value)
    if isinstance(owner, Array):
        return get_item(reader, node, owner)
    if isinstance(node.slice, ast.Slice):
        ends = [
            None if e is None else evaluate(reader, e) for e in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        if any(isinstance(e, Scalar) for e in ends):
            reader.fail(node, "a slice of a list needs ends that are known when reading; use an array")
        part = items_of(reader, node, owner)[slice(*ends)]
        return tuple(part) if isinstance(owner, tuple) else reader.state.add(ListValue.of(part))
    if isinstance(owner, Scalar):
        reader.fail(node, "a number cannot be indexed; is the argument an array?")
    key = static_key(reader, node.slice, owner)
    container = owner.slots if isinstance(owner, ListValue | DictValue) else owner
    value = compute(reader, node, operator.getitem, container, key)
    return wrap(value, name)


def _attribute(reader: Reader, node: ast.Attribute, name: str) -> Any:
    owner = evaluate(reader, node.value)
    return attribute(reader, node, owner, node.attr)


def _call(reader: Reader, node: ast.Call, name: str) -> Any:
    return read_call(reader, node, name)


def _list_comprehension(reader: Reader, node: ast.ListComp, name: str) -> Any:
    return reader.state.add(ListValue.of(comprehend(reader, node)))


_READERS: dict[type, Any] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.JoinedStr: _joined,
    ast.BinOp: _binop,
    ast.UnaryOp: _unaryop,
    ast.Compare: _compare,
    ast.BoolOp: _boolop,
    ast.IfExp: _ifexp,
    ast.Subscript: _subscript,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.ListComp: _list_comprehension,
}
