"""Recurrences of derivatives: what waits for the iteration before is multiplied and added last, in one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg

N = 40
RANDOM = np.random.default_rng(3)
U, V, W = (RANDOM.uniform(0.5, 1.5, N) for _ in range(3))


def substituted(u, v, w):
    """Two labels on the way from one iteration to the next."""
    for i in range(len(u) - 2, -1, -1):
        u[i] = (u[i] - v[i] * u[i + 1]) / w[i]
    return np.sum(u * u)


def eliminated(u, v, w):
    """Two paths to each of two arrays: one operation for each."""
    for i in range(1, len(u)):
        factor = v[i - 1] / u[i - 1]
        u[i] = u[i] - factor * w[i - 1]
        w[i] = w[i] - factor * w[i - 1]
    return np.sum(u * u) + np.sum(w)


def smoothed(u, v, w):
    """One label: one operation as it is written."""
    for i in range(1, len(u)):
        u[i] = u[i] + v[i] * u[i - 1]
    return np.sum(u * w)


def two_back(u, v, w):
    """The iteration after the next."""
    for i in range(2, len(u)):
        u[i] = u[i] - 0.3 * v[i] * u[i - 2] / w[i]
    return np.sum(u * u)


def bent(u, v, w):
    """Not linear in what is handed on only where the value is: the adjoint is; in strips, and in what is left over."""
    for i in range(1, len(u)):
        u[i] = np.sin(u[i - 1]) * v[i] / w[i]
    return np.sum(u * u)


def fused(function: Callable[..., Any]) -> int:
    text = pg.grad(function, (0, 1, 2)).inspect("llvm", U, V, W)
    own = text[text.index("define i32 @pg_main") :]
    return own[: own.index("\n}")].count("@llvm.fmuladd.f64")


@pytest.mark.parametrize(
    ("function", "operations"), [(substituted, 1), (eliminated, 4), (smoothed, 0), (two_back, 0), (bent, 2)]
)
def test_a_long_chain_is_one_operation(function: Callable[..., Any], operations: int) -> None:
    assert fused(function) == operations
    found = pg.grad(function, (0, 1, 2))(U.copy(), V.copy(), W.copy())
    with pg.options(backend="python"):
        wanted = pg.grad(function, (0, 1, 2))(U.copy(), V.copy(), W.copy())
    for a, b in zip(found, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_short_loops(n: int) -> None:
    given = U[:n], V[:n], W[:n]
    found = pg.grad(substituted, (0, 1, 2))(*(a.copy() for a in given))
    with pg.options(backend="python"):
        wanted = pg.grad(substituted, (0, 1, 2))(*(a.copy() for a in given))
    for a, b in zip(found, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-13)
