"""Reading calls, attributes and comprehensions (floor 2).

Operators of the table become statements; array functions of NumPy go to `numpy_calls`; named functions become programs
of their own and a call (`library`); lambdas and local functions are read in place.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import math
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import PathgradError, UnsupportedCall
from ..ir import Atom, Const, Type, constant
from ..ops import SPELLINGS, TABLE, Op
from . import arrays, expressions, numpy_calls
from .source import Source
from .values import Array, DictValue, ListValue, LocalFunction, Method, RangeValue, Scalar

if TYPE_CHECKING:
    from .reader import Reader


@functools.cache
def _operators() -> dict[int, tuple[Any, Op]]:
    """The table's operators by the identity of the Python callables that mean them."""
    found: dict[int, tuple[Any, Op]] = {}
    for spelling, op in SPELLINGS.items():
        module, _, name = spelling.rpartition(".")
        if module == "pathgrad":
            continue
        function = getattr(importlib.import_module(module), name, None)
        if function is not None:
            found[id(function)] = (function, op)
    return found


def operator_of(callee: Any) -> Op | None:
    """The operator that a callable means."""
    if isinstance(callee, Op):
        return callee
    entry = _operators().get(id(callee))
    return entry[1] if entry else None


def read_call(reader: Reader, node: ast.Call, name: str) -> Any:
    """A call expression."""
    callee = expressions.evaluate(reader, node.func)
    if callee is builtins.sum and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
        return _sum_of_generator(reader, node.args[0], name)
    if callee is builtins.isinstance and len(node.args) == 2:
        return _is_instance(reader, node)
    arguments: list[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            arguments += expressions.items(reader, argument, expressions.evaluate(reader, argument.value))
        elif isinstance(argument, ast.GeneratorExp):
            arguments.append(reader.state.add(ListValue.of(comprehend(reader, argument))))
        else:
            arguments.append(expressions.evaluate(reader, argument))
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        value = expressions.evaluate(reader, keyword.value)
        if keyword.arg is None:
            if not isinstance(value, DictValue):
                reader.fail(node, "** needs a dict that is known when reading")
            keywords.update(value.slots)
        else:
            keywords[keyword.arg] = value
    return call(reader, node, callee, arguments, keywords, name)


def call(
    reader: Reader, node: ast.AST, callee: Any, arguments: list[Any], keywords: dict[str, Any], name: str = "t"
) -> Any:
    """Call a reader value."""
    if isinstance(callee, functools.partial):
        wrapped = [reader.library.wrap(reader, a, "argument") for a in callee.args]
        named = {k: reader.library.wrap(reader, v, k) for k, v in callee.keywords.items()}
        return call(reader, node, callee.func, [*wrapped, *arguments], {**named, **keywords}, name)
    if isinstance(callee, Method):
        return _method(reader, node, callee, arguments, keywords, name)
    if isinstance(callee, LocalFunction):
        return _local(reader, node, callee, arguments, keywords)
    if isinstance(callee, Source):
        return reader.library.call(reader, node, callee, arguments, keywords, name)
    program = getattr(callee, "__pathgrad_call__", None)
    if program is not None and not isinstance(callee, type):
        return program(reader, node, arguments, keywords, name)
    handler = numpy_calls.handler(callee) or _BUILTINS.get(callee if _hashable(callee) else None)
    if handler is not None:
        return _handled(reader, node, callee, handler, arguments, keywords)
    op = operator_of(callee)
    if op is not None:
        return _operator(reader, node, op, arguments, keywords, name)
    if isinstance(callee, FunctionType | MethodType) or hasattr(callee, "py_func"):
        module = getattr(callee, "__module__", "") or ""
        if module.startswith("pathgrad.") and _all_static(arguments, keywords):
            return callee(*arguments, **keywords)
        if not module.startswith(("numpy", "scipy")):
            if isinstance(callee, MethodType):
                arguments = [callee.__self__, *arguments]
            return reader.library.call(reader, node, reader.library.source(reader, node, callee), arguments, keywords, name)
    if _all_static(arguments, keywords) and _is_safe(callee):
        try:
            return reader.library.wrap(reader, callee(*arguments, **keywords), name)
        except PathgradError:
            raise
        except Exception as error:
            reader.fail(node, f"{type(error).__name__} while reading: {error}")
    what = getattr(callee, "__qualname__", None) or repr(callee)
    module = getattr(callee, "__module__", None)
    reader.fail(
        node,
        f"{module + '.' if module else ''}{what} has no operator record and no Python source that can be read; write "
        f"it with operators that have one (docs/add-an-operator.md shows how to add one)",
        UnsupportedCall,
    )


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _all_static(arguments: Sequence[Any], keywords: dict[str, Any]) -> bool:
    return all(expressions.is_static(v) for v in (*arguments, *keywords.values()))


def _is_safe(callee: Any) -> bool:
    """Whether calling something with known arguments has no effect but its result."""
    module = getattr(callee, "__module__", None) or type(callee).__module__
    if module == "builtins":
        return callee in (abs, divmod, str, round, pow, sorted, hash, type, repr, frozenset, slice, callable)
    return str(module).split(".")[0] in ("numpy", "math", "scipy")


def _operator(reader: Reader, node: ast.AST, op: Op, arguments: list[Any], keywords: dict[str, Any], name: str) -> Any:
    if keywords:
        reader.fail(node, f"{op.name}: the keyword {next(iter(keywords))!r} cannot be read; leave it out")
    if op.name == "log" and len(arguments) == 2:
        top = expressions.operate(reader, op, arguments[:1], name)
        return expressions.operate(reader, TABLE["divide"], [top, call(reader, node, math.log, arguments[1:], {})])
    if len(arguments) != op.arity:
        reader.fail(node, f"{op.name} takes {op.arity} operands; got {len(arguments)}")
    if _all_static(arguments, {}) and all(isinstance(a, bool | int | float) for a in arguments):
        with np.errstate(all="ignore"):
            value = op.value(*arguments)
        return value.item() if hasattr(value, "item") else value
    for argument in arguments:
        if not isinstance(argument, Array | ListValue | tuple) and expressions.scalar(argument) is None:
            reader.fail(node, f"{op.name} needs numbers or arrays; got {expressions.describe(argument)}")
    if op.name == "matmul":
        return matmul(reader, node, *arguments)
    result = expressions.operate(reader, op, arguments, name)
    return Scalar(result.atom, weak=False) if isinstance(result, Scalar) else result


def _handled(
    reader: Reader, node: ast.AST, callee: Any, handler: Callable[..., Any], arguments: list[Any], keywords: Any
) -> Any:
    try:
        return handler(reader, node, *arguments, **keywords)
    except TypeError as error:
        message = str(error)
        if "argument" not in message or "()" not in message:
            raise
        what = getattr(callee, "__name__", str(callee))
        reader.fail(node, f"{what}: these arguments cannot be read ({message.split('() ')[-1]}); use the basic form")


def _local(reader: Reader, node: ast.AST, function: LocalFunction, arguments: list[Any], keywords: Any) -> Any:
    outer = function.frame.source
    source = Source(
        function.node,
        outer.filename,
        outer.lines,
        function.name,
        outer.lookup,
        function.node,
        lambda name: function.defaults.get(name),
        outer.column_offset,
    )
    bound = reader.library.bind(reader, node, source, arguments, keywords, function.defaults)
    return reader.run_function(source, bound, function.frame)


# ---- attributes and methods ------------------------------------------------------------------------------------------
def attribute(reader: Reader, node: ast.Attribute, owner: Any, name: str) -> Any:
    """``owner.name``."""
    if isinstance(owner, Array):
        return _array_attribute(reader, node, owner, name)
    if isinstance(owner, Scalar):
        if name in ("real", "T"):
            return owner
        if name in ("shape", "ndim", "size"):
            return {"shape": (), "ndim": 0, "size": 1}[name]
        return Method(owner, name)
    if isinstance(owner, ListValue | DictValue):
        return Method(owner, name)
    if isinstance(owner, ModuleType) or not expressions.is_static(owner) or hasattr(owner, name):
        value = getattr(owner, name, None)
        if value is None and not hasattr(owner, name):
            reader.fail(node, f"module {owner.__name__} has no attribute {name!r}")
        return reader.library.wrap(reader, value, name)
    reader.fail(node, f"{expressions.describe(owner)} has no attribute {name!r}")


def _array_attribute(reader: Reader, node: ast.Attribute, owner: Array, name: str) -> Any:
    type_ = arrays.type_of(reader, owner)
    if name == "shape":
        return tuple(dimension(reader, owner, axis) for axis in range(type_.rank))
    if name == "ndim":
        return type_.rank
    if name == "size":
        result: Any = 1
        for axis in range(type_.rank):
            result = expressions.binary(reader, node, ast.Mult(), dimension(reader, owner, axis), result)
        return result
    if name == "T":
        return numpy_calls.transpose(reader, node, owner)
    if name == "dtype":
        return np.dtype({"f64": "float64", "f32": "float32", "i64": "int64", "bool": "bool"}[type_.dtype])
    if name == "flat":
        return numpy_calls.ravel(reader, node, owner)
    return Method(owner, name)


def dimension(reader: Reader, owner: Array, axis: int) -> Any:
    """The length of an axis, as a reader value."""
    atom = arrays.length(reader, owner, axis)
    return atom.value if isinstance(atom, Const) else Scalar(atom)


def _method(
    reader: Reader, node: ast.AST, method: Method, arguments: list[Any], keywords: dict[str, Any], name: str
) -> Any:
    owner, what = method.owner, method.name
    if isinstance(owner, Array | Scalar):
        handler = numpy_calls.METHODS.get(what)
        if handler is None:
            reader.fail(node, f"the array method {what!r} has no operator record; write it with ones that have")
        return _handled(reader, node, handler, handler, [owner, *arguments], keywords)
    if isinstance(owner, DictValue):
        views = {"keys": list(owner.slots), "values": list(owner.slots.values()), "items": list(owner.slots.items())}
        if what in views and not arguments:
            return tuple(views[what])
        if what == "get" and arguments:
            return owner.slots.get(*arguments)
    elif what == "append" and len(arguments) == 1:
        owner.slots[len(owner.slots)] = arguments[0]
        return None
    elif what == "copy":
        return reader.state.add(ListValue.of(owner.items))
    reader.fail(node, f"the method {what!r} of {expressions.describe(owner)} cannot be read; use an array")


# ---- builtins --------------------------------------------------------------------------------------------------------
def _is_instance(reader: Reader, node: ast.Call) -> bool:
    value = expressions.evaluate(reader, node.args[0])
    kinds = expressions.evaluate(reader, node.args[1])
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(value, Scalar):
        sample: Any = {"f64": 1.0 if value.weak else np.float64(1), "f32": np.float32(1), "i64": 1, "bool": True}[
            value.dtype
        ]
    elif isinstance(value, Array):
        sample = np.zeros(1)
    elif isinstance(value, ListValue):
        sample = []
    elif isinstance(value, DictValue):
        sample = {}
    else:
        sample = value
    return isinstance(sample, kinds)


def _range(reader: Reader, node: ast.AST, *ends: Any) -> Any:
    start, stop, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}.get(len(ends), (None, None, None))
    for end in (start, stop, step):
        number = expressions.scalar(end)
        if number is None or number.dtype != "i64":
            reader.fail(node, f"range takes integers; got {expressions.describe(end)}: use int(...)")
    if all(isinstance(end, int) for end in (start, stop, step)):
        if step == 0:
            reader.fail(node, "range: the step must not be 0")
        return range(start, stop, step)
    return RangeValue(start, stop, step)


