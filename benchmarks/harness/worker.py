"""A process that runs some of those who are measured, and answers over a pipe: ``python -m harness.worker ROLE FD``.

Thread settings are those of the role: "single" has pathgrad and C on one thread, "all" has pathgrad on all cores, and
each peer has a process with its own defaults. What is prepared stays prepared until it is dropped.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .programs import load
from .subjects import SUBJECTS, Subject, forms

Key = tuple[str, str, str, Any]


class Worker:
    """The commands that a worker knows; each is a method."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.prepared: dict[Key, Subject] = {}
        if role in ("single", "all"):
            from .ours import use_threads

            use_threads(1 if role == "single" else os.cpu_count() or 1)

    def versions(self) -> dict[str, str]:
        """The versions of what this process measures; fails where it is not installed."""
        found = {"Python": platform.python_version(), "NumPy": np.__version__}
        if self.role in ("single", "all"):
            import pathgrad as pg

            return {**found, "pathgrad": pg.__version__}
        from importlib.metadata import version

        __import__(self.role)
        return {self.role: version(self.role)}

    def forms(self, name: str) -> list[str]:
        """The forms in which this peer has a program."""
        return forms(load(name), self.role)

    def prepare(self, key: Key) -> tuple[float, float, Any, Any]:
        """Seconds of the first value and first gradient, and their numbers."""
        who, name, form, size = key
        subject = SUBJECTS[who](load(name), size, form)
        start = time.perf_counter()
        value = subject.value()
        middle = time.perf_counter()
        gradient = subject.gradient()
        end = time.perf_counter()
        self.prepared[key] = subject
        return middle - start, end - middle, subject.numbers(value), subject.numbers(gradient)

    def time(self, key: Key, what: str, budget: float) -> float:
        """Median seconds of as many calls as the budget allows, after one that warms the caches; of one long call."""
        call: Callable[[], Any] = getattr(self.prepared[key], what)
        spent = _seconds(call)
        if spent > budget:
            return spent
        count = min(100, int(budget / max(spent, 1e-9)))
        return statistics.median(_seconds(call) for _ in range(count))

    def drop(self) -> None:
        """Forget everything that was prepared."""
        self.prepared.clear()

    def overhead(self) -> dict[str, float]:
        """Seconds of one small call from Python."""
        from .overhead import measured

        return measured(self.role)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    result = call()
    end = time.perf_counter()
    del result
    return end - start


def main(role: str, descriptor: int) -> None:
    """Answer commands until the pipe closes."""
    pipe = Connection(descriptor)
    try:
        worker = Worker(role)
        pipe.send(("ready", None))
    except Exception as error:  # whatever a peer's import raises is an answer too
        pipe.send(("error", f"{type(error).__name__}: {error}"))
        return
    while True:
        try:
            command, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("done", getattr(worker, command)(*arguments)))
        except Exception as error:  # the coordinator decides what a failure means
            traceback.print_exc()
            pipe.send(("error", f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
