"""Writes that are computed in one pass with what they read of their own array: where that is right, and where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg

M = np.random.default_rng(0).normal(size=(12, 12)) + 12.0 * np.eye(12)
X = np.linspace(0.5, 1.5, 20)


def eliminate(matrix):
    a = matrix.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return a[n - 1, n - 1]


def update(x):
    y = x.copy()
    for _ in range(3):
        y[1:] = y[1:] * y[1:] + 1.0 / y[1:]
    return np.sum(y)


def above(matrix):
    a = matrix.copy()
    for i in range(1, len(a)):
        a[i] += 0.5 * a[i - 1]
    return np.sum(a * a)


def shift(x):
    y = x.copy()
    for _ in range(3):
        y[1:] = y[:-1] * 2.0 + y[1:]
    return np.sum(y * y)


def some_row(matrix, j):
    a = matrix.copy()
    for i in range(len(a)):
        a[i] -= 0.5 * a[j]
    return np.sum(a * a)


def last_row(matrix):
    a = matrix.copy()
    for i in range(len(a)):
        a[i] -= 0.5 * a[-1]
    return np.sum(a * a)


def mirrored(matrix):
    a = matrix.copy()
    n = len(a)
    for i in range(n):
        a[i] += 0.5 * a[n - 1 - i]
    return np.sum(a * a)


def transposed(matrix):
    a = matrix.copy()
    for _ in range(2):
        a[:, :] = a.T * 0.5 + a
    return np.sum(a * a)


def one_for_all(x):
    y = x.copy()
    for _ in range(2):
        y[:] = y[0:1] * 0.5 + y
    return np.sum(y * y)


def allocations(function: Callable[..., Any], *arguments: Any) -> int:
    with pg.options(threads=1):
        text = pg.compile(function).inspect("llvm", *arguments)
    own = text[text.index("define i32 @pg_main") :]
    return own[: own.index("\n}")].count("= call noalias ptr @pg_allocate")


@pytest.mark.parametrize(("function", "arguments"), [(eliminate, (M,)), (update, (X,)), (above, (M,))])
def test_a_write_that_leaves_alone_what_it_reads_needs_no_array(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    assert allocations(function, *arguments) == 1  # the copy of the argument
    _agrees(function, arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (shift, (X,)),
        (some_row, (M, 2)),
        (some_row, (M, -1)),
        (last_row, (M,)),
        (mirrored, (M,)),
        (transposed, (M,)),
        (one_for_all, (X,)),
    ],
)
def test_a_write_over_what_it_reads_is_computed_first(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    assert allocations(function, *arguments) > 1
    _agrees(function, arguments)


def _agrees(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    assert pg.compile(function)(*arguments) == pytest.approx(function(*arguments), rel=1e-13)
    with pg.options(backend="python"):
        wanted = pg.grad(function)(*arguments)
    assert np.allclose(pg.grad(function)(*arguments), wanted, rtol=1e-12, atol=1e-12)


def busy(x):
    x[:] = np.sin(x) * np.exp(-x) + x * x - np.cos(x) / (1.0 + x * x) + 0.5 * x
    return np.sum(x)


def busy_neighbours(x):
    x[1:] = np.sin(x[1:]) * np.exp(-x[:-1]) + x[1:] * x[1:] - np.cos(x[1:]) / (1.0 + x[1:] * x[1:])
    return np.sum(x)


@pytest.mark.parametrize("function", [busy, busy_neighbours])
def test_on_several_threads_too(function: Callable[..., Any]) -> None:
    x = np.random.default_rng(1).uniform(0.0, 1.0, 300_000)
    wanted, given = x.copy(), x.copy()
    total = function(wanted)
    with pg.options(threads=2):
        found = pg.compile(function)(given)
    assert np.allclose(given, wanted, rtol=1e-13, atol=1e-15)
    assert found == pytest.approx(total, rel=1e-12)


def test_rows_are_taken_in_narrow_vectors_and_whole_arrays_in_wide_ones() -> None:
    def width(function: Callable[..., Any], *arguments: Any) -> str:
        text = pg.compile(function).inspect("llvm", *arguments)
        head = next(line for line in text.split("\n") if line.startswith("define i32 @pg_main"))
        number = head[head.rindex("#") : head.rindex(" {")]
        line = next(line for line in text.split("\n") if line.startswith(f"attributes {number} "))
        return line.split('"prefer-vector-width"=')[1].split('"')[1]

    assert width(above, M) == "256"
    assert width(lambda x: np.sum(x * x), X) == "512"
