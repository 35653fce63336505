"""What one small call costs: the gradient of x*x + x at a float, and of a function of ten elements."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["CASES", "measured"]

CASES = ("x*x + x at a float", "ten elements, array result")


def square_and_self(x):
    return x * x + x


def sum_of_squares(x):
    return (x * x).sum()


def measured(role: str) -> dict[str, float]:
    """Seconds a call, the best of five runs of many, by case."""
    number, array = 1.5, np.linspace(0.0, 1.0, 10)
    calls = dict(zip(CASES, _calls(role, number, array)))
    found = {}
    for case, call in calls.items():
        call()
        timer = timeit.Timer(call)
        count, _ = timer.autorange()
        found[case] = min(timer.repeat(5, count)) / count
    return found


def _calls(role: str, number: float, array: np.ndarray) -> tuple[Callable[[], Any], Callable[[], Any]]:
    if role in ("single", "all"):
        import pathgrad as pg

        of_number, of_array = pg.grad(square_and_self), pg.grad(sum_of_squares)
        return lambda: of_number(number), lambda: of_array(array)
    if role == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        first, second = jax.jit(jax.grad(square_and_self)), jax.jit(jax.grad(sum_of_squares))
        device = jax.numpy.asarray(array)
        return lambda: first(number).block_until_ready(), lambda: second(device).block_until_ready()
    if role == "torch":
        import torch

        scalar = torch.tensor(number, dtype=torch.float64, requires_grad=True)
        vector = torch.tensor(array, requires_grad=True)
        return (
            lambda: torch.autograd.grad(square_and_self(scalar), scalar),
            lambda: torch.autograd.grad(sum_of_squares(vector), vector),
        )
    import autograd
    import autograd.numpy as anp

    def own_sum_of_squares(x):
        return anp.sum(x * x)

    one, ten = autograd.grad(square_and_self), autograd.grad(own_sum_of_squares)
    return lambda: one(number), lambda: ten(array)
