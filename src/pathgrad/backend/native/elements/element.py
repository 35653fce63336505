"""The element of an elementwise operator while it is computed: instructions by name (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import mathematics
from ..emit.module import NativeModule
from ..emit.writer import LLVM_TYPES, Writer
from .conversion import convert

__all__ = ["Element", "Rule"]


class Element:
    """The element being computed: instructions by name."""

    def __init__(self, module: NativeModule, writer: Writer, loose: bool = False) -> None:
        self.module = module
        self.w = writer
        self.loose = loose

    def of(self, instruction: str, dtype: str, *values: str) -> str:
        """An instruction on operands of one type."""
        flags = " nsz contract" if self.loose and instruction in ("fadd", "fsub", "fmul", "fneg") else ""
        return self.w.value(f"{instruction}{flags} {LLVM_TYPES[dtype]} {', '.join(values)}")

    def arithmetic(self, letter: str, dtype: str, a: str, b: str) -> str:
        """``+ - *`` on floats or integers."""
        return self.of(letter if dtype == "i64" else f"f{letter}", dtype, a, b)

    def compare(self, predicate: str, dtype: str, a: str, b: str) -> str:
        """An ordered comparison (``ne`` holds for nan too)."""
        if dtype in ("i64", "bool"):
            signed = predicate if predicate in ("eq", "ne") else ("s" if dtype == "i64" else "u") + predicate
            return self.w.compare(signed, a, b, LLVM_TYPES[dtype])
        return self.w.value(f"fcmp {'u' if predicate == 'ne' else 'o'}{predicate} {LLVM_TYPES[dtype]} {a}, {b}")

    def select(self, condition: str, a: str, b: str, dtype: str) -> str:
        """One of two values."""
        return self.w.select(condition, a, b, LLVM_TYPES[dtype])

    def intrinsic(self, name: str, dtype: str, *values: str) -> str:
        """An intrinsic function of LLVM."""
        kind = LLVM_TYPES[dtype]
        full = f"llvm.{name}.{ {'f64': 'f64', 'f32': 'f32', 'i64': 'i64'}[dtype] }"
        self.module.declare(f"declare {kind} @{full}({', '.join([kind] * len(values))})")
        return self.w.value(f"call {kind} @{full}({', '.join(f'{kind} {v}' for v in values)})")

    def library(self, name: str, dtype: str, *values: str) -> str:
        """A function of the C library or of SciPy, in double precision."""
        return self.widened(name, dtype, values, lambda wide: self.module.library_call(self.w, name, wide))

    def ours(self, name: str, dtype: str, value: str) -> str:
        """One of our own vectorised functions."""
        self.module.uses_mathematics(name, dtype)
        return self.w.value(mathematics.call(name, dtype, value))

    def widened(self, name: str, dtype: str, values: Sequence[str], compute: Callable[[list[str]], str]) -> str:
        """Compute in double precision and round back."""
        wide = [convert(self.w, v, dtype, "f64") for v in values]
        return convert(self.w, compute(wide), "f64", dtype)


#: Writes one operator, on operands that already have its own type.
Rule = Callable[[Element, list[str], str], str]
