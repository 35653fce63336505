"""Derivative programs checked against central differences (floor 6; imports api, errors and its own room)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..api import grad
from ..errors import CheckError
from .problem import Problem, names_of
from .references import by_differences
from .routes import ROUTES

__all__ = ["check_grads"]

_MODES = ("forward", "reverse")


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 1,
    modes: Sequence[str] = _MODES,
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivative programs of a function against central differences.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function; for order 2 its result is one float.
    args : sequence
        Where: its arguments. Every derivative by every float in them is checked.
    order : int
        1: first derivatives. 2: also second derivatives, as the derivatives of the gradient.
    modes : sequence of str
        ``"forward"``, ``"reverse"`` or both.
    atol, rtol : float, optional
        A derivative may be ``atol + rtol * abs(expected)`` away from what is expected: 1e-8 and 1e-6 if left out, 1e-4
        both if an argument is of single precision.
    eps : float, optional
        The largest step of the central differences, relative to the input (absolute below 1): 0.02 if left out. It is
        halved and extrapolated to 0; give a smaller one near a kink or the edge of the domain.

    Raises
    ------
    CheckError
        A derivative disagrees; the message names the route, the output, the input, what was got and what was expected.
        Or the function is nan or infinite at the arguments.
    ArgumentError
        No argument, or no result, holds a float, or ``f`` cannot be called with these arguments.
    ScalarOutputError
        Order 2 of a function whose result is not one float.
    ValueError
        Another order or mode.

    See Also
    --------
    compare_routes : all routes in one table.

    Notes
    -----
    Central differences with Richardson's extrapolation, the best entry chosen as by C. Ridders, "Accurate computation
    of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982). Cost: 24 runs of ``f`` for each input.

    Examples
    --------
    >>> import numpy as np
    >>> check_grads(lambda x, y: np.sin(x) * y**2, (0.5, 3.0), order=2)
    """
    if order not in (1, 2):
        raise ValueError(f"check_grads: order is {order!r}; use 1 or 2")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= set(_MODES):
        raise ValueError(f'check_grads: modes is {modes!r}; use "forward", "reverse" or both')
    _check(f, args, modes, "", atol, rtol, 0.02 if eps is None else eps)
    if order == 2:
        floats = tuple(k for k, argument in enumerate(args) if names_of(argument, "") and _all_floats(argument))
        _check(
            grad(f, floats[0] if len(floats) == 1 else floats),
            args,
            modes,
            " of the gradient",
            atol,
            rtol,
            0.02 if eps is None else eps,
        )


def _all_floats(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_all_floats, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_all_floats, value))
    return bool(names_of(value, "")) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _check(
    f: Callable[..., Any],
    args: Sequence[Any],
    modes: Sequence[str],
    what: str,
    atol: float | None,
    rtol: float | None,
    eps: float,
) -> None:
    problem = Problem(f, args)
    atol = (1e-4 if problem.single else 1e-8) if atol is None else atol
    rtol = (1e-4 if problem.single else 1e-6) if rtol is None else rtol
    expected = by_differences(problem, eps)[1]
    for mode in modes:
        value, derivative = ROUTES[f"{mode} source"](problem)
        where = f"check_grads: {problem.name}, {mode} mode{what}"
        for k, j in np.ndindex(*expected.shape):
            got, wanted = derivative[k, j], expected[k, j]
            if not abs(got - wanted) <= atol + rtol * abs(wanted):
                raise CheckError(
                    f"{where}: the derivative of {problem.outputs[k]} by {problem.inputs[j]} is {got:.10g}; central "
                    f"differences give {wanted:.10g}. At a kink or an edge of the domain choose another point or a "
                    f"smaller eps; anywhere else a rule is wrong: compare_routes shows which route"
                )
        for k, name in enumerate(problem.outputs):
            if not abs(value[k] - problem.value[k]) <= atol + rtol * abs(problem.value[k]):
                raise CheckError(
                    f"{where}: {name} is {value[k]:.10g}; the function itself gives {problem.value[k]:.10g}"
                )
