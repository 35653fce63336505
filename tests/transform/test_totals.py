"""Sums that are values, added up by the loop that computes their terms again for the gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Loop, check, evaluate

X = np.random.default_rng(4).normal(size=23)


def chained(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += (x[i + 1] - x[i] * x[i]) ** 2
    return total


def mean_of_squares(x):
    """What reads the sum comes after the loop that adds it now."""
    total = 1.0
    for i in range(len(x)):
        total += math.sin(x[i]) * x[i]
    mean = total / len(x)
    return 0.5 * mean + len(x)


def counted(x):
    """One sum is needed before the backward loop begins, the other one is not."""
    total, count = 0.0, 0.0
    for i in range(len(x)):
        total += math.sin(x[i]) * x[i]
        count += 1.0
    return total / count


def in_rows(x):
    """The sum goes through a loop inside."""
    total = 0.0
    for i in range(len(x)):
        row = 0.0
        for k in range(3):
            row += x[i] ** k
            total -= math.exp(row) * 0.1
        total += row * row
    return total


def until_converged(x):
    total = 0.0
    for i in range(len(x)):
        y = 1.0 + x[i] * x[i]
        root = y
        while abs(root * root - y) > 1e-13 * y:
            root = 0.5 * (root + y / root)
        total += root
    return total


def logarithm_of_a_sum(x):
    """The gradient needs the sum before it can begin."""
    total = 0.0
    for i in range(len(x)):
        total += math.exp(x[i])
    return math.log(total)


def carried_state(x):
    total, state = 0.0, 1.0
    for i in range(len(x)):
        state = state * 0.5 + math.sin(x[i])
        total += state * state
    return total


def two_sums(x):
    first = 0.0
    for i in range(len(x)):
        first += x[i] ** 3
    second = 0.0
    for i in range(len(x)):
        second += math.cos(x[i]) * first
    return first + second


ONE_LOOP = [chained, mean_of_squares, in_rows, until_converged]
OTHERS = [logarithm_of_a_sum, carried_state, two_sums, counted]


def loops(f, *arguments):
    both = pg.value_and_grad(f, backend="python")
    both(*arguments)
    program = both.example_entry("ir", (), {}).program
    check(program)
    return program, [s for s in program.body.statements if isinstance(s, Loop)]


@pytest.mark.parametrize("f", ONE_LOOP)
def test_there_is_one_loop(f):
    program, found = loops(f, X)
    assert len(found) == 1 and not found[0].reversed
    value, gradient = evaluate(program, X)
    assert value == f(X)
    np.testing.assert_allclose(gradient, pg.grad(f, backend="python")(X), rtol=1e-14)


@pytest.mark.parametrize(("f", "count"), [(logarithm_of_a_sum, 2), (carried_state, 2), (counted, 2)])
def test_sums_that_are_needed_before(f, count):
    _, found = loops(f, X)
    assert len(found) == count
    # all that is left of the forward loop
    carried = [p.name for p in found[0].params]
    assert f is not counted or carried == ["count"]


@pytest.mark.parametrize("f", [*ONE_LOOP, *OTHERS])
@pytest.mark.parametrize("length", [0, 1, 2, 23])
def test_values_keep_their_bits(f, length):
    x = X[:length].copy()
    if f in (mean_of_squares, logarithm_of_a_sum, counted) and not length:
        return
    value, gradient = pg.value_and_grad(f, backend="python")(x)
    assert value == f(x)
    np.testing.assert_allclose(gradient, pg.grad(f, backend="python")(x), rtol=1e-13)
    native, other = pg.value_and_grad(f)(x)
    assert native == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(other, gradient, rtol=1e-12)


def test_products_with_a_cotangent():
    value, pull = pg.vjp(chained, X)
    assert value == pytest.approx(chained(X), rel=1e-14)
    np.testing.assert_allclose(pull(2.0)[0], 2.0 * pg.grad(chained)(X), rtol=1e-13)


def test_second_derivatives():
    def slope(x):
        value, gradient = pg.value_and_grad(chained)(x)
        return value * np.sum(gradient * gradient)

    expected = pg.grad(lambda x: chained(x) * np.sum(pg.grad(chained)(x) ** 2))(X)
    np.testing.assert_allclose(pg.grad(slope)(X), expected, rtol=1e-12)


def test_the_source_has_one_loop():
    adjoint = pg.transform(chained, mode="reverse", example=(X,), form="value_and_gradient")
    assert sum(line.startswith("    for i in") for line in adjoint.source.splitlines()) == 1
