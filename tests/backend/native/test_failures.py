"""Where native code fails: NumPy's words, the user's line, nothing leaked, and the next call works."""

from __future__ import annotations

import inspect
import resource
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import ShapeError

V = np.arange(1.0, 6.0)


def beyond(v):
    total = 0.0
    for i in range(len(v)):
        total = total + v[i + 1] * 2.0
    return total


def before(v):
    return v[-6] * 2.0


def nested(v):
    total = 0.0
    for i in range(3):
        for j in range(4):
            total = total + v[i * j] * v[0]
    return total


def written(v):
    w = v * 1.0
    for i in range(10):
        w[2 * i] = w[i] + 1.0
    return w[0]


def helper_reads(w, k):
    return w[k]


def in_a_helper(v):
    return helper_reads(v * 2.0, 7) + v[0]


def matrix_row(v):
    a = v[:, None] * v[None, :]
    return a[1, 5] + a[0, 0]


INDEX = {
    beyond: ("index 5 is out of bounds for axis 0 with size 5", 3),
    before: ("index -6 is out of bounds for axis 0 with size 5", 1),
    nested: ("index 6 is out of bounds for axis 0 with size 5", 4),
    written: ("index 6 is out of bounds for axis 0 with size 5", 3),
    matrix_row: ("index 5 is out of bounds for axis 1 with size 5", 2),
}


@pytest.mark.parametrize("f", INDEX, ids=lambda f: f.__name__)
def test_positions_outside_name_the_users_line_in_numpys_words(f: Callable[..., Any]) -> None:
    words, line = INDEX[f]
    with pytest.raises(IndexError, match=words):
        f(V)
    for derived in (pg.compile(f), pg.grad(f), pg.value_and_grad(f)):
        for _ in range(2):
            with pytest.raises(IndexError, match=words) as caught:
                derived(V)
            assert f"{__file__}:{inspect.getsourcelines(f)[1] + line}: " in str(caught.value)


def test_positions_outside_in_a_helper() -> None:
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 5") as caught:
        pg.compile(in_a_helper)(V)
    assert f"{__file__}:{inspect.getsourcelines(helper_reads)[1] + 1}: " in str(caught.value)


def sliced(v, k):
    return np.sum(v[k:]) + np.sum(v[:k]) * 2.0 + np.sum(v[k : k + 2]) * 3.0 + np.sum(v[::-2][k:]) * 5.0


@pytest.mark.parametrize("k", [-9, -6, -5, -4, -1, 0, 1, 4, 5, 6, 9, 2**62, -(2**62)])
def test_slices_never_fail(k: int) -> None:
    assert pg.compile(sliced)(V, k) == pytest.approx(sliced(V, k), rel=1e-14)


def added(v, w):
    return np.sum(v + w)


def assigned(v, w):
    u = v * 1.0
    u[1:] = w
    return np.sum(u)


def product(v, w):
    return np.sum(v[:, None] @ w[None, :, None])


@pytest.mark.parametrize("f", [added, assigned], ids=lambda f: f.__name__)
def test_shapes_that_do_not_fit(f: Callable[..., Any]) -> None:
    fits = V if f is added else V[1:]
    for derived in (pg.compile(f), pg.value_and_grad(f)):
        derived(V, fits)
        for _ in range(2):
            with pytest.raises(ValueError, match="broadcast"):
                derived(V, V[:2])
            with pytest.raises(ShapeError, match="arguments are v: an array of shape"):
                pg.value_and_grad(f)(V, V[:3])
        derived(V, fits)


def room(x, n):
    return np.sum(np.zeros(n) + x)


def large(x, n):
    return np.sum(np.ones((n, n)) * x + np.arange(float(n)))


def test_lengths_that_cannot_be() -> None:
    for derived in (pg.compile(room), pg.grad(room)):
        assert np.isfinite(derived(1.0, 3))
        with pytest.raises(ValueError, match="negative dimensions are not allowed"):
            derived(1.0, -1)
        assert np.isfinite(derived(1.0, 3))


def filled(x, n):
    a = np.empty((n, n))
    a[0, 0] = x
    return a[0, 0] + a.T[0, 0]


@pytest.mark.parametrize("n", [2**28, 2**31, 2**33, 2**40, 2**62])
def test_sizes_that_no_machine_has(n: int) -> None:
    compiled = pg.compile(filled)
    for _ in range(2):
        with pytest.raises((MemoryError, ValueError)):
            compiled(1.0, n)
    assert compiled(1.0, 2) == 2.0


# ---- integers --------------------------------------------------------------------------------------------------------
def divided(a, b):
    return a // b


def left_over(a, b):
    return a % b


def powers(a, b):
    return a**b


INTEGERS = np.array([0, 1, -1, 2, -2, 7, -7, 2**62, 2**63 - 1, -(2**63)])


@pytest.mark.parametrize("f", [divided, left_over])
def test_integer_division(f: Callable[..., Any]) -> None:
    a, b = (x.ravel() for x in np.meshgrid(INTEGERS, INTEGERS))
    with np.errstate(all="ignore"):
        wanted = f(a, b)
    assert np.array_equal(pg.compile(f)(a, b), wanted)


@pytest.mark.parametrize(
    ("a", "b"), [(0.0, 0.0), (-8.0, 1 / 3), (0.0, -1.0), (-0.0, -1.0), (np.nan, 0.0), (1.0, np.nan)]
)
def test_powers_of_floats(a: float, b: float) -> None:
    with np.errstate(all="ignore"):
        wanted = np.float64(a) ** np.float64(b)
    assert np.array_equal(pg.compile(powers)(a, b), wanted, equal_nan=True)


