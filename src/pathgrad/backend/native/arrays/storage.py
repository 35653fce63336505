"""Growing storage, where loops keep what their backward sweep reads (floor 4).

A list is ``{elements, count, capacity}``; an element is a number, an array (address, allocation, lengths) or a list.
"""

from __future__ import annotations

from collections.abc import Callable

from ....errors import NativeUnsupported
from ....ir import Atom, Const, Let, ListType, Type
from ..control.functions import own_storage
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.module import memory_type
from ..emit.values import Listing, Owned, Value, View
from ..emit.writer import SIZES, number

__all__ = ["LISTS", "release_list"]


def _element_bytes(type_: ListType) -> int:
    element = type_.element
    if isinstance(element, ListType):
        return 8
    return 16 + 8 * element.rank if element.rank else SIZES[element.dtype]


# ---- references ------------------------------------------------------------------------------------------------------
def release_list(e: Emitter, handle: str, type_: ListType) -> None:
    """One reference to a list less; the last one releases what it holds."""
    e.w.effect(f"call void @{_release_function(e, type_)}(ptr %state, ptr {handle})")


def _release_function(e: Emitter, type_: ListType) -> str:
    module = e.module
    key = str(type_)
    if key in module.list_releases:
        return module.list_releases[key]
    name = module.list_releases[key] = f"pg_release_list_{len(module.list_releases)}"
    module.uses_helper("pg_release")
    element = type_.element
    inner = ""
    if isinstance(element, ListType):
        inner = f"""  %kept = load ptr, ptr %slot
  call void @{_release_function(e, element)}(ptr %state, ptr %kept)"""
    elif element.rank:
        inner = """  %kept.at = getelementptr i8, ptr %slot, i64 8
  %kept = load ptr, ptr %kept.at
  call void @pg_release(ptr %state, ptr %kept)"""
    module.functions.append(
        f"""define internal void @{name}(ptr %state, ptr %list) noinline {{
entry:
  %none = icmp eq ptr %list, null
  br i1 %none, label %done, label %owned
owned:
  %references.at = getelementptr i8, ptr %list, i64 -48
  %references = load i64, ptr %references.at
  %shared = icmp ugt i64 %references, 1
  br i1 %shared, label %less, label %last
last:
  %data = load ptr, ptr %list
  %count.at = getelementptr i8, ptr %list, i64 8
  %count = load i64, ptr %count.at
  br label %each
each:
  %k = phi i64 [ 0, %last ], [ %k.next, %one ]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %free
one:
  %offset = mul i64 %k, {_element_bytes(type_)}
  %slot = getelementptr i8, ptr %data, i64 %offset
{inner}
  %k.next = add i64 %k, 1
  br label %each
free:
  call void @pg_release(ptr %state, ptr %data)
  br label %less
less:
  call void @pg_release(ptr %state, ptr %list)
  br label %done
done:
  ret void
}}"""
    )
    return name


def _new(e: Emitter, type_: ListType) -> Listing:
    data = e.helper("pg_list_new", "ptr", ["ptr %state"])
    e.check(e.w.compare("ne", data, "null", "ptr"), "memory", "a list cannot be allocated")
    owner = Owned(data, type_)
    e.owned.append(owner)
    return Listing(data, type_, owner)


# ---- elements --------------------------------------------------------------------------------------------------------
def _count(e: Emitter, values: Listing) -> str:
    return e.w.value(f"load i64, ptr {_count_address(e, values)}")


def _count_address(e: Emitter, values: Listing) -> str:
    return e.w.value(f"getelementptr i8, ptr {values.data}, i64 8")


def _slot(e: Emitter, values: Listing, k: str) -> str:
    data = e.w.value(f"load ptr, ptr {values.data}")
    offset = e.w.multiply(k, str(_element_bytes(values.type)))
    return e.w.value(f"getelementptr i8, ptr {data}, i64 {offset}")


