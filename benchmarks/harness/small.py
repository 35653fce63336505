"""The small tables: call overhead, import time, memory bounds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .fresh import asked
from .library import HERE
from .measure import Settings
from .pool import Pool, WorkerError

__all__ = ["imports", "memory", "overheads"]

IMPORTS = ("numpy", "scipy.linalg.cython_blas", "pathgrad")


def overheads(pool: Pool, settings: Settings) -> dict[str, dict[str, float]]:
    """Seconds of small calls: who -> case -> seconds."""
    found = {}
    for role in ("single", *settings.peers):
        try:
            found["pathgrad" if role == "single" else role] = pool.ask(role, "overhead")
        except WorkerError:
            continue
    return found


def imports(rounds: int) -> dict[str, float]:
    """Median seconds to import each module in a new process, beyond starting Python; NumPy's are in the others'."""
    times: dict[str, list[float]] = {module: [] for module in IMPORTS}
    for _ in range(rounds):
        for module, seconds in times.items():
            code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
            done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)
            seconds.append(float(done.stdout))
    return {module: statistics.median(seconds) for module, seconds in times.items()}


def memory(settings: Settings) -> list[dict[str, Any]]:
    """Peak memory of the programs that have a bound."""
    from .bounds import BOUNDS

    rows = []
    for name, bound in BOUNDS.items():
        size = bound.quick if settings.quick else bound.size
        row: dict[str, Any] = {"name": name, "title": bound.title, "size": size, "limit": bound.limit(size)}
        with tempfile.TemporaryDirectory() as directory:
            try:
                # the first process compiles and leaves the code on disk, the second is measured
                asked("first", "bounds", name, bound.quick, Path(directory), settings.patience)
                row |= asked("memory", "bounds", name, size, Path(directory), settings.patience)
            except WorkerError as error:
                row["failed"] = str(error)
        rows.append(row)
    return rows
