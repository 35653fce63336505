"""Loops and array statements on several threads: the same results, every time, and the same errors."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.backend.native.analysis import independence
from pathgrad.backend.native.analysis.independence import Independence
from pathgrad.backend.native.divided import work
from pathgrad.backend.native.emit.emitter import Emitter
from pathgrad.backend.native.emit.module import NativeModule
from pathgrad.backend.native.process.threads import thread_count
from pathgrad.ir import Block, Loop, Program
from pathgrad.options import Options


@pytest.fixture(autouse=True)
def _small_work(monkeypatch):
    """Short loops run on threads too."""
    for module in ("divided.loops", "fused.split", "products.shared_products"):
        monkeypatch.setattr(f"pathgrad.backend.native.{module}.WORK", 200)


# ---- functions whose loops are independent apart from sums -----------------------------------------------------------
def sums(x, n):
    total, shift = 0.0, 1.0
    for i in range(n):
        if i % 3 == 0:
            total += math.sin(x * i) * x
        for k in range(3):
            shift -= x * k
    return total * shift


def rows(x, w):
    total = 0.0
    for i in range(x.shape[0]):
        p = 0.0
        for j in range(x.shape[1]):
            p += x[i, j] * w[j]
        total += math.log(1.0 + math.exp(p))
    return total


def mapped(x, out):
    for i in range(1, len(x)):
        t = math.sin(x[i])
        out[i - 1] = t + out[i - 1] * t
    return out


def backwards(x):
    out = np.zeros(len(x))
    for i in range(len(x) - 1, -1, -1):
        out[i] = math.exp(x[i]) + i
    return out


def with_scratch(x, m):
    n, d = x.shape
    c = np.zeros(d)
    total = 0.0
    for i in range(n):
        for a in range(d):
            c[a] = x[i, a] - m[a]
        for a in range(d):
            for b in range(a, d):
                total += c[a] * c[b]
    return total + c[0]


def histogram(x, k):
    h = np.zeros((k, 2))
    for i in range(len(x)):
        h[i % k, 0] += math.exp(x[i])
        h[i % k, 1] -= x[i]
    return h


def by_helper(x, w):
    return rows(x, w) * 2.0


def counting(x):
    n = 0
    for i in range(len(x)):
        if x[i] > 0.0:
            n += 2
    return n


def prices(x, y):
    return np.sum(np.exp(-x) * np.log(1.0 + y * y) / (1.0 + np.exp(x * y)))


def elementwise(x, y):
    return np.exp(-x) * np.sin(y) + np.cos(x) * y


def largest(x, y):
    return np.max(np.exp(x) * y) + np.mean(np.sin(x) * np.cos(y)), np.sum(np.exp(x) + y, axis=0, keepdims=True)


RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(701, 4))
V, W = X[:, 0].copy(), X[0].copy()

CASES = {
    "sums": (sums, lambda: (0.3, 1000)),
    "rows": (rows, lambda: (X, W)),
    "mapped": (mapped, lambda: (V, np.arange(701.0))),
    "backwards": (backwards, lambda: (V,)),
    "with_scratch": (with_scratch, lambda: (X, W)),
    "histogram": (histogram, lambda: (V, 7)),
    "by_helper": (by_helper, lambda: (X, W)),
    "counting": (counting, lambda: (V,)),
    "prices": (prices, lambda: (V, V[::-1].copy())),
    "prices of a matrix": (prices, lambda: (X, X * X)),
    "elementwise": (elementwise, lambda: (X, X + 1.0)),
    "largest": (largest, lambda: (X, X + 1.0)),
}


def runs(f, arguments, threads, verb=pg.compile):
    with pg.options(threads=threads, cache=False):
        function = verb(f)
        found = [function(*arguments()) for _ in range(3)]
        text = function.inspect("llvm", *arguments())
    for other in found[1:]:
        for a, b in zip(_flat(found[0]), _flat(other), strict=True):
            np.testing.assert_array_equal(a, b)
    return found[0], "@pg_team(" in text


def _flat(value):
    return [leaf for item in value for leaf in _flat(item)] if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("threads", [2, 3, 16])
def test_values_are_those_of_one_thread(name, threads):
    f, arguments = CASES[name]
    alone, has_team = runs(f, arguments, 1)
    assert not has_team
    got, has_team = runs(f, arguments, threads)
    assert has_team
    for a, b in zip(_flat(got), _flat(alone), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", ["sums", "rows", "backwards", "with_scratch", "prices", "elementwise"])
def test_gradients_are_those_of_one_thread(name):
    f, arguments = CASES[name]
    f = SUMMED.get(f, f)
    wanted, _ = runs(f, arguments, 1, pg.grad)
    got, _ = runs(f, arguments, 3, pg.grad)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def total_of_backwards(x):
    return np.sum(backwards(x))


def total_of_elementwise(x, y):
    return np.sum(elementwise(x, y))


SUMMED = {backwards: total_of_backwards, elementwise: total_of_elementwise}


@pytest.mark.parametrize("length", [0, 1, 2, 5, 64])
def test_few_iterations(length):
    with pg.options(threads=16, cache=False):
        assert pg.compile(histogram)(V[:length], 3).tolist() == pytest.approx(histogram(V[:length], 3), rel=1e-13)
        np.testing.assert_allclose(pg.compile(prices)(V[:length], V[:length]), prices(V[:length], V[:length]))


# ---- what is independent ---------------------------------------------------------------------------------------------
def prefix(x):
    out = np.zeros(len(x))
    for i in range(1, len(x)):
        out[i] = out[i - 1] + x[i]
    return out


def wrapped(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i - 1] = x[i] + out[i - 1]
    return out


def product(x):
    p = 1.0
    for i in range(len(x)):
        p *= x[i]
    return p


def read_between(x):
    total, seen = 0.0, 0.0
    for i in range(len(x)):
        total += x[i]
        seen += total
    return seen


def left(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        if total > 3.0:
            break
    return total


def same_place(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i // 2] = x[i]
    return out


def scratch_that_lasts(x):
    c = np.zeros(2)
    total = 0.0
    for i in range(len(x)):
        total += c[0] * x[i]
        c[0] = x[i]
    return total


def scratch_in_part(x):
    c = np.zeros(len(x))
    total = 0.0
    for i in range(len(x)):
        for k in range(i):
            c[k] = x[i]
        for k in range(len(x)):
            total += c[k]
    return total


def read_and_added(x):
    h = np.zeros(3)
    for i in range(len(x)):
        h[i % 3] += x[i] * h[0]
    return h


def transposed(x):
    out = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] += out[j, i] + x[i]
    return out


def strips(x):
    out = np.zeros(len(x))
    for i in range(0, len(x) - 3, 4):
        out[i : i + 4] = 2.0 * x[i]
    return out


def overlapping_strips(x):
    out = np.zeros(len(x))
    for i in range(0, len(x) - 4, 4):
        out[i : i + 5] = out[i : i + 5] + x[i]
    return out


def each_until_it_has_converged(x):
    out = np.empty(len(x))
    for i in range(len(x)):
        y = x[i]
        while abs(y * y - x[i]) > 1e-13 * x[i]:
            y = 0.5 * (y + x[i] / y)
        out[i] = y
    return out


def handed_through(x):
    """What is handed on needs what was handed on: no thread could begin in the middle."""
    out = np.zeros(len(x))
    last = 0.0
    for i in range(len(x)):
        out[i] = last
        last = 0.5 * last + x[i]
    return out


DEPENDENT = [
    handed_through,
    overlapping_strips,
    prefix,
    wrapped,
    product,
    read_between,
    left,
    same_place,
    scratch_that_lasts,
    scratch_in_part,
    read_and_added,
    transposed,
]


@pytest.mark.parametrize("f", DEPENDENT)
def test_loops_that_depend_on_each_other_are_not_divided(f):
    x = np.linspace(0.5, 1.5, 300)
    got, has_team = runs(f, lambda: (x,), 4)
    assert not has_team
    np.testing.assert_allclose(got, f(x), rtol=1e-12)


def loops_of(f, *arguments):
    with pg.options(cache=False, backend="python"):
        entry = pg.compile(f).entry(dict(zip(f.__code__.co_varnames, arguments, strict=False)))
    return [s for s in entry.program.body.statements if isinstance(s, Loop)]


def test_what_carried_values_are():
    assert independence.independence(loops_of(sums, 0.3, 5)[0]) == Independence(sums=[0, 1])
    assert independence.independence(loops_of(histogram, V, 3)[0]) == Independence(added=[0])
    assert independence.independence(loops_of(mapped, V, V)[0]) == Independence(divided=[0])
    found = independence.independence(loops_of(with_scratch, X, W)[0])
    assert found is not None and len(found.sums) == 1 and len(found.scratch) == 1
    assert independence.independence(loops_of(strips, V)[0]) == Independence(divided=[0])
    assert independence.independence(loops_of(overlapping_strips, V)[0]) is None
    assert independence.independence(loops_of(prefix, V)[0]) is None


def test_iterations_side_by_side_are_divided_too():
    x = np.random.default_rng(1).uniform(1.0, 2.0, 200_003)
    got, has_team = runs(each_until_it_has_converged, lambda: (x,), 4)
    assert has_team
    np.testing.assert_allclose(got, np.sqrt(x), rtol=1e-12)


def halved(x, depth):
    return x if depth == 0 else 0.5 * halved(x, depth - 1)


def of_recursion(x):
    total = 0.0
    for i in range(len(x)):
        total += halved(x[i], 3)
    return total


def test_a_helper_that_calls_itself():
    got, has_team = runs(of_recursion, lambda: (V,), 3)
    assert has_team and got == pytest.approx(of_recursion(V), rel=1e-12)


def filled(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i] = 2.0
    return out


def test_the_work_is_estimated():
    assert work.cost(loops_of(filled, V)[0].body) >= 1
    (loop,) = loops_of(rows, X, W)
    assert 20 < work.cost(loop.body) < 200


# ---- errors and surroundings -----------------------------------------------------------------------------------------
def indexed(x, at):
    total = 0.0
    for i in range(len(at)):
        total += x[at[i]]
    return total


def test_the_first_error_in_order_is_raised():
    at = np.zeros(900, dtype=np.int64)
    with pg.options(threads=4, cache=False):
        f = pg.compile(indexed)
        assert f(V, at) == pytest.approx(900 * V[0])
        at[100], at[899] = 1234, 5678
        for _ in range(5):
            with pytest.raises(IndexError, match="index 1234 is out of bounds"):
                f(V, at)
        at[100] = 0
        with pytest.raises(IndexError, match="index 5678 is out of bounds"):
            f(V, at)
        at[899] = 0
        assert f(V, at) == pytest.approx(900 * V[0])


def test_nothing_leaks():
    with pg.options(threads=4, poison=True, cache=False):
        for name in ("histogram", "with_scratch", "rows", "prices", "largest"):
            f, arguments = CASES[name]
            pg.compile(f)(*arguments())


def test_many_calls_from_several_python_threads():
    with pg.options(threads=3, cache=False):
        f = pg.compile(rows)
        wanted = f(X, W)
        found = []

        def call():
            found.extend(f(X, W) for _ in range(200))

        callers = [threading.Thread(target=call) for _ in range(3)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(found) == 600 and set(found) == {wanted}


def test_thread_counts():
    assert thread_count(5) == 5 and thread_count(0) >= 1


LONG = """
import os, signal, threading, time
import pathgrad as pg

