"""Reading calls (floor 2).

Operators of the table become statements; array functions of NumPy go to `numpy_calls`; named functions become programs
of their own and a call (`helpers`); lambdas and local functions are read in place.
"""

from __future__ import annotations

import ast
import builtins
import functools
import math
import sys
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import PathgradError, UnsupportedCall
from ..ops import SPELLINGS, TABLE, Op
from .builtin_calls import BUILTINS, is_instance
from .comprehensions import comprehend, sum_of_generator
from .containers import changeable, items_of
from .context import Reader
from .names import bind, helper_source, wrap
from .numpy_calls import METHODS, handler_of
from .numpy_register import is_loaded
from .operands import matmul, operate
from .source import Source
from .values import Array, DictValue, ListValue, LocalFunction, Method, Scalar, as_number, describe, is_static


# ---- which operator --------------------------------------------------------------------------------------------------
@functools.cache
def _operators(modules: tuple[str, ...]) -> dict[int, tuple[Any, Op]]:
    """The table's operators by the identity of the Python callables that mean them, out of these modules."""
    found: dict[int, tuple[Any, Op]] = {}
    for spelling, op in SPELLINGS.items():
        module, _, name = spelling.rpartition(".")
        function = getattr(sys.modules[module], name, None) if module in modules else None
        if function is not None:
            found[id(function)] = (function, op)
    return found


#: Where those callables are; our own are operators themselves.
_MODULES = tuple(sorted({spelling.rpartition(".")[0] for spelling in SPELLINGS} - {"pathgrad"}))


#: Modules whose functions derive functions: they are called when reading.
_VERBS = ("pathgrad.api", "pathgrad.arithmetic.derivative")


def _is_in(module: str, callee: Any) -> bool:
    """Whether a function is the one that its module has under its name."""
    found: Any = getattr(sys.modules.get(module), getattr(callee, "__name__", ""), None)
    return found is callee


def operator_of(callee: Any) -> Op | None:
    """The operator that a callable means."""
    if isinstance(callee, Op):
        return callee
    # who holds a module's function has imported the module: nothing is imported for those that nobody holds
    entry = _operators(tuple(filter(is_loaded, _MODULES))).get(id(callee))
    return entry[1] if entry else None


# ---- calls -----------------------------------------------------------------------------------------------------------
def read_call(reader: Reader, node: ast.Call, name: str) -> Any:
    """A call expression."""
    callee = reader.evaluate(node.func)
    if callee is builtins.sum and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
        return sum_of_generator(reader, node.args[0], name)
    if callee is builtins.isinstance and len(node.args) == 2:
        return is_instance(reader, node)
    arguments: list[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            arguments += items_of(reader, argument, reader.evaluate(argument.value))
        elif isinstance(argument, ast.GeneratorExp):
            arguments.append(reader.state.add(ListValue.of(comprehend(reader, argument))))
        else:
            arguments.append(reader.evaluate(argument))
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        value = reader.evaluate(keyword.value)
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
        wrapped = [wrap(a, "argument") for a in callee.args]
        named = {k: wrap(v, k) for k, v in callee.keywords.items()}
        return call(reader, node, callee.func, [*wrapped, *arguments], {**named, **keywords}, name)
    if isinstance(callee, Method):
        return _method(reader, node, callee, arguments, keywords, name)
    if isinstance(callee, LocalFunction):
        return _local(reader, node, callee, arguments, keywords)
    if isinstance(callee, Source):
        return reader.call_source(node, callee, arguments, keywords, name)
    program = getattr(callee, "__pathgrad_call__", None)
    if program is not None and not isinstance(callee, type):
        return program(reader, node, arguments, keywords, name)
    handler = handler_of(callee) or BUILTINS.get(callee if _hashable(callee) else None)
    if handler is not None:
        return _handled(reader, node, callee, handler, arguments, keywords)
    op = operator_of(callee)
    if op is not None:
        return _operator(reader, node, op, arguments, keywords, name)
    if isinstance(callee, FunctionType | MethodType) or hasattr(callee, "py_func"):
        module = getattr(callee, "__module__", "") or ""
        if module.startswith(_VERBS) and _is_in(module, callee):
            if not _all_static(arguments, keywords):
                reader.fail(
                    node,
                    f"{callee.__name__} of a function that is made inside the function being read cannot be read; "
                    f"define it at the top of the module and pass what it needs as arguments",
                    UnsupportedCall,
                )
            return callee(*arguments, **keywords)
        if not module.startswith(("numpy", "scipy")):
            if isinstance(callee, MethodType):
                arguments = [callee.__self__, *arguments]
            return reader.call_source(node, helper_source(reader, node, callee), arguments, keywords, name)
    if _all_static(arguments, keywords) and _is_safe(callee):
        try:
            return wrap(callee(*arguments, **keywords), name)
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
    return all(is_static(v) for v in (*arguments, *keywords.values()))


def _is_safe(callee: Any) -> bool:
    """Whether calling something with known arguments has no effect but its result."""
    module = getattr(callee, "__module__", None) or type(callee).__module__
    if module == "builtins":
        return callee in (abs, divmod, str, round, pow, sorted, hash, type, repr, frozenset, slice, callable)
    return str(module).split(".")[0] in ("numpy", "math", "scipy")


# ---- kinds of callees ------------------------------------------------------------------------------------------------
def _operator(reader: Reader, node: ast.AST, op: Op, arguments: list[Any], keywords: dict[str, Any], name: str) -> Any:
    if keywords:
        reader.fail(node, f"{op.name}: the keyword {next(iter(keywords))!r} cannot be read; leave it out")
    if op.name == "log" and len(arguments) == 2:
        top = operate(reader, op, arguments[:1], name)
        return operate(reader, TABLE["divide"], [top, call(reader, node, math.log, arguments[1:], {})])
    if len(arguments) != op.arity:
        reader.fail(node, f"{op.name} takes {op.arity} operands; got {len(arguments)}")
    if _all_static(arguments, {}) and all(isinstance(a, bool | int | float) for a in arguments):
        with np.errstate(all="ignore"):
            value = op.value(*arguments)
        return value.item() if hasattr(value, "item") else value
    for argument in arguments:
        if not isinstance(argument, Array | ListValue | tuple) and as_number(argument) is None:
            reader.fail(node, f"{op.name} needs numbers or arrays; got {describe(argument)}")
    if op.name == "matmul":
        return matmul(reader, node, *arguments)
    result = operate(reader, op, arguments, name)
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
    )
    bound = bind(reader, node, source, arguments, keywords, function.defaults)
    return reader.run_function(source, bound, function.frame)


def _method(
    reader: Reader, node: ast.AST, method: Method, arguments: list[Any], keywords: dict[str, Any], name: str
) -> Any:
    owner, what = method.owner, method.name
    if isinstance(owner, Array | Scalar):
        handler = METHODS.get(what)
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
        changeable(reader, node, owner)
        owner.slots[len(owner.slots)] = arguments[0]
        return None
    elif what == "copy":
        return reader.state.add(ListValue.of(owner.items))
    reader.fail(node, f"the method {what!r} of {describe(owner)} cannot be read; use an array")
