"""Programs whose memory has a bound: what a gradient may take beyond its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from programs import lorenz, rosenbrock

import pathgrad as pg

__all__ = ["BOUNDS", "Bound"]

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Bound:
    """One program with its bound."""

    title: str
    value: Callable[..., Any]
    argnums: tuple[int, ...]
    inputs: Callable[[Any], tuple[Any, ...]]
    size: Any
    quick: Any
    limit: Callable[[Any], float]


def checkpointed(x, y, z, sigma, rho, beta, h, steps):
    for _ in pg.checkpoint(range(steps)):
        x1, y1, z1 = lorenz.field(x, y, z, sigma, rho, beta)
        x2, y2, z2 = lorenz.field(x + h / 2 * x1, y + h / 2 * y1, z + h / 2 * z1, sigma, rho, beta)
        x3, y3, z3 = lorenz.field(x + h / 2 * x2, y + h / 2 * y2, z + h / 2 * z2, sigma, rho, beta)
        x4, y4, z4 = lorenz.field(x + h * x3, y + h * y3, z + h * z3, sigma, rho, beta)
        x = x + h / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
        y = y + h / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
        z = z + h / 6 * (z1 + 2 * z2 + 2 * z3 + z4)
    return x * x + y * y + z * z


def stencil(start, steps):
    """Reaction and diffusion on a grid, every point in place: nonlinear in the value that it overwrites."""
    u = start.copy()
    n, m = u.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                near = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                u[i, j] = u[i, j] + 0.2 * (near - 4.0 * u[i, j]) + 0.1 * (u[i, j] - u[i, j] ** 3)
    return np.sum(u * u)


def stencil_inputs(size: tuple[int, int]) -> tuple[Any, ...]:
    n, steps = size
    return np.random.default_rng(0).uniform(-1.0, 1.0, (n, n)), steps


BOUNDS = {
    "rosenbrock": Bound(
        "Rosenbrock loop, 10⁷ elements",
        rosenbrock.value,
        rosenbrock.ARGNUMS,
        rosenbrock.inputs,
        10_000_000,
        1000,
        lambda size: 10 * MEGABYTE,
    ),
    "lorenz": Bound(
        "Lorenz equations, 10⁶ steps",
        lorenz.value,
        lorenz.ARGNUMS,
        lorenz.inputs,
        1_000_000,
        100,
        lambda size: 8 * 3 * size + 20 * MEGABYTE,
    ),
    "lorenz, checkpointed": Bound(
        "Lorenz equations, 10⁶ steps, `pg.checkpoint`",
        checkpointed,
        lorenz.ARGNUMS,
        lorenz.inputs,
        1_000_000,
        100,
        lambda size: 50 * MEGABYTE,
    ),
    "stencil": Bound(
        "stencil in place, 512 × 512, 10 steps",
        stencil,
        (0,),
        stencil_inputs,
        (512, 10),
        (16, 2),
        # one overwritten number for each point and step, and two arrays to work in
        lambda size: 8 * size[0] ** 2 * (size[1] + 2) + 5 * MEGABYTE,
    ),
}