def whole(x):
    return int(x)


def spaced(a, b, c):
    return np.arange(a, b, c)


def far_apart(v):
    return v[:: 2**63 - 1], v[3 : 0 : -(2**63)]


def test_what_has_no_integer_or_no_length_is_refused() -> None:
    compiled = pg.compile(whole)
    assert (compiled(2.7), compiled(-2.7), compiled(-(2.0**63))) == (2, -2, -(2**63))
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        compiled(np.nan)
    for x in (np.inf, -np.inf, 1e30, 2.0**63):
        with pytest.raises(OverflowError, match="does not fit into an integer of 64 bits"):
            compiled(x)
    assert np.array_equal(pg.compile(spaced)(0.0, 1.0, 0.25), spaced(0.0, 1.0, 0.25))
    for step in (0.0, np.nan, 1e-300):
        with pytest.raises(ValueError, match="number of elements is not finite, or too large"):
            pg.compile(spaced)(0.0, 1.0, step)
    for one, other in zip(pg.compile(far_apart)(V), far_apart(V), strict=True):
        assert np.array_equal(one, other)


# ---- nothing is leaked -----------------------------------------------------------------------------------------------
def keeps(v, k):
    total = 0.0
    w = v * 2.0
    rows = np.zeros((3, 40))
    for i in range(6):
        w = w * 1.5 + rows[i % 3, :5]
        u = np.sin(w)
        while np.sum(u) > -1.0:
            u = u - w
            if u[0] < -3.0:
                break
        total = total + np.sum(u) + w[i * k]
    return total


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_failing_calls_leak_nothing() -> None:
    a = np.arange(1.0, 400.0)

    def fails(v, k):
        w = np.sin(v * 2.0)
        for i in range(3):
            w = w + v[i] * np.cos(w)
            w[i * k] = 0.5
        return np.sum(w)

    derived = pg.grad(fails)
    assert np.shape(derived(a, 1)) == a.shape

    def fail(times: int) -> None:
        for _ in range(times):
            with pytest.raises(IndexError):
                derived(a, 300)

    fail(200)
    at_first = _resident()
    fail(5000)
    assert _resident() - at_first < 4000, "kilobytes"
    assert np.shape(derived(a, 1)) == a.shape


def test_calls_leak_nothing() -> None:
    derived, compiled = pg.value_and_grad(keeps), pg.compile(keeps)
    wanted = keeps(V, 0)
    for _ in range(500):
        derived(V, 0)
    at_first = _resident()
    for _ in range(10_000):
        assert compiled(V, 0) == wanted or compiled(V, 0) == pytest.approx(wanted, rel=1e-12)
        derived(V, 0)
    assert _resident() - at_first < 4000, "kilobytes"


def test_large_results_are_freed() -> None:
    compiled = pg.compile(lambda v: v * 2.0)
    v = np.ones(1_000_000)
    compiled(v)
    at_first = _resident()
    for _ in range(100):
        compiled(v)
    assert _resident() - at_first < 40_000, "kilobytes"


def undefined(v):
    w = np.empty(5)
    w[:4] = v[:4]
    return np.sum(w)


def test_reads_of_what_was_never_written_are_seen() -> None:
    with pg.options(poison=True):
        assert np.isnan(pg.compile(undefined)(V))


# ---- recursion and threads -------------------------------------------------------------------------------------------
def deep(x, n):
    if n <= 0:
        return x
    return deep(x * 0.999 + 0.001, n - 1) * 1.0


def test_recursion_too_deep() -> None:
    compiled = pg.compile(deep)
    assert compiled(1.0, 500) == deep(1.0, 500)
    for _ in range(2):
        with pytest.raises(RecursionError, match="deep"):
            compiled(1.0, 10_000_000)
    assert compiled(1.0, 500) == deep(1.0, 500)


def slow(v, n):
    total = 0.0
    for i in range(n):
        w = np.sin(v * (1.0 + i))
        total = total + np.sum(w * w)
    return total


def test_threads_may_call_one_function_at_once() -> None:
    derived = pg.value_and_grad(slow)
    starts = [np.linspace(0.0, 1.0 + k, 50) for k in range(6)]
    wanted = [derived(v, 20) for v in starts]
    found: dict[int, list[Any]] = {k: [] for k in range(6)}
    errors: list[BaseException] = []

    def run(k: int) -> None:
        try:
            for _ in range(30):
                found[k].append(derived(starts[k], 20))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    for k, values in found.items():
        assert len(values) == 30
        for value, derivative in values:
            assert value == wanted[k][0]
            assert np.array_equal(derivative, wanted[k][1])


def test_functions_are_called_while_others_are_compiled() -> None:
    ready = pg.compile(slow)
    wanted = ready(V, 10)
    errors: list[BaseException] = []
    results: list[float] = []

    def compiles() -> None:
        try:
            for k in range(4):
                f = pg.grad(lambda v, k=k: np.sum(np.sin(v) ** (2 + k)))
                assert f(V).shape == V.shape
        except BaseException as error:
            errors.append(error)

    def calls() -> None:
        try:
            results.extend(ready(V, 10) for _ in range(300))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=target) for target in (compiles, calls, compiles, calls)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert results == [wanted] * 600


def test_one_function_is_first_called_by_several_threads() -> None:
    derived = pg.grad(slow)
    found: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            found.append(derived(V, 5))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert len(found) == 4
    assert all(np.array_equal(x, found[0]) for x in found)
