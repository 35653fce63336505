"""Arguments that a program writes, in entry points (floor 4).

A program that consumes an input writes into the caller's array. That is right only where nothing else that the program
reads or writes lies there: the entry compares the storage, and leaves calls where it overlaps to the Python function.
The final contents are the program's last outputs; where they ended up in other storage they are copied back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ...ir import Program, Type
from .emit.module import NativeModule
from .emit.writer import SIZES, Writer

__all__ = ["hand_back", "nothing", "require_apart", "returned", "write_back"]


class EntryWriter(Protocol):
    """What is used here of an entry in the making."""

    module: NativeModule
    program: Program
    w: Writer

    @property
    def leaves(self) -> Sequence[Any]:
        """The arguments."""

    def field(self, kind: str, pointer: str, offset: int) -> str:
        """A field of an object."""

    def require(self, condition: str) -> None:
        """Go to the Python function unless a condition holds."""


def returned(program: Program) -> int:
    """How many outputs are results: those that are not the final contents of consumed inputs."""
    return len(program.outputs) - len(program.consumed)


def _end(entry: EntryWriter, k: int, arguments: list[list[str]]) -> tuple[str, str]:
    """Where an array argument begins and ends, as numbers."""
    w = entry.w
    data, *dims = (text.split()[1] for text in arguments[k])
    size = str(SIZES[entry.leaves[k].dtype])
    for n in dims:
        size = w.multiply(size, n)
    start = w.value(f"ptrtoint ptr {data} to i64")
    return start, w.add(start, size)


def require_apart(entry: EntryWriter, arguments: list[list[str]]) -> None:
    """Go to the Python function where an array that is written shares storage with another or with a constant."""
    w, written = entry.w, sorted(entry.program.consumed)
    arrays = [k for k, leaf in enumerate(entry.leaves) if leaf.kind == "array"]
    places = {k: _end(entry, k, arguments) for k in arrays} if written else {}
    for k in written:
        others = [places[j] for j in arrays if j != k and not (j in written and j < k)]
        for position, value in enumerate(entry.module.arrays):
            low, high = np.lib.array_utils.byte_bounds(value)
            data = w.value(f"load ptr, ptr @pg_array_{position}")
            start = w.value(f"ptrtoint ptr {data} to i64")
            others.append((w.add(start, str(low - value.ctypes.data)), w.add(start, str(high - value.ctypes.data))))
        for start, end in others:
            before, after = w.compare("ule", end, places[k][0]), w.compare("ule", places[k][1], start)
            entry.require(w.value(f"or i1 {before}, {after}"))


def write_back(entry: EntryWriter, k: int, slot: str, data: str, state: str) -> None:
    """Copy the final content of the k-th input into the caller's array, unless it is there."""
    w, type_ = entry.w, entry.program.inputs[k].type
    assert isinstance(type_, Type)
    entry.module.uses_helper("pg_release")
    size = str(SIZES[type_.dtype])
    for axis in range(type_.rank):
        size = w.multiply(size, entry.field("i64", slot, 16 + 8 * axis))
    final, handle = entry.field("ptr", slot, 0), entry.field("ptr", slot, 8)
    moved, out = w.new_label("moved"), w.new_label("back")
    w.branch(w.compare("eq", final, data, "ptr"), out, moved)
    w.start(moved)
    w.effect(f"call void @llvm.memcpy.p0.p0.i64(ptr {data}, ptr {final}, i64 {size}, i1 false)")
    w.jump(out)
    w.start(out)
    w.effect(f"call void @pg_release(ptr {state}, ptr {handle})")


def hand_back(entry: EntryWriter) -> list[str]:
    """The arguments that are results themselves, with a reference each."""
    entry.module.declare("declare void @Py_IncRef(ptr)")
    things = [entry.field("ptr", "%args", 8 * k) for k in entry.program.handed_back]
    for thing in things:
        entry.w.effect(f"call void @Py_IncRef(ptr {thing})")
    return things


def nothing(entry: EntryWriter) -> str:
    """None, with a reference."""
    entry.module.declare("declare void @Py_IncRef(ptr)")
    entry.module.declare("@_Py_NoneStruct = external global i8")
    entry.w.effect("call void @Py_IncRef(ptr @_Py_NoneStruct)")
    return "@_Py_NoneStruct"
