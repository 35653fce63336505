"""Statements, one by one (floor 4)."""

from __future__ import annotations

from ...errors import NativeUnsupported
from ...ir import Branch, Call, Let, ListType, Loop, Type, Var, While
from ...ops import TABLE
from .arrays.creation import CREATION, numbered_dims
from .arrays.joining import JOINING
from .arrays.places import PLACES
from .arrays.scans import SCANS
from .arrays.storage import LISTS
from .arrays.views import VIEWS
from .control.functions import write_call
from .control.loops import write_branch, write_loop, write_while
from .elements.conversion import convert
from .elements.scalars import elementwise
from .emit.emitter import Emitter
from .emit.groups import Group, Member, Sink
from .emit.values import Pending, Splat, Value, View
from .fused.fusion import join, same_lengths
from .fused.generators import GENERATORS, check_integral, checked_power
from .products.linear import PRODUCTS
from .products.rank_one import gathers

__all__ = ["write_statement"]

_ARRAYS = {**CREATION, **PLACES, **JOINING, **SCANS}
_SINKS = frozenset({"sum", "mean", "amax", "amin", "norm", "any", "all"})


def write_statement(e: Emitter, s: object, live: set[Var]) -> None:
    """Write one statement; ``live`` is read after it."""
    if isinstance(s, Let):
        _let(e, s)
        if s.target.type.rank and s.target in e.env:
            e.meet(s.target)
        return
    e.flush()
    if isinstance(s, Loop):
        write_loop(e, s, live)
    elif isinstance(s, While):
        write_while(e, s, live)
    elif isinstance(s, Branch):
        write_branch(e, s, live)
    else:
        assert isinstance(s, Call)
        write_call(e, s, live)


def _let(e: Emitter, let: Let) -> None:
    name = let.op.name
    type_ = let.target.type
    if gathers(e, let):
        return
    e.ranges.learn(let)
    e.flush_writes(let.args)
    if isinstance(type_, ListType) or (let.args and isinstance(let.args[0].type, ListType)):
        LISTS[name](e, let)
        return
    if let.op.elementwise or name in GENERATORS:
        _per_element(e, let, type_)
    elif name in _SINKS:
        _reduction(e, let)
    elif name == "sum_to":
        _sum_to(e, let)
    elif name in VIEWS:
        e.env[let.target] = _same_array(e, let) or VIEWS[name](e, let)
    elif name in _ARRAYS:
        _ARRAYS[name](e, let)
    elif name in PRODUCTS:
        PRODUCTS[name](e, let)
    else:
        raise NativeUnsupported(f"operator {name} has no native form")


# ---- elementwise -----------------------------------------------------------------------------------------------------
def _per_element(e: Emitter, let: Let, type_: Type) -> None:
    name = let.op.name
    if not type_.rank:
        operands = [(e.scalar(a), a.type.dtype) for a in let.args[: 1 if name == "cast_like" else None]]  # type: ignore[union-attr]
        if name in ("cast", "cast_like", "copy"):
            if name == "cast" and type_.dtype == "i64":
                check_integral(e, *operands[0])
            e.env[let.target] = convert(e.w, *operands[0], type_.dtype)
        elif name == "power":
            e.env[let.target] = checked_power(e, let, [value for value, _ in operands])
        else:
            e.env[let.target] = elementwise(e.module, e.w, name, operands, type_.dtype, let.target in e.loose)
        return
    if name in ("arange", "linspace", "iota_like", "outer"):
        _numbered(e, let, type_)
        return
    operands_ = let.args[:1] if name in ("cast_like",) else let.args
    values = [e.peek(a) for a in operands_]
    if all(isinstance(v, Splat | str) for v in values):
        _splat(e, let, type_, list(operands_))
        return
    for atom, value in zip(operands_, values, strict=True):
        if isinstance(value, Pending) and not atom.type.rank:
            e.read(atom)
    group = join(e, type_, [a for a in operands_ if a.type.rank])
    member = Member(let, list(operands_))
    group.members.append(member)
    group.values[let.target] = member
    e.env[let.target] = Pending(group.dims)


def _splat(e: Emitter, let: Let, type_: Type, operands: list[object]) -> None:
    """All operands are one number each: so is the result."""
    parts = []
    dims: tuple[str, ...] = ()
    for atom in operands:
        value = e.peek(atom)  # type: ignore[arg-type]
        if isinstance(value, Splat):
            dims = value.dims
            parts.append((value.value, value.dtype))
        else:
            parts.append((e.scalar(atom), atom.type.dtype))  # type: ignore[arg-type,attr-defined]
    if let.op.name in ("cast", "cast_like", "copy"):
        value_ = convert(e.w, *parts[0], type_.dtype)
    elif let.op.name == "power":
        value_ = checked_power(e, let, [value for value, _ in parts])
    else:
        value_ = elementwise(e.module, e.w, let.op.name, parts, type_.dtype, let.target in e.loose)
    e.env[let.target] = Splat(type_.dtype, value_, dims)


