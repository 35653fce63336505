"""Programs as functions, and calls between them (floor 4).

A function takes the call's state, numbers by value, arrays as address and lengths (C-contiguous), lists as addresses,
and the address where results go: one word for each number or list, address, allocation and lengths for each array. It
returns 0, or 1 where it failed; what failed stands in the state.
"""

from __future__ import annotations

from ....ir import Call, ListType, Program, Var
from ..emit.emitter import Emitter
from ..emit.values import Owned, View
from .loops import part_types

__all__ = ["own_storage", "result_words", "signature", "write_call"]


def result_words(program: Program) -> int:
    """How many words the results take."""
    return sum(len(part_types(a.type)) for a in program.outputs)


def signature(program: Program) -> list[str]:
    """The parameters of a program's function."""
    parameters = ["ptr %state"]
    for k, variable in enumerate(program.inputs):
        type_ = variable.type
        if isinstance(type_, ListType):
            parameters.append(f"ptr %a{k}")
        elif not type_.rank:
            parameters.append(f"{part_types(type_)[0]} %a{k}")
        else:
            taken = k in program.consumed
            parameters.append(f"ptr noalias {'' if taken else 'readonly '}%a{k}")
            if taken:
                parameters.append(f"ptr %a{k}.h")
            parameters += [f"i64 %a{k}.{axis}" for axis in range(type_.rank)]
    return [*parameters, "ptr noalias %results"]


def own_storage(e: Emitter, array: View) -> View:
    """An array that may outlive the call's arguments: a copy where it lies in the storage of one of them."""
    if array.owner is None:
        copied = e.allocate(array.dtype, array.dims)
        e.copy_into(copied, array)
        return copied
    w = e.w
    array = e.contiguous(array)
    assert array.owner is not None
    lent, out = w.new_label("lent"), w.new_label("own")
    before = w.label
    w.branch(w.compare("eq", array.owner.handle, "null", "ptr"), lent, out)
    w.start(lent)
    outer, e.owned = e.owned, []
    copied = e.allocate(array.dtype, array.dims)
    e.copy_into(copied, array)
    e.owned = outer
    assert copied.owner is not None
    after = w.label
    w.jump(out)
    w.start(out)
    data = w.phi("ptr", [(array.data, before), (copied.data, after)])
    handle = w.phi("ptr", [(array.owner.handle, before), (copied.owner.handle, after)])
    owner = Owned(handle)
    # the array itself may be read again: it keeps the reference that it has
    e.retain(array.owner.handle)
    e.owned.append(owner)
    return View(array.dtype, data, array.dims, array.strides, owner, True)


def write_call(e: Emitter, s: Call, live: set[Var]) -> None:
    """Write a call of another program."""
    program = s.program
    args = ["ptr %state"]
    kept = live - set(s.results)
    for k, (atom, variable) in enumerate(zip(s.args, program.inputs, strict=True)):
        type_ = variable.type
        if isinstance(type_, ListType):
            listing = e.listing(atom)
            if k in program.consumed and listing.owner is not None:
                e.retain(listing.data)
            args.append(f"ptr {listing.data}")
        elif not type_.rank:
            args.append(f"{part_types(type_)[0]} {e.scalar(atom)}")
        elif k in program.consumed:
            others = {a for j, a in enumerate(s.args) if j != k and isinstance(a, Var)}
            parts = e.hand_on([atom], kept | others)[0]
            args += [f"ptr {parts[0]}", f"ptr {parts[1]}", *(f"i64 {n}" for n in parts[2:])]
        else:
            array = e.contiguous(e.array(atom))
            args += [f"ptr {array.data}", *(f"i64 {n}" for n in array.dims)]
    words = result_words(program)
    slot = e.w.slot(f"[{max(words, 1)} x i64]")
    args.append(f"ptr {slot}")
    status = e.w.value(f"call i32 @{e.names[id(program)]}({', '.join(args)})")
    on, failed = e.w.new_label("on"), e.w.new_label("failed")
    e.w.branch(e.w.compare("eq", status, "0", "i32"), on, failed, ", !prof !0")
    e.w.start(failed)
    e.w.effect(f"ret i32 {status}")
    e.w.start(on)
    position = 0
    for result in s.results:
        parts = []
        for kind in part_types(result.type):
            at = e.w.value(f"getelementptr i64, ptr {slot}, i64 {position}")
            parts.append(e.w.value(f"load {kind}, ptr {at}"))
            position += 1
        e.env[result] = e.received(result.type, parts)
