"""NumPy's array functions and methods, as operators of the table (floor 2).

Elementwise functions need no entry here: their records name their spellings.
"""

from __future__ import annotations

import ast
import functools
import importlib
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ir import Atom, Const, Type, array, constant
from ..ir.types import dtype_of_numpy, promote
from ..ops import TABLE, Index, Slice
from . import arrays, composites, expressions
from .values import Array, ListValue, Scalar, View

if TYPE_CHECKING:
    from .reader import Reader

Handler = Callable[..., Any]
_BY_NAME: dict[str, Handler] = {}
METHODS: dict[str, Handler] = {}


def _reads(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for NumPy functions (``"sum"``) and array methods (``".sum"``)."""

    def register(function: Handler) -> Handler:
        for name in names:
            if name.startswith("."):
                METHODS[name[1:]] = function
            else:
                _BY_NAME[name] = function
        return function

    return register


@functools.cache
def _by_identity() -> dict[int, tuple[Any, Handler]]:
    found: dict[int, tuple[Any, Handler]] = {}
    for name, function in _BY_NAME.items():
        owner: Any = np
        if name.startswith("scipy."):
            module, _, last = name.rpartition(".")
            owner, name = importlib.import_module(module), last
        try:
            callee = operator.attrgetter(name)(owner)
        except AttributeError:
            continue
        found[id(callee)] = (callee, function)
    return found


def handler(callee: Any) -> Any:
    """The handler of a NumPy function, or None."""
    entry = _by_identity().get(id(callee))
    return entry[1] if entry else None


# ---- helpers ---------------------------------------------------------------------------------------------------------
def _atom(reader: Reader, node: ast.AST, value: Any) -> Atom:
    return expressions.operand(reader, node, value)


def _result(reader: Reader, atom: Atom) -> Any:
    return arrays.new_array(reader, atom) if atom.type.rank else Scalar(atom, weak=False)


def _emit(reader: Reader, name: str, atoms: list[Atom], **params: Any) -> Any:
    return _result(reader, reader.builder.emit(TABLE[name], atoms, params, "t"))


def _static_int(reader: Reader, node: ast.AST, value: Any, what: str) -> int:
    from .reader import NeedsStatic

    if isinstance(value, bool | int):
        return int(value)
    error = reader.error(node, f"{what} must be an integer that is known when reading")
    if isinstance(value, Scalar) and not isinstance(value.atom, Const):
        raise NeedsStatic(value.atom, error)
    raise error


def _axes(reader: Reader, node: ast.AST, axis: Any, rank: int) -> tuple[int, ...] | None:
    if axis is None:
        return None
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = []
    for a in given:
        number = _static_int(reader, node, a, "axis")
        if not -rank <= number < rank:
            reader.fail(node, f"axis {number} of an array with {rank} axes; use {-rank} to {rank - 1}")
        axes.append(number % rank)
    return None if sorted(axes) == list(range(rank)) else tuple(sorted(axes))


def _shape(reader: Reader, node: ast.AST, shape: Any) -> list[Atom]:
    lengths = list(shape) if isinstance(shape, tuple) else shape.items if isinstance(shape, ListValue) else [shape]
    atoms = []
    for one in lengths:
        number = expressions.scalar(one)
        if number is None or number.dtype != "i64":
            reader.fail(node, f"a shape is made of integers; got {expressions.describe(one)}: use int(...)")
        atoms.append(number.atom)
    return atoms


def _dtype(reader: Reader, node: ast.AST, dtype: Any, default: str) -> str:
    if dtype is None:
        return default
    try:
        name = np.dtype({float: "float64", int: "int64", bool: "bool"}.get(dtype, dtype)).name
    except TypeError:
        name = str(dtype)
    found = dtype_of_numpy(name)
    if found is None:
        reader.fail(node, f"dtype {name} is not supported; use float64, float32, int64 or bool")
    return found


# ---- reductions ------------------------------------------------------------------------------------------------------
def _reduction(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        atom = _atom(reader, node, x)
        if not atom.type.rank:
            return x
        axes = _axes(reader, node, axis, atom.type.rank)
        if axes == ():
            return x
        return _emit(reader, name, [atom], axis=axes, keepdims=bool(keepdims))

    return read


for _name, _spellings in {
    "sum": ("sum", ".sum"),
    "mean": ("mean", ".mean"),
    "amax": ("max", "amax", ".max"),
    "amin": ("min", "amin", ".min"),
    "any": ("any", ".any"),
    "all": ("all", ".all"),
}.items():
    _reads(*_spellings)(_reduction(_name))


def _position(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
        atom = _atom(reader, node, x)
        axes = _axes(reader, node, axis, atom.type.rank)
        return _emit(reader, name, [atom], axis=axes, keepdims=False)

    return read


_reads("argmax", ".argmax")(_position("argmax"))
_reads("argmin", ".argmin")(_position("argmin"))


@_reads("prod", ".prod")
def prod(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """A product, as the loop that multiplies: right also where factors are zero."""
    atom = _atom(reader, node, x)
    rank = atom.type.rank
    if not rank:
        return x
    axes = _axes(reader, node, axis, rank)
    if axes is None:
        flat = ravel(reader, node, x)
        result = _composite(reader, node, composites.product, flat)
        return reshape(reader, node, result, (1,) * rank) if keepdims else result
    if len(axes) != 1:
        reader.fail(node, "prod over several axes at once cannot be read; multiply one axis after the other")
    order = (axes[0], *(k for k in range(rank) if k != axes[0]))
    moved = transpose(reader, node, x, order) if order != tuple(range(rank)) else x
    result = _composite(reader, node, composites.product, moved)
    return expand_dims(reader, node, result, axes[0]) if keepdims else result


def _composite(reader: Reader, node: ast.AST, function: Any, *arguments: Any) -> Any:
    return reader.library.call(reader, node, reader.library.source(reader, node, function), list(arguments), {}, "t")


@_reads("var", ".var")
def var(reader: Reader, node: ast.AST, x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance: the mean (or, with ``ddof``, the corrected mean) of squared deviations."""
    centre = METHODS["mean"](reader, node, x, axis, True)
    deviation = expressions.operate(reader, TABLE["subtract"], [x, centre])
    squares = expressions.operate(reader, TABLE["square"], [deviation])
    if not ddof:
        return METHODS["mean"](reader, node, squares, axis, keepdims)
    total = METHODS["sum"](reader, node, squares, axis, keepdims)
    atom = _atom(reader, node, x)
    count = Scalar(
        reader.builder.emit(TABLE["count_like"], [atom], {"axis": _axes(reader, node, axis, atom.type.rank)}), False
    )
    freedom = expressions.operate(reader, TABLE["subtract"], [count, ddof])
    return expressions.operate(reader, TABLE["divide"], [total, freedom])


@_reads("std", ".std")
def std(reader: Reader, node: ast.AST, x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation."""
    return expressions.operate(reader, TABLE["sqrt"], [var(reader, node, x, axis, ddof, keepdims)])


@_reads("scipy.special.logsumexp")
def logsumexp(reader: Reader, node: ast.AST, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log sum exp, shifted by the maximum."""
    largest = METHODS["max"](reader, node, x, axis, True)
    shifted = expressions.operate(reader, TABLE["subtract"], [x, largest])
    total = METHODS["sum"](reader, node, expressions.operate(reader, TABLE["exp"], [shifted]), axis, keepdims)
    rank = _atom(reader, node, x).type.rank
    axes = _axes(reader, node, axis, rank)
    flat = largest if keepdims else squeeze(reader, node, largest, axes if axes is not None else tuple(range(rank)))
    return expressions.operate(reader, TABLE["add"], [flat, expressions.operate(reader, TABLE["log"], [total])])


@_reads("cumsum", ".cumsum")
def cumsum(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
    """The running sum."""
    atom = _atom(reader, node, x)
    if axis is None:
        if atom.type.rank != 1:
            x, axis = ravel(reader, node, x), 0
            atom = _atom(reader, node, x)
        axis = 0
    axes = _axes(reader, node, axis, max(atom.type.rank, 1)) or (0,)
    return _emit(reader, "cumsum", [atom], axis=axes[0])


@_reads("linalg.norm")
def norm(reader: Reader, node: ast.AST, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The Euclidean (Frobenius) norm, and the 1- and infinity-norm of vectors."""
    atom = _atom(reader, node, x)
    if ord is None or (ord == 2 and (atom.type.rank == 1 or axis is not None)) or ord == "fro":
        axes = _axes(reader, node, axis, atom.type.rank)
        return _emit(reader, "norm", [atom], axis=axes, keepdims=bool(keepdims))
    if atom.type.rank == 1 and ord in (1, np.inf):
        size = expressions.operate(reader, TABLE["absolute"], [x])
        return METHODS["sum" if ord == 1 else "max"](reader, node, size, axis, keepdims)
    reader.fail(node, f"norm of order {ord!r} of an array with {atom.type.rank} axes cannot be read; write it out")


# ---- products --------------------------------------------------------------------------------------------------------
@_reads("dot", ".dot", "vdot", "inner")
def dot(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """``np.dot``: a product of numbers, or a matrix product."""
    ranks = [_atom(reader, node, side).type.rank for side in (a, b)]
    if 0 in ranks:
        return expressions.operate(reader, TABLE["multiply"], [a, b])
    if ranks[1] > 1 and max(ranks) > 2:
        reader.fail(node, f"dot of arrays with {ranks[0]} and {ranks[1]} axes cannot be read; use @ and transpose")
    return expressions.operate(reader, TABLE["matmul"], [a, b])


@_reads("outer", "multiply.outer")
def outer(reader: Reader, node: ast.AST, a: Any, b: Any) -> Any:
    """The outer product of two vectors."""
    for side in (a, b):
        if _atom(reader, node, side).type.rank != 1:
            reader.fail(node, "outer takes two vectors; ravel them first")
    return expressions.operate(reader, TABLE["outer"], [a, b])


# ---- shape -----------------------------------------------------------------------------------------------------------
@_reads("transpose", ".transpose")
def transpose(reader: Reader, node: ast.AST, x: Any, *axes: Any) -> Any:
    """A permutation of the axes, the reversal by default."""
    atom = _atom(reader, node, x)
    rank = atom.type.rank
    if rank < 2:
        return x
    given = axes[0] if len(axes) == 1 else axes or None
    if given is not None:
        items = given if isinstance(given, tuple) else expressions.items(reader, node, given)
        given = tuple(_static_int(reader, node, a, "an axis") % rank for a in items)
        if sorted(given) != list(range(rank)):
            reader.fail(node, f"transpose: {given} is no order of {rank} axes")
        if given == tuple(range(rank))[::-1]:
            given = None
    return _derived(reader, x, reader.builder.emit(TABLE["transpose"], [atom], {"axes": given}))


def _derived(reader: Reader, x: Any, atom: Atom) -> Any:
    """An array that NumPy may give as a view of ``x``: writing into either is then refused."""
    result = _result(reader, atom)
    if isinstance(x, Array) and isinstance(result, Array):
        result.cell.shadows.add(x.cell)
        x.cell.shadows.add(result.cell)
    return result


@_reads("reshape", ".reshape")
def reshape(reader: Reader, node: ast.AST, x: Any, *shape: Any) -> Any:
    """The same elements in another shape; one length may be -1."""
    target = shape[0] if len(shape) == 1 else shape
    lengths = _shape(reader, node, target)
    return _derived(reader, x, reader.builder.emit(TABLE["reshape"], [_atom(reader, node, x), *lengths], {}))


@_reads("ravel", ".ravel", ".flatten")
def ravel(reader: Reader, node: ast.AST, x: Any) -> Any:
    """All elements in one axis."""
    atom = _atom(reader, node, x)
    if atom.type.rank == 1:
        return x
    if not atom.type.rank:
        return _emit(reader, "pack", [atom])
    return _derived(reader, x, reader.builder.emit(TABLE["reshape"], [atom, constant(-1)], {}))


@_reads("expand_dims")
def expand_dims(reader: Reader, node: ast.AST, x: Any, axis: Any) -> Any:
    """A new axis of length 1."""
    atom = _atom(reader, node, x)
    position = _static_int(reader, node, axis, "axis") % (atom.type.rank + 1)
    return _derived(reader, x, reader.builder.emit(TABLE["expand_dims"], [atom], {"axis": position}))


@_reads("squeeze", ".squeeze")
def squeeze(reader: Reader, node: ast.AST, x: Any, axis: Any = None) -> Any:
    """Without axes of length 1."""
    atom = _atom(reader, node, x)
    if axis is None:
        assert isinstance(atom.type, Type)
        axes: tuple[int, ...] = tuple(k for k, d in enumerate(atom.type.dims) if d == 1)
    else:
        axes = _axes(reader, node, axis, atom.type.rank) or tuple(range(atom.type.rank))
    for k in sorted(axes, reverse=True):
        atom = reader.builder.emit(TABLE["squeeze"], [atom], {"axis": k})
    return _derived(reader, x, atom)


@_reads("broadcast_to")
def broadcast_to(reader: Reader, node: ast.AST, x: Any, shape: Any) -> Any:
    """``x`` repeated to a shape."""
    atom = _atom(reader, node, x)
    assert isinstance(atom.type, Type)
    like = reader.builder.emit(TABLE["empty"], list(_shape(reader, node, shape)), {"dtype": atom.type.dtype})
    return _result(reader, reader.builder.emit(TABLE["broadcast_with"], [atom, like], {}))


@_reads("flip")
def flip(reader: Reader, node: ast.AST, x: Any, axis: Any) -> Any:
    """The reverse order along an axis."""
    rank = _atom(reader, node, x).type.rank
    position = _static_int(reader, node, axis, "axis") % rank
    index = Index((Slice(),) * position + (Slice(step=True),))
    return Array(x.cell, (*x.views, View(index, (constant(-1),))))


# ---- joining and making ----------------------------------------------------------------------------------------------
def _parts(reader: Reader, node: ast.AST, parts: Any) -> list[Atom]:
    atoms = [_atom(reader, node, part) for part in expressions.items(reader, node, parts)]
    dtype = promote(*(a.type.dtype for a in atoms if isinstance(a.type, Type)))
    return [
        expressions.cast_atom(reader, a, array(dtype, a.type.dims)) for a in atoms if isinstance(a.type, Type)
    ]


@_reads("concatenate")
def concatenate(reader: Reader, node: ast.AST, parts: Any, axis: Any = 0) -> Any:
    """Arrays joined along an axis that they have."""
    atoms = _parts(reader, node, parts)
    rank = atoms[0].type.rank
    if not rank or any(a.type.rank != rank for a in atoms):
        reader.fail(node, "concatenate takes arrays with the same number of axes; use np.array for numbers")
    return _emit(reader, "concatenate", atoms, axis=(_axes(reader, node, axis, rank) or (0,))[0])


@_reads("hstack")
def hstack(reader: Reader, node: ast.AST, parts: Any) -> Any:
    """Arrays side by side."""
    atoms = _parts(reader, node, parts)
    atoms = [a if a.type.rank else reader.builder.emit(TABLE["pack"], [a]) for a in atoms]
    return _emit(reader, "concatenate", atoms, axis=0 if atoms[0].type.rank == 1 else 1)


@_reads("vstack")
def vstack(reader: Reader, node: ast.AST, parts: Any) -> Any:
    """Arrays below each other."""
    atoms = _parts(reader, node, parts)
    if all(a.type.rank == 1 for a in atoms):
        return _emit(reader, "stack", atoms, axis=0)
    wide = [a if a.type.rank > 1 else reader.builder.emit(TABLE["expand_dims"], [a], {"axis": 0}) for a in atoms]
    return _emit(reader, "concatenate", wide, axis=0)


@_reads("stack")
def stack(reader: Reader, node: ast.AST, parts: Any, axis: Any = 0) -> Any:
    """Arrays joined along a new axis."""
    atoms = _parts(reader, node, parts)
    if not atoms[0].type.rank:
        return _emit(reader, "pack", atoms)
    return _emit(reader, "stack", atoms, axis=_static_int(reader, node, axis, "axis") % (atoms[0].type.rank + 1))


@_reads("array", "asarray", "asfarray")
def make_array(reader: Reader, node: ast.AST, x: Any, dtype: Any = None) -> Any:
    """An array of numbers or arrays; always a copy."""
    atom = _atom(reader, node, x)
    if not atom.type.rank:
        return x
    assert isinstance(atom.type, Type)
    wanted = _dtype(reader, node, dtype, atom.type.dtype)
    if isinstance(x, Array):
        atom = reader.builder.emit(TABLE["copy"], [atom])
    elif isinstance(atom, Const):
        atom = reader.builder.emit(TABLE["copy"], [atom])
    return _result(reader, expressions.cast_atom(reader, atom, atom.type.with_dtype(wanted)))


@_reads("copy", ".copy")
def copy(reader: Reader, node: ast.AST, x: Any) -> Any:
    """A copy with storage of its own."""
    atom = _atom(reader, node, x)
    return _emit(reader, "copy", [atom]) if atom.type.rank else x


@_reads(".astype")
def astype(reader: Reader, node: ast.AST, x: Any, dtype: Any) -> Any:
    """The same numbers in another dtype."""
    atom = _atom(reader, node, x)
    assert isinstance(atom.type, Type)
    wanted = dtype if dtype in ("f64", "f32", "i64", "bool") else _dtype(reader, node, dtype, "f64")
    return _result(reader, reader.builder.emit(TABLE["cast"], [atom], {"dtype": wanted}))


def _filled(name: str) -> Handler:
    def read(reader: Reader, node: ast.AST, shape: Any, dtype: Any = None) -> Any:
        lengths = _shape(reader, node, shape)
        kind = _dtype(reader, node, dtype, "f64")
        if not lengths:
            return 0.0 if name != "ones" else 1.0
        if name == "ones":
            return _emit(reader, "full", [constant(1.0 if kind != "i64" else 1), *lengths], dtype=kind)
        return _emit(reader, name, lengths, dtype=kind)

    return read


for _name in ("zeros", "ones", "empty"):
    _reads(_name)(_filled(_name))


@_reads("full")
def full(reader: Reader, node: ast.AST, shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value."""
    value = _atom(reader, node, fill_value)
    if value.type.rank:
        reader.fail(node, "full with an array as value cannot be read; use np.broadcast_to(...).copy()")
    assert isinstance(value.type, Type)
    kind = _dtype(reader, node, dtype, value.type.dtype)
    value = expressions.cast_atom(reader, value, Type(kind))
    return _emit(reader, "full", [value, *_shape(reader, node, shape)], dtype=kind)


def _filled_like(value: float | None) -> Handler:
    def read(reader: Reader, node: ast.AST, x: Any, dtype: Any = None) -> Any:
        return _full_like(reader, node, x, value or 0.0, dtype, zero=not value)

    return read


_reads("zeros_like")(_filled_like(0.0))
_reads("empty_like")(_filled_like(None))
_reads("ones_like")(_filled_like(1.0))


@_reads("full_like")
def full_like(reader: Reader, node: ast.AST, x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value in the shape of another."""
    return _full_like(reader, node, x, fill_value, dtype, zero=False)


def _full_like(reader: Reader, node: ast.AST, x: Any, value: Any, dtype: Any, zero: bool) -> Any:
    atom = _atom(reader, node, x)
    assert isinstance(atom.type, Type)
    kind = _dtype(reader, node, dtype, atom.type.dtype)
    if not atom.type.rank:
        return value
    if zero and kind == atom.type.dtype:
        return _emit(reader, "zeros_like", [atom])
    lengths = [arrays.length(reader, arrays.new_array(reader, atom), k) for k in range(atom.type.rank)]
    fill = expressions.cast_atom(reader, _atom(reader, node, value), Type(kind))
    return _emit(reader, "full", [fill, *lengths], dtype=kind)


@_reads("eye", "identity")
def eye(reader: Reader, node: ast.AST, n: Any) -> Any:
    """The unit matrix."""
    return _composite(reader, node, composites.unit_matrix, n)


@_reads("arange")
def arange(reader: Reader, node: ast.AST, *ends: Any, dtype: Any = None) -> Any:
    """Evenly spaced numbers without the end."""
    start, stop, step = {1: (0, *ends, 1), 2: (*ends, 1), 3: ends}[len(ends)]
    atoms = [_atom(reader, node, end) for end in (start, stop, step)]
    natural = promote(*(a.type.dtype for a in atoms if isinstance(a.type, Type)))
    return _emit(reader, "arange", atoms, dtype=_dtype(reader, node, dtype, natural))


@_reads("linspace")
def linspace(reader: Reader, node: ast.AST, start: Any, stop: Any, num: Any = 50, endpoint: bool = True) -> Any:
    """Evenly spaced numbers with the end."""
    ends = [expressions.cast_atom(reader, _atom(reader, node, e), Type("f64")) for e in (start, stop)]
    return _emit(reader, "linspace", [*ends, _atom(reader, node, num)], endpoint=endpoint)


@_reads("clip", ".clip")
def clip(reader: Reader, node: ast.AST, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """``minimum(maximum(x, a_min), a_max)``."""
    if a_min is not None:
        x = expressions.operate(reader, TABLE["maximum"], [x, a_min])
    if a_max is not None:
        x = expressions.operate(reader, TABLE["minimum"], [x, a_max])
    return x


@_reads("diff")
def diff(reader: Reader, node: ast.AST, x: Any) -> Any:
    """Differences of neighbours of a vector."""
    return _composite(reader, node, composites.neighbour_differences, x)


@_reads("trace", ".trace")
def trace(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The sum of the diagonal."""
    return _composite(reader, node, composites.diagonal_sum, x)


@_reads("shape")
def shape(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The lengths of the axes."""
    rank = _atom(reader, node, x).type.rank
    lengths = [arrays.length(reader, x, k) for k in range(rank)]
    return tuple(a.value if isinstance(a, Const) else Scalar(a) for a in lengths)


@_reads("size")
def size(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The number of elements."""
    result: Any = 1
    for length in shape(reader, node, x):
        result = expressions.binary(reader, node, ast.Mult(), length, result)
    return result


@_reads("ndim")
def ndim(reader: Reader, node: ast.AST, x: Any) -> int:
    """The number of axes."""
    return _atom(reader, node, x).type.rank


@_reads(".item")
def item(reader: Reader, node: ast.AST, x: Any) -> Any:
    """The only element."""
    atom = _atom(reader, node, x)
    if not atom.type.rank:
        return x
    flat = ravel(reader, node, x)
    return arrays.element(reader, flat, constant(0))


@_reads(".fill")
def fill(reader: Reader, node: ast.AST, x: Array, value: Any) -> None:
    """Set every element."""
    arrays.write_all(reader, node, x, value)