def _len(reader: Reader, node: ast.AST, value: Any) -> Any:
    if isinstance(value, Array):
        return dimension(reader, value, 0)
    if isinstance(value, RangeValue):
        atom = arrays.length(reader, value)
        return atom.value if isinstance(atom, Const) else Scalar(atom)
    if isinstance(value, Scalar):
        reader.fail(node, "a number has no len")
    return len(value.slots) if isinstance(value, ListValue | DictValue) else len(value)


def _zip(reader: Reader, node: ast.AST, *parts: Any, strict: bool = False) -> Any:
    if any(_is_counted(part) for part in parts):
        for part in parts:
            if not isinstance(part, Array | RangeValue | range | arrays.Zipped):
                return _static_zip(reader, node, parts)
        return arrays.Zipped(parts)
    return tuple(zip(*(expressions.items(reader, node, part) for part in parts), strict=strict))


def _static_zip(reader: Reader, node: ast.AST, parts: tuple[Any, ...]) -> Any:
    """``zip`` of a list with arrays or ranges: as long as the list."""
    counts = [len(expressions.items(reader, node, p)) for p in parts if not _is_counted(p)]
    length = min(counts)
    columns = []
    for part in parts:
        if isinstance(part, Array):
            columns.append([arrays.element(reader, part, constant(k)) for k in range(length)])
        elif isinstance(part, range):
            columns.append(list(part)[:length])
        elif _is_counted(part):
            reader.fail(node, "zip of a list and a range with run-time ends cannot be read; use an array")
        else:
            columns.append(expressions.items(reader, node, part)[:length])
    return tuple(zip(*columns, strict=False))


