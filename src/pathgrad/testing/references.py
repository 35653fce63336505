"""Derivatives that owe nothing to pathgrad: differences and the complex step (floor 6; imports problem)."""

from __future__ import annotations

import warnings

import numpy as np

from .problem import Array, Problem, numbers_in

__all__ = ["by_complex_step", "by_differences"]


def by_differences(problem: Problem, eps: float = 0.02) -> tuple[Array, Array]:
    """Central differences, extrapolated to step 0 (Richardson; step control by Ridders, 1982)."""
    point = [float(x) for x in problem.point]
    columns = []
    for k, x in enumerate(point):
        columns.append(_extrapolated(problem, point, k, eps * max(1.0, abs(x))))
    return problem.values(point), np.stack(columns, axis=1)


def _extrapolated(problem: Problem, point: list[float], k: int, step: float) -> Array:
    best = np.full(len(problem.outputs), np.nan)
    error = np.full(len(problem.outputs), np.inf)
    previous: list[Array] = []
    for _ in range(12):
        ends = []
        for sign in (1.0, -1.0):
            moved = list(point)
            moved[k] += sign * step
            ends.append((moved[k], problem.values(moved)))
        with np.errstate(invalid="ignore", over="ignore"):
            row = [(ends[0][1] - ends[1][1]) / (ends[0][0] - ends[1][0])]
            for j, coarser in enumerate(previous):
                row.append(row[j] + (row[j] - coarser) / (4.0 ** (j + 1) - 1.0))
                estimate = np.maximum(np.abs(row[j + 1] - row[j]), np.abs(row[j + 1] - coarser))
                better = estimate < error
                best, error = np.where(better, row[j + 1], best), np.where(better, estimate, error)
        previous = row if np.isfinite(row[0]).all() else []
        step /= 2.0
    return best


def by_complex_step(problem: Problem) -> tuple[Array, Array]:
    """The imaginary part at x + ih, divided by h (Squire and Trapp, 1998): no cancellation, but analytic only."""
    step = 1e-30
    columns, value = [], problem.value
    for k in range(len(problem.inputs)):
        moved = [complex(x, step if j == k else 0.0) for j, x in enumerate(problem.point)]
        with warnings.catch_warnings():
            # the later filter comes first, and the one warning is a kind of the other
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            result = np.array(numbers_in(problem.call([np.complex128(z) for z in moved], np.complex128)), dtype=complex)
        if len(result) != len(problem.outputs):
            raise ValueError("the result has another form for complex arguments")
        value = np.array(result.real, dtype=float)
        columns.append(np.array(result.imag / step, dtype=float))
    return value, np.stack(columns, axis=1)
