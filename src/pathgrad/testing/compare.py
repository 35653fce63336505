"""Every route to one derivative, side by side (floor 6; imports errors, problem, references, routes)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import PathgradError
from .problem import Array, Problem
from .references import by_complex_step, by_differences
from .routes import ROUTES

__all__ = ["Comparison", "Route", "compare_routes"]

#: Relative agreement that is asked of routes that are exact up to rounding, and of central differences.
EXACT, DIFFERENCES = 1e-10, 1e-6


@dataclass(frozen=True)
class Route:
    """One route to a derivative.

    Attributes
    ----------
    name : str
        ``"duals"``, ``"forward source"``, ``"reverse source"``, ``"graph forward"``, ``"graph backward"``,
        ``"elimination"``, ``"complex step"`` or ``"central differences"``.
    value : array or None
        The outputs, flat; None where the route could not be taken.
    derivative : array or None, shape (outputs, inputs)
        The Jacobian.
    difference : float
        The largest difference from what most routes say, relative to the number (absolute below 1); nan where the
        route could not be taken.
    tolerance : float
        How large the difference may be.
    note : str
        Why the route could not be taken.
    """

    name: str
    value: Array | None
    derivative: Array | None
    difference: float
    tolerance: float
    note: str = ""

    @property
    def taken(self) -> bool:
        """Whether the route could be taken."""
        return self.derivative is not None

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance; a route that could not be taken does not disagree."""
        return not self.taken or self.difference <= self.tolerance


@dataclass(frozen=True)
class Comparison:
    """Every route to the derivatives of a function at one point; see `compare_routes`.

    Attributes
    ----------
    function : str
        The function's name.
    inputs, outputs : tuple of str
        The numbers in the arguments and in the result, by name.
    routes : tuple of Route
        What each route gave.
    """

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    routes: tuple[Route, ...]

    @property
    def agrees(self) -> bool:
        """Whether all routes that could be taken agree, and at least two could."""
        return all(route.agrees for route in self.routes) and sum(route.taken for route in self.routes) > 1

    @property
    def largest_difference(self) -> float:
        """The largest difference of a route that is exact up to rounding."""
        exact = [route.difference for route in self.routes if route.taken and route.name != "central differences"]
        return max(exact, default=float("nan"))

    def __getitem__(self, name: str) -> Route:
        for route in self.routes:
            if route.name == name:
                return route
        raise KeyError(f"{name!r} is no route; the routes are {', '.join(route.name for route in self.routes)}")

    def rows(self, most: int = 4) -> list[list[str]]:
        """The table as texts: a headline, then a row for each route.

        Parameters
        ----------
        most : int
            How many derivatives to show; the differences count all of them.
        """
        pairs = [(k, j) for k in range(len(self.outputs)) for j in range(len(self.inputs))][:most]
        single = len(self.outputs) == 1
        heads = [f"d/d {self.inputs[j]}" if single else f"d {self.outputs[k]}/d {self.inputs[j]}" for k, j in pairs]
        table = [["route", self.outputs[0] if single else "values", *heads, "difference"]]
        for route in self.routes:
            if route.value is None or route.derivative is None:
                table.append([route.name, *["-"] * (1 + len(pairs)), f"not taken: {route.note}"])
                continue
            value = f"{route.value[0]:.10g}" if single else f"{len(route.value)} numbers"
            shown = [f"{route.derivative[k, j]:.10g}" for k, j in pairs]
            verdict = f"{route.difference:.1e}" + ("" if route.agrees else "  DISAGREES")
            table.append([route.name, value, *shown, verdict])
        return table

    def __str__(self) -> str:
        table = self.rows()
        widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table
        )


def compare_routes(
    f: Callable[..., Any], args: Sequence[Any], *, rtol: float = EXACT, rtol_differences: float = DIFFERENCES
) -> Comparison:
    """The value and the derivatives of a function by every route.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    args : sequence
        Its arguments: every float in them is an input.
    rtol : float
        How far exact routes may be apart, relative to the number (absolute below 1).
    rtol_differences : float
        The same for central differences.

    Returns
    -------
    Comparison
        ``print`` it for a table; ``.agrees`` is the verdict. A route that cannot be taken (no source, an operation that
        has no complex values) is listed with the reason.

    Raises
    ------
    ArgumentError
        No argument, or no result, holds a float, or ``f`` cannot be called with these arguments.
    CheckError
        The function is nan or infinite there.

    Notes
    -----
    What most routes say is the elementwise median of all exact ones, so that a single wrong route is seen as such.
    Cost: a run of ``f`` on overloaded numbers, a tangent program and 24 runs of ``f`` for each input.

    Examples
    --------
    >>> def h(x, y):
    ...     return (x + 4 * y) * ((x + y) * y)
    >>> comparison = compare_routes(h, (3.0, 5.0))
    >>> comparison.agrees, comparison["duals"].derivative
    (True, array([[155., 459.]]))
    """
    problem = Problem(f, args)
    found: dict[str, tuple[Array, Array]] = {}
    notes: dict[str, str] = {}
    for name, route in ROUTES.items():
        try:
            found[name] = route(problem)
        except (PathgradError, TypeError) as error:
            notes[name] = _reason(error)
    differences = by_differences(problem)
    try:
        stepped = by_complex_step(problem)
    except (TypeError, ValueError, ArithmeticError, np.exceptions.ComplexWarning):
        notes["complex step"] = "the function takes real numbers only"
    else:
        if _distance(stepped[1], differences[1]) < 1e-3:
            found["complex step"] = stepped
        else:
            notes["complex step"] = "the function is not analytic here"
    routes = []
    tolerance = max(rtol, 1e-4) if problem.single else rtol
    middle = np.median(np.stack([d for _, d in found.values()]), axis=0) if found else differences[1]
    for name in (*ROUTES, "complex step"):
        if name in found:
            value, derivative = found[name]
            apart = max(_distance(derivative, middle), _distance(value, problem.value))
            routes.append(Route(name, value, derivative, apart, tolerance))
        else:
            routes.append(Route(name, None, None, float("nan"), tolerance, notes[name]))
    apart = _distance(differences[1], middle)
    routes.append(Route("central differences", *differences, apart, max(rtol_differences, tolerance)))
    return Comparison(problem.name, tuple(problem.inputs), tuple(problem.outputs), tuple(routes))


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _distance(got: Array, expected: Array) -> float:
    """The largest difference, relative to the expected number, absolute below 1; nan counts as infinitely far."""
    if got.shape != expected.shape:
        return float("inf")
    with np.errstate(invalid="ignore"):
        apart = np.abs(got - expected) / np.maximum(1.0, np.abs(expected))
    apart = np.where((got == expected) | (np.isnan(got) & np.isnan(expected)), 0.0, apart)
    return float(np.max(np.where(np.isnan(apart), np.inf, apart), initial=0.0))
