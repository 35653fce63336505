"""Programs to measure, as a user writes them."""

import math

import numpy as np


def speelpenning(x):
    """The product of all elements."""
    product = 1.0
    for k in range(len(x)):
        product = product * x[k]
    return product


def rosenbrock(x):
    """A sum over neighbours."""
    total = 0.0
    for k in range(len(x) - 1):
        total += 100.0 * (x[k + 1] - x[k] ** 2) ** 2 + (1.0 - x[k]) ** 2
    return total


def recurrence(x):
    """Every element from the one before, in place."""
    a = np.zeros(len(x))
    a[0] = x[0]
    for k in range(1, len(x)):
        a[k] = math.sin(a[k - 1]) * x[k]
    return np.sum(a)


def lorenz(start, steps):
    """A differential equation in three numbers by Runge and Kutta's method."""
    x, y, z = start
    h = 0.01
    for _ in range(steps):
        x1, y1, z1 = field(x, y, z)
        x2, y2, z2 = field(x + h / 2 * x1, y + h / 2 * y1, z + h / 2 * z1)
        x3, y3, z3 = field(x + h / 2 * x2, y + h / 2 * y2, z + h / 2 * z2)
        x4, y4, z4 = field(x + h * x3, y + h * y3, z + h * z3)
        x = x + h / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
        y = y + h / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
        z = z + h / 6 * (z1 + 2 * z2 + 2 * z3 + z4)
    return x * x + y * y + z * z


def field(x, y, z):
    """The Lorenz equations."""
    return 10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z


def network(weights, inputs, targets):
    """The cost of a network with two layers of sigmoids on a batch."""
    hidden = 1.0 / (1.0 + np.exp(-(inputs @ weights[0])))
    outputs = 1.0 / (1.0 + np.exp(-(hidden @ weights[1])))
    return 0.5 * np.sum((outputs - targets) ** 2)


def log_sum_exp(x):
    """log of a sum of exponentials."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


_RANDOM = np.random.default_rng(0)
PROGRAMS = [
    (speelpenning, (_RANDOM.uniform(0.9, 1.1, 2000),)),
    (rosenbrock, (_RANDOM.uniform(-1, 1, 2000),)),
    (recurrence, (_RANDOM.uniform(0.5, 1, 2000),)),
    (lorenz, ((1.0, 1.0, 1.0), 200)),
    (
        network,
        (
            [_RANDOM.normal(size=(784, 100)) * 0.05, _RANDOM.normal(size=(100, 10)) * 0.1],
            _RANDOM.normal(size=(128, 784)),
            _RANDOM.uniform(size=(128, 10)),
        ),
    ),
    (log_sum_exp, (_RANDOM.normal(size=100_000),)),
]
