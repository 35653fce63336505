"""The programs whose emitted derivatives are kept in tests/golden, each with an argument to run it at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pathgrad as pg


@dataclass(frozen=True)
class Golden:
    """One golden file: what is transformed, how, and where its numbers are checked."""

    name: str
    function: Callable[..., Any]
    mode: str
    form: str
    argnums: Any
    arguments: tuple[Any, ...]


def f(i, x):
    return math.sin(i * x) + i


def prod(x: float) -> float:
    ans = 1.0
    for i in range(1, 6):
        ans = ans * f(i, x)
    return ans


def h(x: float, y: float) -> float:
    return (x + 4 * y) * ((x + y) * y)


def choose(x, y):
    if x > y:
        z = x * y
    elif x > 0:
        z = math.exp(x) - y
    else:
        z = y * y
    return z * x


def newton(a):
    x = a
    while True:
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


def relax(u):
    u = u.copy()
    for i in range(1, len(u) - 1):
        u[i] = u[i - 1] * u[i] + math.sin(u[i + 1])
    return u.sum()


def heat(u, steps):
    new = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1])
        u, new = new, u
    return np.sum(u * u)


def quadratic(A, x):
    total = 0.0
    for i in range(A.shape[0]):
        row = 0.0
        for j in range(A.shape[1]):
            row += A[i, j] * x[j]
        total += row * row
    return total


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def cross_entropy(W, x, label):
    return -np.log(softmax(W @ x)[label])


def network_cost(layers, x, v):
    for W, b in layers:
        x = pg.sigmoid(W @ x + b)
    return 0.5 * np.sum((x - v) ** 2)


def legendre(n, x):
    if n == 0:
        return 1.0
    if n == 1:
        return x
    return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n


def field(s, p):
    return np.array([p[0] * s[0] - p[1] * s[0] * s[1], p[2] * s[0] * s[1] - p[3] * s[1]])


def orbit(p, s, dt, n):
    cost = 0.0
    for _ in range(n):
        k1 = field(s, p)
        k2 = field(s + 0.5 * dt * k1, p)
        k3 = field(s + 0.5 * dt * k2, p)
        k4 = field(s + dt * k3, p)
        s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        cost += np.sum(s * s)
    return cost


prod_slope = pg.grad(prod)

_RANDOM = np.random.default_rng(2)


def _array(*shape: int) -> Any:
    return _RANDOM.uniform(0.2, 1.0, shape)


_LAYERS = ((_array(3, 2), _array(3)), (_array(2, 3), _array(2)))

GOLDEN = [
    Golden("prod_forward_derivative", prod, "forward", "derivative", 0, (0.7,)),
    Golden("prod_forward_pair", prod, "forward", "pair", 0, (0.7,)),
    Golden("prod_reverse", prod, "reverse", "gradient", 0, (0.7,)),
    Golden("prod_forward_over_reverse", prod_slope, "forward", "derivative", 0, (0.7,)),
    Golden("h_forward", h, "forward", "pair", (0, 1), (3.0, 5.0)),
    Golden("h_reverse", h, "reverse", "value_and_gradient", (0, 1), (3.0, 5.0)),
    Golden("choose_forward", choose, "forward", "pair", (0, 1), (0.5, 1.5)),
    Golden("choose_reverse", choose, "reverse", "gradient", (0, 1), (0.5, 1.5)),
    Golden("newton_forward", newton, "forward", "derivative", 0, (2.0,)),
    Golden("newton_reverse", newton, "reverse", "gradient", 0, (2.0,)),
    Golden("relax_forward", relax, "forward", "pair", 0, (_array(6),)),
    Golden("relax_reverse", relax, "reverse", "gradient", 0, (_array(6),)),
    Golden("heat_reverse", heat, "reverse", "gradient", 0, (_array(6), 3)),
    Golden("quadratic_forward", quadratic, "forward", "pair", 0, (_array(3, 2), _array(2))),
    Golden("quadratic_reverse", quadratic, "reverse", "gradient", (0, 1), (_array(3, 2), _array(2))),
    Golden("cross_entropy_reverse", cross_entropy, "reverse", "gradient", "W", (_array(3, 2), _array(2), 1)),
    Golden("network_cost_reverse", network_cost, "reverse", "gradient", 0, (_LAYERS, _array(2), _array(2))),
    Golden("legendre_forward", legendre, "forward", "pair", "x", (4, 0.3)),
    Golden("legendre_reverse", legendre, "reverse", "gradient", "x", (4, 0.3)),
    Golden("orbit_forward", orbit, "forward", "pair", "p", (_array(4), _array(2), 0.1, 3)),
    Golden("orbit_reverse", orbit, "reverse", "gradient", "p", (_array(4), _array(2), 0.1, 3)),
]
