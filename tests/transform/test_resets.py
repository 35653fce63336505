"""Cotangents that are taken and given back: written once where nothing sees the zero, and not otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.ir import Const, Let, walk

X = np.linspace(0.5, 1.5, 9)


def decays(u, v):
    for i in range(1, len(u)):
        u[i] = u[i] - 0.5 * v[i] * u[i - 1]
    return np.sum(u * u)


def divided(u, v):
    for i in range(len(u) - 2, -1, -1):
        u[i] = (u[i] - v[i] * u[i + 1]) / (2.0 + v[i])
    return np.sum(u * u)


def anywhere(u, v, k):
    for i in range(len(u)):
        u[i] = u[i] * v[i] + u[k]
    return np.sum(u * u)


def before_the_start(u, v):
    """At i = 0 the neighbour is the last element."""
    for i in range(len(u)):
        u[i] = u[i] * v[i] + u[i - 1]
    return np.sum(u * u)


def overwritten(u, v):
    for i in range(1, len(u)):
        u[i] = v[i] * u[i - 1]
    return np.sum(u * u)


def zeroed(function: Callable[..., Any], *arguments: Any) -> int:
    """How many writes of zero into an element the adjoint has."""
    program = pg.transform(function, mode="reverse", argnums=(0, 1), example=arguments).program
    writes = [s for s in walk(program.body) if isinstance(s, Let) and s.op.name == "store" and s.role == "adjoint"]
    return sum(isinstance(s.args[1], Const) and s.args[1].value == 0 and s.params["index"].is_element for s in writes)


def agrees(function: Callable[..., Any], *arguments: Any) -> None:
    def given() -> list[Any]:
        return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]

    found = pg.grad(function, (0, 1))(*given())
    with pg.options(backend="python"):
        wanted = pg.grad(function, (0, 1))(*given())
    for k in range(2):
        step = np.zeros_like(X)
        for j in range(len(X)):
            step[:] = 0.0
            step[j] = 1e-6
            up, down = given(), given()
            up[k] = up[k] + step
            down[k] = down[k] - step
            slope = (function(*up) - function(*down)) / 2e-6
            assert found[k][j] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        assert np.allclose(found[k], wanted[k], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("function", [decays, divided])
def test_an_element_that_keeps_some_of_its_own_is_written_once(function: Callable[..., Any]) -> None:
    assert zeroed(function, X, X + 1.0) == 0
    agrees(function, X, X + 1.0)


def test_an_element_that_may_be_the_other_one_is_zeroed_first() -> None:
    for k in (0, 4, 8, -1):
        assert zeroed(anywhere, X, X, k) == 1
        agrees(anywhere, X, X, k)


def test_positions_that_may_count_from_the_end_are_zeroed_first() -> None:
    assert zeroed(before_the_start, X, X) == 1
    agrees(before_the_start, X, X)


def test_an_element_that_keeps_nothing_stays_zero() -> None:
    assert zeroed(overwritten, X, X) == 1
    agrees(overwritten, X, X)