def long(n, x):
    total = 0.0
    for i in range(n):
        for j in range(1000):
            total += x * j / (1.0 + i)
    return total
"""

SCRIPT = f"""{LONG}
pg.options(threads=4, cache=False)
f = pg.compile(long)
first = f(10_000, 0.5)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
start = time.monotonic()
try:
    f(10**10, 0.5)
    print("ended")
except KeyboardInterrupt:
    print("interrupted" if time.monotonic() - start < 2 else "late")
print(f(10_000, 0.5) == first)
child = os.fork()
if not child:
    os._exit(0 if f(10_000, 0.5) == first else 1)
print(os.waitpid(child, 0)[1])
"""


def test_signals_and_forks(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["interrupted", "True", "0"], done.stderr


def sums_that_stay_arrays(x):
    y = np.exp(np.sin(x))
    return np.sum(y, keepdims=True), np.mean(y, keepdims=True), np.max(y, keepdims=True)


def test_several_sums_that_stay_arrays():
    x = np.random.default_rng(5).normal(size=3000)
    got, has_team = runs(sums_that_stay_arrays, lambda: (x,), 3)
    assert has_team
    for a, b in zip(got, sums_that_stay_arrays(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def written_where_it_is_read(x):
    y = x.copy()
    y[:] = np.exp(-y) + y
    y += np.sin(y) * x
    return y


def test_a_write_where_the_pass_reads():
    x = np.random.default_rng(6).normal(size=3000)
    got, has_team = runs(written_where_it_is_read, lambda: (x,), 3)
    assert has_team
    np.testing.assert_allclose(got, written_where_it_is_read(x), rtol=1e-13)


def halved_rows(x, row):
    total = 0.0
    for i in range(len(x)):
        here = row
        k = 0
        while k < 3 and x[i] > 0.2 * k:
            here = here * 0.5
            k += 1
        total += np.sum(here) * x[i]
    return total


def test_arrays_that_a_part_has_from_its_caller_are_not_counted():
    x, row = np.random.default_rng(0).uniform(size=3000), np.arange(30.0)
    got, has_team = runs(halved_rows, lambda: (x, row), 3)
    assert has_team
    np.testing.assert_allclose(got, halved_rows(x, row), rtol=1e-12)
    with pg.options(threads=3, cache=False):
        assert "@pg_retain(ptr %a" not in pg.compile(halved_rows).inspect("llvm", x, row)


# ---- the work of a loop ----------------------------------------------------------------------------------------------
def smoothed(image, kernel):
    out = np.zeros(image.shape)
    for i in range(image.shape[0] - 2):
        for j in range(image.shape[1] - 2):
            for a in range(3):
                for b in range(3):
                    out[i + a, j + b] += kernel[a, b] * image[i, j]
    return out


@pytest.mark.parametrize("shape", [(40, 40), (80, 2000), (2000, 80)])
def test_arrays_that_all_parts_add_to(shape):
    image, kernel = np.random.default_rng(2).normal(size=shape), np.arange(9.0).reshape(3, 3)
    before = image.copy()
    got, has_team = runs(smoothed, lambda: (image, kernel), 4)
    assert has_team
    np.testing.assert_array_equal(image, before)
    np.testing.assert_allclose(got, pg.compile(smoothed, backend="python")(image, kernel), rtol=1e-12, atol=1e-12)


def triangle(x, n):
    total = 0.0
    for i in range(len(x)):
        for _ in range(200):
            total += x[i]
        for _ in range(n):
            for _ in range(i):
                total += x[i]
    return total


def test_the_lengths_of_inner_loops_count():
    loop = loops_of(triangle, V, 5)[0]
    e = Emitter(NativeModule(Options()), Program("", [], Block()), {}, None)
    known = work.work(e, Block(loop.body.statements[:1]))
    assert known.isdigit() and int(known) > 200
    # n is not known, and the index of the loop itself cannot be
    unknown = work.work(e, loop.body)
    assert unknown.isdigit() and int(known) + 16 * 16 < int(unknown) < int(known) + 16 * 16 * 10
    (n,) = [s.stop for s in loop.body.statements[1:] if isinstance(s, Loop)]
    e.env[n] = "%n"
    assert not work.work(e, loop.body).isdigit()
    assert any("%n" in line for line in e.w.lines)


def products(x, w, g):
    return x @ w, g @ x, x.T @ g, x[1:, 1:] @ w[1:], g[1:] @ x[1:, :3], x[::2] @ w


@pytest.mark.parametrize("shape", [(1500, 5), (1025, 70), (1024, 1), (3, 1500), (90, 200)])
@pytest.mark.parametrize("threads", [2, 5])
def test_a_large_matrix_and_a_vector(shape, threads):
    random = np.random.default_rng(3)
    x, w, g = random.normal(size=shape), random.normal(size=shape[1]), random.normal(size=shape[0])
    got, has_team = runs(products, lambda: (x, w, g), threads)
    assert has_team
    alone, has_team = runs(products, lambda: (x, w, g), 1)
    assert not has_team
    for a, b, c in zip(got, alone, products(x, w, g), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(a, c, rtol=1e-12, atol=1e-12)


def stacked(x, w):
    """Products inside a loop are left alone, whoever runs it."""
    total = 0.0
    for i in range(len(x)):
        total += np.sum(x[i] @ w)
    return total


def test_products_in_a_loop():
    x = np.random.default_rng(4).normal(size=(6, 40, 50))
    w = np.arange(50.0)
    got, has_team = runs(stacked, lambda: (x, w), 3)
    assert has_team and got == pytest.approx(stacked(x, w), rel=1e-12)


def columns_of_their_own(x):
    out = np.zeros((len(x), 7))
    for k in range(7):
        out[:, k] = np.exp(x) * k
        out[0, k] += 1.0
    return out


def rows_that_are_added_to(x):
    out = np.zeros((len(x), 3))
    for i in range(len(x)):
        out[i] += x[i]
        out[i, 1] += x[i]
    return out


@pytest.mark.parametrize("f", [columns_of_their_own, rows_that_are_added_to])
def test_rows_and_columns_of_their_own(f):
    (loop,) = loops_of(f, V)
    assert independence.independence(loop) == Independence(divided=[0])
    got, has_team = runs(f, lambda: (V,), 3)
    assert has_team
    np.testing.assert_allclose(got, f(V), rtol=1e-14)


def test_arrays_count_by_their_lengths():
    (loop,) = loops_of(columns_of_their_own, V)
    e = Emitter(NativeModule(Options()), Program("", [], Block()), {}, None)
    unknown = work.work(e, loop.body)
    e.lengths[_length_of_what_is_read(loop)] = "1000"
    known = work.work(e, loop.body)
    assert int(unknown) < 1000 < 10_000 < int(known) < 20_000


def _length_of_what_is_read(loop):
    """The length of the vector that the loop reads."""
    (token,) = {v.type.dims[0] for v in independence.free_atoms(loop) if v.type.is_array}
    return token


def differences(x):
    """Each iteration hands a number on; the last one is used."""
    out = np.zeros(len(x))
    last = 7.0
    for i in range(len(x)):
        out[i] = x[i] - last
        last = 2.0 * x[i]
    return out, last


def falling(x):
    out = np.zeros(len(x))
    last, total = -1.0, 0.0
    for i in range(len(x) - 1, 1, -2):
        out[i] = last
        total += last * x[i]
        last = math.sin(x[i - 1]) + i
    return out, total, last


def chained_energy(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += (x[i + 1] - x[i] * x[i]) ** 2 + math.sin(x[i])
    return total


@pytest.mark.parametrize("f", [differences, falling])
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_numbers_that_are_handed_on(f, threads):
    for length in (0, 1, 2, 3, 40, 701):
        x = np.random.default_rng(7).normal(size=length)
        got, has_team = runs(f, lambda x=x: (x,), threads)
        assert has_team or length <= 8
        for a, b in zip(_flat(got), _flat(f(x)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


def test_adjoints_that_hand_numbers_on():
    x = np.random.default_rng(8).normal(size=3000)
    alone, _ = runs(chained_energy, lambda: (x,), 1, pg.grad)
    got, has_team = runs(chained_energy, lambda: (x,), 3, pg.grad)
    assert has_team
    np.testing.assert_array_equal(got, alone)


# ---- the team --------------------------------------------------------------------------------------------------------
TEAM = """
import os, threading, time
import numpy as np
import pathgrad as pg

