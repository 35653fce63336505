"""Programs as plain C functions, for callers that are not Python (floor 4).

A function takes its numbers by value and its arrays as an address and the lengths (C-contiguous). With one float as
result it returns that, or nan where it fails; any other function returns a status, 0 or 1, and takes the address of
each result behind its arguments. `CFunction.capsule` holds the same program in one of the signatures that SciPy calls.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ArgumentError, NativeUnsupported
from ...ir import ListType, Program, Type
from ...options import Options
from .arrange import arranged
from .build import build, module_text
from .control.functions import result_words
from .control.loops import part_types
from .elements.conversion import convert
from .emit.module import NativeModule
from .emit.state import close_state, open_state
from .emit.writer import LLVM_TYPES, SIZES, Writer, number
from .process.machine import link, object_code
from .process.symbols import entry_symbols
from .updates import returned, write_back

__all__ = ["CALLBACKS", "CFunction", "compile_c"]

_COUNT = itertools.count()
_C_TYPES = {"f64": "double", "f32": "float", "i64": "int64_t", "bool": "bool"}
#: The signatures that SciPy takes, and the LLVM function types that they are.
CALLBACKS = {
    "double (double)": "double @pg_callback(double %x)",
    "double (int, double *)": "double @pg_callback(i32 %n, ptr %x)",
    "int (double *, intptr_t, double *, void *)": "i32 @pg_callback(ptr %x, i64 %n, ptr %r, ptr %user)",
}
#: The signatures as text that stays: capsules refer to it.
_NAMES = {each: ctypes.create_string_buffer(each.encode()) for each in CALLBACKS}
#: Code stays loaded: who holds an address cannot be known.
_LOADED: list[Any] = []


@dataclass
class CFunction:
    """A program as a C function.

    Attributes
    ----------
    address : int
        Its address.
    signature : str
        Its type, as C writes it.
    callbacks : dict
        Addresses of the same program in the signatures of `CALLBACKS` that fit its arguments.
    """

    address: int
    signature: str
    callbacks: dict[str, int]

    def capsule(self, name: str, signature: str | None = None) -> tuple[Any, str]:
        """What SciPy makes a ``LowLevelCallable`` of: the address in a capsule, and the signature.

        Parameters
        ----------
        name : str
            What the function is called, for the error.
        signature : str, optional
            One of `CALLBACKS`; by default the first that fits the arguments.

        Raises
        ------
        ArgumentError
            No signature fits, or not this one.
        """
        wanted = [signature] if signature else list(self.callbacks)
        for each in wanted:
            if each in self.callbacks:
                new = ctypes.pythonapi.PyCapsule_New
                new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
                return new(self.callbacks[each], ctypes.addressof(_NAMES[each]), None), each
        raise ArgumentError(
            f"{name}: {self.signature} cannot be called as {signature or 'any of ' + ', '.join(CALLBACKS)}; a function "
            f"of floats, or of one vector, with one float as result can"
        )


class _CWriter:
    """Writes the C function of a program."""

    def __init__(self, module: NativeModule, program: Program, main: str) -> None:
        self.module = module
        self.program = program
        self.main = main
        self.w = Writer()
        outputs = [a.type for a in program.outputs[: returned(program)]]
        self.outputs = [t for t in outputs if isinstance(t, Type)]
        if len(self.outputs) < len(outputs) or any(isinstance(v.type, ListType) for v in program.inputs):
            raise NativeUnsupported("growing storage is no argument or result of native code")
        one = self.outputs[0] if len(self.outputs) == 1 else None
        self.returns = one if one and not one.rank and one.dtype in ("f64", "f32") and not program.consumed else None
        self.kind = LLVM_TYPES[self.returns.dtype] if self.returns else "i32"

    def signature(self) -> tuple[list[str], list[str]]:
        """The parameters in LLVM and in C."""
        native, c = [], []
        for k, variable in enumerate(self.program.inputs):
            type_ = variable.type
            assert isinstance(type_, Type)
            if type_.rank:
                native += [f"ptr %a{k}", *(f"i64 %a{k}.{axis}" for axis in range(type_.rank))]
                const = "" if k in self.program.consumed else "const "
                c += [f"{const}{_C_TYPES[type_.dtype]} *", *["int64_t"] * type_.rank]
            else:
                flag = " zeroext" if type_.dtype == "bool" else ""
                native.append(f"{LLVM_TYPES[type_.dtype]}{flag} %a{k}")
                c.append(_C_TYPES[type_.dtype])
        if self.returns is None:
            native += [f"ptr %r{j}" for j in range(len(self.outputs))]
            c += [f"{_C_TYPES[t.dtype]} *" for t in self.outputs]
        return native, c

    # ---- what `updates` uses -----------------------------------------------------------------------------------------
    @property
    def leaves(self) -> Sequence[Any]:
        """The inputs' types."""
        return [v.type for v in self.program.inputs]

    def field(self, kind: str, pointer: str, offset: int) -> str:
        """A field of an object."""
        at = self.w.value(f"getelementptr i8, ptr {pointer}, i64 {offset}") if offset else pointer
        return self.w.value(f"load {kind}, ptr {at}")

    def require(self, condition: str) -> None:
        """Fail unless a condition holds."""
        on = self.w.new_label("on")
        self.w.branch(condition, on, "refused")
        self.w.start(on)

    # ---- the function ------------------------------------------------------------------------------------------------
    def write(self) -> str:
        """The text of ``pg_c``."""
        w, module = self.w, self.module
        module.uses_helper("pg_release_all")
        module.uses_helper("pg_release")
        self.lengths()
        state = open_state(module, w)
        results = w.slot(f"[{max(result_words(self.program), 1)} x i64]")
        args = [f"ptr {state}"]
        for k, variable in enumerate(self.program.inputs):
            type_ = variable.type
            assert isinstance(type_, Type)
            if type_.rank:
                args += [f"ptr %a{k}", *(["ptr null"] if k in self.program.consumed else [])]
                args += [f"i64 %a{k}.{axis}" for axis in range(type_.rank)]
            else:
                args.append(f"{LLVM_TYPES[type_.dtype]} %a{k}")
        status = w.value(f"call i32 @{self.main}({', '.join([*args, f'ptr {results}'])})")
        ended, failed = w.new_label("ended"), w.new_label("failed")
        w.branch(w.compare("eq", status, "0", "i32"), ended, failed)
        w.start(failed)
        w.effect(f"call void @pg_release_all(ptr {state})")
        w.jump("refused")
        w.start("refused")
        w.effect(f"ret {self.kind} {number(float('nan'), self.returns.dtype) if self.returns else '1'}")
        w.start(ended)
        self.results(results, state)
        native, _ = self.signature()
        return f"define {self.kind} @pg_c({', '.join(native)}) #0 {{\n{w.text()}\n}}"

    def lengths(self) -> None:
        """Equal lengths must be equal, and those that broadcast 1."""
        known: dict[Any, str] = {}
        for k, variable in enumerate(self.program.inputs):
            type_ = variable.type
            assert isinstance(type_, Type)
            for axis, token in enumerate(type_.dims):
                own = f"%a{k}.{axis}"
                is_literal = isinstance(token, tuple) and token[0] == "literal"
                other = "1" if token == 1 else str(token[1]) if is_literal else known.setdefault(token, own)
                if other != own:
                    self.require(self.w.compare("eq", own, other))

    def results(self, results: str, state: str) -> None:
        """Hand over the results."""
        w, position, slots = self.w, 0, []
        for atom in self.program.outputs:
            slots.append(w.value(f"getelementptr i64, ptr {results}, i64 {position}"))
            position += len(part_types(atom.type))
        if self.returns is not None:
            close_state(self.module, w, state)
            w.effect(f"ret {self.kind} {self.field(self.kind, slots[0], 0)}")
            return
        for j, type_ in enumerate(self.outputs):
            if not type_.rank:
                memory = "i8" if type_.dtype == "bool" else LLVM_TYPES[type_.dtype]
                w.effect(f"store {memory} {self.field(memory, slots[j], 0)}, ptr %r{j}")
                continue
            size = str(SIZES[type_.dtype])
            for axis in range(type_.rank):
                size = w.multiply(size, self.field("i64", slots[j], 16 + 8 * axis))
            data, handle = self.field("ptr", slots[j], 0), self.field("ptr", slots[j], 8)
            w.effect(f"call void @llvm.memcpy.p0.p0.i64(ptr %r{j}, ptr {data}, i64 {size}, i1 false)")
            w.effect(f"call void @pg_release(ptr {state}, ptr {handle})")
        for k, slot in zip(sorted(self.program.consumed), slots[len(self.outputs) :], strict=True):
            write_back(self, k, slot, f"%a{k}", state)
        close_state(self.module, w, state)
        w.effect("ret i32 0")

    # ---- SciPy's signatures ------------------------------------------------------------------------------------------
    def callbacks(self) -> dict[str, str]:
        """The texts of the callbacks that fit, by signature."""
        types = [v.type for v in self.program.inputs if isinstance(v.type, Type)]
        if self.returns is None or self.returns.dtype != "f64":
            return {}
        vector = len(types) == 1 and types[0].rank == 1 and types[0].dtype == "f64"
        numbers = bool(types) and not any(t.rank for t in types)
        found = []
        if numbers and len(types) == 1:
            found.append("double (double)")
        if vector or numbers:
            found.append("double (int, double *)")
        if vector:
            found.append("int (double *, intptr_t, double *, void *)")
        return {signature: self.callback(signature, vector) for signature in found}

    def callback(self, signature: str, vector: bool) -> str:
        """One callback."""
        w = Writer()
        if signature == "double (double)":
            args = [self.number(w, 0, "%x")]
        elif vector:
            n = w.value("sext i32 %n to i64") if "%n, ptr %x" in CALLBACKS[signature] else "%n"
            args = ["ptr %x", f"i64 {n}"]
        else:
            args = []
            for k in range(len(self.program.inputs)):
                at = w.value(f"getelementptr double, ptr %x, i64 {k}")
                args.append(self.number(w, k, w.value(f"load double, ptr {at}")))
        value = w.value(f"call double @pg_c({', '.join(args)})")
        if "%r" in CALLBACKS[signature]:
            w.effect(f"store double {value}, ptr %r")
            known = w.value(f"fcmp ord double {value}, {value}")
            w.effect(f"ret i32 {w.value(f'zext i1 {known} to i32')}")
        else:
            w.effect(f"ret double {value}")
        name = f"pg_callback_{list(CALLBACKS).index(signature)}"
        return f"define {CALLBACKS[signature].replace('pg_callback', name)} #0 {{\n{w.text()}\n}}"

    def number(self, w: Writer, k: int, value: str) -> str:
        """An argument for the k-th number out of a double."""
        type_ = self.program.inputs[k].type
        assert isinstance(type_, Type)
        flag = " zeroext" if type_.dtype == "bool" else ""
        return f"{LLVM_TYPES[type_.dtype]}{flag} {convert(w, value, 'f64', type_.dtype)}"