def _put(e: Emitter, slot: str, value: Value, element: Type | ListType) -> None:
    """Keep a value; arrays and lists with a reference of their own."""
    w = e.w
    if isinstance(value, str):
        assert isinstance(element, Type)
        if element.dtype == "bool":
            value = w.value(f"zext i1 {value} to i8")
        w.effect(f"store {memory_type(element.dtype)} {value}, ptr {slot}")
        return
    assert isinstance(value, View | Listing)
    handle = value.owner.counted if value.owner is not None else "null"
    if handle != "null":
        e.retain(handle)
    w.effect(f"store ptr {value.data}, ptr {slot}")
    if isinstance(value, Listing):
        return
    for k, part in enumerate([handle, *value.dims]):
        at = w.value(f"getelementptr i8, ptr {slot}, i64 {8 * (k + 1)}")
        w.effect(f"store {'ptr' if k == 0 else 'i64'} {part}, ptr {at}")


def _get(e: Emitter, slot: str, element: Type | ListType) -> Value:
    """A kept value; arrays and lists with a reference of their own."""
    w = e.w
    if isinstance(element, ListType):
        data = w.value(f"load ptr, ptr {slot}")
        e.retain(data)
        return e.received(element, [data])
    if not element.rank:
        value = w.value(f"load {memory_type(element.dtype)}, ptr {slot}")
        return w.value(f"trunc i8 {value} to i1") if element.dtype == "bool" else value
    parts = [w.value(f"load ptr, ptr {slot}")]
    for k in range(1 + element.rank):
        at = w.value(f"getelementptr i8, ptr {slot}, i64 {8 * (k + 1)}")
        parts.append(w.value(f"load {'ptr' if k == 0 else 'i64'}, ptr {at}"))
    e.retain(parts[1])
    return e.received(element, parts)


# ---- operators -------------------------------------------------------------------------------------------------------
def _new_list(e: Emitter, let: Let) -> None:
    assert isinstance(let.target.type, ListType)
    e.env[let.target] = _new(e, let.target.type)


def _push_value(e: Emitter, values: Listing, value: Value) -> None:
    args = ["ptr %state", f"ptr {values.data}", f"i64 {_element_bytes(values.type)}"]
    slot = e.helper("pg_list_push", "ptr", args)
    e.check(e.w.compare("ne", slot, "null", "ptr"), "memory", "a list cannot grow")
    _put(e, slot, value, values.type.element)


