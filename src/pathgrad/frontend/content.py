"""What the reading of a function depends on, by content (floor 2).

`content_of` sums up everything outside the arguments that the reader could look up: the text of the function's file,
its code, defaults and captured variables, and, for every name in its code, what the name stands for; helper functions
in the same way. Two functions with one digest are read into one program, in whatever process. What cannot be compared
by content (arrays, instances, classes of the user's, bound methods) makes the whole `None`: nothing is kept then.

The walk looks at more names than the reader does, never at fewer; `Content.covers` holds a reading against it.
"""

from __future__ import annotations

import builtins
import dis
import functools
import hashlib
import math
import operator
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..ops import OWN, TABLE, Op
from .context import Dependency
from .source import MISSING, outside, text_of
from .values import frozen

__all__ = ["Content", "content_of", "described"]

#: Packages whose functions mean the same in every process that has the same versions.
_LIBRARIES = frozenset({"numpy", "math", "scipy", "pathgrad", "builtins", "cmath", "operator", "_operator"})
_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None), type(Ellipsis)})


class _Unknown(Exception):  # noqa: N818  (an answer, not an error)
    """Something cannot be compared by content."""


@dataclass
class Content:
    """What a function is, by content.

    Attributes
    ----------
    parts : list of str
        The content; equal lists are equal functions.
    dependencies : list
        Every look-up outside the function, and what it gave (as for `Reading`).
    """

    parts: list[str] = field(default_factory=list)
    dependencies: list[Dependency] = field(default_factory=list)

    def covers(self, dependencies: Iterable[Dependency]) -> bool:
        """Whether everything that a reading looked up was looked at here, or is the same in every process.

        The latter comes from pathgrad's own functions that stand for NumPy's (`composites`).
        """
        seen = {value for _, value in self.dependencies} | {frozen(v) for v in (np, math, *vars(builtins).values())}
        return all(value in seen for _, value in dependencies)


def content_of(function: Any, *more: Any) -> Content | None:
    """The content of a function, and of values beside it; None where something cannot be compared by content.

    Parameters
    ----------
    function : callable
        A function of the user's, or one that pathgrad derived from it.
    *more
        What the program depends on besides, such as options and forms of arguments.

    Examples
    --------
    >>> def double(x):
    ...     return 2.0 * x
    >>> content_of(double) is None, content_of(double, object()) is None
    (False, True)
    """
    if sys.flags.optimize or tuple(TABLE.values()) != OWN:
        # assertions are read but not in the code; the user's own operators are not in the digest
        return None
    walk = _Walk()
    try:
        walk.value(function, ())
        walk.value(more, ())
    except _Unknown:
        return None
    return Content(walk.parts, walk.dependencies)


def described(value: Any) -> list[str] | None:
    """A value by content; None where that is not possible."""
    walk = _Walk()
    try:
        walk.value(value, ())
    except _Unknown:
        return None
    return walk.parts


