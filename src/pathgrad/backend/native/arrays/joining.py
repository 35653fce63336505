"""Joining arrays (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....ir import Let, dtype_of, type_of
from ..elements.conversion import convert
from ..emit.emitter import Emitter
from ..emit.values import Splat, View
from ..emit.writer import number

__all__ = ["JOINING"]


def _pack(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    values = [convert(e.w, e.scalar(a), dtype_of(a), type_.dtype) for a in let.args]
    array = e.allocate(type_.dtype, (str(len(values)),), let.target)
    for k, value in enumerate(values):
        e.put(array, [str(k)], value)
    e.env[let.target] = array


def _copy_part(e: Emitter, target: View, part: View | Splat | str, dtype: str) -> None:
    def element(index: Sequence[str]) -> None:
        value = part if isinstance(part, str) else part.value if isinstance(part, Splat) else e.get(part, index)
        e.put(target, index, convert(e.w, value, dtype, target.dtype))

    flat = target.contiguous and not (isinstance(part, View) and not part.contiguous)
    e.for_each(target.dims, element, flat=flat)


def _part(e: Emitter, array: View, axis: int, start: str, n: str) -> View:
    data = e.address(View(array.dtype, array.data, ("0",), ("1",)), [e.w.multiply(start, array.strides[axis])])
    dims = (*array.dims[:axis], n, *array.dims[axis + 1 :])
    return View(array.dtype, data, dims, array.strides, array.owner, axis == 0)


def _concatenate(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    parts = [e.read(a) for a in let.args]
    axis = let.params["axis"] % type_.rank
    total = "0"
    for part in parts:
        assert isinstance(part, View | Splat)
        total = e.w.add(total, part.dims[axis])
    first = parts[0]
    assert isinstance(first, View | Splat)
    for part in parts[1:]:
        for k, (a, b) in enumerate(zip(first.dims, part.dims, strict=True)):  # type: ignore[union-attr]
            if k != axis and a != b:
                e.check(
                    e.w.compare("eq", a, b),
                    "shape",
                    "all the input array dimensions except for the concatenation axis must match exactly",
                )
    array = e.allocate(type_.dtype, (*first.dims[:axis], total, *first.dims[axis + 1 :]), let.target)
    start = "0"
    for part, atom in zip(parts, let.args, strict=True):
        assert isinstance(part, View | Splat)
        _copy_part(e, _part(e, array, axis, start, part.dims[axis]), part, dtype_of(atom))
        start = e.w.add(start, part.dims[axis])
    e.env[let.target] = array


def _stack(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    parts = [e.read(a) for a in let.args]
    axis = let.params["axis"] % type_.rank
    first = parts[0]
    own = () if isinstance(first, str) else first.dims  # type: ignore[union-attr]
    for part in parts[1:]:
        for a, b in zip(own, () if isinstance(part, str) else part.dims, strict=True):  # type: ignore[union-attr]
            if a != b:
                e.check(e.w.compare("eq", a, b), "shape", "all input arrays must have the same shape")
    array = e.allocate(type_.dtype, (*own[:axis], str(len(parts)), *own[axis:]), let.target)
    for k, (part, atom) in enumerate(zip(parts, let.args, strict=True)):
        place = _part(e, array, axis, str(k), "1")
        dims = place.dims[:axis] + place.dims[axis + 1 :]
        strides = place.strides[:axis] + place.strides[axis + 1 :]
        whole = axis == 0
        _copy_part(e, View(place.dtype, place.data, dims, strides, place.owner, whole), part, dtype_of(atom))  # type: ignore[arg-type]
    e.env[let.target] = array


def _place(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    axis = let.params["axis"] % type_.rank
    lengths = [e.dims(part)[axis] for part in let.args[1:]]
    value = e.read(let.args[0])
    total, start = "0", "0"
    for k, n in enumerate(lengths):
        start = total if k == let.params["position"] else start
        total = e.w.add(total, n)
    own = e.dims(let.args[1 + let.params["position"]])
    array = e.allocate(type_.dtype, (*own[:axis], total, *own[axis + 1 :]), let.target)
    e.set_all(array, number(0, type_.dtype))
    part = _part(e, array, axis, start, lengths[let.params["position"]])
    assert isinstance(value, View | Splat)
    _copy_part(e, part, value, dtype_of(let.args[0]))
    e.env[let.target] = array


JOINING: dict[str, Callable[[Emitter, Let], None]] = {
    "pack": _pack,
    "concatenate": _concatenate,
    "stack": _stack,
    "place": _place,
}
