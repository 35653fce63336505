"""Example 2.2's table: a variable and its tangent at the start of each iteration, symbolically (floor 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import ArgnumsError, ArgumentError
from ..frontend import Spec, read, spec_of
from ..graph.symbolic import exact
from ..ir import Program, Type, programs_called
from ..transform import forward
from .annotations import specs_from_annotations
from .argnums import Argnums, active_inputs, chosen_parameters
from .derived import Primal
from .symbolic_execution import Array, Enough, Execution
from .tabulated import TraceRow, TraceTable

__all__ = ["trace_table"]


def trace_table(
    f: Callable[..., Any],
    variable: str | None = None,
    *,
    argnum: int | str = 0,
    iterations: int = 3,
    grouped: bool = False,
    **arguments: Any,
) -> TraceTable:
    """The values of a variable and of its derivative at the start of each iteration of a loop, symbolically.

    Parameters
    ----------
    f : callable
        A function with a loop.
    variable : str, optional
        A number that the loop carries from one iteration to the next. May be left out if there is only one that
        depends on the argument.
    argnum : int or str
        The argument to differentiate with respect to: one float.
    iterations : int
        How many iterations to execute. A loop that ends by its values (``while``, ``break``) is taken to go on.
    grouped : bool
        Print the terms grouped as they are computed (lecture, Eqn. 2) rather than expanded.
    **arguments
        Values for other arguments. Those left out stay symbols.

    Returns
    -------
    TraceTable
        ``print`` it, or take its ``rows``.

    Raises
    ------
    ArgumentError
        No loop, a variable that no loop carries, an argument that has no derivative, a loop inside that depends on
        values which are not known, or an array operation: the table is about numbers.
    ArgnumsError, UnsupportedSyntax, UnsupportedCall, SourceUnavailable
        As for `transform`.

    Notes
    -----
    Source: lecture, Example 2.2. What is executed is the forward derivative program, statement by statement; its
    expressions grow with the iterations.

    Examples
    --------
    >>> import pathgrad as pg
    >>> def f(i, x):
    ...     return x + i
    >>> def prod(x):
    ...     ans = 1.0
    ...     for i in range(1, 6):
    ...         ans = ans * f(i, x)
    ...     return ans
    >>> print(pg.trace_table(prod, "ans", iterations=2))
    Iteration  Value of ans' (as a function of x)  Value of ans (as a function of x)
    ---------  ----------------------------------  ---------------------------------
    0          0.0                                 1.0
    1          f1'(x)                              f1(x)
    2          f1'(x)*f2(x) + f1(x)*f2'(x)         f1(x)*f2(x)
    """
    if iterations < 0:
        raise ArgumentError(f"trace_table: iterations is {iterations}; give 0 or more")
    primal = Primal(f)
    what = f"trace_table({primal.name})"
    argument = _one_argument(primal, argnum, what)
    program, originals = _derivative(primal, argument, arguments, what)
    run = Execution(what, variable, iterations, originals)
    run.require_carried(program)
    try:
        run.program(program, _inputs(program, argument, arguments))
    except Enough:
        rows = tuple(
            TraceRow(k, _expanded(dot), _expanded(value), dot, value) for k, (dot, value) in enumerate(run.records)
        )
        return TraceTable(run.variable or "", argument, rows, grouped, run.slots)
    raise run.nothing(program)


def _one_argument(primal: Primal, argnum: Argnums, what: str) -> str:
    if not isinstance(argnum, int | str):
        raise ArgnumsError(f"{what}: the table is about one argument; got argnum={argnum!r}; give a position or a name")
    return chosen_parameters(primal, argnum)[0]


def _derivative(
    primal: Primal, argument: str, arguments: Mapping[str, Any], what: str
) -> tuple[Program, dict[int, tuple[Program, tuple[int, ...]]]]:
    """The program Prod', and for each tangent program that it calls the original and its active inputs."""
    source = primal.source
    names = primal.parameter_names()
    for name in arguments:
        if name not in names or name == argument:
            why = "is what the table is a function of" if name == argument else "is no argument"
            raise ArgumentError(f"{what}: {name!r} {why}; values can be given for the arguments {', '.join(names)}")
    specs: dict[str, Spec] = specs_from_annotations(source)
    lengths: dict[int, int] = {}
    specs |= {name: spec_of(value, lengths, name) for name, value in arguments.items()}

    def known(name: str) -> Any:
        value = arguments.get(name, source.defaults(name))
        if isinstance(value, bool | int | float | str | np.ndarray):
            return value
        raise ArgumentError(f"{what}: the value of {name!r} must be known to read the function; give {name}=...")

    program = read(source, specs, known).program
    active = active_inputs(program, [argument], what)
    if len(active) != 1 or program.inputs[active[0]].type.rank:
        kinds = ", ".join(str(program.inputs[k].type) for k in active)
        raise ArgumentError(f"{what}: the argument {argument!r} is {kinds}; the table is a function of one float")
    target = forward(program, active, "derivative")
    originals = {
        id(derived): (original, key[1])
        for original in programs_called(program)
        for key, derived in original.derived.items()
        if key[0] == "forward"
    }
    return target, originals


def _inputs(program: Program, argument: str, arguments: Mapping[str, Any]) -> list[Any]:
    import sympy

    values: list[Any] = []
    for variable in program.inputs:
        kind, name = variable.type, variable.name
        given = arguments.get(name)
        if isinstance(kind, Type) and kind.rank:
            values.append(Array(name, None if given is None else np.shape(given)))
        elif name == argument or given is None:
            values.append(sympy.Symbol(name, integer=True) if kind == Type("i64") else sympy.Symbol(name))
        else:
            values.append(given if isinstance(given, bool | int) else exact(given))
    return values


def _expanded(expression: Any) -> Any:
    """Products multiplied out; a rational function as one fraction in lowest terms."""
    import sympy

    plain = sympy.sympify(expression).doit()
    if plain.has(sympy.Piecewise):
        return sympy.expand(plain)
    whole = sympy.together(plain)
    return sympy.expand(plain) if sympy.denom(whole) == 1 else sympy.cancel(whole)