class _Walk:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.dependencies: list[Dependency] = []
        self.functions: dict[int, int] = {}
        self.attributes: set[tuple[int, str]] = set()
        self.texts: dict[str, str] = {}

    # ---- values ------------------------------------------------------------------------------------------------------
    def value(self, value: Any, names: Iterable[str]) -> None:
        """Add a value; ``names`` are the attributes that code may ask it for."""
        kind = type(value)
        add = self.parts.append
        if kind in _PLAIN or isinstance(value, np.generic | np.dtype):
            add(f"{kind.__name__} {value!r}")
        elif kind in (tuple, list):
            add(f"{kind.__name__} {len(value)}")
            for item in value:
                self.value(item, names)
        elif kind is dict:
            add(f"dict {len(value)}")
            for key, item in value.items():
                self.value(key, ())
                self.value(item, names)
        elif kind in (range, slice):
            add(kind.__name__)
            self.value([value.start, value.stop, value.step], ())
        elif isinstance(value, np.ndarray) and not value.ndim:
            add(f"array {value.dtype} {value.item()!r}")
        elif value is MISSING:
            add("missing")
        elif isinstance(value, ModuleType):
            self.module(value, names)
        elif kind is functools.partial:
            add("partial")
            self.value([value.func, value.args, value.keywords], names)
        else:
            self.callee(value, names)

    def module(self, module: ModuleType, names: Iterable[str]) -> None:
        """Add a module: its name, and for modules that are not libraries what code may ask it for."""
        self.parts.append(f"module {module.__name__}")
        if module.__name__.split(".")[0] in _LIBRARIES:
            return
        for name in names:
            if (id(module), name) in self.attributes or name not in vars(module):
                continue
            self.attributes.add((id(module), name))
            value = vars(module)[name]
            self.dependencies.append((functools.partial(getattr, module, name, None), frozen(value)))
            self.parts.append(f"attribute {name}")
            self.value(value, names)

    def callee(self, value: Any, names: Iterable[str]) -> None:
        """Add something that can be called."""
        derived = getattr(type(value), "__pathgrad_content__", None)
        known = _library_name(value)
        if known:
            self.parts.append(f"library {known}")
        elif isinstance(value, Op):
            self.parts.append(f"operator {value.name}")
        elif derived is not None:
            self.parts.append("derived")
            self.value(derived(value) or object(), names)
        elif isinstance(value, FunctionType):
            self.function(value)
        elif isinstance(getattr(value, "py_func", None), FunctionType):
            self.parts.append("compiled")
            self.function(value.py_func)
        else:
            raise _Unknown

    # ---- functions ---------------------------------------------------------------------------------------------------
    def function(self, function: FunctionType) -> None:
        """Add a function of the user's, with what its names stand for."""
        if id(function) in self.functions:
            self.parts.append(f"function {self.functions[id(function)]}")
            return
        self.functions[id(function)] = len(self.functions)
        filename, lines = text_of(function)
        if not lines:
            raise _Unknown
        if filename not in self.texts:
            text = "".join(lines).encode("utf-8", "surrogatepass")
            self.texts[filename] = hashlib.blake2b(text, digest_size=32).hexdigest()
        self.parts += ["function", function.__name__, filename, self.texts[filename]]
        codes = list(_codes(function.__code__))
        for code in codes:
            self.code(code)
        names = sorted({n for code in codes for n in (*code.co_names, *code.co_freevars, *_unmangled(code))})
        self.value([function.__defaults__, function.__kwdefaults__, function.__dict__], names)
        look_up = outside(function)
        for name in names:
            value = look_up(name)
            if not _is_ordinary(value) and name not in function.__code__.co_freevars and not _loads(codes, name):
                # an attribute, or a local name of an inner function: it has the name of a global by chance
                continue
            self.parts.append(f"name {name}")
            if value is not MISSING:
                self.dependencies.append((functools.partial(look_up, name), frozen(value)))
            self.value(value, names)

    def code(self, code: CodeType) -> None:
        """Add what the compiler made of the text: it tells functions on one line apart."""
        constants = [repr(c) if type(c) in _PLAIN else type(c).__name__ for c in code.co_consts]
        own = (code.co_qualname, code.co_firstlineno, code.co_flags, code.co_varnames, code.co_names, code.co_freevars)
        self.parts += [repr(own), repr(constants), code.co_code.hex(), code.co_linetable.hex()]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _unmangled(code: CodeType) -> Iterator[str]:
    """Private names of classes as they stand in the text."""
    return (name[name.index("__", 1) :] for name in code.co_names if name[0] == "_" and "__" in name[1:])


def _is_ordinary(value: Any) -> bool:
    return value is MISSING or isinstance(value, ModuleType | FunctionType | BuiltinFunctionType | type | np.ufunc)


@functools.lru_cache(maxsize=256)
def _loaded_names(code: CodeType) -> frozenset[str]:
    kinds = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "STORE_GLOBAL", "DELETE_GLOBAL")
    return frozenset(str(i.argval) for i in dis.get_instructions(code) if i.opname in kinds)


def _loads(codes: Iterable[CodeType], name: str) -> bool:
    """Whether code reads a global or built-in name."""
    return any(name in _loaded_names(code) for code in codes) or name.startswith("__")


# ---- libraries -------------------------------------------------------------------------------------------------------
def _library_name(value: Any) -> str | None:
    """Where a library has something that is the same in every process; None for all else."""
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(name, str):
        return None
    modules = [getattr(value, "__module__", None)]
    if isinstance(value, np.ufunc):
        modules += ["numpy", "scipy.special"]
    for module in modules:
        if isinstance(module, str) and module.split(".")[0] in _LIBRARIES and _is_there(module, name, value):
            return f"{module}.{name}"
    return None


def _is_there(module: str, name: str, value: Any) -> bool:
    try:
        return operator.attrgetter(name)(sys.modules.get(module)) is value
    except AttributeError:
        return False
