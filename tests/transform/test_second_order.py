"""Second and third derivatives through loops that keep values: forward over reverse and reverse over reverse agree."""

from __future__ import annotations

import numpy as np
import pytest

import pathgrad as pg

V = np.array([0.5, 1.2, 0.8])


def logistic_map(x):
    for _ in range(4):
        x = 2.9 * x * (1.0 - x)
    return x


def product(v):
    total = 1.0
    for x in v:
        total = total * np.sin(x)
    return total


def nested(v):
    total = 1.0
    for i in range(len(v)):
        for k in range(i + 1):
            total = total * v[k] + v[i]
    return total


def while_loop(x):
    n = 0
    while x < 20.0 and n < 6:
        x = x * x + 0.5
        n += 1
    return x


def newton(a):
    x = 1.0
    while abs(x * x * x - a) > 1e-10:
        x = x - (x * x * x - a) / (3.0 * x * x)
    return x


def early_exit(v):
    total = 1.0
    for x in v:
        total = total * (1.0 + x * x)
        if total > 3.0:
            return total * x
    return total


def break_and_continue(v):
    total = 1.0
    for i in range(10):
        if i == 1:
            continue
        total = total * v[i % 3] + v[0] ** 2
        if total > 4.0:
            break
    return total


def in_place(v):
    for _ in range(2):
        for i in range(1, len(v)):
            v[i] = v[i] * v[i - 1] + np.sin(v[i])
    return np.sum(v * v)


def slices_in_place(v):
    for _ in range(3):
        v[1:] = v[1:] * v[:-1]
        v *= 1.1
    return np.sum(v)


def swapped(v):
    u, w = v.copy(), v * v
    for _ in range(3):
        for i in range(len(v)):
            w[i] = u[i] * u[0] + w[i] * 0.5
        u, w = w, u
    return u @ w


def branches_in_a_loop(v):
    total = v[0]
    for x in v:
        if total > 1.0:
            total = total * x
        else:
            total = total * total + x
    return total


def scale(x, factor):
    for _ in range(2):
        x = x * x * factor
    return x


def helper_with_a_loop(v):
    total = 0.0
    for x in v:
        total = total * x + scale(x, v[0])
    return total


def power(x, n):
    return x if n == 1 else x * power(x, n - 1) + x


def recursion(x):
    return power(x, 4)


def arrays_in_a_loop(v):
    a = np.outer(v, v)
    for _ in range(2):
        a = a @ a * 0.1 + np.tanh(a)
    return np.sum(a)


def fill(target, v):
    for i in range(len(v)):
        target[i] = v[i] ** 3 * target[i - 1]


def helper_fills(v):
    out = np.ones(3)
    for _ in range(2):
        fill(out, v)
    return out @ v


OF_NUMBERS = [(logistic_map, 0.3), (while_loop, 1.1), (newton, 2.0), (recursion, 0.7)]
OF_VECTORS = [
    product, nested, early_exit, break_and_continue, in_place, slices_in_place, swapped, branches_in_a_loop,
    helper_with_a_loop, arrays_in_a_loop, helper_fills,
]  # fmt: skip


def differences(f, x, h=1e-3):
    """The derivative of ``f`` by extrapolated central differences, the direction last."""

    def quotient(h):
        columns = []
        for k in range(np.size(x)):
            step = np.zeros(np.size(x))
            step[k] = h
            step = step.reshape(np.shape(x))
            columns.append((np.asarray(f(x + step)) - np.asarray(f(x - step))) / (2.0 * h))
        return np.stack(columns, axis=-1)

    return (4.0 * quotient(h / 2.0) - quotient(h)) / 3.0


@pytest.mark.parametrize("f", OF_VECTORS, ids=lambda f: f.__name__)
def test_hessians(f):
    gradient = pg.grad(f)
    wanted = differences(gradient, V)
    forward = pg.hessian(f)(V)
    backward = pg.jacobian(gradient, mode="reverse")(V)
    scale_of = np.max(np.abs(wanted))
    assert np.allclose(forward, wanted, rtol=1e-7, atol=1e-7 * scale_of)
    assert np.allclose(backward, forward, rtol=1e-11, atol=1e-11 * scale_of)
    assert np.allclose(forward, forward.T, rtol=1e-11, atol=1e-11 * scale_of)


@pytest.mark.parametrize("f", OF_VECTORS, ids=lambda f: f.__name__)
def test_hessian_vector_products(f):
    direction = np.array([0.3, -1.0, 0.5])
    product_of = pg.hvp(f, (V,), (direction,))
    _, pull = pg.vjp(pg.grad(f), V)
    assert np.allclose(product_of, pull(direction)[0], rtol=1e-11, atol=1e-11)
    assert np.allclose(product_of, pg.hessian(f)(V) @ direction, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("f", OF_VECTORS, ids=lambda f: f.__name__)
def test_differences_of_the_tangent(f):
    """The gradient of a directional derivative is the Hessian times the direction."""
    direction = np.array([0.3, -1.0, 0.5])
    tangent = pg.transform(f, mode="forward", example=(V,))
    slopes = differences(lambda v: tangent(v, direction)[1], V)
    assert np.allclose(slopes, pg.hessian(f)(V) @ direction, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("f", "x"), OF_NUMBERS, ids=[f.__name__ for f, _ in OF_NUMBERS])
def test_up_to_the_third_derivative(f, x):
    first = pg.grad(f)
    second = pg.grad(first)
    third = pg.grad(second)
    assert first(x) == pytest.approx(differences(f, x)[0], rel=1e-7)
    assert second(x) == pytest.approx(differences(first, x)[0], rel=1e-7)
    assert third(x) == pytest.approx(differences(second, x)[0], rel=1e-7)
    assert pg.hessian(f)(x) == pytest.approx(second(x), rel=1e-11)
    assert pg.jvp(second, (x,), (1.0,))[1] == pytest.approx(third(x), rel=1e-11)


def test_nothing_is_changed():
    given = V.copy()
    given.flags.writeable = False
    pg.hessian(in_place)(given)
    pg.jacobian(pg.grad(in_place), mode="reverse")(given)
    assert np.array_equal(given, V)
