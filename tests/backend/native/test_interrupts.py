"""Ctrl-C stops long native loops, gives all memory back, and the function can be called again."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
import os, signal, sys, threading, time
import numpy as np
import pathgrad as pg

def long_sum(n, x):
    total = 0.0
    for i in range(n):
        total = total + x * i
    return total

def nested(n, x):
    total = 0.0
    for i in range(n):
        for j in range(1000):
            total = total * 0.5 + x * j
    return total

def endless(n, x):
    k = 0
    while k < n:
        k = k + 1
        x = x * 0.5 + 1.0
    return x

def arrays(n, x):
    a = np.ones(100_000) * x
    for i in range(n):
        a = np.sin(a) + x
    return np.sum(a)

def inner_while(n, x):
    for i in range(n):
        while x * n > 1e4:
            x = x * 0.5 + 1.0 + i
    return x

f = {"grad": pg.grad(FUNCTION, argnums="x"), "compile": pg.compile(FUNCTION)}[VERB]
arguments = (3, 0.5)
first = f(*arguments)
f(*arguments)

def memory():
    with open("/proc/self/statm") as text:
        return int(text.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

before = memory()
for _ in range(2):
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    try:
        f(LENGTH, 0.5)
        print("ended")
    except KeyboardInterrupt:
        print("interrupted" if time.monotonic() - start < 0.8 else f"late: {time.monotonic() - start}")
print("released" if memory() - before < 8e6 else f"kept {memory() - before}")
print("again" if f(*arguments) == first else "other")
"""


def run(function: str, verb: str, length: str) -> list[str]:
    text = textwrap.dedent(SCRIPT).replace("FUNCTION", function).replace("VERB", repr(verb)).replace("LENGTH", length)
    return text.splitlines()


@pytest.mark.parametrize(
    ("function", "verb", "length"),
    [
        ("long_sum", "compile", "10**12"),
        ("nested", "compile", "10**9"),
        ("endless", "compile", "10**15"),
        ("arrays", "compile", "10**9"),
        ("inner_while", "compile", "10**6"),
        ("nested", "grad", "10**9"),
    ],
)
def test_a_signal_ends_the_call(function: str, verb: str, length: str, tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text("\n".join(run(function, verb, length)), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["interrupted", "interrupted", "released", "again"], done.stderr


def test_a_handler_that_does_not_raise_lets_the_call_go_on(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal, threading
        import pathgrad as pg

        def endless(n, x):
            k = 0
            while k < n:
                k = k + 1
                x = x * 0.5 + 1.0
            return x

        heard = []
        signal.signal(signal.SIGINT, lambda *_: heard.append(1))
        f = pg.compile(endless)
        wanted = f(60, 1.0)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        print(f(4 * 10**8, 1.0) == wanted, heard)
        """),
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "True [1]\n", done.stderr