def total(x):
    return np.sum(np.exp(x) * np.sin(x))

def other(x):
    return np.max(np.cos(x) * x)

def members():
    return len(os.listdir("/proc/self/task"))

pg.options(cache=False)
x = np.random.default_rng(1).normal(size=1_000_000)
f, g = pg.compile(total), pg.compile(other)
with pg.options(threads=1):
    alone = f(x), g(x)
time.sleep(0.1)  # the thread that has loaded LLVM ends
before = members()
wanted = {}
for threads in (2, 3, 5, 2):
    with pg.options(threads=threads):
        wanted[threads] = f(x), g(x)
        assert np.allclose(wanted[threads], alone, rtol=1e-13)
        print(members() - before)
# asleep, and awake again
time.sleep(0.1)
with pg.options(threads=3):
    print((f(x), g(x)) == wanted[3])
    wrong = []
    def call():
        wrong.extend(1 for _ in range(50) if (f(x), g(x)) != wanted[3])
    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers: caller.start()
    # forked while others are at work
    child = os.fork()
    if not child:
        os._exit(0 if (f(x), g(x)) == wanted[3] and members() == 3 else 1)
    print(os.waitpid(child, 0)[1])
    for caller in callers: caller.join()
time.sleep(0.1)
print(len(wrong), members() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads by /proc")
def test_a_process_has_one_team(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(TEAM), encoding="utf-8")
    # NumPy's own threads would be counted too
    surroundings = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=surroundings)
    assert done.stdout.split() == ["1", "2", "4", "4", "True", "0", "0", "4"], done.stderr
    assert done.returncode == 0


SLOW_PART = f"""{LONG}
# more parts than threads: the caller runs others when its own is done, and must still listen
pg.options(threads=2, cache=False)
f = pg.compile(long)
first = f(20_000, 0.5)
ended = []
for delay in (0.3, 2.5):
    start = time.monotonic()
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        f(6 * 10**7, 0.5)
    except KeyboardInterrupt:
        ended.append(time.monotonic() - start < delay + 1.0)
print(ended, f(20_000, 0.5) == first)
"""


def test_signals_in_every_part(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SLOW_PART), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[0] == "[True, True] True", done.stderr
