"""The helper programs of one reading, and the calls of them (floor 2).

A named helper function becomes a program of its own, read once for each form of its arguments; the caller gets a
`Call`. Where Python's aliasing does not fit into a call (a helper that gives back or writes a part of an argument, that
changes a list, or that takes a function made inside the caller) it is read in place instead.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SourceError
from ..ir import Atom, Block, Call, Const, Program, Type, Var, array, place_copies, remove_dead
from .context import NeedsStatic, Reader
from .names import bind, identifier
from .operands import atom_of
from .source import Source
from .state import Template, leaves, rebuild, template_of
from .storage import type_of
from .values import Array, Cell, DictValue, ListValue, LocalFunction, Method, as_number


@dataclass
class Helper:
    """A helper program, and how its inputs and outputs belong to arguments and results.

    ``may_be`` says, for each array of the result, which inputs it may share its storage with.
    """

    program: Program
    result: Template
    may_be: tuple[frozenset[int], ...] = ()
    used: bool = False


class _InPlace(Exception):  # noqa: N818  (a request, not an error)
    """A helper must be read in place."""


class _FixParameter(Exception):  # noqa: N818  (a request, not an error)
    """A helper needs the value of a parameter when reading."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def call_helper(
    reader: Reader, node: ast.AST, source: Source, arguments: Sequence[Any], keywords: Any, name: str
) -> Any:
    """Call a function that has source."""
    bound = bind(reader, node, source, arguments, keywords)
    if any(map(_is_local, bound.values())):
        return reader.run_function(source, bound)
    fixed: set[str] = set()
    while True:
        templates = {n: _parameter_template(reader, n, v, n in fixed) for n, v in bound.items()}
        tokens: dict[Any, Any] = {}
        key = (source.identity, tuple((n, _key(t, tokens)) for n, t in templates.items()))
        if key in reader.library.in_place:
            return reader.run_function(source, bound)
        try:
            helper = _helper(reader, key, source, templates, tokens)
            return _emit_call(reader, node, helper, templates, bound, tokens, name)
        except _InPlace:
            reader.library.in_place.add(key)
            return reader.run_function(source, bound)
        except _FixParameter as request:
            fixed.add(request.name)


def _helper(reader: Reader, key: Any, source: Source, templates: dict[str, Template], tokens: dict[Any, Any]) -> Helper:
    known: Helper | None = reader.library.helpers.get(key) or reader.library.guesses.get(key)
    if known is not None:
        return known
    error: SourceError | None = None
    for guess in _result_guesses():
        try:
            return _read_until_stable(reader, key, source, templates, tokens, guess)
        except SourceError as failure:
            recursive = key in reader.library.guesses and reader.library.guesses[key].used
            error = error or failure
            if not recursive:
                raise
        finally:
            reader.library.guesses.pop(key, None)
    assert error is not None
    raise error


def _read_until_stable(
    reader: Reader, key: Any, source: Source, templates: Any, tokens: Any, guess: Template
) -> Helper:
    program = Program(identifier(source.name), [], Block(), filename=source.filename)
    helper = Helper(program, guess)
    for _ in range(6):
        reader.library.guesses[key] = helper
        read = _read(reader, program, source, templates, tokens)
        same = _shape_of(read.result) == _shape_of(helper.result) and program.consumed == read.program.consumed
        program.inputs, program.body, program.consumed = read.program.inputs, read.program.body, read.program.consumed
        settled = same or not helper.used
        helper = Helper(program, read.result, read.may_be)
        if settled:
            place_copies(remove_dead(program))
            reader.library.helpers[key] = helper
            return helper
    reader.fail(source.node, "the type of this recursive function's result does not settle; return one kind")


def _read(reader: Reader, program: Program, source: Source, templates: Any, tokens: Any) -> Helper:
    inner = reader.for_helper(source)
    inputs: list[Var] = []
    bound: dict[str, Any] = {}
    owners: dict[Var, str] = {}
    for name, template in templates.items():
        variables = [
            Var(name if k == 0 else f"{name}_{k}", _retoken(t, tokens)) for k, t in enumerate(template.types())
        ]
        if len(variables) > 1:
            for k, v in enumerate(variables):
                v.name = f"{name}_{k}"
        owners.update(dict.fromkeys(variables, name))
        inputs += variables
        bound[name] = rebuild(template, iter(variables), name, inner.state)
    params = list(inner.state.stores)
    before = inner.state.snapshot()
    with inner.builder.open() as body:
        try:
            value = inner.run_function(source, bound)
        except NeedsStatic as needed:
            if needed.atom in owners:
                raise _FixParameter(owners[needed.atom]) from None
            raise needed.error from None
        if any(isinstance(s, ListValue) for (s, _) in inner.state.changes(before).values()):
            raise _InPlace
        cells = [s for s in params if isinstance(s, Cell)]
        made = [a.cell for a in _arrays_within(value)]
        if any(cell in cells for cell in made) or len(set(made)) < len(made) or _functions_within(value):
            raise _InPlace
        result = template_of(value, lambda a: type_of(inner, a))
        body.yields += leaves(value, result, lambda v, t: atom_of(inner, v, t))
        arrays_in = [v for v in inputs if v.type.is_array]
        written = [(v, c) for v, c in zip(arrays_in, cells, strict=True) if c.content is not v]
        for _variable, cell in written:
            body.yields.append(cell.content)
    consumed = frozenset(inputs.index(v) for v, _ in written)
    numbers = {cell: inputs.index(v) for v, cell in zip(arrays_in, cells, strict=True)}
    may_be = tuple(frozenset(numbers[c] for c in cell.shadows if c in numbers) for cell in made)
    return Helper(Program(program.name, inputs, body, consumed), result, may_be)


