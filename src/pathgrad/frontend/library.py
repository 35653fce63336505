"""Names from outside, and the helper programs of one reading (floor 2).

A named helper function becomes a program of its own, read once for each form of its arguments; the caller gets a
`Call`. Where Python's aliasing does not fit into a call (a helper that gives back or writes a part of an argument, that
changes a list, or that takes a function made inside the caller) it is read in place instead.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, SourceError, SourceUnavailable, UnsupportedCall
from ..ir import Atom, Block, Call, Const, Program, Type, Var, array, place_copies
from ..ir.types import dtype_of_numpy
from . import arrays, control, expressions
from .source import MISSING, READABLE_MODULES, Source, source_of
from .state import Template, leaves, rebuild, template_of
from .values import Array, Cell, DictValue, ListValue, LocalFunction, Method

if TYPE_CHECKING:
    from .reader import Reader


@dataclass
class Helper:
    """A helper program, and how its inputs and outputs belong to arguments and results."""

    program: Program
    result: Template
    used: bool = False


class _InPlace(Exception):  # noqa: N818  (a request, not an error)
    """This helper must be read in place."""


class Library:
    """What the readings of one program and its helpers share."""

    def __init__(self) -> None:
        self.helpers: dict[Any, Helper] = {}
        self.guesses: dict[Any, Helper] = {}
        self.in_place: set[Any] = set()
        self.names: dict[str, int] = {}
        self.wrapped: dict[int, tuple[Any, Any]] = {}
        self.dependencies: list[tuple[Source, str, Any]] = []

    # ---- names -------------------------------------------------------------------------------------------------------
    def lookup(self, reader: Reader, node: ast.AST, source: Source, name: str) -> Any:
        """The value of a name that the function does not assign."""
        value = source.lookup(name)
        if value is MISSING:
            reader.fail(
                node,
                f"the name {name!r} is not known here; is it assigned before it is read, and imported at the top "
                f"(of {', '.join(READABLE_MODULES[:4])} in a file that is not run)?",
            )
        self.dependencies.append((source, name, value))
        return self.wrap(reader, value, name)

    def wrap(self, reader: Reader, value: Any, name: str) -> Any:
        """A Python object as a reader value."""
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            if value.ndim == 0:
                return value.item()
            atom = Const(value, type_of_array(value, name), name)
            return Array(Cell({"content": atom}, name=name, captured=True))
        if isinstance(value, tuple):
            return tuple(self.wrap(reader, item, f"{name}_{k}") for k, item in enumerate(value))
        if isinstance(value, list) and not isinstance(value, ListValue):
            return ListValue.of([self.wrap(reader, item, f"{name}_{k}") for k, item in enumerate(value)])
        if type(value) is dict:
            return DictValue({k: self.wrap(reader, v, f"{name}_{k}") for k, v in value.items()})
        return value

    def read_import(self, reader: Reader, node: ast.Import | ast.ImportFrom) -> None:
        """An import inside a function."""
        module = node.module if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            whole = module or alias.name
            if whole not in READABLE_MODULES:
                reader.fail(node, f"the import of {whole!r} inside a function cannot be read; import it at the top")
            target = importlib.import_module(whole)
            if module:
                reader.frame.slots[alias.asname or alias.name] = getattr(target, alias.name)
            elif alias.asname:
                reader.frame.slots[alias.asname] = target
            else:
                top = alias.name.split(".")[0]
                reader.frame.slots[top] = importlib.import_module(top)

    def source(self, reader: Reader, node: ast.AST, callee: Any) -> Source:
        """The source of a function that the user's function calls."""
        try:
            return source_of(callee)
        except SourceUnavailable as error:
            reader.fail(node, str(error), UnsupportedCall)

    # ---- calls -------------------------------------------------------------------------------------------------------
    def bind(
        self,
        reader: Reader,
        node: ast.AST,
        source: Source,
        arguments: Sequence[Any],
        keywords: dict[str, Any],
        defaults: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Arguments by parameter name, as Python binds them."""
        names = source.parameter_names()
        positional = len(source.node.args.posonlyargs) + len(source.node.args.args)
        if len(arguments) > positional:
            reader.fail(node, f"{source.name} takes {positional} arguments; got {len(arguments)}")
        bound = dict(zip(names, arguments, strict=False))
        for name, value in keywords.items():
            if name not in names:
                reader.fail(node, f"{source.name} has no parameter {name!r}; it has {', '.join(names)}")
            if name in bound:
                reader.fail(node, f"{source.name} got {name!r} twice")
            bound[name] = value
        for name in names:
            if name not in bound:
                value = defaults.get(name, MISSING) if defaults is not None else source.defaults(name)
                if value is MISSING:
                    reader.fail(node, f"{source.name} needs a value for {name!r}")
                bound[name] = self.wrap(reader, value, name)
        return {name: bound[name] for name in names}

    def call(
        self, reader: Reader, node: ast.AST, source: Source, arguments: Sequence[Any], keywords: Any, name: str
    ) -> Any:
        """Call a function that has source."""
        bound = self.bind(reader, node, source, arguments, keywords)
        if any(map(_is_local, bound.values())):
            return reader.run_function(source, bound)
        fixed: set[str] = set()
        while True:
            templates = {n: _parameter_template(reader, n, v, n in fixed) for n, v in bound.items()}
            tokens: dict[Any, Any] = {}
            key = (source.identity, tuple((n, _key(t, tokens)) for n, t in templates.items()))
            if key in self.in_place:
                return reader.run_function(source, bound)
            try:
                helper = self._helper(reader, key, source, templates, tokens)
                return self._emit_call(reader, node, helper, templates, bound, tokens, name)
            except _InPlace:
                self.in_place.add(key)
                return reader.run_function(source, bound)
            except _FixParameter as request:
                fixed.add(request.name)

    def _helper(
        self, reader: Reader, key: Any, source: Source, templates: dict[str, Template], tokens: dict[Any, Any]
    ) -> Helper:
        if key in self.helpers:
            return self.helpers[key]
        if key in self.guesses:
            return self.guesses[key]
        error: SourceError | None = None
        for guess in _result_guesses():
            try:
                return self._read_until_stable(reader, key, source, templates, tokens, guess)
            except SourceError as failure:
                recursive = key in self.guesses and self.guesses[key].used
                error = error or failure
                if not recursive:
                    raise
            finally:
                self.guesses.pop(key, None)
        assert error is not None
        raise error

    def _read_until_stable(
        self, reader: Reader, key: Any, source: Source, templates: Any, tokens: Any, guess: Template
    ) -> Helper:
        program = Program(self.unique(source.name), [], Block(), filename=source.filename)
        helper = Helper(program, guess)
        for _ in range(6):
            self.guesses[key] = helper
            read = self._read(reader, program, source, templates, tokens)
            same = _shape_of(read.result) == _shape_of(helper.result) and program.consumed == read.program.consumed
            program.inputs, program.body, program.consumed = read.program.inputs, read.program.body, read.program.consumed
            settled = same or not helper.used
            helper = Helper(program, read.result)
            if settled:
                place_copies(program)
                self.helpers[key] = helper
                return helper
        reader.fail(source.node, "the type of this recursive function's result does not settle; return one kind")

    def _read(self, reader: Reader, program: Program, source: Source, templates: Any, tokens: Any) -> Helper:
        from .reader import NeedsStatic, Reader

        inner = Reader(source, self)
        inner.depth = reader.depth + 1
        inputs: list[Var] = []
        bound: dict[str, Any] = {}
        owners: dict[Var, str] = {}
        for name, template in templates.items():
            variables = [Var(name if k == 0 else f"{name}_{k}", _retoken(t, tokens)) for k, t in enumerate(template.types())]
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
            if any(a.cell in cells for a in _arrays_within(value)) or _functions_within(value):
                raise _InPlace
            result = template_of(value, lambda a: arrays.type_of(inner, a))
            body.yields += leaves(value, result, lambda v, t: control.atom_of(inner, v, t))
            arrays_in = [v for v in inputs if v.type.is_array]
            written = [(v, c) for v, c in zip(arrays_in, cells, strict=True) if c.content is not v]
            for _variable, cell in written:
                body.yields.append(cell.content)
        consumed = frozenset(inputs.index(v) for v, _ in written)
        return Helper(Program(program.name, inputs, body, consumed), result)

    def _emit_call(
        self, reader: Reader, node: ast.AST, helper: Helper, templates: Any, bound: Any, tokens: Any, name: str
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
        if any(everywhere.count(t.cell) > 1 or t.cell.captured or t.cell.shadows for t in targets):
            raise _InPlace
        args = [control.atom_of(reader, value, t) for value, t in zip(places, types, strict=True)]
        unnamed = name == "t"
        results = [
            Var("v" if unnamed else name, _untoken(t, back), temporary=unnamed) for t in helper.result.types()
        ]
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
        return value

    def unique(self, name: str) -> str:
        """A program name that no other program of this reading has."""
        clean = name if name.isidentifier() else "function"
        n = self.names.get(clean, 0)
        self.names[clean] = n + 1
        return clean if n == 0 else f"{clean}_{n + 1}"


class _FixParameter(Exception):  # noqa: N818  (a request, not an error)
    """A helper needs the value of a parameter when reading."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def type_of_array(value: np.ndarray[Any, Any], name: str) -> Type:
    """The type of a NumPy array.

    Raises
    ------
    ArgumentError
        A dtype that programs do not have.
    """
    dtype = dtype_of_numpy(value.dtype.name)
    if dtype is None:
        raise ArgumentError(
            f"{name}: an array of dtype {value.dtype} cannot be read; convert it with .astype(np.float64)"
        )
    return array(dtype, tuple(1 if n == 1 else (name, k) for k, n in enumerate(value.shape)))


def _is_local(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_local, value))
    return isinstance(value, LocalFunction | Method | DictValue) or (
        isinstance(value, ListValue) and any(map(_is_local, value.items))
    )


def _parameter_template(reader: Reader, name: str, value: Any, fixed: bool) -> Template:
    if fixed:
        number = expressions.scalar(value)
        if number is not None and isinstance(number.atom, Const):
            return Template("fixed", fixed=number.atom.value)
        from .reader import NeedsStatic

        atom = number.atom if number is not None else None
        raise NeedsStatic(atom, reader.error(reader.source.node, f"{name!r} must be known when reading"))
    return template_of(value, lambda a: arrays.type_of(reader, a))


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


