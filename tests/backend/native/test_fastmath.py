"""Arithmetic that may be rearranged: asked for only, and right up to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg


def quotients(x, y):
    total = 0.0
    for k in range(len(x)):
        total = total * 0.5 + x[k] / y + (x[k] - 1.0) / y
    return total


X = np.linspace(0.5, 2.5, 40)


def test_the_default_is_the_program_s_own_order() -> None:
    assert "arcp" not in pg.compile(quotients).inspect("llvm", X, 1.7)


def test_fastmath_rearranges_and_agrees_up_to_rounding() -> None:
    plain, exact = quotients(X, 1.7), pg.grad(quotients)(X, 1.7)
    with pg.options(fastmath=True):
        fast, gradient = pg.compile(quotients), pg.grad(quotients)
        assert fast(X, 1.7) == pytest.approx(plain, rel=1e-13)
        assert gradient(X, 1.7) == pytest.approx(exact, rel=1e-13)
        assert "fdiv reassoc nsz arcp contract afn double" in fast.inspect("llvm", X, 1.7)


def test_nan_and_infinities_keep_their_meaning() -> None:
    with pg.options(fastmath=True):
        fast = pg.compile(quotients)
        assert np.isnan(fast(np.full(40, np.nan), 1.7))
        assert fast(np.full(40, np.inf), 1.7) == np.inf
