"""Array operators that move data; their labels are linear maps (floor 0)."""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import Dims, ndim, sum_to
from .indexing import Index, Integer, NewAxis, Slice
from .record import LinearMap, Op, array_op


# ---- values ----------------------------------------------------------------------------------------------------------
def _load(a: Any, *numbers: Any, index: Index) -> Any:
    return a[index.with_operands(numbers)]


def _store(a: Any, value: Any, *numbers: Any, index: Index) -> Any:
    result = np.array(a)
    result[index.with_operands(numbers)] = value
    return result


def _accumulate(a: Any, value: Any, *numbers: Any, index: Index) -> Any:
    result = np.array(a)
    result[index.with_operands(numbers)] += value
    return result


def _scatter(value: Any, like: Any, *numbers: Any, index: Index) -> Any:
    result = np.zeros(np.shape(like), np.result_type(value))
    result[index.with_operands(numbers)] = value
    return result


def _section(t: Any, *parts: Any, axis: int, position: int) -> Any:
    start = sum(np.shape(part)[axis] for part in parts[:position])
    stop = start + np.shape(parts[position])[axis]
    return t[(slice(None),) * (axis % np.ndim(t)) + (slice(start, stop),)]


def _place(s: Any, *parts: Any, axis: int, position: int) -> Any:
    return np.concatenate([s if k == position else np.zeros_like(part) for k, part in enumerate(parts)], axis=axis)


# ---- shape rules -----------------------------------------------------------------------------------------------------
def index_dims(dims: Dims, atoms: Any, index: Index) -> Dims:
    """The dimensions of ``a[index]``; literal slice ends of ``a[2:-1]`` shorten a known dimension."""
    result: list[Any] = []
    axis = 0
    numbers = iter(atoms)
    for item in index.items:
        if isinstance(item, NewAxis):
            result.append(1)
            continue
        if isinstance(item, Integer):
            next(numbers)
        else:
            ends = [next(numbers) if present else None for present in (item.start, item.stop, item.step)]
            result.append(_sliced(dims[axis], *(getattr(end, "literal", end) for end in ends)))
        axis += 1
    return (*result, *dims[axis:])


def _sliced(dim: Any, start: Any, stop: Any, step: Any) -> Any:
    """The length of an axis after a slice, as ``(token, shortened by)`` where that is certain."""
    if start in (None, 0) and stop is None and step in (None, 1, -1):
        return dim
    if dim is None or dim == 1 or step not in (None, 1):
        return None
    if not (start is None or (isinstance(start, int) and start >= 0)):
        return None
    if not (stop is None or (isinstance(stop, int) and stop < 0)):
        return None
    base, already = (dim[1], dim[2]) if isinstance(dim, tuple) and dim[0] == "shorter" else (dim, 0)
    return ("shorter", base, already + (start or 0) - (stop or 0))


def _permuted(dims: Dims, axes: tuple[int, ...] | None) -> Dims:
    return tuple(reversed(dims)) if axes is None else tuple(dims[k] for k in axes)


def _inserted(dims: Dims, axis: int) -> Dims:
    position = axis % (len(dims) + 1)
    return (*dims[:position], 1, *dims[position:])


def dims_of_atoms(atoms: Any) -> Dims:
    """Run-time lengths as dimensions; -1, which stands for what is left over, is unknown."""
    return tuple(None if getattr(atom, "value", 0) == -1 else getattr(atom, "dimension", None) for atom in atoms)


def _joined(dims: Any, axis: int) -> Dims:
    first = list(dims[0])
    first[axis] = None
    return tuple(first)


def _stacked(dims: Any, axis: int) -> Dims:
    position = axis % (len(dims[0]) + 1)
    return (*dims[0][:position], ("literal", len(dims)), *dims[0][position:])


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(k) for k in np.argsort(axes))


