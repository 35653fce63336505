"""The forms of arguments, from a function's annotations (floor 5)."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from ..errors import ArgumentError
from ..frontend import Source, Spec, spec_of
from ..frontend.source import MISSING
from ..ir import Type, array

__all__ = ["specs_from_annotations"]

_DTYPES = {"float": "f64", "f64": "f64", "f32": "f32", "int": "i64", "i64": "i64", "bool": "bool"}


def specs_from_annotations(source: Source, given: Mapping[str, str] | None = None) -> dict[str, Spec]:
    """The forms of a function's arguments, from its annotations.

    Parameters
    ----------
    source : Source
        The function.
    given : mapping, optional
        Types by parameter name, in the notation of annotations; they come before annotations.

    Raises
    ------
    ArgumentError
        An annotation or a given type that names no type, or a given name that is no parameter.
    """
    names = source.parameter_names()
    given = dict(given or {})
    for name in given:
        if name not in names:
            raise ArgumentError(
                f"{source.name}: {name!r} is given a type but is no parameter; it has {', '.join(names)}"
            )
    arguments = source.node.args
    annotations = {a.arg: a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    specs: dict[str, Spec] = {}
    for name in names:
        annotation = annotations[name]
        text = given.get(name) or ("" if annotation is None else _annotation_text(annotation))
        default = source.defaults(name)
        if not text and default is not MISSING:
            if isinstance(default, bool | int | float):
                specs[name] = spec_of(default, {}, name)
            continue
        specs[name] = _spec_of_text(text or "float", name, source)
    return specs


def _annotation_text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def _spec_of_text(text: str, name: str, source: Source) -> Spec:
    plain_text = text.replace(" ", "")
    if plain_text in _DTYPES:
        return Spec("number", Type(_DTYPES[plain_text]), weak=plain_text in ("float", "int", "bool", "f64", "i64"))
    base, bracket, rest = plain_text.partition("[")
    if base in _DTYPES and bracket and rest.endswith("]") and set(rest[:-1]) <= {":", ","}:
        rank = rest.count(":")
        lengths = tuple((name, k) for k in range(rank))
        return Spec("array", array(_DTYPES[base], lengths), lengths=lengths)
    if plain_text.split(".")[-1] in ("ndarray", "NDArray", "ArrayLike") or "NDArray[" in plain_text:
        raise ArgumentError(
            f'{source.name}: the annotation {text!r} of {name!r} does not say the number of axes; give it as "f64[:]" '
            f'(a vector), "f64[:, :]" (a matrix), with --arg on the command line or example=... in Python'
        )
    raise ArgumentError(
        f"{source.name}: {text!r} is no type of an argument ({name!r}); use float, int, bool, f32, "
        f'"f64[:]", "f64[:, :]"'
    )