def _is_counted(part: Any) -> bool:
    return isinstance(part, Array | RangeValue | arrays.Zipped | range)


def _enumerate(reader: Reader, node: ast.AST, part: Any, start: int = 0) -> Any:
    if _is_counted(part):
        return arrays.Zipped((arrays.Endless(start), part))
    return tuple(enumerate(expressions.items(reader, node, part), start))


def _reversed(reader: Reader, node: ast.AST, part: Any) -> Any:
    if isinstance(part, range):
        return part[::-1]
    if isinstance(part, RangeValue):
        count = Scalar(arrays.length(reader, part))
        last = expressions.binary(reader, node, ast.Sub(), count, 1)
        span = expressions.binary(reader, node, ast.Mult(), last, part.step)
        first = expressions.binary(reader, node, ast.Add(), part.start, span)
        before = expressions.binary(reader, node, ast.Sub(), part.start, part.step)
        return RangeValue(first, before, expressions.binary(reader, node, ast.Sub(), 0, part.step))
    if isinstance(part, Array):
        return numpy_calls.flip(reader, node, part, 0)
    return tuple(reversed(expressions.items(reader, node, part)))


def _extremum(op_name: str) -> Callable[..., Any]:
    def read(reader: Reader, node: ast.AST, *values: Any) -> Any:
        if len(values) == 1:
            if isinstance(values[0], Array):
                return numpy_calls.handler(np.max if op_name == "maximum" else np.min)(reader, node, values[0])
            values = tuple(expressions.items(reader, node, values[0]))
        if all(isinstance(v, bool | int | float) for v in values):
            return max(values) if op_name == "maximum" else min(values)
        result = values[0]
        for value in values[1:]:
            result = expressions.operate(reader, TABLE[op_name], [result, value])
        return result

    return read


