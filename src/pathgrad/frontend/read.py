"""From a function and the form of its arguments to a program (floor 2).

`Spec` is the form of an argument: a run-time number or array, something known when reading, or a tuple, list or dict of
forms. One program serves every call with the same forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ArgumentError, NativeUnsupported
from ..ir import (
    Block,
    Let,
    Parameter,
    Program,
    Type,
    Var,
    array,
    check,
    place_copies,
    programs_called,
    remove_dead,
    walk,
)
from ..ir.types import dtype_of_numpy
from .context import Dependency, Library, NeedsStatic, Reader
from .names import bind, identifier
from .operands import UNBOUND_NAME, atom_of
from .reader import ProgramReader
from .source import Source
from .state import leaves, template_of
from .storage import type_of
from .values import Array, Cell, DictValue, ListValue, Scalar, frozen

__all__ = ["Reading", "Spec", "guards", "read", "spec_of", "unchanged"]


@dataclass(frozen=True)
class Spec:
    """The form of an argument.

    Attributes
    ----------
    kind : str
        ``"number"``, ``"array"``, ``"tuple"``, ``"list"``, ``"dict"`` or ``"fixed"``.
    type : Type or None
        The type of a number or array.
    weak : bool
        A Python number rather than a NumPy one.
    parts : tuple of Spec
        The forms of the items.
    keys : tuple
        The keys of a dict.
    value : object
        What is known when reading.
    lengths : tuple of int
        For arrays: which lengths are equal (equal numbers), and which are 1.
    """

    kind: str
    type: Type | None = None
    weak: bool = False
    parts: tuple[Spec, ...] = ()
    keys: tuple[Any, ...] = ()
    value: Any = None
    lengths: tuple[Any, ...] = ()


def spec_of(value: Any, lengths: dict[int, int], name: str, known: int = 0) -> Spec:
    """The form of a run-time argument.

    Parameters
    ----------
    value : object
        The argument.
    lengths : dict
        Numbers of the lengths met so far; shared by all arguments of a call.
    name : str
        The parameter's name, for errors.
    known : int
        Lengths up to this one are part of the form: the program serves arrays of these lengths only.

    Raises
    ------
    ArgumentError
        A NumPy array of a dtype that programs do not have, or of a class that gives operators another meaning.
    """
    if isinstance(value, bool | np.bool_):
        return Spec("number", Type("bool"), weak=True)
    if isinstance(value, np.float32):
        return Spec("number", Type("f32"))
    if isinstance(value, float):
        return Spec("number", Type("f64"), weak=not isinstance(value, np.float64))
    if isinstance(value, int | np.integer):
        return Spec("number", Type("i64"), weak=isinstance(value, int))
    if isinstance(value, np.ndarray):
        return _array_spec(value, lengths, name, known)
    if isinstance(value, tuple):
        parts = tuple(spec_of(v, lengths, f"{name}[{k}]", known) for k, v in enumerate(value))
        return Spec("tuple", parts=parts, value=type(value) if hasattr(value, "_fields") else None)
    if isinstance(value, list):
        return Spec("list", parts=tuple(spec_of(v, lengths, f"{name}[{k}]", known) for k, v in enumerate(value)))
    if isinstance(value, dict):
        parts = tuple(spec_of(v, lengths, f"{name}[{k!r}]", known) for k, v in value.items())
        return Spec("dict", parts=parts, keys=tuple(value))
    try:
        hash(value)
    except TypeError:
        raise ArgumentError(
            f"{name}: a {type(value).__name__} cannot be an argument; pass numbers, arrays, and tuples, lists or dicts "
            f"of them"
        ) from None
    return Spec("fixed", value=value)


def _array_spec(value: np.ndarray[Any, Any], lengths: dict[int, int], name: str, known: int) -> Spec:
    if type(value) is not np.ndarray and not isinstance(value, np.memmap):
        raise ArgumentError(
            f"{name}: a {type(value).__name__} cannot be read, for its operators may mean something else than an "
            f"array's: pass np.asarray({name})"
        )
    dtype = dtype_of_numpy(value.dtype.name)
    if dtype is None:
        wanted = "real and imaginary parts" if value.dtype.kind == "c" else ".astype(np.float64)"
        raise ArgumentError(
            f"{name}: an array of dtype {value.dtype} cannot be read; float64, float32, int64 and bool can: "
            f"use {wanted}"
        )
    if value.ndim == 0:
        return Spec("number", Type(dtype), value="array")
    numbers = tuple(
        1 if n == 1 else ("literal", n) if n <= known else ("length", lengths.setdefault(n, len(lengths)))
        for n in value.shape
    )
    return Spec("array", array(dtype, numbers), lengths=numbers)


def _is_settled(value: Any) -> bool:
    """Whether a value's content, as far as programs read it, cannot change while it is the same object."""
    if isinstance(value, tuple):
        return all(map(_is_settled, value))
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return not isinstance(value, list | dict)