def _push(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    atom = let.args[1]
    value: Value
    if isinstance(atom.type, ListType):
        value = e.listing(atom)
    elif atom.type.rank:
        array = e.array(atom)
        value = own_storage(e, array) if e.is_called else e.contiguous(array)
    else:
        assert isinstance(values.type.element, Type)
        value = convert(e.w, e.scalar(atom), atom.type.dtype, values.type.element.dtype)
    _push_value(e, values, value)
    e.env[let.target] = values


def _pop(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    at = _count_address(e, values)
    less = e.w.value(f"sub i64 {e.w.value(f'load i64, ptr {at}')}, 1")
    e.w.effect(f"store i64 {less}, ptr {at}")
    _drop(e, _slot(e, values, less), values.type.element)
    e.env[let.target] = values


def _drop(e: Emitter, slot: str, element: Type | ListType) -> None:
    """Give up the reference of a kept value."""
    if isinstance(element, ListType):
        release_list(e, e.w.value(f"load ptr, ptr {slot}"), element)
    elif element.rank:
        at = e.w.value(f"getelementptr i8, ptr {slot}, i64 8")
        handle = e.w.value(f"load ptr, ptr {at}")
        e.module.helper_effect(e.w, "pg_release", ["ptr %state", f"ptr {handle}"])


def _recall(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    e.env[let.target] = _get(e, _slot(e, values, _place(e, values, let.args[1])), values.type.element)


def _place(e: Emitter, values: Listing, atom: Atom) -> str:
    """The place that a number means: negative ones count from the end."""
    k = e.scalar(atom)
    if k.startswith("-"):
        return e.w.add(_count(e, values), k)
    if isinstance(atom, Const) or e.ranges.bounds(atom, None)[0]:
        return k
    return e.w.select(e.w.compare("slt", k, "0"), e.w.add(_count(e, values), k), k)


def _last(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    k = e.w.subtract(_count(e, values), "1")
    e.env[let.target] = _get(e, _slot(e, values, k), values.type.element)


def _each(e: Emitter, values: Listing, body: Callable[[str], None]) -> None:
    """Run something for every element; what it owns is released after each."""

    def turn(k: str, _: list[str]) -> list[str]:
        outer, e.owned = e.owned, []
        body(k)
        for owner in e.owned:
            e.release(owner)
        e.owned = outer
        return []

    e.w.counted(_count(e, values), [], turn, "each")


def _copy(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    result = _new(e, values.type)
    _each(e, values, lambda k: _push_value(e, result, _get(e, _slot(e, values, k), values.type.element)))
    e.env[let.target] = result


def _zero(e: Emitter, value: Value, element: Type | ListType) -> Value:
    if isinstance(element, ListType):
        assert isinstance(value, Listing)
        return _zeros(e, value)
    if not element.rank:
        return number(0, element.dtype)
    assert isinstance(value, View)
    zeros = e.allocate(element.dtype, value.dims)
    e.set_all(zeros, number(0, element.dtype))
    return zeros


def _zeros(e: Emitter, values: Listing) -> Listing:
    result = _new(e, values.type)
    element = values.type.element
    _each(e, values, lambda k: _push_value(e, result, _zero(e, _get(e, _slot(e, values, k), element), element)))
    return result


def _zero_list(e: Emitter, let: Let) -> None:
    e.env[let.target] = _zeros(e, e.listing(let.args[0]))


def _sum(e: Emitter, a: Value, b: Value, element: Type | ListType) -> Value:
    if isinstance(element, ListType):
        assert isinstance(a, Listing)
        assert isinstance(b, Listing)
        return _sums(e, a, b)
    if not element.rank:
        assert isinstance(a, str)
        assert isinstance(b, str)
        return elementwise(e.module, e.w, "add", [(a, element.dtype), (b, element.dtype)], element.dtype)
    assert isinstance(a, View)
    assert isinstance(b, View)
    total = e.allocate(element.dtype, a.dims)

    def one(index: object) -> None:
        pair = [(e.get(x, index), element.dtype) for x in (a, b)]  # type: ignore[arg-type]
        e.put(total, index, elementwise(e.module, e.w, "add", pair, element.dtype))  # type: ignore[arg-type]

    e.for_each(a.dims, one, flat=a.contiguous and b.contiguous)
    return total


def _sums(e: Emitter, a: Listing, b: Listing) -> Listing:
    result = _new(e, a.type)
    element = a.type.element

    def one(k: str) -> None:
        pair = [_get(e, _slot(e, x, k), element) for x in (a, b)]
        _push_value(e, result, _sum(e, pair[0], pair[1], element))

    _each(e, a, one)
    return result


def _add_lists(e: Emitter, let: Let) -> None:
    e.env[let.target] = _sums(e, e.listing(let.args[0]), e.listing(let.args[1]))


def _add_at(e: Emitter, let: Let) -> None:
    values = e.listing(let.args[0])
    element = values.type.element
    atom = let.args[1]
    new: Value
    if isinstance(atom.type, ListType):
        new = e.listing(atom)
    elif atom.type.rank:
        new = e.contiguous(e.array(atom))
    else:
        assert isinstance(element, Type)
        new = convert(e.w, e.scalar(atom), atom.type.dtype, element.dtype)
    slot = _slot(e, values, _place(e, values, let.args[2]))
    before = _get(e, slot, element)
    total = _sum(e, before, new, element)
    if not isinstance(total, str):
        _drop(e, slot, element)
    _put(e, slot, total, element)
    e.env[let.target] = values


def _undefined(e: Emitter, let: Let) -> None:
    assert isinstance(let.target.type, ListType)
    e.env[let.target] = _new(e, let.target.type)


def _unsupported(e: Emitter, let: Let) -> None:
    raise NativeUnsupported(f"operator {let.op.name} on lists has no native form")


LISTS: dict[str, Callable[[Emitter, Let], None]] = {
    "new_list": _new_list,
    "push": _push,
    "pop": _pop,
    "recall": _recall,
    "last": _last,
    "copy": _copy,
    "zero_list": _zero_list,
    "add_lists": _add_lists,
    "add_at": _add_at,
    "undefined": _undefined,
    "length": _unsupported,
}
