"""Nests that are executed several outer iterations at a time: which ones, and that every bit is as before."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.frontend import read, source_of, spec_of
from pathgrad.ir import Const, Loop, check, evaluate, walk
from pathgrad.transform.jam import jammed
from pathgrad.transform.nests import TOGETHER
from pathgrad.transform.reverse import reverse

A = np.random.default_rng(2).normal(size=(13, 13))
PACKED = np.random.default_rng(3).normal(size=(3, 13 * 14 // 2))


def below(a, x):
    y = x.copy()
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            y[j] += a[i, j] * x[i]
    return y


def all_of_it(a, x):
    y = np.zeros(len(x))
    for i in range(1, len(x)):
        for j in range(len(x)):
            y[j] += a[i, j] * x[i]
    return y


def with_a_sum(a, x):
    """The inner loop has a sum of its own, which is stored after it; numbers come before it."""
    y, z = np.zeros(len(x)), np.zeros(len(x))
    for i in range(len(x)):
        double = 2.0 * x[i]
        total = 0.0
        for j in range(i, len(x)):
            y[j] += a[i, j] * double
            total += a[j, i]
        z[i] = total * double
    return y, z


def packed(rows, x):
    """Positions are counted by a loop around; after counters have become sums of indices they are no state."""
    total = 0.0
    for k in range(len(rows)):
        y = np.zeros(len(x))
        p = 0
        for i in range(len(x)):
            for j in range(i + 1, len(x)):
                y[j] += rows[k, p] * x[i]
                p += 1
        for i in range(len(x)):
            total += y[i] * y[i]
    return total


# ---- elements that move with the outer index -------------------------------------------------------------------------
def moves_on(a, x):
    y = np.zeros(2 * len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[i + j] += a[i, j] * x[i]
    return y


def moves_back(a, x):
    y, n = np.zeros(2 * len(x)), len(x)
    for i in range(n):
        for j in range(n):
            y[j + (n - i)] += a[i, j] * x[i]
    return y


def moves_on_and_stops_earlier(a, x):
    """All inner loops stop at the same element."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(len(x) - i):
            y[i + j] += a[i, j] * x[i]
    return y


def moves_back_and_starts_later(a, x):
    """All inner loops start at the same element."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(i, len(x)):
            y[j - i] += a[i, j] * x[i]
    return y


def stops_later(a, x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(i):
            y[j] += a[i, j] * x[i]
    return y


def starts_after_the_end(a, x):
    """The inner loop's start may pass its end."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(i + 3, len(x)):
            y[j] += a[i, j] * x[i]
    return y


def two_arrays_and_a_sum(a, x):
    """A row of one array and a vector move alike; each iteration has a sum."""
    y, z, totals = np.zeros((3, 2 * len(x))), np.zeros(2 * len(x) + 1), np.zeros(len(x))
    for i in range(len(x)):
        total = 1.0
        for j in range(len(x)):
            y[2, i + j] += a[i, j] * x[i]
            z[i + j + 1] += a[j, i]
            total += a[i, j] * x[j]
        totals[i] = total
    return y, z, totals


# ---- with few taps: their adjoints add to elements that move ---------------------------------------------------------
def filtered(taps, signal):
    n = len(signal) - len(taps) + 1
    y = np.zeros(n)
    for b in range(len(taps)):
        for i in range(n):
            y[i] += taps[b] * signal[i + b]
    total = 0.0
    for i in range(n):
        total += y[i] ** 3
    return total


def filtered_backward(taps, signal):
    n, last = len(signal) - len(taps) + 1, len(taps) - 1
    y = np.zeros(n)
    for b in range(len(taps)):
        for i in range(n):
            y[i] += taps[b] * signal[i + (last - b)]
    total = 0.0
    for i in range(n):
        total += y[i] ** 3
    return total


def convolved(kernel, image):
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            pixel = 0.0
            for a in range(kernel.shape[0]):
                for b in range(kernel.shape[1]):
                    pixel += kernel[a, b] * image[i + a, j + b]
            total += pixel * pixel
    return total


# ---- to be left alone ------------------------------------------------------------------------------------------------
def reads_what_it_writes(a, x):
    y = x.copy()
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            y[j] += a[i, j] * y[i]
    return y


def one_element(a, x):
    """All inner iterations add to one element: their order would change."""
    y = np.zeros(2)
    for i in range(len(x)):
        for j in range(len(x)):
            y[1] += a[i, j]
    return y


def carries_a_number(a, x):
    y = np.zeros(len(x))
    factor = 1.0
    for i in range(len(x)):
        for j in range(len(x)):
            y[j] += factor * a[i, j]
            factor = 0.5 * factor + x[j]
    return y


def goes_on_with_the_last(a, x):
    """An iteration reads what the one before has added up."""
    y, last = np.zeros(len(x)), 0.0
    for i in range(len(x)):
        total = 0.0
        for j in range(len(x)):
            y[j] += a[i, j] * last
            total += a[i, j]
        last = total
    return y