@dataclass
class Reading:
    """A program that was read, and what it depends on.

    Attributes
    ----------
    program : Program
        The program.
    fixed : dict
        Parameters whose value had to be known when reading, and the value.
    dependencies : list
        The names outside the function that were looked up, as ``(source, name, value)``.
    """

    program: Program
    fixed: dict[str, Any] = field(default_factory=dict)
    dependencies: list[Dependency] = field(default_factory=list)

    def may_be_unbound(self) -> bool:
        """Whether the program may read a name that was not assigned on some path, where Python raises."""
        return any(
            isinstance(s, Let) and s.op.name == "undefined" and s.target.name == UNBOUND_NAME
            for program in programs_called(self.program)
            for s in walk(program.body)
        )

    def is_current(self) -> bool:
        """Whether the names outside the function still have the values that were read."""
        return unchanged(self.dependencies)

    def guards(self) -> list[tuple[Callable[[], Any], Any]] | None:
        """How to look up each name outside the function, and the object that it must be.

        None where comparing objects does not suffice: something's content was read, and may change.
        """
        return guards(self.dependencies)


def unchanged(dependencies: Sequence[Dependency]) -> bool:
    """Whether names have the values that they had."""
    return all(frozen(look_up()) == value for look_up, value in dependencies)


def guards(dependencies: Sequence[Dependency]) -> list[tuple[Callable[[], Any], Any]] | None:
    """How to look up each name, and the object that it must be; None where comparing objects does not suffice."""
    found = []
    for look_up, value in dependencies:
        thing = look_up()
        if frozen(thing) != value or not _is_settled(thing):
            return None
        found.append((look_up, thing))
    return found


def read(
    source: Source,
    specs: Mapping[str, Spec],
    values: Callable[[str], Any] | None = None,
    name: str | None = None,
    in_place: bool = False,
) -> Reading:
    """Read a function for arguments of the given forms.

    Parameters
    ----------
    source : Source
        The function.
    specs : mapping
        The form of each argument, by parameter name; parameters left out take their defaults.
    values : callable, optional
        The value of a parameter, for those that must be known when reading.
    name : str, optional
        The program's name.
    in_place : bool
        Whether the program writes into the caller's arrays where the function does: it consumes such inputs, and their
        final contents are its last outputs, outside of ``result``. An argument that the function returns is handed
        back itself.

    Returns
    -------
    Reading
        The program; its parameters and result are grouped as the user's.

    Raises
    ------
    UnsupportedSyntax, UnsupportedCall, AliasError
        What cannot be read, with its place.
    NativeUnsupported
        With ``in_place``: the function changes a list or dict that it was given.
    """
    fixed: dict[str, Any] = {}
    while True:
        try:
            return _read(source, specs, fixed, name, in_place)
        except _Fix as request:
            if values is None or request.name in fixed:
                raise request.needed.error from None
            fixed[request.name] = values(request.name)


class _Fix(Exception):  # noqa: N818  (a request, not an error)
    def __init__(self, name: str, needed: NeedsStatic) -> None:
        super().__init__(name)
        self.name = name
        self.needed = needed


def _read(
    source: Source, specs: Mapping[str, Spec], fixed: dict[str, Any], name: str | None, in_place: bool
) -> Reading:
    library = Library()
    reader = ProgramReader(source, library)
    program_name = identifier(name or source.name)
    inputs: list[Var] = []
    parameters: list[Parameter] = []
    bound: dict[str, Any] = {}
    owners: dict[Var, str] = {}
    for parameter in source.parameter_names():
        if parameter in fixed:
            bound[parameter] = fixed[parameter]
            continue
        if parameter not in specs:
            continue
        start = len(inputs)
        bound[parameter], tree = _value(reader, specs[parameter], parameter, inputs)
        owners.update(dict.fromkeys(inputs[start:], parameter))
        parameters.append(Parameter(parameter, tree))
    own = _Own(reader, inputs) if in_place else None
    with reader.builder.open() as body:
        everything = bind(reader, source.node, source, [], bound)
        try:
            value = reader.run_function(source, everything)
        except NeedsStatic as needed:
            if needed.atom in owners:
                raise _Fix(owners[needed.atom], needed) from None
            raise needed.error from None
        tree = _result(reader, value, body.yields, own)
        consumed = own.finish(body.yields) if own else frozenset()
    program = None if in_place else _called_by_itself(library, source, inputs, body)
    if program is None:
        program = Program(program_name, inputs, body, consumed)
        # of a result and an array that is written, which share storage, the result is the copy
        count = len(body.yields) - len(consumed)
        body.yields = body.yields[count:] + body.yields[:count]
        place_copies(remove_dead(program))
        body.yields = body.yields[len(consumed) :] + body.yields[: len(consumed)]
    if own:
        tree = own.renumbered(tree, len(body.yields))
        program.handed_back = tuple(own.handed_back)
    program.name, program.filename = program_name, source.filename
    program.parameters, program.result = parameters, tree
    check(program)
    return Reading(program, dict(fixed), library.dependencies)


