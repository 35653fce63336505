"""By which arguments a function is differentiated, and whether it can be (floor 5)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ArgnumsError, ArgumentError, ScalarOutputError
from ..frontend.read import tree_positions
from ..ir import Program, Type, is_float
from .derived import Primal

__all__ = ["Argnums", "active_inputs", "chosen_parameters", "require_scalar"]

Argnums = int | str | Sequence[int | str]


def chosen_parameters(primal: Primal, argnums: Argnums) -> list[str]:
    """The names of the parameters that ``argnums`` chooses.

    Raises
    ------
    ArgnumsError
        A number out of range, an unknown name, nothing, or something chosen twice.
    """
    names = primal.parameter_names()[len(primal.bound) :]
    given = list(argnums) if isinstance(argnums, list | tuple) else [argnums]
    chosen: list[str] = []
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | str):
            raise ArgnumsError(f"{primal.name}: argnums takes positions and names of arguments; got {one!r}")
        if isinstance(one, str):
            if one not in names:
                raise ArgnumsError(f"{primal.name}: argnums names {one!r}; the arguments are {', '.join(names)}")
            chosen.append(one)
        else:
            if not -len(names) <= one < len(names):
                raise ArgnumsError(
                    f"{primal.name}: argnums is {one}, but there are {len(names)} arguments ({', '.join(names)}); "
                    f"use 0 to {len(names) - 1} or a name"
                )
            chosen.append(names[one])
    if not chosen or len(set(chosen)) < len(chosen):
        raise ArgnumsError(f"{primal.name}: argnums {argnums!r} chooses nothing or something twice; name each once")
    return chosen


def active_inputs(program: Program, names: Sequence[str], what: str) -> list[int]:
    """The positions of the float inputs of the chosen parameters.

    Raises
    ------
    ArgumentError
        A chosen argument that has an input which is no float.
    """
    trees = {p.name: p.tree for p in program.parameters}
    positions: list[int] = []
    for name in names:
        if name not in trees:
            raise ArgumentError(
                f"{what}: the argument {name!r} must be known when reading (it decides a shape, an axis or a loop over "
                f"objects), so there is no derivative with respect to it; choose another with argnums"
            )
        own = list(tree_positions(trees[name]))
        for k in own:
            variable = program.inputs[k]
            if not is_float(variable.type):
                kind = variable.type.dtype if isinstance(variable.type, Type) else str(variable.type)
                raise ArgumentError(
                    f"{what}: the argument {name!r} is of dtype {kind}, and only floats have derivatives; pass "
                    f"{'a float' if not variable.type.rank else 'it as .astype(float)'}, or choose another argument "
                    f"with argnums"
                )
        if not own:
            raise ArgumentError(f"{what}: the argument {name!r} holds no number; choose another with argnums")
        positions += own
    return positions


def require_scalar(program: Program, what: str, remedy: str = "jacobian(f) or vjp(f, ...)") -> None:
    """Raise `ScalarOutputError` unless the result is one float number."""
    outputs = program.outputs
    if isinstance(program.result, int) and len(outputs) == 1 and not outputs[0].type.rank and is_float(outputs[0].type):
        return
    got = "no value" if not outputs else ", ".join(str(a.type) for a in outputs)
    if len(outputs) == 1 and outputs[0].type.rank:
        hint = "sum it"
    elif len(outputs) == 1:
        hint = "return a float"
    else:
        hint = "return one number"
    raise ScalarOutputError(f"{what}: the function returns {got}; one float is needed: {hint}, or use {remedy}")
