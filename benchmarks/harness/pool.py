"""The coordinator's side of the workers: starting them, asking them, giving up on them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from types import TracebackType
from typing import Any

from .library import HERE

__all__ = ["Pool", "WorkerError"]

# set before a process starts: BLAS and OpenMP read them when they are loaded
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerError(Exception):
    """A worker could not do what it was asked; the message says why."""


class Pool:
    """Workers by role, started when they are first asked.

    Parameters
    ----------
    patience : float
        Seconds after which a worker that does not answer is ended; the next question starts a new one.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.running: dict[str, tuple[subprocess.Popen[bytes], Any]] = {}

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for role in list(self.running):
            self.end(role)

    def ask(self, role: str, command: str, *arguments: Any) -> Any:
        """A worker's answer; raises `WorkerError` where it has none."""
        if role not in self.running:
            self._start(role)
        _, pipe = self.running[role]
        try:
            pipe.send((command, arguments))
            return self._answer(role)
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self.end(role)
            raise WorkerError(f"{role}: the process ended") from error

    def end(self, role: str) -> None:
        """End one worker."""
        process, pipe = self.running.pop(role)
        pipe.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self, role: str) -> None:
        here, there = multiprocessing.Pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.worker", role, str(there.fileno())],
            pass_fds=[there.fileno()],
            cwd=HERE,
            env={**os.environ, **(ONE_THREAD if role == "single" else {}), "JAX_PLATFORMS": "cpu"},
            stdin=subprocess.DEVNULL,
        )
        there.close()
        self.running[role] = (process, here)
        try:
            self._answer(role)
        except (WorkerError, EOFError) as error:
            if role in self.running:
                self.end(role)
            raise WorkerError(str(error) or f"{role}: the process ended") from error

    def _answer(self, role: str) -> Any:
        _, pipe = self.running[role]
        if not pipe.poll(self.patience):
            self.running[role][0].kill()
            self.end(role)
            raise WorkerError(f"{role}: no answer in {self.patience:.0f} s")
        kind, answer = pipe.recv()
        if kind == "error":
            raise WorkerError(f"{role}: {answer}")
        return answer
