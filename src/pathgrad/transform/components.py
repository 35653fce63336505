"""Programs of small matrices with known elements, written with numbers (floor 3).

``np.array([[1.0, 0.0, h], ...])`` and ``np.eye(4)`` are known in most places; a product with them is a fraction of its
operations, and of a derivative by them only what leads to ``h`` is wanted. Written with numbers a program says so:
products with 1 and derivatives times 0 are gone, and what nothing reads is dead (`elements` has the rules).

A value's products with 0 are left out if a call may start again: the numbers that they would have been made of are
summed, and if the sum is not finite, neither was one of them (`finite`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir import (
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Program,
    Statement,
    Type,
    Var,
    While,
    dtype_of,
    place_copies,
    remove_dead,
    walk,
)
from ..ir.types import F64, I64
from ..ops import TABLE, Index, Integer
from .elements import MOVES, RULES, Elements, Known, is_zero, small_shape
from .finite import sum_skipped
from .simplify import clone_block
from .unroll import by_position, unroll

__all__ = ["InNumbers", "in_numbers"]


@dataclass
class InNumbers:
    """A program written with numbers.

    Attributes
    ----------
    program : Program
        The program.
    sums : set of Var
        What need not be rounded on its own.
    finite : Atom or None
        What must be finite at the end; otherwise the results are not those of the program. None: nothing must.
    """

    program: Program
    sums: set[Var] = field(default_factory=set)
    finite: Atom | None = None


def in_numbers(program: Program, may_check: bool) -> InNumbers:
    """A program with small arrays as numbers, where some of its matrices are partly known.

    Parameters
    ----------
    program : Program
        Not changed.
    may_check : bool
        Whether a call may start again where `InNumbers.finite` is not; otherwise the program stays as it is.
    """
    statements = list(walk(program.body))
    # what happens on the way to the end must not depend on numbers that are wrong
    if not may_check or any(map(_decides, statements)) or not any(map(_is_product, statements)):
        return InNumbers(program)
    mapping: dict[Var, Atom] = {v: v for v in program.inputs}
    body = clone_block(program.body, mapping)
    unroll(body)
    writer = _Writer(by_position(body))
    new = replace(program, body=writer.block(body, {}), derived={})
    if not writer.has_known:
        return InNumbers(program)
    total = sum_skipped(new.body, writer.skipped, new.inputs)
    count = len(new.body.yields)
    if total is not None:
        new.body.yields.append(total)
    place_copies(remove_dead(new))
    finite = new.body.yields.pop() if len(new.body.yields) > count else None
    return InNumbers(new, writer.known.sums, finite)


def _decides(s: Statement) -> bool:
    """Whether how long a program runs, or where it fails, may depend on numbers."""
    if isinstance(s, Let):
        return s.op.name in ("cast", "cast_like")
    return isinstance(s, Call | While) or (isinstance(s, Loop) and s.exits)


def _is_product(s: Statement) -> bool:
    return isinstance(s, Let) and s.op.name == "matmul" and all(small_shape(a.type) is not None for a in s.args)


# ---- writing ---------------------------------------------------------------------------------------------------------
class _Writer:
    """Writes a program anew, with numbers for the elements of small arrays."""

    def __init__(self, by_position: set[Var]) -> None:
        self.by_position = by_position
        self.known = Known()
        #: by block: factors that were left out, with the number that lacks them
        self.skipped: dict[int, list[tuple[Var, Atom]]] = {}
        #: whether an element that is a constant met a product
        self.has_known = False
        self.numbers: dict[Var, Atom] = {}
        #: small arrays that are arrays in the new program, too
        self.arrays: set[Var] = set()

    def get(self, atom: Atom) -> Atom:
        """The atom in the new program, where it is no small array."""
        return self.numbers.get(atom, atom) if isinstance(atom, Var) else atom

    def block(self, block: Block, outer: dict[Var, Any]) -> Block:
        """A block in numbers; ``outer`` are the small arrays that are visible, as arrays of atoms."""
        new = Block()
        known = dict(outer)
        for s in block.statements:
            self.statement(s, new, known)
        new.yields = [self.whole(a, new, known) for a in block.yields]
        return new

    def statement(self, s: Statement, new: Block, known: dict[Var, Any]) -> None:
        if isinstance(s, Let):
            if not self.let(s, new, known):
                args = tuple(self.whole(a, new, known) for a in s.args)
                new.statements.append(replace(s, args=args))
        elif isinstance(s, Branch):
            self.branch(s, new, known)
        else:
            assert isinstance(s, Loop)
            self.loop(s, new, known)

    # ---- arrays and their elements -----------------------------------------------------------------------------------
    def parts(self, atom: Atom, new: Block, known: dict[Var, Any]) -> Any:
        """A small array or a number as an array of atoms; None for what else there is."""
        if isinstance(atom, Var) and atom in known:
            return known[atom]
        if not atom.type.rank and isinstance(atom.type, Type):
            return np.array(self.get(atom), object)
        shape = small_shape(atom.type)
        if shape is None:
            if isinstance(atom, Const) and isinstance(atom.value, np.ndarray) and atom.value.dtype == np.float64:
                shape = atom.value.shape if 0 < atom.value.size <= 16 else None
            if shape is None:
                return None
        result = np.empty(shape, object)
        for at in np.ndindex(shape):
            if isinstance(atom, Const):
                result[at] = Const(float(atom.value[at]), F64)
            else:
                result[at] = self.loaded(atom, at, new)
        if isinstance(atom, Var):
            known[atom] = result
            self.arrays.add(atom)
        return result

    def loaded(self, array: Var, at: tuple[int, ...], new: Block, *before: Atom, role: str = "primal") -> Atom:
        """An element of an array in memory."""
        numbers = (*before, *(Const(k, I64) for k in at))
        target = Var(array.name, F64, temporary=True)
        index = Index((Integer(),) * len(numbers))
        new.statements.append(Let(target, TABLE["load"], (array, *numbers), {"index": index}, None, role))
        return target

    def whole(self, atom: Atom, new: Block, known: dict[Var, Any]) -> Atom:
        """An atom as the new program has it; a small array is put together."""
        if not isinstance(atom, Var) or atom not in known or atom in self.arrays:
            return self.get(atom)
        return self.packed(atom, known[atom], new)

    def packed(self, atom: Var, parts: Any, new: Block) -> Atom:
        """An array of these elements."""
        target = Var(atom.name, atom.type)
        if parts.ndim == 1:
            new.statements.append(Let(target, TABLE["pack"], tuple(parts), {}, None, "kept"))
            return target
        inner = Type("f64", parts.ndim - 1, tuple(("literal", n) if n != 1 else 1 for n in parts.shape[1:]))
        rows = tuple(self.packed(Var(atom.name, inner), row, new) for row in parts)
        new.statements.append(Let(target, TABLE["stack"], rows, {"axis": 0}, None, "kept"))
        return target

    # ---- statements --------------------------------------------------------------------------------------------------
    def let(self, s: Let, new: Block, known: dict[Var, Any]) -> bool:
        """Write a statement in numbers; False where it stays as it is."""
        name = s.op.name
        scalar = not s.target.type.is_array
        if scalar and not any(a.type.is_array for a in s.args):
            return self.number(s, new)
        if not (name in MOVES or name in RULES or (s.op.elementwise and not s.params)):
            return False
        if small_shape(s.target.type) is None and s.target.type != F64:
            return False
        if name == "load" and small_shape(s.args[0].type) is None and s.args[0] not in known:
            return self.row(s, new, known)
        numbers = s.args[1:] if name == "load" else s.args[2:] if name in ("store", "accumulate") else ()
        if name == "zeros":
            numbers = s.args
        if any(not isinstance(self.get(a), Const) for a in numbers):
            return False
        operands = [self.parts(a, new, known) for a in s.args[: len(s.args) - len(numbers)]]
        if any(o is None for o in operands) or any(dtype_of(a) != "f64" for a in s.args[: len(operands)]):
            return False
        given = [int(self.get(a).value) for a in numbers]  # type: ignore[union-attr]
        e = Elements(s, new.statements, self.known)
        if name == "matmul":
            self.has_known |= any(is_zero(a) for o in operands for a in o.ravel())
        try:
            result = e.of(operands, given)
        except (IndexError, ValueError):
            return False  # positions or lengths do not fit: the statement as it is says so
        if e.skipped:
            lacking = self.skipped.setdefault(id(new), [])
            lacking += [(v, a) for v in dict.fromkeys(e.skipped) for a in result.ravel()]
        if scalar:
            self.numbers[s.target] = result[()]
        else:
            known[s.target] = result
        return True

    def number(self, s: Let, new: Block) -> bool:
        """A statement on numbers: in a derivative zero annihilates."""
        args = tuple(map(self.get, s.args))
        if s.target.type != F64 or not s.op.elementwise or any(dtype_of(a) != "f64" for a in args):
            return False
        before = len(new.statements)
        e = Elements(s, new.statements, self.known)
        found = e.emit(s.op.name, *args)
        self.skipped.setdefault(id(new), []).extend((v, found) for v in e.skipped)
        if len(new.statements) > before and isinstance(found, Var):
            new.statements[-1] = replace(s, args=new.statements[-1].args, op=new.statements[-1].op)  # type: ignore
        else:
            self.numbers[s.target] = found
        return True

    def row(self, s: Let, new: Block, known: dict[Var, Any]) -> bool:
        """A small part of an array in memory, element by element."""
        array, *numbers = s.args
        shape = small_shape(s.target.type)
        if shape is None or not s.params["index"].is_element or not isinstance(array, Var):
            return False
        result = np.empty(shape, object)
        at = tuple(map(self.get, numbers))
        base = self.get(array)
        assert isinstance(base, Var)
        for k in np.ndindex(shape):
            result[k] = self.loaded(base, k, new, *at, role=s.role)
        known[s.target] = result
        return True

    def branch(self, s: Branch, new: Block, known: dict[Var, Any]) -> None:
        arms = self.block(s.then, known), self.block(s.orelse, known)
        new.statements.append(replace(s, condition=self.get(s.condition), then=arms[0], orelse=arms[1]))

    def is_split(self, s: Loop, k: int) -> bool:
        """Whether a loop carries the elements of an array."""
        shape = small_shape(s.params[k].type)
        alike = shape is not None and shape == small_shape(s.inits[k].type) == small_shape(s.body.yields[k].type)
        return alike and s.params[k] not in self.by_position

    def loop(self, s: Loop, new: Block, known: dict[Var, Any]) -> None:
        """A loop that carries numbers for the elements of small arrays."""
        split = {k for k in range(len(s.params)) if self.is_split(s, k)}
        params: list[Var] = []
        inits: list[Atom] = []
        results: list[Var] = []
        inside = dict(known)
        body = Block()
        after: dict[Var, Any] = {}
        for k, (param, init, result) in enumerate(zip(s.params, s.inits, s.results, strict=True)):
            if k not in split:
                params.append(param)
                results.append(result)
                inits.append(self.whole(init, new, known))
                continue
            first = self.parts(init, new, known)
            inside[param], after[result] = _numbers(param, first), _numbers(result, first)
            params += list(inside[param].ravel())
            results += list(after[result].ravel())
            inits += list(first.ravel())
        for inner in s.body.statements:
            self.statement(inner, body, inside)
        for k, atom in enumerate(s.body.yields):
            if k in split:
                body.yields += list(self.parts(atom, body, inside).ravel())
            else:
                body.yields.append(self.whole(atom, body, inside))
        start, stop, step = map(self.get, (s.start, s.stop, s.step))
        own = replace(s, start=start, stop=stop, step=step, params=params, inits=inits, results=results, body=body)
        new.statements.append(own)
        known.update(after)


def _numbers(v: Var, like: Any) -> Any:
    """A variable for each element."""
    result = np.empty(like.shape, object)
    for at in np.ndindex(like.shape):
        result[at] = Var(v.name, F64)
    return result