def _pack_label(position: int, v: Any, *parts: Any) -> LinearMap:
    index = Index((Integer(),))
    return LinearMap(
        lambda t: pack(*(t if k == position else part * 0.0 for k, part in enumerate(parts))),
        lambda s: load(s, position, index=index),
    )


def _identity(*_: Any, **__: Any) -> LinearMap:
    return LinearMap(lambda t: t, lambda t: t)


def _index_label(v: Any, a: Any, *numbers: Any, index: Index) -> LinearMap:
    return LinearMap(lambda t: load(t, *numbers, index=index), lambda s: scatter(s, a, *numbers, index=index))


def _store_base_label(v: Any, a: Any, value: Any, *numbers: Any, index: Index) -> LinearMap:
    def overwrite(t: Any) -> Any:
        return store(t, 0.0, *numbers, index=index)

    return LinearMap(overwrite, overwrite)


def _store_value_label(v: Any, a: Any, value: Any, *numbers: Any, index: Index) -> LinearMap:
    return LinearMap(
        lambda t: store(zeros_like(a), t, *numbers, index=index),
        lambda s: sum_to(load(s, *numbers, index=index), value),
    )


def _accumulate_value_label(v: Any, a: Any, value: Any, *numbers: Any, index: Index) -> LinearMap:
    return LinearMap(
        lambda t: accumulate(zeros_like(a), t, *numbers, index=index),
        lambda s: sum_to(load(s, *numbers, index=index), value),
    )


def _concatenate_label(position: int, v: Any, *parts: Any, axis: int) -> LinearMap:
    return LinearMap(
        lambda t: place(t, *parts, axis=axis, position=position),
        lambda s: section(s, *parts, axis=axis, position=position),
    )


def _stack_label(position: int, v: Any, *parts: Any, axis: int) -> LinearMap:
    before = axis % ndim(v)
    index = Index((Slice(),) * before + (Integer(),))
    return LinearMap(
        lambda t: stack(*(t if k == position else zeros_like(part) for k, part in enumerate(parts)), axis=axis),
        lambda s: load(s, position, index=index),
    )


# fmt: off
# ---- shape -----------------------------------------------------------------------------------------------------------
transpose: Op = array_op("transpose", lambda x, *, axes=None: np.transpose(x, axes),
    lambda v, x, *, axes=None: LinearMap(lambda t: transpose(t, axes=axes), lambda s: transpose(s, axes=_inverse(axes))),
    ref="permutation", linear=(0,), total=True, views=True, symbol="T",
    facts={"shape": lambda dims, atoms, p: _permuted(dims[0], p.get("axes"))})
reshape: Op = array_op("reshape", lambda x, *dims: np.reshape(x, dims),
    lambda v, x, *dims: LinearMap(lambda t: reshape(t, *dims), lambda s: reshape_like(s, x)),
    ref="renaming of positions", linear=(0,), total=True, views=True,
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims_of_atoms(atoms[1:])})
reshape_like: Op = array_op("reshape_like", lambda x, like: np.reshape(x, np.shape(like)),
    lambda v, x, like: LinearMap(lambda t: reshape_like(t, like), lambda s: reshape_like(s, x)), None,
    ref="renaming of positions", linear=(0,), total=True, views=True,
    facts={"shape": lambda dims, atoms, p: dims[1]})
expand_dims: Op = array_op("expand_dims", lambda x, *, axis: np.expand_dims(x, axis),
    lambda v, x, *, axis: LinearMap(lambda t: expand_dims(t, axis=axis), lambda s: squeeze(s, axis=axis)),
    ref="renaming of positions", linear=(0,), total=True, views=True,
    facts={"shape": lambda dims, atoms, p: _inserted(dims[0], p["axis"])})
squeeze: Op = array_op("squeeze", lambda x, *, axis: np.squeeze(x, axis),
    lambda v, x, *, axis: LinearMap(lambda t: squeeze(t, axis=axis), lambda s: expand_dims(s, axis=axis)),
    ref="renaming of positions", linear=(0,), total=True, views=True,
    facts={"shape": lambda dims, atoms, p: tuple(d for k, d in enumerate(dims[0]) if k != p["axis"] % len(dims[0]))})

