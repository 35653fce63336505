"""Calls of helpers replaced by the helpers' statements (floor 3).

Emitted Python keeps calls, so that it reads like the user's program; native code is derived from one flat program,
where a helper's forward sweep is part of the whole and nothing is computed again. Recursive programs stay calls.
A derived program that is called is derived anew from the flat form of what it was derived from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ir import (
    Atom,
    Block,
    Call,
    Const,
    ListType,
    Program,
    Statement,
    Type,
    Var,
    defined,
    place_copies,
    remove_dead,
    sub_blocks,
    walk,
)
from ..ir.types import ValueType
from .lengths import settle_lengths
from .simplify import clone_block, rename_atoms, share_common

__all__ = ["inlined", "with_inputs"]

#: A program does not grow beyond so many statements.
_LARGEST = 4000


def inlined(program: Program) -> Program:
    """The same program without calls of programs that do not call themselves.

    Parameters
    ----------
    program : Program
        Not changed.

    Returns
    -------
    Program
        A new program with the same inputs and outputs; ``program`` itself if it calls itself.
    """
    key = "inlined"
    if key not in program.derived:
        program.derived[key] = _inlined(program)
    result: Program = program.derived[key]
    return result


def with_inputs(program: Program, inputs: list[Var]) -> Program:
    """The same program, with inputs of whose lengths more is known; a new one."""
    body = _Body(Call(program, list(inputs), []), program).block
    return replace(program, inputs=inputs, body=body, derived={})


def _inlined(program: Program) -> Program:
    if _is_recursive(program):
        return program
    mapping: dict[Var, Atom] = {}
    inputs = [_copied(v, mapping) for v in program.inputs]
    body = clone_block(program.body, mapping)
    budget = [_LARGEST - sum(1 for _ in walk(body))]
    found = _expand(body, budget)
    body = settle_lengths(Program("", inputs, body)).body
    flat = replace(program, inputs=inputs, body=body, derived={})
    # what two callees have in common is computed once; what is one array now may want copies where it is written
    return place_copies(remove_dead(share_common(flat))) if found else flat


def _flat_first(program: Program) -> Program:
    """A derived program derived anew from the flat original: the adjoint of a call would run the callee again."""
    origin = program.derived.get("origin")
    if origin is None:
        return program
    source, derive = origin
    if _is_recursive(source) or not any(isinstance(s, Call) for s in walk(source.body)):
        return program
    result: Program = derive(inlined(source))
    return result


def _copied(variable: Var, mapping: dict[Var, Atom]) -> Var:
    mapping[variable] = variable
    return variable


def _is_recursive(program: Program) -> bool:
    seen: set[int] = set()

    def reaches(p: Program) -> bool:
        for s in walk(p.body):
            if isinstance(s, Call):
                if s.program is program:
                    return True
                if id(s.program) not in seen:
                    seen.add(id(s.program))
                    if reaches(s.program):
                        return True
        return False

    return reaches(program)


def _expand(block: Block, budget: list[int]) -> bool:
    """Replace calls by statements; tells whether there were any."""
    statements: list[Statement] = []
    renamed: dict[Var, Atom] = {}
    found = False
    for s in block.statements:
        for inner in sub_blocks(s):
            found |= _expand(inner, budget)
        if not isinstance(s, Call) or _is_recursive(s.program):
            statements.append(s)
            continue
        callee = inlined(_flat_first(s.program))
        size = sum(1 for _ in walk(callee.body))
        if size > budget[0]:
            statements.append(s)
            continue
        budget[0] -= size
        found = True
        body = _Body(s, callee).block
        statements += body.statements
        renamed.update(zip(s.results, body.yields, strict=True))
    block.statements = statements
    if renamed:
        rename_atoms(block, renamed)
    return found


class _Body:
    """A callee's statements with the caller's atoms for its inputs, and lengths named anew."""

    def __init__(self, call: Call, callee: Program) -> None:
        self.tokens: dict[Any, Any] = {}
        mapping: dict[Var, Atom] = {}
        for variable, atom in zip(callee.inputs, call.args, strict=True):
            mapping[variable] = atom
            if not atom.type.is_array:
                self.tokens[variable.dimension] = atom.dimension
            if isinstance(variable.type, Type) and isinstance(atom.type, Type):
                for inner, outer in zip(variable.type.dims, atom.type.dims, strict=True):
                    self._bind(inner, outer)
        before = set(mapping)
        self.block = clone_block(callee.body, mapping)
        for old, new in mapping.items():
            if old not in before and isinstance(new, Var):
                self.tokens.setdefault(old.dimension, new) if old.dimension is old else None
        for new in _variables(self.block):
            new.type = self._retyped(new.type)
            if new.dimension is not new:
                new.dimension = self._token(new.dimension)
        origin = call.origin
        for s in walk(self.block):
            if s.origin is None:
                s.origin = origin

    def _bind(self, inner: Any, outer: Any) -> None:
        if inner is not None and inner != 1 and not _is_literal(inner):
            self.tokens.setdefault(inner, object() if outer is None else outer)

    def _token(self, token: Any) -> Any:
        if token is None or token == 1 or _is_literal(token) or isinstance(token, Const):
            return token
        if token in self.tokens:
            return self.tokens[token]
        if isinstance(token, tuple) and token[0] == "shorter":
            base = self._token(token[1])
            if isinstance(base, tuple) and base[0] == "shorter":
                return ("shorter", base[1], base[2] + token[2])
            if base == 1 or _is_literal(base):
                return ("literal", (1 if base == 1 else base[1]) - token[2])
            return ("shorter", base, token[2])
        return self.tokens.setdefault(token, object())

    def _retyped(self, type_: ValueType) -> ValueType:
        if isinstance(type_, ListType):
            return ListType(self._retyped(type_.element))
        return Type(type_.dtype, type_.rank, tuple(map(self._token, type_.dims)))


def _is_literal(token: Any) -> bool:
    return isinstance(token, tuple) and token[0] == "literal"


def _variables(block: Block) -> list[Var]:
    found: list[Var] = []
    for s in walk(block):
        found += defined(s)
        found += getattr(s, "params", []) if not hasattr(s, "op") else []
        index = getattr(s, "index", None)
        if isinstance(index, Var):
            found.append(index)
    return found