def counts_from_the_end(a, x):
    """An element has two names."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(-1, len(x)):
            y[j] += a[i, j] * x[i]
    return y


def moves_below_zero(a, x):
    y = np.zeros(2 * len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[j - i] += a[i, j] * x[i]
    return y


def moves_apart(a, x):
    y, z = np.zeros(2 * len(x)), np.zeros(len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[i + j] += a[i, j]
            z[j] += a[i, j]
    return y, z


def moves_by_two(a, x):
    y = np.zeros(3 * len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[2 * i + j] += a[i, j] * x[i]
    return y


def every_other(a, x):
    y = np.zeros(3 * len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[i + 2 * j] += a[i, j] * x[i]
    return y


def moves_in_two_axes(a, x):
    y = np.zeros((2 * len(x), len(x)))
    for i in range(len(x)):
        for j in range(len(x)):
            y[i + j, i] += a[i, j] * x[i]
    return y


def moves_and_is_read(a, x):
    y = np.zeros(2 * len(x))
    for i in range(len(x)):
        for j in range(len(x)):
            y[i + j] += a[i, j] * y[j]
    return y


JAMMED = [
    below, all_of_it, with_a_sum, moves_on, moves_back, moves_on_and_stops_earlier, moves_back_and_starts_later,
    stops_later, starts_after_the_end, two_arrays_and_a_sum,
]  # fmt: skip
LEFT_ALONE = [
    reads_what_it_writes, one_element, carries_a_number, goes_on_with_the_last, counts_from_the_end, moves_below_zero,
    moves_apart, moves_by_two, every_other, moves_in_two_axes, moves_and_is_read,
]  # fmt: skip


def primal(f, *arguments):
    named, lengths = dict(zip(inspect.signature(f).parameters, arguments, strict=True)), {}
    specs = {name: spec_of(value, lengths, name, 8) for name, value in named.items()}
    return read(source_of(f), specs, named.__getitem__).program


def flat(values):
    return values if isinstance(values, tuple | list) else (values,)


def bits(values):
    return [np.asarray(v).tobytes() for v in flat(values)]


def groups(program):
    """The loops that have several iterations of another loop in each of theirs."""
    return [s for s in walk(program.body) if isinstance(s, Loop) and isinstance(s.start, Const) and s.index.name == "k"]


@pytest.mark.parametrize("f", JAMMED)
@pytest.mark.parametrize("n", [9, 10, 11, 12, 13])
def test_the_same_bits(f, n):
    arguments = A[:n, :n], A[0, :n]
    program = primal(f, *arguments)
    other = check(jammed(program))
    assert other is not program
    assert groups(other)
    assert bits(evaluate(other, *arguments)) == bits(evaluate(program, *arguments))
    for few in range(TOGETHER + 2):
        short = A[:few, :few], A[0, :few]
        assert bits(evaluate(other, *short)) == bits(evaluate(program, *short))


@pytest.mark.parametrize("f", LEFT_ALONE)
def test_left_alone(f):
    program = primal(f, A, A[0])
    assert jammed(program) is program


@pytest.mark.parametrize("f", [*JAMMED, *LEFT_ALONE])
def test_native_code_agrees(f):
    for n in (0, 1, 3, 9, 12, 13):
        a, x = A[:n, :n].copy(), A[0, :n].copy()
        for got, wanted in zip(flat(pg.compile(f)(a, x)), flat(f(a, x)), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_the_counter_of_a_packed_triangle():
    x = A[0].copy()
    program = pg.transform(packed, argnums=(0, 1), example=(PACKED, x)).program
    other = check(jammed(program))
    assert groups(other)
    for one, two in zip(evaluate(other, PACKED, x), evaluate(program, PACKED, x), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-14)
    native = pg.grad(packed, (0, 1))(PACKED, x)
    for one, two in zip(native, evaluate(program, PACKED, x), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12)


FEW = [0, 1, 2, 3, 4, 5, 8, 13]


def adjoint(f, *arguments):
    """With lengths up to eight known, as in native code."""
    return reverse(primal(f, *arguments), (0, 1), "gradient", False)


@pytest.mark.parametrize("f", [filtered, filtered_backward])
@pytest.mark.parametrize("taps", range(1, 10))
def test_filters(f, taps):
    """Up to eight taps all run side by side; of nine their number is not known, and so few tests all smaller ones."""
    random = np.random.default_rng(taps)
    program = adjoint(f, random.normal(size=taps), random.normal(size=40))
    other = check(jammed(program))
    assert bool(groups(other)) == (taps > 1)
    for few in range(1, taps + 4) if taps > 8 else [taps]:
        for n in FEW:
            arguments = random.normal(size=few), random.normal(size=n + few - 1)
            assert bits(evaluate(other, *arguments)) == bits(evaluate(program, *arguments))


@pytest.mark.parametrize("taps", [1, 2, 3, 5, 8, 9])
def test_convolution(taps):
    random = np.random.default_rng(taps)
    program = adjoint(convolved, random.normal(size=(taps, taps)), random.normal(size=(20, 20)))
    other = check(jammed(program))
    assert bool(groups(other)) == (taps > 1)
    for n in FEW[:-1]:
        arguments = random.normal(size=(taps, taps)), random.normal(size=(taps + 1, taps + n - 1))
        assert bits(evaluate(other, *arguments)) == bits(evaluate(program, *arguments))


@pytest.mark.parametrize("f", [filtered, filtered_backward, convolved])
@pytest.mark.parametrize("taps", [2, 5, 9])
def test_native_filters_agree(f, taps):
    gradient, random = pg.grad(f, (0, 1)), np.random.default_rng(taps)
    for n in FEW:
        shapes = [(taps,), (taps + n - 1,)] if f is not convolved else [(taps, taps), (taps + n, taps + n - 1)]
        arguments = [random.normal(size=shape) for shape in shapes]
        with pg.options(backend="python"):
            wanted = pg.grad(f, (0, 1))(*arguments)
        for one, two in zip(gradient(*arguments), wanted, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)
