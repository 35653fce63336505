"""Writes one program as one function: reading values, counting references, blocks (floor 4).

Statements are written in order. Elementwise operators and reductions wait in a `Group` (`fusion`) until something reads
one of them from outside; then the group becomes one nest of loops (`kernels`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import NativeUnsupported
from ....ir import Atom, Block, Const, ListType, Program, Statement, Type, Var, defined, dtype_of
from ....ir.liveness import live_after, statement_reads
from .groups import Group
from .memory import Memory
from .module import NativeModule
from .values import Listing, Owned, Pending, Splat, Value, View
from .writer import LLVM_TYPES, number

__all__ = ["Emitter", "Rules"]


@dataclass(frozen=True)
class Rules:
    """What an emitter calls on the modules above it.

    Attributes
    ----------
    statement : callable
        Writes one statement, given the variables that are read after it.
    group : callable
        Writes a group of fused statements.
    release_list : callable
        Gives up a reference to a list.
    """

    statement: Callable[[Emitter, Statement, set[Var]], None]
    group: Callable[[Emitter, Group], None]
    release_list: Callable[[Emitter, str, ListType], None]


class Emitter(Memory):
    """Writes one program as one function.

    Parameters
    ----------
    module, program, names
        As for `Writing`.
    rules : Rules
        What writes statements and groups.
    """

    def __init__(self, module: NativeModule, program: Program, names: dict[int, str], rules: Rules) -> None:
        super().__init__(module, program, names)
        self.rules = rules

    # ---- reading -----------------------------------------------------------------------------------------------------
    def peek(self, atom: Atom) -> Value:
        """The value of an atom, which may still be pending."""
        if isinstance(atom, Var):
            return self.env[atom]
        if isinstance(atom.type, Type) and atom.type.is_array:
            return self._constant_array(atom)
        return number(atom.value, dtype_of(atom))

    def read(self, atom: Atom) -> Value:
        """The value of an atom; a group that computes it is written first."""
        value = self.peek(atom)
        if isinstance(value, Pending):
            self.flush()
            value = self.peek(atom)
        return value

    def scalar(self, atom: Atom) -> str:
        """The value of a number."""
        value = self.read(atom)
        assert isinstance(value, str), atom
        return value

    def array(self, atom: Atom) -> View:
        """The value of an array, in memory."""
        value = self.read(atom)
        if isinstance(value, Splat):
            value = self.fill(value, atom if isinstance(atom, Var) else None)
            if isinstance(atom, Var):
                self.shadow(atom, value)
        assert isinstance(value, View), atom
        return value

    def shadow(self, variable: Var, value: Value) -> None:
        """Give a variable another form until the end of the block that is being written."""
        if variable not in self.local:
            self.shadowed.append((variable, self.env[variable]))
        self.env[variable] = value

    def listing(self, atom: Atom) -> Listing:
        """The value of a list."""
        value = self.read(atom)
        assert isinstance(value, Listing), atom
        return value

    def dims(self, atom: Atom) -> tuple[str, ...]:
        """The lengths of an array; nothing is computed for them."""
        value = self.peek(atom)
        assert isinstance(value, View | Splat | Pending), atom
        return value.dims

    def flush(self) -> None:
        """Write the open group."""
        if self.group is not None:
            group, self.group = self.group, None
            self.rules.group(self, group)

    def flush_writes(self, atoms: Iterable[Atom]) -> None:
        """Write the open group if it will write what one of the atoms reads."""
        if self.group is None or not self.group.written:
            return
        for atom in atoms:
            owner = self._owner(atom) if isinstance(atom, Var) else None
            if owner is not None and id(owner) in self.group.written:
                self.flush()
                return

    def _constant_array(self, atom: Const) -> View:
        value = np.asarray(atom.value)
        steps = [s // value.itemsize for s in value.strides]
        if any(s % value.itemsize for s in value.strides) or not value.flags.aligned:
            raise NativeUnsupported(f"the array {atom.name or 'constant'} is not aligned")
        data = self.w.value(f"load ptr, ptr {self.module.array(value)}")
        dims = tuple(str(n) for n in value.shape)
        strides = tuple(str(s) for s in steps)
        return View(dtype_of(atom), data, dims, strides, None, bool(value.flags.c_contiguous))

    # ---- references --------------------------------------------------------------------------------------------------

    def retain(self, handle: str) -> None:
        """One more reference."""
        self.module.helper_effect(self.w, "pg_retain", [f"ptr {handle}"])

    def release(self, owner: Owned) -> None:
        """One reference less."""
        if owner.spare is not None:
            owner.spare[0].append((owner.handle, owner.spare[1]))
        if owner.on_stack:
            return
        if owner.list_type is not None:
            self.rules.release_list(self, owner.handle, owner.list_type)
            return
        self.module.helper_effect(self.w, "pg_release", ["ptr %state", f"ptr {owner.handle}"])

    def release_unread(self, live: set[Var]) -> None:
        """Release what no live variable refers to."""
        if not self.owned or self.group is not None:
            return
        alive = {id(self._owner(v)) for v in live}
        kept = []
        for owner in self.owned:
            if id(owner) in alive:
                kept.append(owner)
            else:
                self.release(owner)
        self.owned = kept

    def _owner(self, variable: Var) -> Owned | None:
        return getattr(self.env.get(variable), "owner", None)

    def hand_on(self, atoms: Sequence[Atom], live: set[Var]) -> list[list[str]]:
        """The parts of values that leave the block, each array or list with a reference of its own.

        Parameters
        ----------
        atoms : sequence of Atom
            What leaves.
        live : set of Var
            What is read afterwards all the same.
        """
        for atom in atoms:
            # an array of one number gets its storage now: who else reads it decides who holds it
            if isinstance(self.read(atom), Splat):
                self.array(atom)
        kept = {id(self._owner(v)) for v in live}
        parts: list[list[str]] = []
        for atom in atoms:
            if not atom.type.is_array:
                parts.append([self.scalar(atom)])
                continue
            value: View | Listing
            if isinstance(atom.type, ListType):
                value = self.listing(atom)
            else:
                value = self.contiguous(self.array(atom))
            handle = self._reference(value, kept)
            dims = list(value.dims) if isinstance(value, View) else []
            parts.append([value.data, handle, *dims] if isinstance(value, View) else [value.data])
        return parts

    def _reference(self, value: View | Listing, kept: set[int]) -> str:
        owner = value.owner
        if owner is None or owner.counted == "null":
            return "null"
        if owner in self.owned and id(owner) not in kept:
            self.owned.remove(owner)
        else:
            self.retain(owner.handle)
        return owner.handle

    def received(self, type_: Type | ListType, parts: Sequence[str]) -> Value:
        """A value from the parts that `hand_on` gave, held by the block that is being written."""
        if isinstance(type_, ListType):
            owner = Owned(parts[0], type_)
            self.owned.append(owner)
            return Listing(parts[0], type_, owner)
        if not type_.rank:
            return parts[0]
        owner = Owned(parts[1])
        self.owned.append(owner)
        return View(type_.dtype, parts[0], tuple(parts[2:]), self.steps(parts[2:]), owner, True)

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def block(self, block: Block, live_out: set[Var]) -> None:
        """Write the statements of a block; ``live_out`` is read after it besides its yields. `leave` ends it."""
        last_read = _last_reads(block)
        outer, lengths, local, shadowed = self.read_later, dict(self.lengths), self.local, self.shadowed
        self.local, self.shadowed = set(), []
        after = live_after(block, live_out)
        end = len(block.statements)
        with self.supposing():
            for k, statement in enumerate(block.statements):
                live = after[k]

                def read_later(variable: Var, position: int = k, block_end: int = end) -> bool:
                    return variable in live_out or last_read.get(variable, -1) >= min(position, block_end)

                self.read_later = read_later
                self.origin = statement.origin or self.origin
                self.rules.statement(self, statement, live)
                self.local.update(defined(statement))
                self.release_unread(live)
            self.read_later = lambda v: v in live_out or last_read.get(v, -1) >= end
            self.flush()
        self.read_later, self.lengths = outer, lengths
        self.ended.append((local, shadowed))

    def leave(self) -> None:
        """End the block that was written last: release what it holds, forget what only it knew."""
        for owner in self.owned:
            self.release(owner)
        for variable, value in reversed(self.shadowed):
            self.env[variable] = value
        self.local, self.shadowed = self.ended.pop()


def _last_reads(block: Block) -> dict[Var, int]:
    last: dict[Var, int] = {}
    for k, statement in enumerate(block.statements):
        for variable in statement_reads(statement):
            last[variable] = k
    for atom in block.yields:
        if isinstance(atom, Var):
            last[atom] = len(block.statements)
    return last


def register_type(atom_type: Type) -> str:
    """The LLVM type of a number."""
    return LLVM_TYPES[atom_type.dtype]