def compile_c(program: Program, options: Options) -> CFunction:
    """Compile a program as a C function.

    Parameters
    ----------
    program : Program
        The program; inputs that it consumes are written.
    options : Options
        How.

    Raises
    ------
    NativeUnsupported
        Something in the program has no native form.
    """
    program = arranged(program, options.bounds_checks)
    module, names = build(program, options)
    writer = _CWriter(module, program, names[id(program)])
    module.functions.append(writer.write())
    callbacks = writer.callbacks()
    module.functions += callbacks.values()
    text = module_text(module)
    symbols = {signature: f"pg_callback_{list(CALLBACKS).index(signature)}" for signature in callbacks}
    arrays = [f"pg_array_{k}" for k in range(len(module.arrays))]
    name = f"pathgrad.c.{next(_COUNT)}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    code = object_code(text, options.optimize, options.cache)
    tracker, addresses = link(code, name, module.scipy, entry_symbols(code), ["pg_c", *symbols.values(), *arrays])
    for symbol, value in zip(arrays, module.arrays, strict=True):
        ctypes.c_void_p.from_address(addresses[symbol]).value = value.ctypes.data
    _, c = writer.signature()
    result = _C_TYPES[writer.returns.dtype] if writer.returns else "int"
    reached = {signature: addresses[symbol] for signature, symbol in symbols.items()}
    _LOADED.append((tracker, module.arrays))
    return CFunction(addresses["pg_c"], f"{result} ({', '.join(c)})", reached)
