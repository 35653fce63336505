"""Entry points: programs as functions that Python calls directly (floor 4).

The entry is a C function of CPython's fast calling convention. It compares the arguments' types with those that the
program was compiled for, takes the numbers and addresses out, releases the interpreter's lock, runs the program and
makes Python objects of the results. Arguments of any other type go to a Python function, ``self[0]``; a failure goes to
``self[1]`` with the number of its place; what must start again with all checks goes to ``self[2]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import Program, Type
from ...ir.types import NUMPY_NAMES
from .control.functions import result_words
from .control.loops import part_types
from .emit.module import NativeModule
from .emit.state import close_state, open_state
from .emit.writer import LLVM_TYPES, SIZES, Writer
from .emit.writing import BAIL
from .process.symbols import ENTRY, Leaf
from .support.runtime import STATE
from .updates import hand_back, nothing, require_apart, returned, write_back

__all__ = ["write_entry"]

_TYPE_NUMBERS = {"bool": 0, "i64": 7, "f32": 11, "f64": 12}
#: Results up to so many bytes are copied into memory of NumPy's own.
_COPIED = 2048


class _Entry:
    def __init__(self, module: NativeModule, program: Program, main: str, leaves: Sequence[Leaf]) -> None:
        self.module = module
        self.program = program
        self.main = main
        self.leaves = leaves
        self.w = Writer()
        self.other = "other"
        self.lengths: dict[Any, str] = {}
        self.written: dict[int, str] = {}

    def at(self, pointer: str, offset: int) -> str:
        """The address so many bytes further."""
        return self.w.value(f"getelementptr i8, ptr {pointer}, i64 {offset}") if offset else pointer

    def field(self, kind: str, pointer: str, offset: int) -> str:
        """A field of an object."""
        return self.w.value(f"load {kind}, ptr {self.at(pointer, offset)}")

    def require(self, condition: str) -> None:
        """Go to the Python function unless a condition holds."""
        on = self.w.new_label("on")
        self.w.branch(condition, on, self.other, ", !prof !0")
        self.w.start(on)

    # ---- arguments ---------------------------------------------------------------------------------------------------
    def argument(self, k: int, leaf: Leaf) -> list[str]:
        """The native arguments for one Python object."""
        w = self.w
        thing = self.field("ptr", "%args", 8 * k)
        if leaf.kind == "bool":
            truth, falsehood = (w.compare("eq", thing, f"@_Py_{x}Struct", "ptr") for x in ("True", "False"))
            self.require(w.value(f"or i1 {truth}, {falsehood}"))
            return [f"i1 {truth}"]
        kind = self.field("ptr", thing, 8)
        if leaf.kind == "array":
            return self.array(thing, kind, leaf, k in self.program.consumed)
        type_name = {"float": "PyFloat_Type", "int": "PyLong_Type"}.get(leaf.kind, f"pg_numpy_{leaf.kind}")
        self.require(w.compare("eq", kind, f"@{type_name}", "ptr"))
        if leaf.kind == "int":
            return [f"i64 {self.integer(thing)}"]
        return [f"{LLVM_TYPES[leaf.dtype]} {self.field(LLVM_TYPES[leaf.dtype], thing, 16)}"]

    def integer(self, thing: str) -> str:
        """A Python int of at most 64 bits."""
        w = self.w
        overflow = w.slot("i32")
        value = w.value(f"call i64 @PyLong_AsLongLongAndOverflow(ptr {thing}, ptr {overflow})")
        self.require(w.compare("eq", w.value(f"load i32, ptr {overflow}"), "0", "i32"))
        return value

    def array(self, thing: str, kind: str, leaf: Leaf, is_written: bool) -> list[str]:
        """Address and lengths of a C-contiguous, aligned array of the right type, rank and pattern of lengths."""
        w = self.w
        self.require(w.compare("eq", kind, "@pg_numpy_ndarray", "ptr"))
        descr = w.compare("eq", self.field("ptr", thing, 56), f"@pg_descr_{NUMPY_NAMES[leaf.dtype]}", "ptr")
        rank = w.compare("eq", self.field("i32", thing, 24), str(len(leaf.lengths)), "i32")
        wanted = "1281" if is_written else "257"
        flags = w.value(f"and i32 {self.field('i32', thing, 64)}, {wanted}")
        regular = w.compare("eq", flags, wanted, "i32")
        self.require(w.value(f"and i1 {w.value(f'and i1 {descr}, {rank}')}, {regular}"))
        data, dims = self.field("ptr", thing, 16), self.field("ptr", thing, 32)
        result = [f"ptr {data}"]
        for axis, token in enumerate(leaf.lengths):
            n = self.field("i64", dims, 8 * axis)
            result.append(f"i64 {n}")
            self.match(token, n)
        return result

    def match(self, token: Any, n: str) -> None:
        """Lengths are as when compiling: equal, given numbers, or apart (those that were arguments' own)."""
        if token is None:
            return
        given = 1 if token == 1 else token[1] if isinstance(token, tuple) and token[0] == "literal" else None
        if given is not None or token in self.lengths:
            self.require(self.w.compare("eq", n, self.lengths[token] if given is None else str(int(given))))
            return
        if isinstance(token, tuple) and token[0] == "length":
            self.require(self.w.compare("ne", n, "1"))
            for known, other in self.lengths.items():
                if isinstance(known, tuple) and known[0] == "length":
                    self.require(self.w.compare("ne", n, other))
        self.lengths[token] = n

    # ---- results -----------------------------------------------------------------------------------------------------
    def number(self, slot: str, dtype: str) -> str:
        """A Python object for a number."""
        w = self.w
        if dtype == "f32":
            return w.value(f"call ptr @pg_numpy_scalar(ptr {slot}, ptr @pg_descr_float32, ptr null)")
        if dtype == "bool":
            truth = w.value(f"zext i1 {w.value(f'load i1, ptr {slot}')} to i64")
            return w.value(f"call ptr @PyBool_FromLong(i64 {truth})")
        if dtype == "i64":
            return w.value(f"call ptr @PyLong_FromLongLong(i64 {w.value(f'load i64, ptr {slot}')})")
        return w.value(f"call ptr @PyFloat_FromDouble(double {w.value(f'load double, ptr {slot}')})")

    def array_result(self, slot: str, type_: Type) -> str:
        """A NumPy array for an array: small ones in NumPy's own memory, others around ours."""
        w = self.w
        self.module.uses_helper("pg_release")
        self.module.uses_helper("pg_detach")
        size = str(SIZES[type_.dtype])
        for axis in range(type_.rank):
            size = w.multiply(size, self.field("i64", slot, 16 + 8 * axis))
        numbers = f"i32 {type_.rank}, i32 {_TYPE_NUMBERS[type_.dtype]}, i64 {size}"
        return w.value(f"call ptr @pg_array_result(ptr %state, ptr {slot}, {numbers})")

    # ---- the whole ---------------------------------------------------------------------------------------------------
    def write(self, releases_lock: bool) -> str:
        """The entry's text."""
        w = self.w
        module = self.module
        module.uses_helper("pg_release_all")
        for text in _DECLARATIONS:
            module.declare(text)
        self.require(w.compare("eq", "%count", str(len(self.leaves))))
        state = w.slot(STATE)
        results = w.slot(f"[{max(result_words(self.program), 1)} x i64]")
        arguments = [self.argument(k, leaf) for k, leaf in enumerate(self.leaves)]
        require_apart(self, arguments)
        self.written = {k: arguments[k][0].split()[1] for k in sorted(self.program.consumed)}
        for k in self.written:
            arguments[k].insert(1, "ptr null")
        given = [a for argument in arguments for a in argument]
        open_state(module, w, state, interruptible=True)
        args = ", ".join([f"ptr {state}", *given, f"ptr {results}"])
        thread = w.value("call ptr @PyEval_SaveThread()") if releases_lock else ""
        status = w.value(f"call i32 @{self.main}({args})")
        if releases_lock:
            w.effect(f"call void @PyEval_RestoreThread(ptr {thread})")
        ended, failed = w.new_label("ended"), w.new_label("failed")
        w.branch(w.compare("eq", status, "0", "i32"), ended, failed, ", !prof !0")
        w.start(failed)
        if module.may_bail:
            again, failed = w.new_label("again"), w.new_label("failed")
            w.branch(w.compare("eq", status, BAIL, "i32"), again, failed)
            w.start(again)
            w.effect(f"call void @pg_release_all(ptr {state})")
            checked = self.field("ptr", "%self", 40)
            answer = w.value(f"call ptr @PyObject_Vectorcall(ptr {checked}, ptr %args, i64 %count, ptr null)")
            w.effect(f"ret ptr {answer}")
            w.start(failed)
        w.effect(f"call void @pg_release_all(ptr {state})")
        w.effect(f"ret ptr {self.failure(state)}")
        w.start(ended)
        self.results(results, state)
        w.start(self.other)
        function = self.field("ptr", "%self", 24)
        answer = w.value(f"call ptr @PyObject_Vectorcall(ptr {function}, ptr %args, i64 %count, ptr null)")
        w.effect(f"ret ptr {answer}")
        body = w.text().replace("%state", state)
        return f"define ptr @{ENTRY}(ptr %self, ptr %args, i64 %count) #0 {{\n{body}\n}}"

    def failure(self, state: str) -> str:
        """Raise what failed, unless a signal's handler has raised."""
        w = self.w
        raised, ours = w.new_label("raised"), w.new_label("ours")
        self.module.declare("declare ptr @PyErr_Occurred()")
        w.branch(w.compare("ne", w.value("call ptr @PyErr_Occurred()"), "null", "ptr"), raised, ours)
        w.start(raised)
        w.effect("ret ptr null")
        w.start(ours)
        numbers = [self.field("i64", state, 8 * k) for k in range(1, 5)]
        handler = self.field("ptr", "%self", 32)
        arguments = ", ".join(f"i64 {n}" for n in numbers)
        return w.value(
            f"call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr {handler}, ptr @pg_format_numbers, {arguments})"
        )

    def results(self, results: str, state: str) -> None:
        """Return the Python object for the results."""
        w = self.w
        slots, position = [], 0
        for atom in self.program.outputs:
            slots.append((self.at(results, 8 * position), atom.type))
            position += len(part_types(atom.type))
        count = returned(self.program)
        objects = []
        for slot, type_ in slots[:count]:
            assert isinstance(type_, Type)
            objects.append(self.array_result(slot, type_) if type_.rank else self.number(slot, type_.dtype))
        # after the results, which may lie where an argument was before it was written
        for (k, data), (slot, _) in zip(self.written.items(), slots[count:], strict=True):
            write_back(self, k, slot, data, state)
        objects += hand_back(self) if self.program.handed_back else []
        objects = objects or [nothing(self)]
        whole = objects[0] if len(objects) == 1 else self.packed(objects)
        if self.module.options.poison:
            left = self.field("ptr", state, 0)
            clean, leaking = w.new_label("clean"), w.new_label("leaking")
            w.branch(w.compare("eq", left, "null", "ptr"), clean, leaking)
            w.start(leaking)
            site = self.module.site("leak", "an allocation was not released", None, self.program.filename)
            w.effect(f"store i64 {site}, ptr {self.at(state, 8)}")
            w.effect(f"call void @pg_release_all(ptr {state})")
            w.effect(f"ret ptr {self.failure(state)}")
            w.start(clean)
        close_state(self.module, w, state)
        w.effect(f"ret ptr {whole}")

    def packed(self, objects: list[str]) -> str:
        """A tuple of objects, or null where one of them could not be made."""
        w = self.w
        whole = w.value(f"call ptr @PyTuple_New(i64 {len(objects)})")
        made = w.compare("ne", whole, "null", "ptr")
        for each in objects:
            made = w.value(f"and i1 {made}, {w.compare('ne', each, 'null', 'ptr')}")
        filled, empty = w.new_label("filled"), w.new_label("empty")
        w.branch(made, filled, empty, ", !prof !0")
        w.start(empty)
        # a tuple with empty places is deallocated correctly
        for each in [*objects, whole]:
            w.effect(f"call void @Py_DecRef(ptr {each})")
        w.effect("ret ptr null")
        w.start(filled)
        for k, each in enumerate(objects):
            w.effect(f"store ptr {each}, ptr {self.at(whole, 24 + 8 * k)}")
        return whole


_DECLARATIONS = (
    *(f"@{name} = external global i8" for name in ("PyFloat_Type", "PyLong_Type", "_Py_TrueStruct", "_Py_FalseStruct")),
    *(f"@pg_numpy_{name} = external global i8" for name in ("ndarray", "float64", "float32", "int64")),
    *(f"@pg_descr_{name} = external global i8" for name in NUMPY_NAMES.values()),
    '@pg_format_numbers = private constant [5 x i8] c"LLLL\\00"',
    "declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)",
    "declare ptr @PyBool_FromLong(i64)",
    "declare ptr @PyLong_FromLongLong(i64)",
    "declare ptr @PyFloat_FromDouble(double)",
    "declare ptr @PyTuple_New(i64)",
    "declare void @Py_DecRef(ptr)",
    "declare ptr @PyEval_SaveThread()",
    "declare void @PyEval_RestoreThread(ptr)",
    "declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)",
    "declare ptr @PyObject_CallFunction(ptr, ptr, ...)",
    "declare ptr @PyCapsule_New(ptr, ptr, ptr)",
    "declare ptr @PyCapsule_GetPointer(ptr, ptr)",
    "declare ptr @pg_numpy_new(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)",
    "declare ptr @pg_numpy_scalar(ptr, ptr, ptr)",
    "declare i32 @pg_numpy_base(ptr, ptr)",
)

_RESULT = f"""; a NumPy array for a result {{ data, allocation, lengths... }}, or null; gives up the result's reference
define internal ptr @pg_array_result(ptr %state, ptr %slot, i32 %rank, i32 %type, i64 %bytes) noinline {{
entry:
  %data = load ptr, ptr %slot
  %handle.at = getelementptr i8, ptr %slot, i64 8
  %handle = load ptr, ptr %handle.at
  %dims = getelementptr i8, ptr %slot, i64 16
  %small = icmp ule i64 %bytes, {_COPIED}
  br i1 %small, label %copied, label %large
large:
  %raw = call ptr @pg_detach(ptr %state, ptr %handle)
  %shared = icmp eq ptr %raw, null
  br i1 %shared, label %copied, label %wrapped
copied:
  %reference = phi ptr [ %handle, %entry ], [ null, %large ]
  %own = call ptr @pg_numpy_new(ptr @pg_numpy_ndarray, i32 %rank, ptr %dims, i32 %type,
    ptr null, ptr null, i32 0, i32 0, ptr null)
  %refused = icmp eq ptr %own, null
  br i1 %refused, label %copied.end, label %copy
copy:
  %place.at = getelementptr i8, ptr %own, i64 16
  %place = load ptr, ptr %place.at
  call void @llvm.memcpy.p0.p0.i64(ptr %place, ptr %data, i64 %bytes, i1 false)
  br label %copied.end
copied.end:
  call void @pg_release(ptr %state, ptr %reference)
  ret ptr %own
wrapped:
  %capsule = call ptr @PyCapsule_New(ptr %raw, ptr null, ptr @pg_free_capsule)
  %no.capsule = icmp eq ptr %capsule, null
  br i1 %no.capsule, label %none, label %wrap
none:
  call void @pg_give_block(ptr %raw)
  ret ptr null
wrap:
  %ours = call ptr @pg_numpy_new(ptr @pg_numpy_ndarray, i32 %rank, ptr %dims, i32 %type,
    ptr null, ptr %data, i32 0, i32 1281, ptr null)
  %no.array = icmp eq ptr %ours, null
  br i1 %no.array, label %no.base, label %base
no.base:
  call void @Py_DecRef(ptr %capsule)
  ret ptr null
base:
  %taken = call i32 @pg_numpy_base(ptr %ours, ptr %capsule)
  ret ptr %ours
}}"""

_CAPSULE = """; free what a NumPy array stood on
define internal void @pg_free_capsule(ptr %capsule) {
  %raw = call ptr @PyCapsule_GetPointer(ptr %capsule, ptr null)
  call void @pg_give_block(ptr %raw)
  ret void
}"""


def write_entry(
    module: NativeModule, program: Program, main: str, leaves: Sequence[Leaf], releases_lock: bool = True
) -> None:
    """Write the entry point of a program.

    Parameters
    ----------
    module : NativeModule
        The program's module.
    program : Program
        The program.
    main : str
        The name of its function.
    leaves : sequence of Leaf
        The arguments, in the order of the program's inputs.
    releases_lock : bool
        Whether other Python threads may run meanwhile; not worth its 30 ns for programs without a loop.
    """
    module.functions.append(_Entry(module, program, main, leaves).write(releases_lock))
    module.functions.append(_CAPSULE)
    if any(isinstance(a.type, Type) and a.type.rank for a in program.outputs[: returned(program)]):
        module.functions.append(_RESULT)