def _sum(reader: Reader, node: ast.AST, values: Any, start: Any = 0) -> Any:
    if isinstance(values, Array) and arrays.type_of(reader, values).rank == 1:
        total = numpy_calls.handler(np.sum)(reader, node, values)
        return total if start == 0 and isinstance(start, int) else expressions.binary(reader, node, ast.Add(), start, total)
    result = start
    for item in expressions.items(reader, node, values):
        result = expressions.binary(reader, node, ast.Add(), result, item)
    return result


def _convert(dtype: str) -> Callable[..., Any]:
    python = {"f64": float, "i64": int, "bool": bool, "f32": float}[dtype]

    def read(reader: Reader, node: ast.AST, value: Any = 0) -> Any:
        if isinstance(value, Array):
            return numpy_calls.astype(reader, node, value, dtype)
        if isinstance(value, Scalar):
            if dtype == "i64" and value.dtype in ("f64", "f32"):
                value = expressions.operate(reader, TABLE["trunc"], [value])
            atom = expressions.cast_atom(reader, value.atom, Type(dtype))
            return Scalar(atom, weak=dtype != "f32" and value.weak)
        return python(value)

    return read


def _abs(reader: Reader, node: ast.AST, value: Any) -> Any:
    return abs(value) if expressions.is_static(value) else expressions.operate(reader, TABLE["absolute"], [value])


def _pow(reader: Reader, node: ast.AST, base: Any, exponent: Any) -> Any:
    return expressions.binary(reader, node, ast.Pow(), base, exponent)


def _list(reader: Reader, node: ast.AST, value: Any = ()) -> Any:
    return reader.state.add(ListValue.of(list(expressions.items(reader, node, value))))


def _tuple(reader: Reader, node: ast.AST, value: Any = ()) -> Any:
    return tuple(expressions.items(reader, node, value))


def _dict(reader: Reader, node: ast.AST, *pairs: Any, **named: Any) -> Any:
    slots = dict(expressions.items(reader, node, pairs[0])) if pairs else {}
    return reader.state.add(DictValue({**slots, **named}))


def _print(reader: Reader, node: ast.AST, *_: Any, **__: Any) -> Any:
    reader.fail(node, "print has no place in a derivative program; remove it, or print outside the function")


_BUILTINS: dict[Any, Callable[..., Any]] = {
    range: _range,
    len: _len,
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    max: _extremum("maximum"),
    min: _extremum("minimum"),
    sum: _sum,
    abs: _abs,
    pow: _pow,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    print: _print,
    float: _convert("f64"),
    int: _convert("i64"),
    bool: _convert("bool"),
    np.float64: _convert("f64"),
    np.float32: _convert("f32"),
    np.int64: _convert("i64"),
    np.bool_: _convert("bool"),
}


