"""Object code into memory without LLVM: ELF for x86-64 (floor 4).

LLVM writes position-independent code for the small code model, which needs five kinds of relocation. Doing them here
takes a few milliseconds, where loading LLVM itself takes forty: code from the disk cache runs without it. Whatever is
not known here raises `CannotLoad`, and LLVM's own linker takes over.

System V Application Binary Interface, AMD64 Architecture Processor Supplement, section 4.4.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CannotLoad", "load"]

_HEADER = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_WRITE, _ALLOCATE, _EXECUTE, _THREAD = 1, 2, 4, 0x400
_PROGRAM, _SYMBOLS, _RELOCATIONS, _NOTHING, _UNWIND = 1, 2, 4, 8, 0x70000001
_DIRECT, _RELATIVE, _CALL, _RELATIVE_64 = 1, 2, 4, 24
_TABLE = (9, 41, 42)
_JUMP = 8


class CannotLoad(Exception):  # noqa: N818  (a request for another linker, not an error)
    """The object needs what only LLVM's linker does."""


@dataclass
class _Section:
    """A section of the object file, and where it comes to lie."""

    name: int
    kind: int
    flags: int
    _address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int
    place: int = -1


def load(code: bytes, resolve: Callable[[str], int], exported: Sequence[str]) -> tuple[Any, dict[str, int]]:
    """Bring object code into memory.

    Parameters
    ----------
    code : bytes
        An object file.
    resolve : callable
        The address of a symbol that is defined elsewhere; raises `CannotLoad` if it is unknown.
    exported : sequence of str
        The symbols wanted.

    Returns
    -------
    kept, addresses
        What keeps the memory, and the address of each wanted symbol.

    Raises
    ------
    CannotLoad
        Another machine, another format, or something in the file that is not done here.
    """
    if sys.platform != "linux" or os.uname().machine != "x86_64" or code[:6] != b"\x7fELF\x02\x01":
        raise CannotLoad("not ELF for x86-64")
    try:
        return _Loading(code, resolve).load(exported)
    except (struct.error, LookupError, OverflowError, ValueError, OSError) as reason:
        raise CannotLoad(str(reason)) from reason


