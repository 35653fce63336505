"""Loops that several statements share, as functions (floor 4).

The same product of matrices stands at many places of a program and its derivative; written once, it is compiled once.
Lengths and strides that are known when compiling are part of the function, others are its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .emitter import Emitter
from .values import View
from .writer import Writer

__all__ = ["outlined"]


def outlined(e: Emitter, name: str, views: Sequence[View], body: Callable[[Sequence[View]], None]) -> None:
    """Call ``body`` on arrays through a function of the module; the last array is written, the others are read.

    Parameters
    ----------
    e : Emitter
        The function that is being written.
    name : str
        What the function does: with the arrays' forms it decides which function is called.
    views : sequence of View
        The arrays. No two share storage with the last.
    body : callable
        Writes the loops; allocates and checks nothing.
    """
    key = (name, tuple((v.dtype, *map(_known, v.dims), *map(_known, v.strides), v.contiguous) for v in views))
    functions = e.module.outlined
    if key not in functions:
        functions[key] = f"pg_{name}_{len(functions)}"
        _define(e, functions[key], views, body)
    arguments = []
    for v in views:
        arguments.append(f"ptr {v.data}")
        arguments += [f"i64 {n}" for n in (*v.dims, *v.strides) if _known(n) == ""]
    e.w.effect(f"call void @{functions[key]}({', '.join(arguments)})")


def _known(text: str) -> str:
    return text if text.lstrip("-").isdigit() else ""


def _define(e: Emitter, name: str, views: Sequence[View], body: Callable[[Sequence[View]], None]) -> None:
    parameters: list[str] = []
    own = []
    for k, v in enumerate(views):
        last = k == len(views) - 1
        parameters.append(f"ptr noalias {'' if last else 'readonly '}%x{k}")
        dims = [_parameter(n, f"%x{k}.d{j}", parameters) for j, n in enumerate(v.dims)]
        strides = [_parameter(n, f"%x{k}.s{j}", parameters) for j, n in enumerate(v.strides)]
        own.append(View(v.dtype, f"%x{k}", tuple(dims), tuple(strides), None, v.contiguous))
    outer, e.w = e.w, Writer()
    body(own)
    e.w.effect("ret void")
    text, e.w = e.w.text(), outer
    e.module.functions.append(f"define internal void @{name}({', '.join(parameters)}) noinline #0 {{\n{text}\n}}")


def _parameter(text: str, name: str, parameters: list[str]) -> str:
    if _known(text):
        return text
    parameters.append(f"i64 {name}")
    return name
