"""``pathgrad check``: every route to the derivatives, side by side (floor 6; imports testing)."""

from __future__ import annotations

import typer

from ..testing import compare_routes
from .arguments import bound_values
from .report import FAILED, console, show_table
from .target import function_of

__all__ = ["check"]


def check(target: str, at: list[str]) -> None:
    """Compare all routes to the derivatives of FILE.py:FUNCTION."""
    function = function_of(target)
    comparison = compare_routes(function, list(bound_values(function, at).values()))
    count = len(comparison.inputs) * len(comparison.outputs)
    title = f"{comparison.function}: {count} derivative{'s' * (count != 1)} by {len(comparison.routes)} routes"
    show_table(title, comparison.rows())
    if comparison.agrees:
        console().print(f"all routes agree: exact ones to {comparison.largest_difference:.1e}", markup=False)
        return
    apart = [route.name for route in comparison.routes if not route.agrees]
    console().print(f"disagrees with most routes: {', '.join(apart)}" if apart else "too few routes could be taken")
    raise typer.Exit(FAILED)