class _Loading:
    def __init__(self, code: bytes, resolve: Callable[[str], int]) -> None:
        self.code = code
        self.resolve = resolve
        start, size, count = *struct.unpack_from("<Q", code, 40), *struct.unpack_from("<HH", code, 58)
        self.sections = [_Section(*_HEADER.unpack_from(code, start + k * size)) for k in range(count)]
        self.table: dict[int, int] = {}
        self.jumps: dict[int, int] = {}

    def load(self, exported: Sequence[str]) -> tuple[Any, dict[str, int]]:
        """Lay out, copy, relocate, protect."""
        symbols, names = self._symbols()
        outside = [k for k, (_, _, _, section, _, _) in enumerate(symbols) if section == 0 and k]
        resolved = {k: self.resolve(names(k)) for k in outside}
        used = self._targets()
        end_of_code = self._lay_out(0, _EXECUTE)
        for k in outside:
            self.jumps[k], end_of_code = end_of_code, end_of_code + _JUMP
        end_of_data = self._lay_out(_page(end_of_code), 0)
        end_of_data = -(-end_of_data // 8) * 8
        for k in sorted(used | set(outside)):
            self.table[k], end_of_data = end_of_data, end_of_data + 8
        end = _page(self._lay_out(_page(end_of_data), _WRITE))
        memory = mmap.mmap(-1, max(end, mmap.PAGESIZE), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        kept = (ctypes.c_char * len(memory)).from_buffer(memory)
        base = ctypes.addressof(kept)
        for section in self.sections:
            if section.place >= 0 and section.kind != _NOTHING:
                content = self.code[section.offset : section.offset + section.size]
                memory[section.place : section.place + section.size] = content
        addresses = [resolved.get(k, 0) or self._address(base, s) for k, s in enumerate(symbols)]
        for k, place in self.table.items():
            struct.pack_into("<Q", memory, place, addresses[k])
        for k, place in self.jumps.items():
            # jmp *table(%rip)
            struct.pack_into("<HiH", memory, place, 0x25FF, self.table[k] - place - 6, 0x9066)
        self._relocate(memory, base, addresses)
        _protect(base, _page(end_of_code), mmap.PROT_READ | mmap.PROT_EXEC)
        _protect(base + _page(end_of_code), _page(end_of_data) - _page(end_of_code), mmap.PROT_READ)
        wanted = {names(k): addresses[k] for k, (_, _, _, section, _, _) in enumerate(symbols) if section}
        return (memory, kept), {name: wanted[name] for name in exported}

    def _symbols(self) -> tuple[list[tuple[int, ...]], Callable[[int], str]]:
        (section,) = [s for s in self.sections if s.kind == _SYMBOLS]
        content = self.code[section.offset : section.offset + section.size]
        symbols = list(_SYMBOL.iter_unpack(content))
        start = self.sections[section.link].offset

        def name(k: int) -> str:
            at = start + symbols[k][0]
            return self.code[at : self.code.index(0, at)].decode()

        return symbols, name

    def _lay_out(self, at: int, kind: int) -> int:
        """Give sections that are executed, read or written their places, from an offset on."""
        for section in self.sections:
            if not section.flags & _ALLOCATE or section.flags & (_WRITE | _EXECUTE) != kind or section.kind == _UNWIND:
                continue
            if section.kind not in (_PROGRAM, _NOTHING) or section.flags & _THREAD:
                raise CannotLoad(f"section of kind {section.kind}")
            at = -(-at // max(section.alignment, 1)) * max(section.alignment, 1)
            section.place, at = at, at + section.size
        return at

    def _address(self, base: int, symbol: tuple[int, ...]) -> int:
        section, value = symbol[3], symbol[4]
        if section == 0xFFF1:
            return value
        if section >= len(self.sections) or self.sections[section].place < 0:
            return 0
        return base + self.sections[section].place + value

    def _relocations(self) -> list[tuple[_Section, bytes]]:
        found = []
        for section in self.sections:
            target = self.sections[section.info] if section.kind == _RELOCATIONS else section
            if target is not section and target.flags & _ALLOCATE and target.kind != _UNWIND:
                found.append((target, self.code[section.offset : section.offset + section.size]))
        return found

    def _targets(self) -> set[int]:
        """The symbols whose address is read out of the table."""
        return {
            info >> 32
            for _, content in self._relocations()
            for _, info, _ in _RELOCATION.iter_unpack(content)
            if info & 0xFFFFFFFF in _TABLE
        }

    def _relocate(self, memory: mmap.mmap, base: int, addresses: Sequence[int]) -> None:
        put, put_wide = struct.Struct("<i").pack_into, struct.Struct("<Q").pack_into
        for section, content in self._relocations():
            for offset, info, addend in _RELOCATION.iter_unpack(content):
                symbol, kind = info >> 32, info & 0xFFFFFFFF
                place = section.place + offset
                value = addresses[symbol] + addend
                if not addresses[symbol]:
                    raise CannotLoad("a symbol without a place")
                if kind == _RELATIVE or (kind == _CALL and symbol not in self.jumps):
                    put(memory, place, value - base - place)
                elif kind == _CALL:
                    put(memory, place, self.jumps[symbol] + addend - place)
                elif kind in _TABLE:
                    put(memory, place, self.table[symbol] + addend - place)
                elif kind == _DIRECT:
                    put_wide(memory, place, value)
                elif kind == _RELATIVE_64:
                    put_wide(memory, place, (value - base - place) % 2**64)
                else:
                    raise CannotLoad(f"relocation of kind {kind}")


def _page(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


@functools.cache
def _mprotect() -> Any:
    function = ctypes.CDLL(None, use_errno=True).mprotect
    function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int], ctypes.c_int
    return function


def _protect(address: int, size: int, rights: int) -> None:
    if size and _mprotect()(address, size, rights):
        raise OSError(ctypes.get_errno(), "memory cannot be protected")
