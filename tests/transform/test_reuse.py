"""Cotangents in the place of what was kept: where each element is read before it is written, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Let, walk

X = np.linspace(0.5, 1.4, 12)


def product(x):
    p = 1.0
    for i in range(len(x)):
        p = p * x[i]
    return p


def powers(x):
    """Two arrays are kept, and one cotangent is written."""
    p, q = 1.0, 0.5
    for i in range(len(x)):
        p, q = p * x[i] + q, q * p
    return p * q


def first_ones(x, n):
    """The last elements of the cotangent are zero."""
    p = 1.0
    for i in range(n):
        p = p * x[i] * x[i]
    return p


def backward(x):
    """Kept by iteration, written by element: not the same place."""
    p = 1.0
    for i in range(len(x) - 1, -1, -1):
        p = p * x[i] + np.sin(p)
    return p


def arrays(function: Callable[..., Any], *arguments: Any) -> int:
    """How many arrays the adjoint makes."""
    program = pg.transform(function, mode="reverse", argnums=0, example=arguments).program
    made = ("empty", "zeros", "zeros_like")
    return sum(isinstance(s, Let) and s.op.name in made and s.target.type.is_array for s in walk(program.body))


@pytest.mark.parametrize(
    ("function", "arguments", "wanted"),
    [(product, (X,), 1), (powers, (X,), 2), (backward, (X,), 2), (first_ones, (X, 7), 2)],
)
def test_what_was_kept_is_written_over_where_it_is_read_first(
    function: Callable[..., Any], arguments: tuple[Any, ...], wanted: int
) -> None:
    assert arrays(function, *arguments) == wanted
    given = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    found = pg.grad(function)(*given)
    with pg.options(backend="python"):
        assert np.allclose(pg.grad(function)(*given), found, rtol=1e-13)
    assert np.array_equal(given[0], X)
    for j in range(len(X)):
        up, down = X.copy(), X.copy()
        up[j] += 1e-6
        down[j] -= 1e-6
        slope = (function(up, *arguments[1:]) - function(down, *arguments[1:])) / 2e-6
        assert found[j] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_second_derivatives_find_what_they_need() -> None:
    h = pg.hessian(product)(X[:5])
    for i in range(5):
        for j in range(5):
            wanted = 0.0 if i == j else product(np.delete(X[:5], [i, j]))
            assert h[i, j] == pytest.approx(wanted, rel=1e-12)
