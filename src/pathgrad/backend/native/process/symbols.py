"""What native code asks of the process: NumPy's functions and types, and which thread handles signals (floor 4)."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....ir.types import NUMPY_NAMES
from ....options import current
from ..support.team import RUN
from .threads import team_address, thread_count

__all__ = ["ENTRY", "Leaf", "entry_symbols"]

ENTRY = "pg_entry"

#: Places in NumPy's table of C functions.
_NUMPY = {"pg_numpy_new": 93, "pg_numpy_scalar": 60, "pg_numpy_base": 282}


@dataclass(frozen=True)
class Leaf:
    """An argument of an entry.

    Attributes
    ----------
    kind : str
        ``"float"``, ``"int"``, ``"bool"`` (Python's), ``"float64"``, ``"float32"``, ``"int64"`` (NumPy's), or
        ``"array"``.
    dtype : str
        The dtype in the program.
    lengths : tuple
        For arrays: one token for each axis; equal tokens are equal lengths, 1 is 1.
    """

    kind: str
    dtype: str
    lengths: tuple[Any, ...] = ()


#: Large blocks of memory that are not in use; all compiled code shares them.
_BLOCKS = (ctypes.c_void_p * 8)()


def entry_symbols(code: bytes) -> dict[str, int]:
    """The addresses of what object code uses of NumPy and of the process."""
    from numpy._core import _multiarray_umath as umath  # type: ignore[attr-defined]

    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(get(umath._ARRAY_API, None), ctypes.POINTER(ctypes.c_void_p))
    symbols = {name: int(table[k] or 0) for name, k in _NUMPY.items()}
    symbols["pg_numpy_ndarray"] = id(np.ndarray)
    for name in ("float64", "float32", "int64"):
        symbols[f"pg_numpy_{name}"] = id(getattr(np, name))
    for name in NUMPY_NAMES.values():
        symbols[f"pg_descr_{name}"] = id(np.dtype(name))
    own = {"pg_blocks": ctypes.addressof(_BLOCKS), "pg_main_thread": threading.main_thread().ident or 0}
    if RUN.encode() in code:
        symbols[RUN] = team_address(own)
    return symbols | own | {"pg_threads": thread_count(current().threads)}