# ---- reading and writing ---------------------------------------------------------------------------------------------
load = array_op("load", _load, _index_label,
    ref="a read copies a value", linear=(0,), total=True, views=True, symbol="[ ]",
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: index_dims(dims[0], atoms[1:], p["index"])})
store = array_op("store", _store, _store_base_label, _store_value_label,
    ref="a write ends the old value's path", linear=(0, 1), total=True, consumes=True, symbol="[ ]=",
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims[0]})
accumulate = array_op("accumulate", _accumulate, _identity, _accumulate_value_label,
    ref="a write that adds", linear=(0, 1), total=True, consumes=True, symbol="[ ]+=",
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims[0]})
scatter: Op = array_op("scatter", _scatter,
    lambda v, value, like, *numbers, index: LinearMap(lambda t: scatter(t, like, *numbers, index=index), lambda s: load(s, *numbers, index=index)), None,
    ref="transpose of a read", linear=(0,), total=True,
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims[1]})
copy = array_op("copy", lambda x: list(x) if isinstance(x, list) else np.array(x), _identity,
    ref="identity", linear=(0,), total=True, spellings=("numpy.copy",),
    facts={"shape": lambda dims, atoms, p: dims[0]})
cast: Op = array_op("cast", lambda x, *, dtype: np.asarray(x, dtype)[()],
    lambda v, x, *, dtype: LinearMap(lambda t: cast(t, dtype=dtype), lambda s: cast_like(s, x)),
    ref="identity up to rounding", linear=(0,), total=True,
    facts={"shape": lambda dims, atoms, p: dims[0]})
cast_like: Op = array_op("cast_like", lambda x, like: np.asarray(x, np.result_type(like))[()],
    lambda v, x, like: LinearMap(lambda t: cast_like(t, like), lambda s: cast_like(s, x)), None,
    ref="identity up to rounding", linear=(0,), total=True,
    facts={"shape": lambda dims, atoms, p: dims[0]})

zeros_like = array_op("zeros_like", np.zeros_like, None, ref="constant", total=True,
    facts={"shape": lambda dims, atoms, p: dims[0]})

# ---- joining ---------------------------------------------------------------------------------------------------------
concatenate = array_op("concatenate", lambda *parts, axis: np.concatenate(parts, axis=axis),
    ref="joining", total=True,
    facts={"variadic": "arrays", "label": _concatenate_label, "shape": lambda dims, atoms, p: _joined(dims, p["axis"])})
stack = array_op("stack", lambda *parts, axis: np.stack(parts, axis=axis),
    ref="joining", total=True,
    facts={"variadic": "arrays", "label": _stack_label, "shape": lambda dims, atoms, p: _stacked(dims, p["axis"])})
pack: Op = array_op("pack", lambda *parts: np.array(parts),
    ref="joining of numbers", total=True,
    facts={"variadic": "arrays", "label": _pack_label, "shape": lambda dims, atoms, p: (("literal", len(dims)),)})
section: Op = array_op("section", _section,
    lambda v, t, *parts, axis, position: LinearMap(lambda u: section(u, *parts, axis=axis, position=position), lambda s: place(s, *parts, axis=axis, position=position)),
    ref="transpose of joining", linear=(0,), total=True, views=True,
    facts={"variadic": "shapes", "shape": lambda dims, atoms, p: dims[1 + p["position"]]})
place: Op = array_op("place", _place,
    lambda v, s, *parts, axis, position: LinearMap(lambda t: place(t, *parts, axis=axis, position=position), lambda u: section(u, *parts, axis=axis, position=position)),
    ref="one part of a joining", linear=(0,), total=True,
    facts={"variadic": "shapes", "shape": lambda dims, atoms, p: _joined(dims[1:], p["axis"])})

# fmt: on