def _called_by_itself(library: Library, source: Source, inputs: list[Var], body: Block) -> Program | None:
    """Of a recursive function, the program that it calls, if that has the same inputs and outputs."""
    for (identity, _), helper in library.helpers.items():
        program: Program = helper.program
        same = identity == source.identity and not program.consumed
        same = same and [v.type for v in program.inputs] == [v.type for v in inputs]
        if same and [a.type for a in program.outputs] == [a.type for a in body.yields]:
            return program
    return None


def _value(reader: Reader, spec: Spec, name: str, inputs: list[Var], is_part: bool = False) -> tuple[Any, Any]:
    """A parameter's reader value, and how it is made of inputs."""
    if spec.kind == "fixed":
        return spec.value, None
    if spec.type is not None:
        variable = Var(name, spec.type, temporary=is_part)
        inputs.append(variable)
        position = len(inputs) - 1
        if spec.kind == "number":
            return Scalar(variable, spec.weak), position
        return Array(reader.state.add(Cell({"content": variable}, name=name))), position
    names = [str(k) for k in spec.keys] if spec.kind == "dict" else [str(k) for k in range(len(spec.parts))]
    pairs = [
        _value(reader, part, f"{name}_{n}" if f"{name}_{n}".isidentifier() else f"{name}_{k}", inputs, True)
        for k, (part, n) in enumerate(zip(spec.parts, names, strict=True))
    ]
    values, trees = [v for v, _ in pairs], [t for _, t in pairs]
    if spec.kind == "tuple":
        return spec.value(*values) if spec.value is not None else tuple(values), tuple(trees)
    if spec.kind == "list":
        return reader.state.add(ListValue.of(values)), trees
    keyed = dict(zip(spec.keys, values, strict=True))
    return reader.state.add(DictValue(keyed)), dict(zip(spec.keys, trees, strict=True))


class _Own:
    """The storage of the caller's arguments, where the program is to write into it."""

    def __init__(self, reader: Reader, inputs: list[Var]) -> None:
        self.inputs = inputs
        self.stores = list(reader.state.stores)
        cells = [s for s in self.stores if isinstance(s, Cell)]
        self.cells = {cell: inputs.index(cell.content) for cell in cells if isinstance(cell.content, Var)}
        self.handed_back: list[int] = []

    def hand_back(self, value: Any) -> Any:
        """The mark of a result that is an argument itself; None for others."""
        if not isinstance(value, Array) or value.views or value.cell not in self.cells:
            return None
        self.handed_back.append(self.cells[value.cell])
        return -len(self.handed_back)

    def finish(self, yields: list[Any]) -> frozenset[int]:
        """Append the final content of every array that was written; the inputs that it belongs to."""
        if any(isinstance(s, ListValue | DictValue) and s.changed for s in self.stores):
            raise NativeUnsupported("the function changes a list or dict that it is given")
        written = [(k, cell) for cell, k in self.cells.items() if cell.content is not self.inputs[k]]
        yields += [cell.content for _, cell in sorted(written, key=lambda pair: pair[0])]
        return frozenset(k for k, _ in written)

    def renumbered(self, tree: Any, count: int) -> Any:
        """A result with marks as positions after those of ``count`` outputs."""
        if isinstance(tree, int):
            return tree if tree >= 0 else count - tree - 1
        if isinstance(tree, tuple):
            return tuple(self.renumbered(t, count) for t in tree)
        if isinstance(tree, list):
            return [self.renumbered(t, count) for t in tree]
        return {k: self.renumbered(t, count) for k, t in tree.items()} if isinstance(tree, dict) else tree


def _result(reader: Reader, value: Any, yields: list[Any], own: _Own | None) -> Any:
    """Append the atoms of a result and return how they are grouped."""
    if isinstance(value, tuple):
        return tuple(_result(reader, item, yields, own) for item in value)
    if isinstance(value, ListValue):
        return [_result(reader, item, yields, own) for item in value.items]
    if isinstance(value, DictValue):
        return {key: _result(reader, item, yields, own) for key, item in value.slots.items()}
    mark = own.hand_back(value) if own else None
    if mark is not None:
        return mark
    template = template_of(value, lambda a: type_of(reader, a))
    if template.kind == "fixed":
        if value is None:
            return None
        reader.fail(
            reader.source.node,
            f"returns {value!r}, a {type(value).__name__}; return numbers, arrays, and tuples, lists or dicts of them",
        )
    yields += leaves(value, template, lambda v, t: atom_of(reader, v, t))
    return len(yields) - 1


def tree_positions(tree: Any) -> Iterator[int]:
    """The positions in a parameter's or result's tree, in order."""
    if isinstance(tree, int):
        yield tree
    elif isinstance(tree, tuple | list):
        for item in tree:
            yield from tree_positions(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from tree_positions(item)
