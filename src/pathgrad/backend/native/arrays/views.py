"""Arrays that share storage: slices, transposes, broadcasts (floor 4).

Nothing is computed for elements here: a view is an address, lengths and strides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ....errors import NativeUnsupported
from ....ir import Atom, Const, Let, Type, dtype_of
from ....ops import Integer, NewAxis, Slice
from ..emit.emitter import Emitter
from ..emit.values import Splat, Value, View
from ..fused.fusion import same_lengths
from .bounds import position

__all__ = ["VIEWS", "element_view", "stretched"]


def _view(e: Emitter, atom: Atom) -> View | Splat:
    value = e.read(atom)
    assert isinstance(value, View | Splat), atom
    return value


def _same_shape(
    e: Emitter, value: View | Splat, dims: Sequence[str], strides: Sequence[str], contiguous: bool
) -> View | Splat:
    if isinstance(value, Splat):
        return replace(value, dims=tuple(dims))
    steps = e.steps(dims) if contiguous else tuple(strides)
    return View(value.dtype, value.data, tuple(dims), steps, value.owner, contiguous)


def _strides(value: View | Splat) -> tuple[str, ...]:
    return value.strides if isinstance(value, View) else ("0",) * len(value.dims)


# ---- indexing --------------------------------------------------------------------------------------------------------
def element_view(e: Emitter, let: Let, value: View | Splat, numbers: Sequence[Atom]) -> View | Splat:
    """The part of an array that an index stands for."""
    index = let.params["index"]
    operands = iter(numbers)
    dims: list[str] = []
    strides: list[str] = []
    steps = _strides(value)
    offset = "0"
    axis = 0
    whole_so_far = True
    contiguous = isinstance(value, View) and value.contiguous
    tokens = value_tokens(let)
    for item in index.items:
        if isinstance(item, NewAxis):
            dims.append("1")
            strides.append("0")
            continue
        n, step = value.dims[axis], steps[axis]
        if isinstance(item, Integer):
            at = position(e, let, next(operands), n, axis, tokens[axis] if axis < len(tokens) else None)
            offset = e.w.add(offset, e.w.multiply(at, step))
            contiguous = contiguous and not dims
        else:
            first, length, by = _slice(e, item, operands, n)
            whole = first == "0" and length == n and by == 1
            contiguous = contiguous and (whole or (whole_so_far and by == 1 and not dims))
            whole_so_far = whole_so_far and whole
            offset = e.w.add(offset, e.w.multiply(first, step))
            dims.append(length)
            strides.append(e.w.multiply(step, str(by)))
            if not whole:
                whole_so_far = False
        axis += 1
    dims += value.dims[axis:]
    strides += steps[axis:]
    dims = _known_lengths(e, let, dims)
    if isinstance(value, Splat):
        return replace(value, dims=tuple(dims))
    moved = View(value.dtype, value.data, (offset,), ("1",), value.owner)
    data = e.address(moved, [offset])
    steps = e.steps(dims) if contiguous else tuple(strides)
    return View(value.dtype, data, tuple(dims), steps, value.owner, contiguous)


def value_tokens(let: Let) -> tuple[object, ...]:
    """The dimension tokens of the array that a statement indexes."""
    array = let.args[1] if let.op.name == "scatter" else let.args[0]
    return array.type.dims if isinstance(array.type, Type) else ()


def _known_lengths(e: Emitter, let: Let, dims: list[str]) -> list[str]:
    """One text for one length: equal tokens are equal lengths."""
    type_ = let.target.type
    if let.op.name != "load" or not isinstance(type_, Type) or len(type_.dims) != len(dims):
        return dims
    return [e.length_of(token, n) for token, n in zip(type_.dims, dims, strict=True)]


def _slice(e: Emitter, item: Slice, operands: object, n: str) -> tuple[str, str, int]:
    """First position, length and step of a slice, by Python's rules."""
    ends = [next(operands) if present else None for present in (item.start, item.stop, item.step)]  # type: ignore[call-overload]
    start, stop, step = ends
    by = 1
    if step is not None:
        if not isinstance(step, Const):
            raise NativeUnsupported("a slice whose step is known at run time only")
        # longer steps than arrays are long all take the first element alone
        by = max(min(int(step.value), 2**48), -(2**48))
    if by == 0:
        e.check("false", "value", "slice step cannot be zero")
        return "0", "0", 1
    w = e.w
    if by > 0:
        first = _clamped(e, start, n, "0", n) if start is not None else "0"
        last = _clamped(e, stop, n, "0", n) if stop is not None else n
        gap = w.subtract(last, first)
    else:
        top = w.subtract(n, "1")
        first = _clamped(e, start, n, "-1", top) if start is not None else top
        last = _clamped(e, stop, n, "-1", top) if stop is not None else "-1"
        gap = w.subtract(first, last)
    if first == "0" and last == n:
        gap = n
    elif by == 1 or gap.isdigit():
        pass
    length = gap
    if not (first == "0" and last == n):
        length = w.select(w.compare("sgt", gap, "0"), gap, "0") if not gap.isdigit() else gap
        length = "0" if length.startswith("-") else length
    if abs(by) != 1:
        up = w.add(length, str(abs(by) - 1))
        length = str(int(up) // abs(by)) if up.isdigit() else w.value(f"sdiv i64 {up}, {abs(by)}")
    return first, length, by


def _clamped(e: Emitter, atom: Atom, n: str, low: str, high: str) -> str:
    w = e.w
    value = e.scalar(atom)
    if isinstance(atom, Const):
        number = int(atom.value)
        if number < 0:
            moved = w.add(n, value)
            return w.select(w.compare("slt", moved, low), low, moved) if not _digits(moved) else _kept(moved, low)
        if _digits(high):
            return str(min(number, int(high)))
        return low if number == 0 and low == "0" else w.select(w.compare("slt", high, value), high, value)
    moved = w.select(w.compare("slt", value, "0"), w.add(value, n), value)
    above = w.select(w.compare("slt", moved, low), low, moved)
    return w.select(w.compare("slt", high, above), high, above)


def _digits(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _kept(moved: str, low: str) -> str:
    return str(max(int(moved), int(low)))


def _load(e: Emitter, let: Let) -> Value:
    value = _view(e, let.args[0])
    part = element_view(e, let, value, let.args[1:])
    if let.target.type.rank:
        return part
    return part.value if isinstance(part, Splat) else e.get(part, [])


# ---- the order of axes -----------------------------------------------------------------------------------------------
def _transpose(e: Emitter, let: Let) -> Value:
    value = _view(e, let.args[0])
    rank = len(value.dims)
    axes = let.params.get("axes") or tuple(reversed(range(rank)))
    order = [k % rank for k in axes]
    strides = _strides(value)
    return _same_shape(
        e, value, [value.dims[k] for k in order], [strides[k] for k in order], rank < 2 and _is_whole(value)
    )


def _is_whole(value: View | Splat) -> bool:
    return isinstance(value, View) and value.contiguous


def _expand_dims(e: Emitter, let: Let) -> Value:
    value = e.read(let.args[0])
    if isinstance(value, str):
        return Splat(dtype_of(let.target), value, ("1",))
    assert isinstance(value, View | Splat)
    axis = let.params["axis"] % (len(value.dims) + 1)
    strides = _strides(value)
    dims = (*value.dims[:axis], "1", *value.dims[axis:])
    return _same_shape(e, value, dims, (*strides[:axis], "0", *strides[axis:]), _is_whole(value))


def _squeeze(e: Emitter, let: Let) -> Value:
    value = _view(e, let.args[0])
    axis = let.params["axis"] % len(value.dims)
    if value.dims[axis] != "1":
        e.check(
            e.w.compare("eq", value.dims[axis], "1"),
            "shape",
            "cannot select an axis to squeeze out which has size not equal to one",
        )
    strides = _strides(value)
    dims = value.dims[:axis] + value.dims[axis + 1 :]
    if not dims:
        return value.value if isinstance(value, Splat) else e.get(value, ["0"])
    return _same_shape(e, value, dims, strides[:axis] + strides[axis + 1 :], _is_whole(value))


# ---- reshaping -------------------------------------------------------------------------------------------------------
def _reshape(e: Emitter, let: Let) -> Value:
    value = e.read(let.args[0])
    wanted = [e.scalar(a) for a in let.args[1:]]
    if any(isinstance(a, Const) and a.value == -1 for a in let.args[1:]):
        k = next(j for j, a in enumerate(let.args[1:]) if isinstance(a, Const) and a.value == -1)
        total = e.size(value.dims) if isinstance(value, View | Splat) else "1"
        rest = e.size(n for j, n in enumerate(wanted) if j != k)
        zero = e.w.compare("eq", rest, "0")
        wanted[k] = e.w.value(f"sdiv i64 {total}, {e.w.select(zero, '1', rest)}")
    return _reshaped(e, value, wanted, dtype_of(let.target))


def _reshape_like(e: Emitter, let: Let) -> Value:
    value = e.read(let.args[0])
    if not let.target.type.rank:
        return _only(e, value)
    return _reshaped(e, value, list(e.dims(let.args[1])), dtype_of(let.target))


def _only(e: Emitter, value: Value) -> str:
    if isinstance(value, str):
        return value
    assert isinstance(value, View | Splat)
    return value.value if isinstance(value, Splat) else e.get(value, ["0"] * len(value.dims))


def _reshaped(e: Emitter, value: Value, dims: list[str], dtype: str) -> Value:
    """A value repeated along axes to these lengths; its own are known to be equal or 1."""
    if isinstance(value, str):
        value = Splat(dtype, value, ())
    assert isinstance(value, View | Splat)
    have, want = e.size(value.dims), e.size(dims)
    if have != want:
        e.check(
            e.w.compare("eq", have, want),
            "shape",
            "cannot reshape array of size {0} into a shape of size {1}",
            [have, want],
        )
    if not dims:
        return _only(e, value)
    if isinstance(value, Splat):
        return replace(value, dims=tuple(dims))
    whole = e.contiguous(value)
    return View(whole.dtype, whole.data, tuple(dims), e.steps(dims), whole.owner, True)


# ---- broadcasting ----------------------------------------------------------------------------------------------------
def _broadcast_with(e: Emitter, let: Let) -> Value:
    shapes = [(a, _shape(e, a)) for a in let.args]
    rank = let.target.type.rank
    dims: list[str] = []
    for axis in range(rank):
        dims.append(_common(e, [(_token(a, axis - rank), s[axis - rank]) for a, s in shapes if len(s) >= rank - axis]))
    return stretched(e, e.read(let.args[0]), let.args[0], dims, dtype_of(let.target))


def _shape(e: Emitter, atom: Atom) -> tuple[str, ...]:
    return e.dims(atom) if atom.type.is_array else ()


def _token(atom: Atom, axis: int) -> object:
    assert isinstance(atom.type, Type)
    return atom.type.dims[axis] if -axis <= len(atom.type.dims) else None


def _common(e: Emitter, lengths: list[tuple[object, str]]) -> str:
    """The length of an axis that several arrays share, or along which they repeat."""
    longer = [(token, n) for token, n in lengths if token != 1 and n != "1"]
    if not longer:
        return "1"
    token, n = longer[0]
    for other, length in longer[1:]:
        if length == n or (other is not None and other == token) or e.suppose_equal(n, length):
            continue
        one, same = e.w.compare("eq", n, "1"), e.w.compare("eq", n, length)
        fits = e.w.value(f"or i1 {one}, {same}")
        single = e.w.compare("eq", length, "1")
        e.check(
            e.w.value(f"or i1 {fits}, {single}"),
            "shape",
            "operands could not be broadcast together: lengths {0} and {1}",
            [n, length],
        )
        n = e.w.select(one, length, n)
    return n


def stretched(e: Emitter, value: Value, atom: Atom, dims: list[str], dtype: str) -> Value:
    """A value repeated along axes to these lengths; its own are known to be equal or 1."""
    if isinstance(value, str):
        return Splat(dtype, value, tuple(dims)) if dims else value
    assert isinstance(value, View | Splat)
    if same_lengths(e, value.dims, dims):
        return value
    if isinstance(value, Splat):
        return replace(value, dims=tuple(dims))
    lead = len(dims) - len(value.dims)
    strides = ["0"] * lead
    same = not lead
    for k, (n, step) in enumerate(zip(value.dims, value.strides, strict=True)):
        wanted = dims[lead + k]
        token = _token(atom, k - len(value.dims))
        if e.canonical(n) == e.canonical(wanted):
            strides.append(step)
        elif n == "1" or token == 1:
            strides.append("0")
            same = False
        elif token is not None and e.length_of(token, n) == wanted:
            strides.append(step)
        else:
            strides.append(e.w.select(e.w.compare("eq", n, wanted), step, "0"))
            same = False
    return View(value.dtype, value.data, tuple(dims), tuple(strides), value.owner, same and value.contiguous)


def _spread(e: Emitter, let: Let) -> Value:
    """A reduced value in the shape from which it was reduced."""
    value = e.read(let.args[0])
    dims = list(e.dims(let.args[1]))
    if isinstance(value, str):
        return Splat(dtype_of(let.target), value, tuple(dims))
    assert isinstance(value, View | Splat)
    axis = let.params["axis"]
    axes = set(range(len(dims))) if axis is None else {k % len(dims) for k in axis}
    if isinstance(value, Splat):
        return replace(value, dims=tuple(dims))
    steps = iter(value.strides)
    strides = []
    for k in range(len(dims)):
        if k in axes:
            if let.params["keepdims"]:
                next(steps)
            strides.append("0")
        else:
            strides.append(next(steps))
    return View(value.dtype, value.data, tuple(dims), tuple(strides), value.owner)


def _section(e: Emitter, let: Let) -> Value:
    """The part that came from one of several joined arrays."""
    value = _view(e, let.args[0])
    rank = len(value.dims)
    axis = let.params["axis"] % rank
    lengths = [e.dims(part)[axis] for part in let.args[1:]]
    start = "0"
    for n in lengths[: let.params["position"]]:
        start = e.w.add(start, n)
    dims = (*value.dims[:axis], lengths[let.params["position"]], *value.dims[axis + 1 :])
    if isinstance(value, Splat):
        return replace(value, dims=dims)
    moved = View(value.dtype, value.data, ("0",), ("1",))
    data = e.address(moved, [e.w.multiply(start, value.strides[axis])])
    return View(value.dtype, data, dims, value.strides, value.owner, value.contiguous and axis == 0)


VIEWS = {
    "load": _load,
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "reshape": _reshape,
    "reshape_like": _reshape_like,
    "broadcast_with": _broadcast_with,
    "spread": _spread,
    "section": _section,
}
