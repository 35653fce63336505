"""What needs a process of its own: first calls, and peak memory. ``python -m harness.fresh WHAT TARGET NAME SIZE``.

Run by `asked`, which gives the process a cache directory and one thread; prints one line of JSON.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .library import HERE
from .pool import ONE_THREAD, WorkerError

__all__ = ["asked"]


def asked(what: str, target: str, name: str, size: Any, cache: Path, patience: float) -> dict[str, float]:
    """Run this module in a new process.

    Parameters
    ----------
    what : {"first", "memory"}
        Seconds of the first calls, or bytes beyond inputs and outputs.
    target : {"programs", "bounds"}
        Where the name is looked up.
    cache : Path
        Where compiled code is kept; empty for a call that has to compile.
    """
    command = [sys.executable, "-m", "harness.fresh", what, target, name, repr(size)]
    environment = {**os.environ, **ONE_THREAD, "PATHGRAD_CACHE": str(cache)}
    # as users have it: modules are compiled to bytecode once
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=patience)
    except subprocess.TimeoutExpired as error:
        raise WorkerError(f"{what} of {name}: no answer in {patience:.0f} s") from error
    if done.returncode != 0:
        raise WorkerError(f"{what} of {name}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _target(target: str, name: str, size: Any) -> tuple[Callable[[], Any], tuple[Any, ...], tuple[Any, ...]]:
    """How to derive, the arguments, and small arguments of the same types."""
    from . import ours

    ours.use_threads(1)
    if target == "bounds":
        import pathgrad as pg

        from .bounds import BOUNDS

        bound = BOUNDS[name]
        return lambda: pg.grad(bound.value, bound.argnums), bound.inputs(size), bound.inputs(bound.quick)
    from .programs import load

    program = load(name)
    return lambda: ours.gradient(program), program.inputs(size), program.inputs(program.quick)


def _first(target: str, name: str, size: Any) -> dict[str, float]:
    start = time.perf_counter()
    import pathgrad  # noqa: F401

    imported = time.perf_counter() - start
    derive, arguments, _ = _target(target, name, size)
    start = time.perf_counter()
    gradient = derive()
    gradient(*arguments)
    first = time.perf_counter() - start
    start = time.perf_counter()
    gradient(*arguments)
    return {"import": imported, "first": first, "second": time.perf_counter() - start}


def _memory(target: str, name: str, size: Any) -> dict[str, float]:
    from .compare import leaves

    derive, arguments, small = _target(target, name, size)
    gradient = derive()
    gradient(*small)
    before = _begin_peak()
    start = time.perf_counter()
    result = gradient(*arguments)
    seconds = time.perf_counter() - start
    peak = _peak()
    outputs = sum(leaf.nbytes for leaf in leaves(result))
    return {"bytes": max(0, peak - before - outputs), "seconds": seconds}


def _peak() -> int:
    """The most bytes that were in memory since `_begin_peak`; what getrusage tells begins with the process."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _begin_peak() -> int:
    """Bytes in memory now, from which peaks are counted: compiling must not hide what a call takes."""
    try:
        # what was freed earlier would take up allocations unseen
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, AttributeError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    _, what, target, name, size = sys.argv
    print(json.dumps({"first": _first, "memory": _memory}[what](target, name, ast.literal_eval(size))))
