"""Reading a call of a derived function inside a function (floor 2).

``grad(f)(x)`` inside a differentiated function is a call of a program that the derived function gives; the reader takes
it as it is and knows nothing of how it was derived.
"""

from __future__ import annotations

from typing import Any

from ..ir import Call, Type, Var, array
from .context import Reader
from .helpers import token_of
from .operands import atom_of
from .read import Spec
from .storage import new_array, type_of
from .values import Array, DictValue, ListValue, Scalar, as_number


def read_derived_call(
    derived: Any, reader: Reader, node: Any, arguments: list[Any], keywords: dict[str, Any], name: str
) -> Any:
    """Call the program of a derived function.

    Parameters
    ----------
    derived : object
        Has ``parameter_names()`` and ``reading(specs, values)``.
    reader, node, arguments, keywords, name
        The call.
    """
    names = derived.parameter_names()
    bound = {**dict(zip(names, arguments, strict=False)), **keywords}
    tokens: dict[Any, Any] = {}
    specs = {n: _spec(reader, v, tokens) for n, v in bound.items()}
    reading = derived.reading(specs, bound.__getitem__)
    program = reading.program
    values: dict[int, Any] = {}
    for parameter in program.parameters:
        _place(parameter.tree, bound[parameter.name], values)
    args = [atom_of(reader, values[k], v.type) for k, v in enumerate(program.inputs)]
    results = [
        Var("v", array(a.type.dtype, (None,) * a.type.rank) if isinstance(a.type, Type) else a.type, temporary=True)
        for a in program.outputs
    ]
    builder = reader.builder
    builder.append(Call(program, args, list(results), builder.origin, builder.role))
    return _value(reader, program.result, results)


def _spec(reader: Reader, value: Any, tokens: dict[Any, Any]) -> Spec:
    number = as_number(value)
    if number is not None:
        assert isinstance(number.atom.type, Type)
        return Spec("number", Type(number.atom.type.dtype), number.weak)
    if isinstance(value, Array):
        type_ = type_of(reader, value)
        lengths = tuple(token_of(d, tokens) for d in type_.dims)
        return Spec("array", array(type_.dtype, lengths), lengths=lengths)
    if isinstance(value, tuple | ListValue):
        items = value.items if isinstance(value, ListValue) else value
        kind = "list" if isinstance(value, ListValue) else "tuple"
        return Spec(kind, parts=tuple(_spec(reader, v, tokens) for v in items))
    if isinstance(value, DictValue):
        parts = tuple(_spec(reader, v, tokens) for v in value.slots.values())
        return Spec("dict", parts=parts, keys=tuple(value.slots))
    return Spec("fixed", value=value)


def _place(tree: Any, value: Any, values: dict[int, Any]) -> None:
    if isinstance(tree, int):
        values[tree] = value
    elif isinstance(tree, tuple | list):
        items = value.items if isinstance(value, ListValue) else value
        for t, v in zip(tree, items, strict=True):
            _place(t, v, values)
    elif isinstance(tree, dict):
        for k, t in tree.items():
            _place(t, value.slots[k], values)


def _value(reader: Reader, tree: Any, results: list[Var]) -> Any:
    if isinstance(tree, int):
        atom = results[tree]
        return new_array(reader, atom, "v") if atom.type.rank else Scalar(atom, weak=False)
    if isinstance(tree, tuple):
        return tuple(_value(reader, t, results) for t in tree)
    if isinstance(tree, list):
        return reader.state.add(ListValue.of([_value(reader, t, results) for t in tree]))
    if isinstance(tree, dict):
        return reader.state.add(DictValue({k: _value(reader, t, results) for k, t in tree.items()}))
    return None
