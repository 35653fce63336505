"""Reading expressions (floor 2).

An expression of things known when reading is computed; one that contains a run-time number or an array is written into
the program. Python's promotion is kept: a Python number is weak, so ``2.0 * a`` stays float32 for a float32 array.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..ir import Atom, Const, Type, Var, constant
from ..ir.types import ValueType
from ..ops import TABLE, Op
from . import arrays, calls, control
from .state import as_number
from .values import Array, DictValue, ListValue, LocalFunction, Method, RangeValue, Scalar

if TYPE_CHECKING:
    from .reader import Reader

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


def scalar(value: Any) -> Scalar | None:
    """A number as a `Scalar`, None for anything else."""
    return as_number(value)


def describe(value: Any) -> str:
    """What a value is, for messages."""
    if isinstance(value, Array):
        return "an array"
    if isinstance(value, Scalar):
        return "a number"
    if isinstance(value, LocalFunction) or callable(value):
        return f"the function {getattr(value, '__name__', getattr(value, 'name', value))!s}"
    if isinstance(value, ListValue):
        return "a list"
    return f"{value!r} ({type(value).__name__})"


def evaluate(reader: Reader, node: ast.expr, name: str = "t") -> Any:
    """The value of an expression; what it writes is named ``name``."""
    method = _READERS.get(type(node))
    if method is None:
        reader.fail(node, f"the expression {type(node).__name__} cannot be differentiated; write it as statements")
    with reader.locating(node):
        return method(reader, node, name)


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
    return value


# ---- leaves ----------------------------------------------------------------------------------------------------------
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
            result += items(reader, element, evaluate(reader, element.value))
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
    return LocalFunction(node, reader.frame, "<lambda>", defaults(reader, node.args))


def defaults(reader: Reader, arguments: ast.arguments) -> dict[str, Any]:
    """The values of parameter defaults, read where the function is made."""
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    result = {a.arg: evaluate(reader, d) for a, d in zip(with_default, arguments.defaults, strict=True)}
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if d is not None:
            result[a.arg] = evaluate(reader, d)
    return result


def _joined(reader: Reader, node: ast.JoinedStr, name: str) -> Any:
    return ast.unparse(node)


# ---- operators -------------------------------------------------------------------------------------------------------
def operand(reader: Reader, node: ast.AST, value: Any) -> Atom:
    """A number or array as an atom."""
    if isinstance(value, Array):
        return arrays.atom(reader, value)
    number = scalar(value)
    if number is not None:
        return number.atom
    if isinstance(value, ListValue | tuple):
        return calls.array_from(reader, node, value)
    reader.fail(node, f"a number or an array is needed here; got {describe(value)}")


def operate(reader: Reader, op: Op, values: Sequence[Any], name: str = "t", params: dict[str, Any] | None = None) -> Any:
    """Apply an operator of the table to reader values."""
    node = reader.source.node
    numbers = [scalar(value) for value in values]
    atoms = [operand(reader, node, v) if n is None else n.atom for v, n in zip(values, numbers, strict=True)]
    if op.elementwise:
        atoms = _weakened(reader, atoms, numbers)
    if op.name == "power":
        atoms = _integer_power(reader, atoms)
    result = reader.builder.emit(op, atoms, params, name)
    if result.type.rank:
        return arrays.new_array(reader, result, name)
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


def cast_atom(reader: Reader, atom: Atom, wanted: ValueType) -> Atom:
    """``atom`` in the dtype of ``wanted``."""
    if not isinstance(atom.type, Type) or not isinstance(wanted, Type) or atom.type.dtype == wanted.dtype:
        return atom
    if isinstance(atom, Const) and not atom.type.is_array:
        value = {"bool": bool, "i64": int, "f32": float, "f64": float}[wanted.dtype](atom.value)
        return Const(value, Type(wanted.dtype))
    return reader.builder.emit(TABLE["cast"], [atom], {"dtype": wanted.dtype}, atom.name)


def binary(reader: Reader, node: ast.AST, op: ast.operator, left: Any, right: Any, name: str = "t") -> Any:
    """``left op right``."""
    if type(op) in _BITWISE:
        return _bitwise(reader, node, op, left, right, name)
    if type(op) not in _BINARY:
        reader.fail(node, f"the operator {type(op).__name__} is for bits, not for numbers that vary")
    table_name, python = _BINARY[type(op)]
    if isinstance(left, ListValue) and isinstance(op, ast.Add) and isinstance(right, ListValue):
        return reader.state.add(ListValue.of([*left.items, *right.items]))
    if isinstance(left, ListValue) and isinstance(op, ast.Mult) and isinstance(right, int):
        return reader.state.add(ListValue.of(left.items * right))
    if is_static(left) and is_static(right):
        return _compute(reader, node, python, left, right)
    if isinstance(left, tuple) and isinstance(right, tuple) and isinstance(op, ast.Add):
        return (*left, *right)
    for side in (left, right):
        if not isinstance(side, Array | ListValue) and scalar(side) is None:
            reader.fail(node, f"arithmetic needs numbers or arrays; got {describe(side)}")
    if table_name == "matmul":
        return calls.matmul(reader, node, left, right)
    return operate(reader, TABLE[table_name], [left, right], name)


def _bitwise(reader: Reader, node: ast.AST, op: ast.operator, left: Any, right: Any, name: str) -> Any:
    if isinstance(left, bool) and isinstance(right, bool):
        return {ast.BitAnd: left and right, ast.BitOr: left or right, ast.BitXor: left != right}[type(op)]
    for side in (left, right):
        atom = operand(reader, node, side)
        if not (isinstance(atom.type, Type) and atom.type.dtype == "bool"):
            reader.fail(node, f"the operator {type(op).__name__} is read for truth values only; got {describe(side)}")
    return operate(reader, TABLE[_BITWISE[type(op)]], [left, right], name)


def is_static(value: Any) -> bool:
    """Whether a value is known when reading."""
    if isinstance(value, tuple):
        return all(map(is_static, value))
    return not isinstance(value, Scalar | Array | ListValue | DictValue | LocalFunction | Method | RangeValue)


def _compute(reader: Reader, node: ast.AST, function: Any, *values: Any) -> Any:
    """Compute something known when reading; its exception becomes a refusal with a place."""
    try:
        return function(*values)
    except Exception as error:
        reader.fail(node, f"{type(error).__name__} while reading: {error}")


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
        return _compute(reader, node, operator.neg if isinstance(node.op, ast.USub) else operator.pos, value)
    if isinstance(node.op, ast.UAdd):
        return value
    return operate(reader, TABLE["negative"], [value], name)


def _compare(reader: Reader, node: ast.Compare, name: str) -> Any:
    left = evaluate(reader, node.left)
    result: Any = True
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(reader, right_node)
        test = _compare_two(reader, node, op, left, right, name)
        if result is True:
            result = test
        elif result is not False:
            result = False if test is False else operate(reader, TABLE["logical_and"], [result, test], name)
        left = right
    return result


def _compare_two(reader: Reader, node: ast.Compare, op: ast.cmpop, left: Any, right: Any, name: str) -> Any:
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
        return _compute(reader, node, python, left, right)
    return operate(reader, TABLE[table_name], [left, right], name)


def as_truth(reader: Reader, node: ast.AST, value: Any) -> Any:
    """The truth of a value: a bool, or a run-time bool."""
    if isinstance(value, Array):
        if arrays.type_of(reader, value).rank:
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
    value = as_truth(reader, node, evaluate(reader, node, "test"))
    if isinstance(value, Scalar) and isinstance(value.atom, Const):
        return bool(value.atom.value)
    return value


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
    from .reader import Outcome

    outcome = control.branch(
        reader,
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


# ---- containers ------------------------------------------------------------------------------------------------------
def items(reader: Reader, node: ast.AST, value: Any) -> list[Any]:
    """The items of something known when reading."""
    if isinstance(value, ListValue):
        return value.items
    if isinstance(value, DictValue):
        return list(value.slots)
    if isinstance(value, tuple | list | range | str | dict):
        return [reader.library.wrap(reader, item, "item") for item in value]
    reader.fail(node, f"{describe(value)} cannot be iterated over here; use range, an array, a list or a tuple")


def unpack(reader: Reader, node: ast.AST, value: Any, count: int) -> list[Any]:
    """The ``count`` items of a value."""
    if isinstance(value, Array):
        return [arrays.element(reader, value, constant(k)) for k in range(count)]
    if isinstance(value, Scalar):
        reader.fail(node, f"a number cannot be unpacked into {count} names")
    result = items(reader, node, value)
    if len(result) != count:
        reader.fail(node, f"{len(result)} values cannot be unpacked into {count} names")
    return result


def extend_list(reader: Reader, node: ast.AST, target: ListValue, value: Any) -> None:
    """``target += value``."""
    for item in items(reader, node, value):
        target.slots[len(target.slots)] = item


def static_key(reader: Reader, node: ast.expr, owner: Any) -> Any:
    """An index into a list, tuple or dict: it must be known when reading."""
    from .reader import NeedsStatic

    key = evaluate(reader, node)
    if isinstance(key, Scalar):
        if isinstance(key.atom, Const):
            key = key.atom.value
        else:
            raise NeedsStatic(
                key.atom,
                reader.error(
                    node,
                    "a list or tuple is indexed by a number that is known at run time only; use an array, or loop "
                    "over a range whose ends are literal",
                ),
            )
    if isinstance(owner, ListValue) and isinstance(key, int) and key < 0:
        key += len(owner.slots)
    return key


def _subscript(reader: Reader, node: ast.Subscript, name: str) -> Any:
    owner = evaluate(reader, node.value)
    if isinstance(owner, Array):
        return arrays.get_item(reader, node, owner)
    if isinstance(node.slice, ast.Slice):
        ends = [None if e is None else evaluate(reader, e) for e in (node.slice.lower, node.slice.upper, node.slice.step)]
        if any(isinstance(e, Scalar) for e in ends):
            reader.fail(node, "a slice of a list needs ends that are known when reading; use an array")
        part = items(reader, node, owner)[slice(*ends)]
        return tuple(part) if isinstance(owner, tuple) else reader.state.add(ListValue.of(part))
    if isinstance(owner, Scalar):
        reader.fail(node, "a number cannot be indexed; is the argument an array?")
    key = static_key(reader, node.slice, owner)
    container = owner.slots if isinstance(owner, ListValue | DictValue) else owner
    value = _compute(reader, node, operator.getitem, container, key)
    return reader.library.wrap(reader, value, name)


def _attribute(reader: Reader, node: ast.Attribute, name: str) -> Any:
    owner = evaluate(reader, node.value)
    return calls.attribute(reader, node, owner, node.attr)


def _call(reader: Reader, node: ast.Call, name: str) -> Any:
    return calls.read_call(reader, node, name)


def _list_comprehension(reader: Reader, node: ast.ListComp, name: str) -> Any:
    return reader.state.add(ListValue.of(calls.comprehend(reader, node)))


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
