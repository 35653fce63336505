"""Lengths that a program can only have (floor 3).

``out[k, :11] = row`` fails, or repeats one number, unless ``row`` has 11 elements. Where the row's length is that of an
argument, a program may be written for arguments of this length; whoever calls it must look first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..ir import Atom, Const, Let, Program, Supposition, Type, Var, walk
from ..ops import Integer, NewAxis, Slice
from .inline import with_inputs
from .lengths import settle_lengths

__all__ = ["suppose_lengths"]

#: Longer arrays are no better for being of a known length.
_LONGEST = 64


def suppose_lengths(program: Program) -> Program:
    """The program for arguments of the lengths that its writes ask for.

    Parameters
    ----------
    program : Program
        Not changed.

    Returns
    -------
    Program
        The same program if nothing is known better; otherwise a new one, which says what it supposes.
    """
    free = {
        token: None
        for v in program.inputs
        if isinstance(v.type, Type)
        for token in v.type.dims
        if isinstance(token, tuple) and token[0] == "length"
    }
    asked: dict[Any, set[int]] = {}
    for s in walk(program.body):
        if isinstance(s, Let) and s.op.name in ("store", "accumulate") and isinstance(s.args[1].type, Type):
            own = s.args[1].type.dims
            part = list(_part(s))
            for token, length in zip(own[::-1], part[::-1], strict=False):
                if token in free and length is not None and 1 < length <= _LONGEST:
                    asked.setdefault(token, set()).add(length)
    known = {token: ("literal", min(lengths)) for token, lengths in asked.items() if len(lengths) == 1}
    if not known:
        return program
    inputs, supposed = [], list(program.supposed)
    for k, v in enumerate(program.inputs):
        if not isinstance(v.type, Type) or not any(token in known for token in v.type.dims):
            inputs.append(v)
            continue
        for axis, token in enumerate(v.type.dims):
            if token in known:
                supposed.append(Supposition(((k, axis, 1),), -known[token][1], True))
        dims = tuple(known.get(token, token) for token in v.type.dims)
        inputs.append(Var(v.name, Type(v.type.dtype, v.type.rank, dims)))
    return replace(settle_lengths(with_inputs(program, inputs)), supposed=tuple(supposed), derived={})


def _part(s: Let) -> Iterator[int | None]:
    """The lengths of the part of an array that a write is for, where they are numbers."""
    base = s.args[0].type
    assert isinstance(base, Type)
    dims = iter(base.dims)
    numbers = iter(s.args[2:])
    for item in s.params["index"].items:
        if isinstance(item, NewAxis):
            yield 1
            continue
        whole = _literal(next(dims))
        if isinstance(item, Integer):
            next(numbers)
        else:
            yield _length(item, whole, numbers)
    yield from map(_literal, dims)


def _length(item: Slice, whole: int | None, numbers: Iterator[Atom]) -> int | None:
    """The length of a slice of an axis."""
    ends = [next(numbers) if there else None for there in (item.start, item.stop, item.step)]
    if whole is None or any(end is not None and not isinstance(end, Const) for end in ends):
        return None
    return len(range(whole)[slice(*(int(end.value) if isinstance(end, Const) else None for end in ends))])


def _literal(token: Any) -> int | None:
    return int(token[1]) if isinstance(token, tuple) and token[0] == "literal" else None
