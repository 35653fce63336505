"""One function in the making: values, memory, checks (floor 4).

Statements are written in order. Elementwise operators and reductions wait in a `Group` (`fusion`) until something reads
one of them from outside; then the group becomes one nest of loops (`kernels`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import NativeUnsupported
from ...ir import Atom, Block, Const, ListType, Loop, Origin, Program, Statement, Type, Var, defined
from ...ir.liveness import live_after, statement_reads
from ...transform.length_classes import LengthClasses
from .chained import Chain
from .definitions import Definitions
from .escape import plan_stack
from .groups import Group
from .module import NativeModule, memory_type
from .ranges import Ranges
from .scratch import Scratch
from .values import Listing, Owned, Pending, Splat, Value, View
from .writer import LLVM_TYPES, SIZES, Writer, number

__all__ = ["BAIL", "Emitter", "Rules"]

#: What a function returns where the call must start again in code that checks and supposes nothing.
BAIL = "2"


_TOO_MANY = 2**63 - 1


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


class Emitter:
    """Writes one program as one function.

    Attributes
    ----------
    module : NativeModule
        The module that the function belongs to.
    w : Writer
        The instructions.
    env : dict
        What each variable is.
    group : Group or None
        Statements that wait to become one nest of loops.
    owned : list of Owned
        The references that the block being written holds.
    """

    def __init__(self, module: NativeModule, program: Program, names: dict[int, str], rules: Rules) -> None:
        self.module = module
        self.program = program
        self.names = names
        self.rules = rules
        self.w = Writer()
        self.env: dict[Var, Value] = {}
        self.group: Group | None = None
        self.owned: list[Owned] = []
        self.origin: Origin | None = None
        self.stack = plan_stack(program)
        #: the caller may give up the arguments while it reads the results
        self.is_called = False
        self.ranges = Ranges()
        self.definitions = Definitions.of(program.body)
        #: results of statements that may be rounded otherwise than the program says
        self.loose: set[Var] = set()
        #: additions that are computed in another way, by their targets
        self.chains: dict[Var, Chain] = {}
        #: statements (by identity) and axes of positions that were checked before
        self.proven: set[tuple[int, int]] = set()
        self.classes = LengthClasses(program.body)
        #: one length of each class of axes that meet
        self.met: dict[tuple[Var, int], str] = {}
        #: lengths that were found equal to others
        self.same: dict[str, str] = {}
        #: the loop of which this function runs some of the turns
        self.part: Loop | None = None
        #: the loops around, if what is being written runs in each of their turns, outermost first
        self.scratches: list[Scratch] = []
        #: what the loop being written puts by for later
        self.gathering: Any = None
        #: how many loops are around what is being written, and the counted ones among them
        self.depth = 0
        self.loops: list[Loop] = []
        #: whether there are loops over elements inside others
        self.has_rows = False
        #: the text of each length that is visible, by dimension token
        self.lengths: dict[object, str] = {}
        #: variables of the block being written; what others were before they took another form in it
        self.local: set[Var] = set()
        self.shadowed: list[tuple[Var, Value]] = []
        self.ended: list[tuple[set[Var], list[tuple[Var, Value]]]] = []
        #: variables that statements after the open group read
        self.read_later: Callable[[Var], bool] = lambda _: True

    @property
    def attributes(self) -> str:
        """The attributes of the function: how wide its vectors are.

        Rows that a loop goes through are short and begin anywhere: half as many elements at once leave less of them
        over, and cross fewer cache lines.
        """
        return "#1" if self.has_rows else "#0"

    # ---- reading -----------------------------------------------------------------------------------------------------
    def peek(self, atom: Atom) -> Value:
        """The value of an atom, which may still be pending."""
        if isinstance(atom, Var):
            return self.env[atom]
        if isinstance(atom.type, Type) and atom.type.is_array:
            return self._constant_array(atom)
        return number(atom.value, _dtype(atom))

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

    def canonical(self, n: str) -> str:
        """One text for lengths that were found equal."""
        while n in self.same:
            n = self.same[n]
        return n

    def suppose_equal(self, a: str, b: str) -> bool:
        """Go on with two lengths as one; where they differ the call starts again in code that supposes nothing.

        False where no call may start again: then nothing is supposed.
        """
        a, b = self.canonical(a), self.canonical(b)
        if a == b:
            return True
        if not self.module.may_bail or (a.isdigit() and b.isdigit()):
            return False
        self.bail_unless(self.w.compare("eq", a, b))
        if a.isdigit():
            a, b = b, a
        self.same[a] = b
        return True

    @contextmanager
    def supposing(self) -> Iterator[None]:
        """What is supposed in the context holds in it alone: control may not come through it."""
        same, met = dict(self.same), dict(self.met)
        yield
        self.same, self.met = same, met

    def meet(self, variable: Var) -> None:
        """Suppose the lengths of a new array equal to those that it will meet."""
        value = self.env.get(variable)
        if not self.module.may_bail or not isinstance(value, View | Splat | Pending):
            return
        for axis, n in enumerate(reversed(value.dims), 1):
            if n != "1":
                known = self.met.setdefault(self.classes.of(variable, axis), n)
                self.suppose_equal(n, known)

    def bail_unless(self, holds: str) -> None:
        """Start the call again, in code that checks and supposes nothing, unless a condition holds."""
        on = self.w.new_label("supposed")
        self.w.branch(holds, on, self.w.end(f"ret i32 {BAIL}"), ", !prof !0")
        self.w.start(on)

    def shadow(self, variable: Var, value: Value) -> None:
        """Give a variable another form until the end of the block that is being written."""
        if variable not in self.local:
            self.shadowed.append((variable, self.env[variable]))
        self.env[variable] = value

    def length_of(self, token: object, n: str) -> str:
        """One text for one length; ``n`` where the token is new."""
        if token is None or n.isdigit():
            return n
        if token == 1:
            return "1"
        if isinstance(token, tuple) and token[0] == "literal":
            return str(int(token[1]))
        return self.lengths.setdefault(token, n)

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
        return View(_dtype(atom), data, dims, strides, None, bool(value.flags.c_contiguous))

    # ---- memory ------------------------------------------------------------------------------------------------------
    def allocate(self, dtype: str, dims: Sequence[str], target: Var | None = None) -> View:
        """A new array; its block holds the reference."""
        dims = tuple(map(self.canonical, dims))
        if any(n.startswith("-") for n in dims):
            raise NativeUnsupported("an array of negative length")
        size = str(math.prod(int(n) for n in dims)) if all(n.isdigit() for n in dims) else ""
        if size.isdigit() and target in self.stack.arrays and int(size) <= 64:
            data = self.w.slot(f"[{max(int(size), 1)} x {memory_type(dtype)}]")
            owner = Owned(data, on_stack=True)
        else:
            scratch = self._scratch(dims) if target in self.stack.local else None
            if scratch is None:
                bytes_ = self._bytes(dims, SIZES[dtype])
                owner = self._allocated(bytes_)
            else:
                owner, bytes_ = self._reused(scratch, dtype, dims)
            data = owner.handle
            self.owned.append(owner)
            if self.module.options.poison:
                self.w.effect(f"call void @llvm.memset.p0.i64(ptr {data}, i8 -1, i64 {bytes_}, i1 false)")
        return View(dtype, data, tuple(dims), self.steps(dims), owner, True)

    def _allocated(self, bytes_: str) -> Owned:
        data = self.helper("pg_allocate", "noalias ptr", ["ptr %state", f"i64 {bytes_}"])
        self.check(self.w.compare("ne", data, "null", "ptr"), "memory", "{0} bytes cannot be allocated", [bytes_])
        return Owned(data)

    def _scratch(self, dims: Sequence[str]) -> Scratch | None:
        """The outermost loop before which storage of these lengths can be made."""
        return next((scratch for scratch in self.scratches if scratch.has(dims)), None)

    def _reused(self, scratch: Scratch, dtype: str, dims: Sequence[str]) -> tuple[Owned, str]:
        """Storage that a loop has for all its turns, and its bytes."""
        spare = scratch.spare.setdefault((str(SIZES[dtype]), *dims), [])
        if not spare:
            with scratch:
                bytes_ = self.w.select(scratch.runs, self._bytes(dims, SIZES[dtype]), "0")
                made = self._allocated(bytes_)
            scratch.owned.append(made)
            spare.append((made.handle, bytes_))
        data, bytes_ = spare.pop()
        return Owned(data, on_stack=True, spare=(spare, bytes_)), bytes_

    def _bytes(self, dims: Sequence[str], element: int) -> str:
        """The bytes of an array; more than there can be where the product does not fit into 64 bits."""
        known = math.prod([element, *(int(n) for n in dims if n.isdigit())])
        factors = [n for n in dims if not n.isdigit()]
        if not factors or known > _TOO_MANY:
            return str(min(known, _TOO_MANY))
        self.module.declare("declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)")
        total, over = factors[0], []
        for n in [*factors[1:], str(known)]:
            both = self.w.value(f"call {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64 {total}, i64 {n})")
            total = self.w.value(f"extractvalue {{ i64, i1 }} {both}, 0")
            over.append(self.w.value(f"extractvalue {{ i64, i1 }} {both}, 1"))
        any_over = over[0]
        for one in over[1:]:
            any_over = self.w.value(f"or i1 {any_over}, {one}")
        return self.w.select(any_over, str(_TOO_MANY), total)

    def steps(self, dims: Sequence[str]) -> tuple[str, ...]:
        """The strides of a C-contiguous array."""
        strides: list[str] = []
        step = "1"
        for n in reversed(dims):
            strides.append(step)
            step = self.w.multiply(step, n)
        return tuple(reversed(strides))

    def size(self, dims: Iterable[str]) -> str:
        """The number of elements."""
        total = "1"
        for n in dims:
            total = self.w.multiply(total, n)
        return total

    def fill(self, value: Splat, target: Var | None = None) -> View:
        """An array in memory for one number."""
        view = self.allocate(value.dtype, value.dims, target)
        self.set_all(view, value.value)
        return view

    def set_all(self, view: View, value: str) -> None:
        """Write one number to every element of a contiguous array."""
        zero = value in ("0", "false", number(0.0, "f64"))
        if zero and view.contiguous:
            bytes_ = self.w.multiply(self.size(view.dims), str(SIZES[view.dtype]))
            self.module.uses_helper("pg_allocate")
            self.w.effect(f"call void @llvm.memset.p0.i64(ptr {view.data}, i8 0, i64 {bytes_}, i1 false)")
            return
        self.for_each(view.dims, lambda index: self.put(view, index, value), flat=view.contiguous)

    def for_each(
        self, dims: Sequence[str], body: Callable[[Sequence[str]], None], flat: bool = False, once: bool = True
    ) -> None:
        """A nest of loops over an index space; one loop over all elements if the index is not needed."""
        if flat and len(dims) > 1:

            def each(k: str, _: list[str]) -> list[str]:
                body(["0"] * (len(dims) - 1) + [k])
                return []

            self.w.counted(self.size(dims), [], each, "fill", once)
            return
        if not dims:
            body([])
            return
        self._nest(list(dims), [], body, once)

    def _nest(self, dims: list[str], index: list[str], body: Callable[[Sequence[str]], None], once: bool) -> None:
        def inside(k: str, _: list[str]) -> list[str]:
            if len(dims) == 1:
                body([*index, k])
            else:
                self._nest(dims[1:], [*index, k], body, once)
            return []

        self.w.counted(dims[0], [], inside, "nest", once=once)

    def address(self, view: View, index: Sequence[str]) -> str:
        """The address of an element."""
        offset = "0"
        for k, step in zip(index, view.strides, strict=True):
            offset = self.w.add(offset, self.w.multiply(k, step))
        if offset == "0":
            return view.data
        return self.w.value(f"getelementptr inbounds {memory_type(view.dtype)}, ptr {view.data}, i64 {offset}")

    def get(self, view: View, index: Sequence[str]) -> str:
        """Read an element."""
        value = self.w.value(f"load {memory_type(view.dtype)}, ptr {self.address(view, index)}")
        return self.w.value(f"trunc i8 {value} to i1") if view.dtype == "bool" else value

    def put(self, view: View, index: Sequence[str], value: str) -> None:
        """Write an element."""
        at = self.address(view, index)
        if view.dtype == "bool":
            value = self.w.value(f"zext i1 {value} to i8")
        self.w.effect(f"store {memory_type(view.dtype)} {value}, ptr {at}")

    def copy_into(self, target: View, source: View) -> None:
        """Copy all elements between arrays of one shape and dtype."""
        if target.contiguous and source.contiguous:
            bytes_ = self.w.multiply(self.size(target.dims), str(SIZES[target.dtype]))
            self.module.uses_helper("pg_allocate")
            self.w.effect(
                f"call void @llvm.memcpy.p0.p0.i64(ptr {target.data}, ptr {source.data}, i64 {bytes_}, i1 false)"
            )
            return
        self.for_each(target.dims, lambda index: self.put(target, index, self.get(source, index)))

    def contiguous(self, view: View, target: Var | None = None) -> View:
        """The array itself where it is C-contiguous, otherwise a copy."""
        if view.contiguous:
            return view
        copied = self.allocate(view.dtype, view.dims, target)
        self.copy_into(copied, view)
        return copied

    # ---- references --------------------------------------------------------------------------------------------------
    def helper(self, name: str, kind: str, args: Sequence[str]) -> str:
        """Call the run-time support."""
        return self.module.helper_call(self.w, name, kind, args)

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
        if owner is None or owner.on_stack:
            # nobody counts: who lends the storage gives it up
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

    # ---- failing -----------------------------------------------------------------------------------------------------
    def check(self, holds: str, kind: str, message: str, numbers: Sequence[str] = ()) -> None:
        """Go on if a condition holds; otherwise end the call and say what failed."""
        if holds == "true":
            return
        on, failed = self.w.new_label("on"), self.w.new_label("fail")
        self.w.branch(holds, on, failed, ", !prof !0")
        self.w.start(failed)
        self.fail(kind, message, numbers)
        self.w.start(on)

    def fail(self, kind: str, message: str, numbers: Sequence[str] = ()) -> None:
        """End the call with an error."""
        site = self.module.site(kind, message, self.origin, self.program.filename)
        told = [str(site), *numbers, "0", "0", "0"][:4]
        self.module.helper_effect(self.w, "pg_fail", ["ptr %state", *(f"i64 {number}" for number in told)])
        self.w.jump(self.w.end("ret i32 1"))

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def block(self, block: Block, live_out: set[Var]) -> None:
        """Write the statements of a block; ``live_out`` is read after it besides its yields. `leave` ends it."""
        last_read = _last_reads(block)
        outer, lengths, local, shadowed = self.read_later, dict(self.lengths), self.local, self.shadowed
        same, met = dict(self.same), dict(self.met)
        self.local, self.shadowed = set(), []
        after = live_after(block, live_out)
        end = len(block.statements)
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
        self.read_later, self.lengths, self.same, self.met = outer, lengths, same, met
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


def _dtype(atom: Atom) -> str:
    assert isinstance(atom.type, Type)
    return atom.type.dtype


def register_type(atom_type: Type) -> str:
    """The LLVM type of a number."""
    return LLVM_TYPES[atom_type.dtype]
