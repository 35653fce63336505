"""The hand-written C: one shared library of all files in ``c/``, called with arguments that are converted once."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = ("-O3", "-march=native", "-ffast-math", "-fPIC")
HERE = Path(__file__).resolve().parent.parent


def compiled() -> ctypes.CDLL:
    """The library of all files in ``c/``, compiled where it is not yet, or not from these sources."""
    sources = sorted((HERE / "c").glob("*.c"))
    content = b"".join(source.read_bytes() for source in sources) + repr((FLAGS, platform.node())).encode()
    target = HERE / "build" / f"c-{hashlib.sha256(content).hexdigest()[:16]}.so"
    if not target.exists():
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["gcc", *FLAGS, "-c", *map(str, sources)], cwd=place, check=True)
            objects = sorted(map(str, Path(place).glob("*.o")))
            # linking with -ffast-math would have denormals flushed to zero in the whole process that loads the library
            subprocess.run(["gcc", "-shared", "-o", str(Path(place, "c.so")), *objects, "-lm"], check=True)
            target.parent.mkdir(exist_ok=True)
            # processes may compile at once: each moves a whole file into place, and the last one wins
            partial = target.with_suffix(f".{os.getpid()}.partial")
            shutil.copy(Path(place, "c.so"), partial)
            partial.replace(target)
    return ctypes.CDLL(str(target))


def compiler() -> str:
    """The compiler's name and version."""
    return subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def prepared(function: Any, *arguments: Any) -> Callable[..., Any]:
    """A call of a C function whose first arguments are converted once.

    Parameters
    ----------
    function : ctypes function
        ``library.NAME_value`` or ``library.NAME_gradient``; its result is taken as a double.
    arguments : array, int, float or bool
        Arrays become pointers to their data (contiguous, in C's order), ints ``long``, floats ``double``.

    Returns
    -------
    callable
        Takes further arrays, which follow the others, and returns the double.
    """
    function.restype = ctypes.c_double
    converted = [_converted(a) for a in arguments]
    kept = arguments  # pointers do not keep their arrays alive

    def call(*outputs: np.ndarray) -> Any:
        return function(*converted, *(ctypes.c_void_p(o.ctypes.data) for o in outputs))

    call.kept = kept  # type: ignore[attr-defined]
    return call


def _converted(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise ValueError("C takes contiguous arrays in C's order")
        return ctypes.c_void_p(argument.ctypes.data)
    if isinstance(argument, int | np.integer):
        return ctypes.c_long(int(argument))
    return ctypes.c_double(float(argument))
