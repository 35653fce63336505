"""What a loop keeps for its backward sweep: nothing for sums, carried values where that sweep reads them."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.testing import check_grads

V = np.array([0.5, 1.2, 0.8, 1.5])
X = np.array([[0.1, 0.5], [-0.4, 0.2], [0.9, -0.8]])


def gradient_text(f, *arguments, argnums=0):
    return pg.transform(f, argnums=argnums, example=arguments).source


def keeps(text):
    return "_kept" in text or ".append(" in text


# ---- nothing is kept -------------------------------------------------------------------------------------------------
def sum_over_elements(v):
    total = 0.0
    for x in v:
        total += np.sin(x) * x
    return total


def sum_over_data(w, data):
    cost = 0.0
    for i in range(data.shape[0]):
        z = np.dot(data[i], w)
        cost += np.log1p(np.exp(-z))
    return cost / data.shape[0]


def sum_over_pairs(w, data):
    total = 0.0
    for i in range(data.shape[0]):
        for k in range(data.shape[1]):
            r = data[i, k] - w[k]
            total += r * r * r
    return total


def sum_with_a_branch(v):
    total = 0.0
    for x in v:
        if x > 1.0:
            total += x * x
        else:
            total -= np.exp(x)
    return total


def sum_by_index(v):
    total = 0.0
    for i in range(1, len(v)):
        total = total + v[i] * v[i - 1]
    return total


def two_sums(v):
    total, squares = 0.0, 0.0
    for x in v:
        total += x**3
        squares += x * x
    return total * squares


def sum_of_a_helper(v):
    total = 0.0
    for x in v:
        total += cost_of(x)
    return total


def cost_of(x):
    return np.exp(-x * x) * x


def linear_recurrence(x, n):
    for _ in range(n):
        x = 0.9 * x + 0.1
    return x


def linear_stencil(v, n):
    for _ in range(n):
        v[1:-1] = v[1:-1] + 0.1 * (v[2:] - 2.0 * v[1:-1] + v[:-2])
    return np.sum(v)


def writes_once(v):
    out = np.zeros_like(v)
    for i in range(len(v)):
        out[i] = v[i] * v[i]
    return np.sum(out)


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (sum_over_elements, (V,)),
        (sum_over_data, (np.array([0.3, -0.7]), X)),
        (sum_over_pairs, (np.array([0.3, -0.7]), X)),
        (sum_with_a_branch, (V,)),
        (sum_by_index, (V,)),
        (two_sums, (V,)),
        (sum_of_a_helper, (V,)),
        (linear_recurrence, (0.7, 5)),
        (linear_stencil, (V, 5)),
        (writes_once, (V,)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_nothing_is_kept(f, arguments):
    assert not keeps(gradient_text(f, *arguments))
    check_grads(f, arguments)


@pytest.mark.parametrize("f", [sum_over_elements, sum_by_index, two_sums, sum_of_a_helper])
def test_a_sum_is_one_pass(f):
    """Without its value, the gradient of a sum runs over the data once."""
    text = gradient_text(f, V)
    loops = [line for line in text.splitlines() if line.strip().startswith("for ")]
    assert len(loops) == (2 if f is two_sums else 1)


# ---- what is needed is kept ------------------------------------------------------------------------------------------
def product(v):
    total = 1.0
    for x in v:
        total = total * x
    return total


def logistic_map(x, n):
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x


def newton(a):
    x = 1.0
    while abs(x * x - a) > 1e-9:
        x = 0.5 * (x + a / x)
    return x


def two_unknowns(v):
    x = v[1]
    while abs(x * x - v[0]) > 1e-9:
        x = 0.5 * (x + v[0] / x)
    return x


def nonlinear_stencil(v, n):
    for _ in range(n):
        for i in range(1, len(v) - 1):
            v[i] = v[i] * v[i - 1] + 0.1 * v[i + 1]
    return np.sum(v)


def search(v, limit):
    total = 1.0
    for x in v:
        total = total * (1.0 + x)
        if total > limit:
            break
    return total * total


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (product, (V,)),
        (logistic_map, (0.3, 6)),
        (nonlinear_stencil, (V, 3)),
        (two_unknowns, (np.array([2.0, 1.5]),)),
        (search, (V, 4.0)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_what_the_backward_sweep_reads_is_kept(f, arguments):
    assert keeps(gradient_text(f, *arguments))
    check_grads(f, arguments)


def test_a_loop_of_one_number_carries_its_derivative():
    """Newton's iteration depends on one number: its derivative is computed beside it, and nothing is kept."""
    text = gradient_text(newton, 2.0)
    assert not keeps(text) and "x_dot" in text and text.count("while") == 1
    check_grads(newton, (2.0,))


def only_one_of_two(x, n):
    y = 0.0
    for _ in range(n):
        y = y + x
        x = x * x * 0.9
    return y


def test_only_what_is_read_is_kept():
    text = gradient_text(only_one_of_two, 0.7, 4)
    assert "x_kept" in text
    assert "y_kept" not in text
    check_grads(only_one_of_two, (0.7, 4))


def test_forward_mode_keeps_nothing():
    for f, arguments in ((product, (V,)), (nonlinear_stencil, (V, 3)), (newton, (2.0,))):
        assert not keeps(pg.transform(f, mode="forward", example=arguments).source)


def test_an_array_changed_in_a_loop_is_not_kept_whole():
    """Elements are kept, one for each write: the storage grows with the writes, not with writes times length."""
    text = gradient_text(nonlinear_stencil, V, 3)
    assert "v.copy())" not in text
