"""The corpus: small programs on which every route to a derivative must agree.

A module of the corpus holds ordinary functions, each registered with the arguments at which the routes of
`routes` are run::

    @program(x=0.7, y=1.3)                                     one point
    @program(point(x=0.7, n=3), point(x=-0.2, n=0))              several points
    @program(x=0.0, without={"finite differences": "one side of 0 has no value"})

Floats, float arrays, and floats inside tuples, lists and dicts are differentiated; ints, bools and arrays of them are
data. A route that does not apply is named in ``without``, with the reason in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["GROUPS", "ROUTES", "CorpusProgram", "corpus", "point", "program"]

#: The routes, in the order in which they are run; `routes` implements them.
ROUTES = (
    "duals",
    "forward source",
    "reverse source",
    "gradient",
    "forward evaluated",
    "reverse evaluated",
    "graph forward",
    "graph backward",
    "elimination",
    "complex step",
    "finite differences",
)

#: Routes that come and go together: a program may leave out a group by its name.
GROUPS: dict[str, tuple[str, ...]] = {
    "tracing": ("graph forward", "graph backward", "elimination"),
    "overloading": ("duals", "graph forward", "graph backward", "elimination"),
}


@dataclass(frozen=True)
class CorpusProgram:
    """A function, the points at which its derivatives are compared, and the routes that do not apply to it."""

    function: Callable[..., Any]
    points: tuple[dict[str, Any], ...]
    without: Mapping[str, str] = field(default_factory=dict)
    hessian: bool = False

    @property
    def name(self) -> str:
        """The function's name: the test's id."""
        return self.function.__name__

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes that apply."""
        left_out = {route for name in self.without for route in GROUPS.get(name, (name,))}
        return tuple(route for route in ROUTES if route not in left_out)


def point(**arguments: Any) -> dict[str, Any]:
    """The arguments of one point, in the order of the parameters."""
    return arguments


_PROGRAMS: dict[str, CorpusProgram] = {}


def program(
    *points: dict[str, Any], without: Mapping[str, str] | None = None, hessian: bool = False, **arguments: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function with its points: one as keywords, or several as `point`s.

    ``without`` maps routes (or groups of them) that do not apply to the reason; ``hessian`` asks for second derivatives
    too, which needs a result of one float.
    """
    if bool(points) == bool(arguments):
        raise ValueError("program: give one point as keywords, or several points as point(...)")
    for name in without or {}:
        if name not in (*ROUTES, *GROUPS):
            raise ValueError(f"program: {name!r} is no route; use one of {', '.join((*ROUTES, *GROUPS))}")

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if function.__name__ in _PROGRAMS:
            raise ValueError(f"program: {function.__name__!r} is in the corpus already; choose another name")
        entry = CorpusProgram(function, points or (arguments,), dict(without or {}), hessian)
        _PROGRAMS[entry.name] = entry
        return function

    return register


def corpus() -> list[CorpusProgram]:
    """Every program of the corpus: each module of this package is imported."""
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return list(_PROGRAMS.values())
