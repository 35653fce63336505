"""Random programs compiled under LLVM's verifier and run against the interpreter, bit by bit.

    python tests/fuzz_native.py --programs 10000 --seed 0

Programs run in a process of their own, so that a crash is a result: the seed is printed and the next process goes on
after it. ``--show SEED`` prints one program and what becomes of it.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 200
#: The interpreter takes a few milliseconds for a program that ends at all.
SECONDS = 20


def outcome(seed: int) -> str:
    """Why a seed's program is wrong natively; empty where it is right."""
    from fuzz_programs import arguments_for, random_program

    from pathgrad.backend import Executable
    from pathgrad.ir import evaluate
    from pathgrad.options import Options

    program = random_program(seed)
    options = Options(optimize=(1, 3, 0, 2)[seed % 4], cache=False, poison=True, threads=1 + seed % 3)
    call = Executable(program, options)
    if call.native is None:
        return "no native form"
    for attempt in range(3):
        values = arguments_for(program, 10 * seed + attempt)
        given = [v.copy() if isinstance(v, np.ndarray) else v for v in values]
        wanted, raised = _tried(lambda values=values: _soon(lambda: evaluate(program, *values)))
        if isinstance(raised, _EndlessError):
            return ""
        found, failed = _tried(lambda given=given: call(*given))
        if failed is not None and not isinstance(failed, ValueError | IndexError | OverflowError):
            return f"attempt {attempt}: native code raises {failed!r}; the interpreter gives {raised!r}, {wanted}"
        if isinstance(failed, OverflowError) or "NaN to integer" in str(failed):
            # NumPy, which the interpreter asks, has an integer for these
            continue
        if failed is None and raised is not None:
            # what nothing reads is not computed natively, and so does not fail
            wanted, raised = _tried(lambda values=values: evaluate(_needed(seed), *values))
        if (raised is None) != (failed is None):
            return f"attempt {attempt}: native code gives {failed!r}, {found}; the interpreter {raised!r}, {wanted}"
        for v, w in zip(given, values, strict=True):
            if not np.array_equal(v, w, equal_nan=np.asarray(v).dtype.kind == "f"):
                return f"attempt {attempt}: an argument was changed from {w} to {v}"
        if raised is not None:
            continue
        for a, b in zip(found, wanted, strict=True):
            a, b = np.asarray(a), np.asarray(b)
            if a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                return f"attempt {attempt}: native code gives {found}; the interpreter {wanted}"
    return ""


def _needed(seed: int) -> Any:
    """A seed's program without what nothing reads."""
    from fuzz_programs import random_program

    from pathgrad.ir import programs_called, remove_dead

    program = random_program(seed)
    for each in programs_called(program):
        remove_dead(each)
    return program


class _EndlessError(Exception):
    """A program that runs through more integers than anybody waits for, as from ``int(nan)`` to 3."""


def _soon(run: Any) -> Any:
    """What is computed within some seconds."""

    def end(*_: Any) -> None:
        raise _EndlessError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(SECONDS)
    try:
        return run()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _tried(run: Any) -> tuple[Any, Exception | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return run(), None
        except Exception as error:
            return None, error


def work(seeds: range) -> None:
    """Run programs, telling each seed before it is run."""
    for seed in seeds:
        print("seed", seed, flush=True)
        try:
            wrong = outcome(seed)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            print("wrong", seed, wrong.replace("\n", " "), flush=True)


def fuzz(programs: int, seed: int, report: Any = print) -> list[int]:
    """The seeds of programs that crashed or were wrong."""
    bad: list[int] = []
    first, end = seed, seed + programs
    while first < end:
        batch = range(first, min(first + BATCH, end))
        command = [sys.executable, __file__, "--work", str(batch.start), str(batch.stop)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = ran.stdout.splitlines()
        for line in lines:
            if line.startswith("wrong "):
                bad.append(int(line.split()[1]))
                report(line)
        started = [int(line.split()[1]) for line in lines if line.startswith("seed ")]
        if ran.returncode:
            crashed = started[-1] if started else batch.start
            bad.append(crashed)
            report(f"crash {crashed}: exit status {ran.returncode}: {ran.stderr[-300:]}")
            first = crashed + 1
        else:
            first = batch.stop
    return bad


def show(seed: int) -> None:
    """Print a program and what becomes of it."""
    from fuzz_programs import arguments_for, random_program

    from pathgrad.ir import pretty, programs_called

    program = random_program(seed)
    for each in programs_called(program):
        print(pretty(each), "\n")
    for attempt in range(3):
        print("arguments", attempt, arguments_for(program, 10 * seed + attempt))
    print(outcome(seed) or "right", flush=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Random programs natively against the interpreter.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int)
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    if chosen.work:
        work(range(*chosen.work))
        return 0
    if chosen.show is not None:
        show(chosen.show)
        return 0
    began = time.perf_counter()
    bad = fuzz(chosen.programs, chosen.seed)
    print(f"{chosen.programs} programs in {time.perf_counter() - began:.0f} s; {len(bad)} wrong or crashed: {bad}")
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main())
