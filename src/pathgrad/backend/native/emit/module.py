"""A native module in the making: functions, what they call, where they may fail (floor 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ....errors import NativeUnsupported
from ....ir import Origin
from ....options import Options
from .. import mathematics
from ..process.sites import Site
from ..support.runtime import DECLARATIONS, FUNCTIONS
from .writer import LLVM_TYPES, Writer, number

__all__ = ["NativeModule", "Site"]

_C_LIBRARY = {
    "pow": 2, "exp": 1, "exp2": 1, "expm1": 1, "log": 1, "log2": 1, "log10": 1, "log1p": 1, "sin": 1, "cos": 1,
    "tan": 1, "sinh": 1, "cosh": 1, "tanh": 1, "asin": 1, "acos": 1, "atan": 1, "atan2": 2, "asinh": 1, "acosh": 1,
    "atanh": 1, "cbrt": 1, "hypot": 2, "erf": 1, "erfc": 1,
}  # fmt: skip
#: Our name to the name in ``scipy.special.cython_special``.
_SCIPY = {"gammaln": "gammaln", "digamma": "__pyx_fuse_1psi", "ndtr": "__pyx_fuse_1ndtr"}


@dataclass
class NativeModule:
    """Collects the text of a module.

    Attributes
    ----------
    options : Options
        How to compile.
    may_bail : bool
        Whether a call may start again in code that checks every position where it is used.
    functions : list of str
        Definitions, callees first.
    sites : list of Site
        Where programs may fail, by number.
    scipy : dict
        Symbols to the names under which SciPy has them.
    arrays : list
        The user's arrays that programs refer to; ``@pg_array_k`` holds the address of the k-th.
    """

    options: Options
    may_bail: bool = False
    functions: list[str] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    scipy: dict[str, tuple[str, str]] = field(default_factory=dict)
    arrays: list[Any] = field(default_factory=list)
    outlined: dict[Any, str] = field(default_factory=dict)
    list_releases: dict[str, str] = field(default_factory=dict)
    _declarations: dict[str, None] = field(default_factory=dict)
    _helpers: dict[str, None] = field(default_factory=dict)
    _mathematics: dict[str, set[str]] = field(default_factory=dict)
    _globals: list[str] = field(default_factory=list)

    def declare(self, text: str) -> None:
        """Declare something external, once."""
        self._declarations[text] = None

    def site(self, kind: str, message: str, origin: Origin | None, filename: str) -> int:
        """The number of a place that can fail."""
        self.sites.append(Site(kind, message, origin, filename))
        return len(self.sites)

    def shared(self, text: str) -> str:
        """The name of a function with this text, in which the name is missing."""
        key = ("shared", text)
        if key not in self.outlined:
            self.outlined[key] = f"pg_shared_{len(self.outlined)}"
            self.functions.append(text.replace("@(", f"@{self.outlined[key]}(", 1))
        return self.outlined[key]

    # ---- calls -------------------------------------------------------------------------------------------------------
    def uses_helper(self, name: str) -> None:
        """Carry a function of the run-time support."""
        if name in self._helpers:
            return
        for other in FUNCTIONS[name][0]:
            self.uses_helper(other)
        self._helpers[name] = None

    def has_helper(self, name: str) -> bool:
        """Whether a function of the run-time support is carried."""
        return name in self._helpers

    def helper_call(self, w: Writer, name: str, kind: str, args: Sequence[str], dtype: str = "") -> str:
        """Call a function of the run-time support; a double is rounded to ``dtype``."""
        self.uses_helper(name)
        value = w.value(f"call {kind} @{name}({', '.join(args)})")
        return w.value(f"fptrunc double {value} to float") if dtype == "f32" else value

    def helper_effect(self, w: Writer, name: str, args: Sequence[str]) -> None:
        """Call a function of the run-time support that returns nothing."""
        self.uses_helper(name)
        w.effect(f"call void @{name}({', '.join(args)})")

    def uses_mathematics(self, name: str, dtype: str) -> None:
        """Carry one of our own mathematical functions."""
        self._mathematics.setdefault(dtype, set()).add(name)

    def library_call(self, w: Writer, name: str, args: Sequence[str]) -> str:
        """Call a function of the C library or of SciPy on doubles.

        Raises
        ------
        NativeUnsupported
            Neither has it.
        """
        pure = "nounwind willreturn memory(none)"
        if name in _C_LIBRARY:
            kinds = ", ".join(["double"] * _C_LIBRARY[name])
            self.declare(f"declare double @{name}({kinds}) {pure}")
            return w.value(f"call double @{name}({', '.join(f'double {a}' for a in args)})")
        if name in _SCIPY:
            symbol = f"pg_scipy_{name}"
            self.scipy[symbol] = ("scipy.special.cython_special", _SCIPY[name])
            self.declare(f"declare double @{symbol}(double, i32) {pure}")
            return w.value(f"call double @{symbol}(double {args[0]}, i32 0)")
        raise NativeUnsupported(f"operator {name} has no native form")

    def polygamma_call(self, w: Writer, args: Sequence[str]) -> str:
        """Derivatives of digamma; the derivative of order 0 is digamma itself."""
        self.declare("declare double @pow(double, double) nounwind willreturn memory(none)")
        value = self.helper_call(w, "pg_polygamma", "double", [f"double {a}" for a in args])
        if args[0].startswith("0x") and args[0] != number(0.0, "f64"):
            return value
        zeroth = w.value(f"fcmp oeq double {args[0]}, 0.0")
        digamma = self.library_call(w, "digamma", args[1:])
        return w.select(zeroth, digamma, value, "double")

    def blas(self, name: str) -> str:
        """The symbol of a BLAS routine of SciPy."""
        symbol = f"pg_blas_{name}"
        self.scipy[symbol] = ("scipy.linalg.cython_blas", name)
        return symbol

    # ---- constants ---------------------------------------------------------------------------------------------------
    def array(self, value: Any) -> str:
        """The global that holds the address of one of the user's arrays."""
        for k, known in enumerate(self.arrays):
            if known is value:
                return f"@pg_array_{k}"
        self.arrays.append(value)
        return f"@pg_array_{len(self.arrays) - 1}"

    def global_text(self, text: str) -> None:
        """Add a global definition."""
        self._globals.append(text)

    # ---- the whole ---------------------------------------------------------------------------------------------------
    def text(self) -> str:
        """The module."""
        parts: list[str] = []
        declarations = dict(self._declarations)
        for dtype in sorted(self._mathematics):
            text, needed = mathematics.definitions(self._mathematics[dtype], dtype)
            parts.append(text)
            declarations.update(dict.fromkeys(sorted(needed)))
        if self._helpers:
            declarations.update(dict.fromkeys(DECLARATIONS))
            declarations["declare double @llvm.copysign.f64(double, double)"] = None
            declarations["declare double @llvm.floor.f64(double)"] = None
        arrays = [f"@pg_array_{k} = global ptr null" for k in range(len(self.arrays))]
        helpers = [FUNCTIONS[name][1] for name in FUNCTIONS if name in self._helpers]
        sections = ["\n".join([*arrays, *self._globals]), "\n".join(sorted(declarations)), *helpers, *parts]
        functions = [_relaxed(f) for f in self.functions] if self.options.fastmath else self.functions
        return "\n\n".join(s.rstrip() for s in [*sections, *functions] if s.strip()) + "\n"


_ARITHMETIC = re.compile(r"= (fadd|fsub|fmul|fdiv|fneg)(?: (?:reassoc|nsz|arcp|contract|afn))* ")


def _relaxed(function: str) -> str:
    """A function whose arithmetic may be rearranged as if it were exact; nan and infinities keep their meaning."""
    return _ARITHMETIC.sub(r"= \1 reassoc nsz arcp contract afn ", function)


def memory_type(dtype: str) -> str:
    """The LLVM type of an element in memory."""
    return "i8" if dtype == "bool" else LLVM_TYPES[dtype]