# ---- comprehensions --------------------------------------------------------------------------------------------------
def comprehend(reader: Reader, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
    """The items of a comprehension over things known when reading."""
    results: list[Any] = []

    def visit(depth: int) -> None:
        if depth == len(node.generators):
            results.append(expressions.evaluate(reader, node.elt))
            return
        generator = node.generators[depth]
        iterable = expressions.evaluate(reader, generator.iter)
        if isinstance(iterable, RangeValue | arrays.Zipped | Array):
            counted = arrays.as_counted(reader, node, iterable)
            length = counted.stop if counted else None
            if not (isinstance(iterable, Array) and isinstance(length, Const)):
                reader.fail(
                    node,
                    "a comprehension whose length is known at run time only cannot be read; fill an array in a loop",
                )
            values = [arrays.element(reader, iterable, constant(k)) for k in range(length.value)]
        else:
            values = expressions.items(reader, node, iterable)
        for value in values:
            reader.assign(generator.target, value)
            tests = [expressions.truth(reader, test) for test in generator.ifs]
            if not all(isinstance(test, bool) for test in tests):
                reader.fail(node, "a comprehension filtered by run-time numbers cannot be read; use a loop")
            if all(tests):
                visit(depth + 1)

    before = dict(reader.frame.slots)
    visit(0)
    for generator in node.generators:
        for name in (n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)):
            if name in before:
                reader.frame.slots[name] = before[name]
            else:
                reader.frame.slots.pop(name, None)
    return results


def _sum_of_generator(reader: Reader, node: ast.GeneratorExp, name: str) -> Any:
    """``sum(e for ...)`` as the loop that it is."""
    total = f"_total_{node.lineno}_{node.col_offset}"
    add: ast.stmt = ast.AugAssign(ast.Name(total, ast.Store()), ast.Add(), node.elt)
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            add = ast.If(test, [add], [])
        add = ast.For(generator.target, generator.iter, [add], [])
    ast.copy_location(add, node)
    ast.fix_missing_locations(add)
    before = {n: v for n, v in reader.frame.slots.items()}
    reader.frame.slots[total] = 0
    reader.statement(add)
    value = reader.frame.slots.pop(total)
    for target in {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}:
        if target in before:
            reader.frame.slots[target] = before[target]
        else:
            reader.frame.slots.pop(target, None)
    if isinstance(value, Scalar) and hasattr(value.atom, "name"):
        value.atom.name = "total" if name == "t" else name  # type: ignore[union-attr]
    return value


# ---- products and arrays made of numbers -----------------------------------------------------------------------------
def matmul(reader: Reader, node: ast.AST, left: Any, right: Any) -> Any:
    """``left @ right``."""
    a, b = (expressions.operand(reader, node, side) for side in (left, right))
    if not a.type.rank or not b.type.rank:
        reader.fail(node, "@ needs arrays; use * with a number")
    return expressions.operate(reader, TABLE["matmul"], [left, right])


def array_from(reader: Reader, node: ast.AST, value: Any) -> Atom:
    """A list or tuple of numbers or arrays as an array."""
    parts = value.items if isinstance(value, ListValue) else list(value)
    if not parts:
        return reader.builder.emit(TABLE["zeros"], [0], {"dtype": "f64"})
    atoms = [expressions.operand(reader, node, part) for part in parts]
    ranks = {a.type.rank for a in atoms}
    if len(ranks) > 1:
        reader.fail(node, "an array is made of parts with the same number of axes; got " + ", ".join(map(str, sorted(ranks))))
    from ..ir.types import promote

    dtype = promote(*(a.type.dtype for a in atoms))  # type: ignore[union-attr]
    atoms = [expressions.cast_atom(reader, a, Type(dtype, a.type.rank, getattr(a.type, "dims", ()))) for a in atoms]
    if ranks != {0}:
        return reader.builder.emit(TABLE["stack"], atoms, {"axis": 0})
    if all(isinstance(a, Const) for a in atoms):
        values = np.array([a.value for a in atoms if isinstance(a, Const)])
        return Const(values, Type(dtype, 1, (("literal", len(atoms)),)), "array")
    return reader.builder.emit(TABLE["pack"], atoms, {})
