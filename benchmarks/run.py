"""``make bench``: how much a derivative costs beside the function itself.

Ratios of medians over interleaved rounds in one run. "function" is the user's function on NumPy numbers (what emitted
programs compute with), "first call" includes reading, differentiating, printing and loading.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from programs import PROGRAMS
from rich.console import Console
from rich.table import Table

import pathgrad as pg
from pathgrad.api.derived import prepared

ROUNDS = 7


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, float]:
    """Medians of interleaved timings."""
    gradient = pg.grad(function)
    ones = [_ones(a) for a in arguments]
    first = seconds(lambda: gradient(*arguments))
    pg.jvp(function, arguments, ones)
    on_numpy = prepared(arguments)
    calls = {
        "function": lambda: function(*on_numpy),
        "gradient": lambda: gradient(*arguments),
        "directional": lambda: pg.jvp(function, arguments, ones),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            times[name].append(seconds(call))
    return {"first": first, **{name: statistics.median(values) for name, values in times.items()}}


def _ones(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_ones(v) for v in value]
    return np.ones_like(value) if isinstance(value, np.ndarray) else 1.0


def main() -> None:
    rows = []
    for function, arguments in PROGRAMS:
        found = measure(function, arguments)
        rows.append(
            (
                function.__name__,
                f"{found['function'] * 1e3:.2f}",
                f"{found['directional'] / found['function']:.2f}",
                f"{found['gradient'] / found['function']:.2f}",
                f"{found['first']:.2f}",
            )
        )
    headings = ("program", "function, ms", "jvp / function", "gradient / function", "first call, s")
    table = Table(*headings, title="Emitted Python over NumPy")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    machine = f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    lines = [f"# Benchmark results\n\nMachine: {machine}. Medians of {ROUNDS} interleaved rounds.\n"]
    lines += ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    Path(__file__).with_name("results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
