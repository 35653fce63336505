"""Compiled programs as Python callables (floor 4).

Nothing here writes or optimises code, so code from the disk is called without the modules that do.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....errors import ShapeError
from ....ir import Origin
from ....ir.types import NUMPY_NAMES
from .machine import assembly, link, optimised_text
from .sites import Site
from .symbols import ENTRY, Leaf, entry_symbols

__all__ = ["NativeProgram"]

_COUNT = itertools.count()
#: Code stays loaded: arrays that it made may outlive the functions.
_LOADED: list[Any] = []
#: Bytes of a constant array that goes to the disk with the code.
_SMALL = 2**20


class _MethodDefinition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80


class NativeProgram:
    """A program as machine code.

    Attributes
    ----------
    text : str
        The LLVM text, before optimisation; empty for code from the disk.
    call : callable
        Takes the values of the program's inputs, returns its output, or a tuple of its outputs.
    """

    def __init__(
        self,
        text: str,
        code: bytes,
        scipy: dict[str, tuple[str, str]],
        sites: Sequence[Site],
        leaves: Sequence[Leaf],
        level: int,
        kept: Sequence[Any],
        written: Sequence[int] = (),
    ) -> None:
        arrays = [f"pg_array_{k}" for k in range(len(kept))]
        name = f"pathgrad.{next(_COUNT)}"
        loaded, addresses = link(code, name, scipy, entry_symbols(code), [ENTRY, *arrays])
        for symbol, value in zip(arrays, kept, strict=True):
            ctypes.c_void_p.from_address(addresses[symbol]).value = value.ctypes.data
        _LOADED.append(loaded)
        self.text = text
        self.code = code
        self.scipy = scipy
        self.address = address = addresses[ENTRY]
        self.sites = list(sites)
        self.leaves = list(leaves)
        self.level = level
        self.kept = list(kept)
        self.written = list(written)
        #: makes the same program with every position checked where it is used
        self.make_checked: Callable[[], NativeProgram] | None = None
        self._checked: NativeProgram | None = None
        self._definition = _MethodDefinition(b"native", address, _FASTCALL, None)
        self.call = self.entry(self._converted)

    def entry(self, other: Callable[..., Any]) -> Callable[..., Any]:
        """A callable for the entry point; ``other`` is called for arguments of other types."""
        new = ctypes.pythonapi.PyCFunction_NewEx
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        own = (other, self._failed, self._again)
        function: Callable[..., Any] = new(ctypes.addressof(self._definition), own, None)
        _LOADED.append(self._definition)
        return function

    def _again(self, *arguments: Any) -> Any:
        """Start a call again in code that checks every position where it is used."""
        if self._checked is None:
            assert self.make_checked is not None
            self._checked = self.make_checked()
        return self._checked.call(*arguments)

    # ---- on disk -----------------------------------------------------------------------------------------------------
    def packed(self) -> tuple[Any, ...] | None:
        """All of it as plain data, constant arrays by value; None where that is much, or no plain block of numbers.

        An array of the user's is no constant: who keeps the data answers for there being none (`keeping`).
        """
        if any(not a.flags.c_contiguous or a.nbytes > _SMALL for a in self.kept):
            return None
        arrays = [(a.dtype.str, a.shape, a.tobytes()) for a in self.kept]
        sites = [(s.kind, s.message, s.origin and (s.origin.line, s.origin.text), s.filename) for s in self.sites]
        leaves = [(leaf.kind, leaf.dtype) for leaf in self.leaves]
        return self.code, self.scipy, sites, leaves, self.level, arrays, self.written

    @classmethod
    def unpacked(cls, data: tuple[Any, ...]) -> NativeProgram:
        """What `packed` was asked of."""
        code, scipy, sites, leaves, level, arrays, written = data
        places = [Site(kind, message, origin and Origin(*origin), file) for kind, message, origin, file in sites]
        kept = [np.frombuffer(content, dtype).reshape(shape).copy() for dtype, shape, content in arrays]
        return cls("", code, scipy, places, [Leaf(*leaf) for leaf in leaves], level, kept, written)

    def inspect(self, stage: str) -> str:
        """``"llvm"`` (before optimisation), ``"optimised"`` or ``"asm"``."""
        if stage == "llvm":
            return self.text
        return optimised_text(self.text, self.level) if stage == "optimised" else assembly(self.text, self.level)

    # ---- what the entry does not do itself ---------------------------------------------------------------------------
    def _converted(self, *arguments: Any) -> Any:
        """Call again with arguments in the types and layout that the code was compiled for."""
        given = tuple(_as_leaf(a, leaf) for a, leaf in zip(arguments, self.leaves, strict=True))
        if all(a is b for a, b in zip(given, arguments, strict=True)):
            raise TypeError(f"compiled code does not take arguments of types {[type(a).__name__ for a in arguments]}")
        try:
            return self.call(*given)
        finally:
            for k in self.written:
                if given[k] is not arguments[k]:
                    arguments[k][...] = given[k]

    def can_write(self, arguments: Sequence[Any]) -> bool:
        """Whether the arrays that the program writes are the caller's to write, and share storage with nothing else."""
        for k in self.written:
            others = [a for j, a in enumerate(arguments) if j != k and isinstance(a, np.ndarray)]
            own = arguments[k]
            if not own.flags.writeable or any(_overlap(own, constant) for constant in self.kept):
                return False
            if any(_share(own, other) for other in others):
                return False
        return True

    def _failed(self, number: int, *numbers: int) -> Any:
        """Raise what failed at one of the places that can fail."""
        site = self.sites[number - 1]
        message = site.message.format(*numbers)
        if site.origin is not None:
            message = f"{site.filename}:{site.origin.line}: {message}, in `{site.origin.text.strip()}`"
        if site.kind == "index":
            raise IndexError(message)
        if site.kind == "overflow":
            raise OverflowError(message)
        if site.kind == "recursion":
            raise RecursionError(message)
        if site.kind == "leak":
            raise SystemError(f"{site.message}: reference counts of native code are wrong; please report this")
        if site.kind == "memory":
            if numbers[0] < 0:
                raise ValueError("negative dimensions are not allowed")
            raise MemoryError(message)
        raise (ShapeError if site.kind == "shape" else ValueError)(message)


def _overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether the first array and the bounds of the second overlap, as entries see it."""
    low, high = a.ctypes.data, a.ctypes.data + a.nbytes
    start, end = np.lib.array_utils.byte_bounds(b) if b.size else (b.ctypes.data, b.ctypes.data)
    return not (end <= low or high <= start)


def _share(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays have storage in common."""
    if a.flags.c_contiguous and b.flags.c_contiguous:
        return _overlap(a, b)
    # exact answers take exponential time in the number of axes
    return bool(np.may_share_memory(a, b)) and (a.ndim > 3 or b.ndim > 3 or bool(np.shares_memory(a, b)))


def _as_leaf(value: Any, leaf: Leaf) -> Any:
    if leaf.kind == "array":
        dtype = np.dtype(NUMPY_NAMES[leaf.dtype])
        array = np.require(value, dtype, ["C", "A"])
        return array if type(array) is np.ndarray and array.dtype is dtype else np.array(array, dtype)
    if leaf.kind == "int" and not -(2**63) <= value < 2**63:
        raise OverflowError(f"the integer {value} does not fit into 64 bits; pass a float")
    convert = {"float": float, "int": int, "bool": bool}.get(leaf.kind) or getattr(np, leaf.kind)
    return value if type(value) is convert else convert(value)
