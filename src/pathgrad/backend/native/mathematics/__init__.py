"""Mathematical functions for native code, as LLVM text that loops can be vectorised around (floor 4).

LLVM leaves calls of the C library scalar. The functions here are straight arithmetic, inlined where they are called, so
that a loop around them becomes vector code like any other loop, with the same bits in every lane, in the remainder and
in scalar code. They give at most 2 ulp of error over their whole range, and NumPy's results at the special values.

Reading order: `notation` (how functions are written), `exponential`, `logarithm`, `trigonometric`, `distant` (sin and
cos of huge arguments), `power`, `error`. Figures and alternatives: ``docs/design/007-vector-mathematics.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from pathgrad.errors import ProgramError

from . import error, exponential, logarithm, power, trigonometric
from .distant import definition as distant
from .notation import Function, Value

__all__ = ["NAMES", "call", "definitions"]

_WRITERS: dict[str, tuple[Callable[..., Value], int]] = {
    "exp": (exponential.exp, 1),
    "expm1": (exponential.expm1, 1),
    "sigmoid": (exponential.sigmoid, 1),
    "tanh": (exponential.tanh, 1),
    "log": (logarithm.log, 1),
    "log1p": (logarithm.log1p, 1),
    "sin": (trigonometric.sin, 1),
    "cos": (trigonometric.cos, 1),
    "erf": (error.erf, 1),
    "erfc": (error.erfc, 1),
    "ndtr": (error.ndtr, 1),
    "power": (power.power, 2),
}
#: LLVM's name of a dtype, and what distinguishes its functions.
_TYPES = {"f64": ("double", ""), "f32": ("float", "_f32")}

#: The operators that have a definition here, by their names in the table of operators.
NAMES: frozenset[str] = frozenset(_WRITERS)


def definitions(names: Iterable[str], dtype: str = "f64") -> tuple[str, frozenset[str]]:
    """The functions of some operators as LLVM text, and the declarations that the text needs.

    Parameters
    ----------
    names : iterable of str
        Operators, out of `NAMES`; order and repetition do not matter.
    dtype : str
        ``"f64"`` or ``"f32"``. Singles are computed in double, with shorter polynomials, and rounded.

    Returns
    -------
    text : str
        Definitions whose names begin with ``pg_``, the same text for the same names. The texts of the two dtypes can
        stand in one module.
    declarations : frozenset of str
        Lines ``declare ...`` that the module must have, once each.

    Raises
    ------
    ProgramError
        A name or a dtype has no definition.

    Examples
    --------
    >>> text, declarations = definitions(["exp"])
    >>> print(text.splitlines()[1])
    define internal double @pg_exp(double %x) alwaysinline nounwind willreturn memory(none) {
    >>> sorted(declarations)
    ['declare double @llvm.fma.f64(double, double, double)']
    """
    wanted = sorted(set(names))
    parts = [_definition(name, _checked(name, dtype)) for name in wanted]
    if {"sin", "cos"} & set(wanted):
        parts.append(distant(dtype == "f32"))
    return "\n".join(text for text, _ in parts), frozenset().union(*(declared for _, declared in parts))


def call(name: str, dtype: str, *arguments: str) -> str:
    """The right-hand side of the instruction that calls a function of `definitions`.

    Parameters
    ----------
    name, dtype : str
        As for `definitions`.
    *arguments : str
        The operands as LLVM spells them, without their type.

    Raises
    ------
    ProgramError
        A name or a dtype has no definition, or another number of arguments.

    Examples
    --------
    >>> call("exp", "f64", "%x")
    'call double @pg_exp(double %x)'
    >>> call("power", "f32", "%x", "%y")
    'call float @pg_power_f32(float %x, float %y)'
    """
    kind, suffix = _TYPES[_checked(name, dtype)]
    arity = _WRITERS[name][1]
    if len(arguments) != arity:
        raise ProgramError(f"native {name}: got {len(arguments)} arguments, expected {arity}")
    return f"call {kind} @pg_{name}{suffix}({', '.join(f'{kind} {each}' for each in arguments)})"


def _checked(name: str, dtype: str) -> str:
    """The dtype, if both are known."""
    if name not in NAMES:
        raise ProgramError(f"no native definition of {name!r}; there are {', '.join(sorted(NAMES))}")
    if dtype not in _TYPES:
        raise ProgramError(f"native {name}: got dtype {dtype!r}, expected one of {', '.join(_TYPES)}")
    return dtype


@cache
def _definition(name: str, dtype: str) -> tuple[str, frozenset[str]]:
    """One function, and what it declares."""
    kind, suffix = _TYPES[dtype]
    write, arity = _WRITERS[name]
    single = dtype == "f32"
    f = Function(
        f"pg_{name}{suffix}",
        " ".join((write.__doc__ or name).split()),
        arguments=tuple(f"{kind} {each}" for each in ("%x", "%y")[:arity]),
        result=kind,
        attributes="alwaysinline nounwind willreturn memory(none)",
    )
    arguments = [each.cast("fpext", "double") for each in f.arguments] if single else f.arguments
    value = write(f, *arguments, single)
    f.give(value.cast("fptrunc", kind) if single else value)
    return f.text(), frozenset(f.declarations)