def _emit_call(
    reader: Reader, node: ast.AST, helper: Helper, templates: Any, bound: Any, tokens: Any, name: str
) -> Any:
    helper.used = True
    back = {inner: outer for outer, inner in tokens.items()}
    args: list[Atom] = []
    places: list[Any] = []
    for parameter, template in templates.items():
        for value in _leaf_values(bound[parameter], template):
            places.append(value)
    types = [t for template in templates.values() for t in template.types()]
    written = sorted(helper.program.consumed)
    targets = [places[k] for k in written]
    if any(not isinstance(t, Array) or t.views for t in targets):
        raise _InPlace
    everywhere = [p.cell for p in places if isinstance(p, Array)]
    if any(everywhere.count(t.cell) > 1 or t.cell.captured for t in targets):
        raise _InPlace
    if any(reader.state.referenced(c) for t in targets for c in t.cell.shadows):
        raise _InPlace
    args = [atom_of(reader, value, t) for value, t in zip(places, types, strict=True)]
    unnamed = name == "t"
    results = [Var("v" if unnamed else name, _untoken(t, back), temporary=unnamed) for t in helper.result.types()]
    if len(results) > 1:
        for k, v in enumerate(results):
            v.name = f"{name if name != 't' else 'v'}_{k}"
    after = [Var(targets[k].cell.name, types[i]) for k, i in enumerate(written)]
    builder = reader.builder
    builder.append(Call(helper.program, args, [*results, *after], builder.origin, builder.role))
    for target, variable in zip(targets, after, strict=True):
        target.cell.writes += 1
        target.cell.slots["content"] = variable
    value = rebuild(helper.result, iter(results), name if name != "t" else "v", reader.state)
    for made, numbers in zip(_arrays_within(value), helper.may_be, strict=False):
        made.cell.may_be(c for k in numbers for c in places[k].cell.candidates)
    return value


def _is_local(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_local, value))
    return isinstance(value, LocalFunction | Method | DictValue) or (
        isinstance(value, ListValue) and any(map(_is_local, value.items))
    )


def _parameter_template(reader: Reader, name: str, value: Any, fixed: bool) -> Template:
    if fixed:
        number = as_number(value)
        if number is not None and isinstance(number.atom, Const):
            return Template("fixed", fixed=number.atom.value)
        atom = number.atom if number is not None else None
        raise NeedsStatic(atom, reader.error(reader.source.node, f"{name!r} must be known when reading"))
    return template_of(value, lambda a: type_of(reader, a))


def _key(template: Template, tokens: dict[Any, Any]) -> Any:
    """A hashable form of a template in which lengths are numbered as they come."""
    own: Any = None
    if isinstance(template.type, Type):
        own = (template.type.dtype, tuple(token_of(d, tokens) for d in template.type.dims))
    fixed = template.fixed
    try:
        hash(fixed)
    except TypeError:
        fixed = id(fixed)
    return (template.kind, own, template.weak, fixed, tuple(_key(p, tokens) for p in template.parts))


def token_of(dim: Any, tokens: dict[Any, Any]) -> Any:
    """The number of a length, in the order in which ``tokens`` met them; 1 stays 1."""
    if dim == 1:
        return 1
    if dim is None:
        dim = object()
    return tokens.setdefault(dim, ("length", len(tokens)))


def _retoken(t: Any, tokens: dict[Any, Any]) -> Any:
    return array(t.dtype, tuple(token_of(d, tokens) for d in t.dims)) if isinstance(t, Type) else t


def _untoken(t: Any, back: dict[Any, Any]) -> Any:
    def outer(dim: Any) -> Any:
        if dim == 1 or (isinstance(dim, tuple) and dim[0] == "literal"):
            return dim
        if isinstance(dim, tuple) and dim[0] == "shorter":
            base = outer(dim[1])
            return None if base is None else ("shorter", base, dim[2])
        found = back.get(dim)
        return None if type(found) is object else found

    return array(t.dtype, tuple(outer(d) for d in t.dims)) if isinstance(t, Type) else t


def _shape_of(template: Template) -> Any:
    return (template.kind, template.type, template.weak, tuple(_shape_of(p) for p in template.parts))


def _leaf_values(value: Any, template: Template) -> list[Any]:
    if template.type is not None:
        return [value]
    if not template.parts:
        return []
    items = value.items if isinstance(value, ListValue) else value
    return [leaf for item, part in zip(items, template.parts, strict=True) for leaf in _leaf_values(item, part)]


def _arrays_within(value: Any) -> list[Array]:
    if isinstance(value, Array):
        return [value]
    if isinstance(value, tuple | ListValue):
        items = value.items if isinstance(value, ListValue) else value
        return [a for item in items for a in _arrays_within(item)]
    return []


def _functions_within(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_functions_within, value))
    return isinstance(value, LocalFunction | DictValue | Method)


def _result_guesses() -> list[Template]:
    number = Template("number", Type("f64"), weak=False)
    return [
        number,
        Template("array", array("f64", (None,))),
        Template("tuple", parts=(number, number)),
        Template("array", array("f64", (None, None))),
    ]