def _numbered(e: Emitter, let: Let, type_: Type) -> None:
    """Arrays whose elements follow from their position."""
    for atom in let.args:
        if atom.type.rank and let.op.name == "outer":
            e.array(atom)
        else:
            e.read(atom)
    dims = numbered_dims(e, let)
    dims = tuple(e.length_of(token, n) for token, n in zip(type_.dims, dims, strict=True))
    if e.group is None or e.group.dims != dims:
        e.flush()
        e.group = Group(dims, type_.dims)
    member = Member(let, [])
    e.group.members.append(member)
    e.group.values[let.target] = member
    for atom in let.args:
        value = e.peek(atom)
        if isinstance(value, View) and value.owner is not None:
            e.group.storages.add(id(value.owner))
    e.env[let.target] = Pending(dims)


# ---- reductions ------------------------------------------------------------------------------------------------------
def _reduction(e: Emitter, let: Let) -> None:
    source = let.args[0]
    assert isinstance(source.type, Type)
    rank = source.type.rank
    if not rank:
        _reduced_number(e, let)
        return
    axis = let.params["axis"]
    axes = tuple(range(rank)) if axis is None else tuple(sorted({k % rank for k in axis}))
    if not axes:
        raise NativeUnsupported("a reduction over no axis")
    _sink(e, Sink(let, source, axes, bool(let.params["keepdims"])))


def _reduced_number(e: Emitter, let: Let) -> None:
    source, target = let.args[0].type, let.target.type
    assert isinstance(source, Type)
    assert isinstance(target, Type)
    value = convert(e.w, e.scalar(let.args[0]), source.dtype, target.dtype)
    if let.op.name == "norm":
        value = elementwise(e.module, e.w, "absolute", [(value, target.dtype)], target.dtype)
    e.env[let.target] = value


def _sink(e: Emitter, sink: Sink) -> None:
    source = sink.source
    value = e.peek(source)
    if isinstance(value, Splat):
        e.array(source)
    assert isinstance(source.type, Type)
    group = join(e, source.type, [source])
    group.sinks.append(sink)
    rank = source.type.rank
    kept = ["1" if k in sink.axes else n for k, n in enumerate(group.dims) if sink.kept or k not in sink.axes]
    e.env[sink.let.target] = Pending(tuple(kept))
    assert rank


def _sum_to(e: Emitter, let: Let) -> None:
    source, like = let.args
    have, want = source.type, like.type
    assert isinstance(have, Type)
    assert isinstance(want, Type)
    value = e.peek(source)
    if have.rank == want.rank and (not have.rank or _equal_tokens(have, want)):
        e.env[let.target] = _alias(e, let)
        return
    if want.rank and isinstance(value, View | Splat | Pending) and same_lengths(e, value.dims, e.dims(like)):
        e.env[let.target] = _alias(e, let)
        return
    lead = have.rank - want.rank
    axes = list(range(lead))
    kept = False
    for k in range(want.rank):
        one, other = want.dims[k], have.dims[lead + k]
        if one == other and one is not None:
            continue
        if one == 1:
            axes.append(lead + k)
            kept = True
        elif not e.suppose_equal(e.dims(like)[k], e.dims(source)[lead + k]):
            axes = [-1]
            break
    if axes == [-1]:
        _sink(e, Sink(let, source, (-1,)))
        e.env[let.target] = Pending(e.dims(like))
        return
    if not axes:
        e.env[let.target] = _alias(e, let)
        return
    if not kept or not lead:
        _sink(e, Sink(let, source, tuple(axes), kept))
        return
    _sink(e, Sink(let, source, (-1,)))
    e.env[let.target] = Pending(e.dims(like))


def _equal_tokens(a: Type, b: Type) -> bool:
    return a.dims == b.dims and None not in a.dims


def _same_array(e: Emitter, let: Let) -> Value | None:
    """A broadcast or reshape that changes nothing leaves its operand pending."""
    source = let.args[0].type
    if let.op.name not in ("broadcast_with", "reshape_like") or source.rank != let.target.type.rank:
        return None
    if not isinstance(source, Type) or not isinstance(let.target.type, Type) or not source.rank:
        return None
    if _equal_tokens(source, let.target.type):
        return _alias(e, let)
    if let.op.name == "broadcast_with" and e.module.may_bail and 1 not in source.dims:
        return _supposed_equal(e, let)
    return None


def _supposed_equal(e: Emitter, let: Let) -> Value | None:
    """A broadcast of arrays of which none is known to be repeated: they are supposed to have one shape."""
    own = e.dims(let.args[0])
    for other in let.args[1:]:
        if not other.type.rank:
            continue
        assert isinstance(other.type, Type)
        if len(other.type.dims) > len(own):
            return None
        theirs = e.dims(other)
        for n, m, token in zip(own[len(own) - len(theirs) :], theirs, other.type.dims, strict=True):
            if token != 1 and m != "1" and not e.suppose_equal(n, m):
                return None
    return _alias(e, let)


def _alias(e: Emitter, let: Let) -> Value:
    """The statement's first operand under another name."""
    source = let.args[0]
    if isinstance(e.peek(source), Pending) and e.group is not None and source in e.group.values:
        member = Member(_identity(let), [source])
        e.group.members.append(member)
        e.group.values[let.target] = member
        return Pending(e.group.dims)
    return e.read(source)


def _identity(let: Let) -> Let:
    return Let(let.target, TABLE["copy"], (let.args[0],), {}, let.origin, let.role)
