"""The naive difference quotient against automatic differentiation (lecture, section 2; floor 6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ..api import grad
from .lecture import prod
from .pictures import GREEN, GREY, RED, figure_of, save

__all__ = ["derivative_naive", "errors_by_step", "quotients"]

AT = 1.0


def derivative_naive(f: Callable[[float], float], x: float, delta_x: float) -> float:
    """The lecture's F'_naive, the quotient of two small differences.

    Examples
    --------
    >>> derivative_naive(lambda x: x * x, 3.0, 0.5)
    6.5
    """
    return (f(x + delta_x) - f(x)) / delta_x


def errors_by_step(steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Relative errors of the quotient of Prod, one for each step, and that of its derivative program.

    Examples
    --------
    >>> naive, automatic = errors_by_step(np.array([1e-2, 1e-8, 1e-15]))
    >>> bool(naive.min() > 1e4 * automatic)
    True
    """
    exact = _exact()
    naive = np.array([abs(derivative_naive(prod, AT, step) / exact - 1) for step in steps.tolist()])
    return naive, abs(grad(prod)(AT) / exact - 1)


def _exact() -> float:
    """Prod' in 30 digits, by symbolic differentiation of the product in closed form."""
    import sympy

    x = sympy.Symbol("x")
    product = sympy.prod([sympy.cos(x / i) for i in range(1, 6)])
    return float(product.diff(x).evalf(30, subs={x: AT}))


def quotients(folder: Path, console: Console) -> list[Path]:
    """Draw the errors over step sizes from 1e-1 to 1e-16.

    Parameters
    ----------
    folder : Path
        Where the picture is written.
    console : Console
        Where the best step is told.

    Returns
    -------
    list of Path
        The file written.

    Examples
    --------
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     [path.name for path in quotients(Path(name), Console(file=io.StringIO()))]
    ['difference-quotient.png']
    """
    steps = 10.0 ** -np.arange(1, 16.01, 0.125)
    naive, automatic = errors_by_step(steps)
    floor = np.finfo(float).eps / 2  # no float is nearer to the truth than that, except by luck
    automatic = max(automatic, floor)
    figure = figure_of(7, 4.6)
    axes = figure.subplots()
    axes.loglog(steps, np.maximum(naive, floor), ".-", color=RED, linewidth=0.8, markersize=4)
    axes.axhline(automatic, color=GREEN, linewidth=2)
    axes.set(xlim=(3e-1, 3e-17), ylim=(2e-17, 20), xlabel="step (smaller to the right)", ylabel="relative error")
    axes.set_title("The derivative of the lecture's Prod at x = 1")
    axes.text(1e-8, 1e-1, "difference quotient", color=RED, ha="center")
    axes.text(1e-8, 3 * automatic, "derivative program, which has no step", color=GREEN, ha="center")
    axes.text(1e-4, 1e-3, "error ~ step:\na quotient is no derivative", color=GREY, ha="left", fontsize=9)
    axes.text(1e-11, 1e-8, "error ~ 1e-16 / step:\nrounding, magnified", color=GREY, ha="left", fontsize=9)
    best = int(naive.argmin())
    console.print(
        f"The best step of {len(steps)}, {steps[best]:.0e}, leaves the quotient a relative error of {naive[best]:.0e}. "
        f"That of the derivative program is at most {automatic:.0e}, and it has no step to choose."
    )
    return [save(figure, folder / "difference-quotient.png")]
