"""Loops on several threads (floor 4).

A loop whose iterations are independent apart from sums (`independence`) is written as a function that runs some of its
turns. At run time an estimate of the work decides: it is called once for all of them, or by each of several threads for
a part, with arrays of the thread's own where the loop adds or has scratch. The turns are always divided in the same way
and sums are completed in the order of the parts: the result is the same every time for the same number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Atom, Block, Branch, ListType, Loop, Program, Type, Var, type_of, walk
from ....transform.simplify import AtomMap, clone_block
from ..analysis.independence import Independence, free_atoms, handed_on, independence
from ..arrays.creation import trip_count
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.values import Owned, View
from ..emit.writer import LLVM_TYPES, number
from .division import PARTS, WORK, WordReader, append, call_own, call_team, fields_in_memory, run_team, worthwhile
from .work import cost, work

__all__ = ["part_of", "write_team"]

#: Elements of the arrays that each thread but the first has of its own, at most.
_OWN = 1 << 20


def part_of(e: Emitter, s: Loop, trips: str) -> tuple[str, str]:
    """The turns of a loop that are run here: all, or those of a part."""
    return ("%first", "%last") if e.part is s else ("0", trips)


def write_team(e: Emitter, s: Loop, trips: str, live: set[Var]) -> bool:
    """Write a loop as a function and its calls; False where it is to be written in place.

    Parameters
    ----------
    e : Emitter
        The function being written.
    s : Loop
        The loop.
    trips : str
        The number of iterations.
    live : set of Var
        What is read after the loop.
    """
    if not worthwhile(e):
        return False
    if trips.isdigit() and int(trips) * cost(s.body) < WORK and not any(isinstance(x, Loop) for x in walk(s.body)):
        return False
    kinds = independence(s)
    if kinds is None or not (kinds.sums or kinds.added or kinds.divided or kinds.handed):
        return False
    part = _Part.of(e, s, kinds, live)
    if part is None:
        return False
    part.write(trips)
    return True


def _kind(atom: Atom) -> str:
    return LLVM_TYPES[type_of(atom).dtype]


class _Part:
    """A loop as a function of a range of its turns, and its calls."""

    def __init__(self, e: Emitter, s: Loop, kinds: Independence, free: list[Var], live: set[Var]) -> None:
        self.e, self.s = e, s
        self.sums, self.handed = kinds.sums, kinds.handed
        self.numbers = [*kinds.sums, *kinds.handed]
        self.added, self.scratch = kinds.added, kinds.scratch
        self.arrays = sorted([*kinds.added, *kinds.divided, *kinds.scratch])
        #: arrays of a thread that the caller reads in the end
        self.read = [*kinds.added, *(k for k in kinds.scratch if s.results[k] in live)]
        self.free = free
        inits = [Var(v.name, v.type) for v in s.params]
        results = [Var(v.name, v.type) for v in s.results]
        self.inputs = [*free, *(inits[k] for k in (*self.arrays, *self.numbers))]
        #: the index of the turn before the first one, and whether there is one
        self.before, self.is_later = Var("before", Type("i64")), Var("later", Type("bool"))
        begins = [self.beginning(k, inits[k]) for k in self.handed]
        given: list[Atom] = list(inits)
        for k, branch in zip(self.handed, begins, strict=True):
            given[k] = branch.results[0]
        self.loop = Loop(
            s.index, s.start, s.stop, s.step, s.params, given, s.body, results, False, s.reversed, None, s.origin
        )
        consumed = frozenset(len(free) + j for j in range(len(self.arrays)))
        body = Block([*begins, self.loop], [results[k] for k in self.numbers])
        self.program = Program(e.program.name, self.inputs, body, consumed, e.program.filename)
        self.name = f"pg_part_{len(e.module.functions)}"

    @classmethod
    def of(cls, e: Emitter, s: Loop, kinds: Independence, live: set[Var]) -> _Part | None:
        """The part of a loop; None where something that it reads cannot be handed to a thread."""
        carried = [init for init in s.inits if init.type.is_array]
        if any(not isinstance(a, Var) for a in carried) or len({id(a) for a in carried}) < len(carried):
            return None
        free = sorted(free_atoms(s), key=lambda v: v.name)
        if any(isinstance(v.type, ListType) or v in carried for v in free):
            return None
        for atom in [*free, *s.inits]:
            value = e.array(atom) if atom in carried else e.read(atom)
            if not isinstance(value, str) and not (isinstance(value, View) and value.contiguous):
                return None
        return cls(e, s, kinds, free, live)

    def beginning(self, k: int, init: Var) -> Branch:
        """What the first turn is handed: what the turn before would compute."""
        computed = handed_on(self.s, k)
        assert computed is not None
        mapping: AtomMap = {self.s.index: self.before}
        earlier = clone_block(Block(list(computed), [self.s.body.yields[k]]), mapping)
        result = Var(init.name, init.type)
        return Branch(self.is_later, earlier, Block([], [init]), [result], self.s.origin, self.s.role)

    # ---- in the calling function -------------------------------------------------------------------------------------
    def write(self, trips: str) -> None:
        """The choice, the two calls, and the results."""
        e, w, s = self.e, self.e.w, self.s
        self.write_own()
        self.write_thread()
        arrays = {k: e.array(s.inits[k]) for k in self.arrays}
        initial = [e.scalar(s.inits[k]) for k in self.numbers]
        fields = self.fields(arrays, initial)
        own = "0"
        for k in [*self.added, *self.scratch]:
            own = w.add(own, e.size(arrays[k].dims))
        several, whole, out = (w.new_label(x) for x in ("team", "whole", "loop"))
        total = w.multiply(trips, work(e, s.body))
        fits = w.compare("sge", total, str(WORK))
        if own != "0":
            small = w.compare("sle", own, str(_OWN))
            # what one thread clears and another adds is a pass over memory
            cheap = w.compare("sle", w.multiply(own, "4"), total)
            fits = w.value(f"and i1 {fits}, {w.value(f'and i1 {small}, {cheap}')}")
        outer, e.owned = e.owned, []
        run_team(e, fits, several, whole)
        words = len(self.numbers) + sum(2 + len(arrays[k].dims) for k in self.read)
        args = fields_in_memory(e, fields, w.slot(f"[{max(len(fields), 1)} x i64]"))
        count, results = call_team(e, self.name, args, trips, words, 1 if self.read or self.scratch else PARTS)
        finals = self.combined(arrays, initial, count, results, words)
        for owner in e.owned:
            e.release(owner)
        e.owned = outer
        label = w.label
        w.jump(out)
        w.start(whole)
        plain = self.called(e, fields, "0", trips, w.slot(f"[{max(len(self.numbers), 1)} x i64]"))
        other = w.label
        w.jump(out)
        w.start(out)
        for k, array in arrays.items():
            e.env[s.results[k]] = array
        for k, a, b in zip(self.numbers, finals, plain, strict=True):
            e.env[s.results[k]] = w.value(f"phi {_kind(s.results[k])} [ {a}, %{label} ], [ {b}, %{other} ]")

    def fields(self, arrays: dict[int, View], initial: Sequence[str]) -> list[tuple[str, str]]:
        """The arguments: kinds and values."""
        found: list[tuple[str, str]] = []
        values = [*(self.e.read(v) for v in self.free), *arrays.values(), *initial]
        for variable, value in zip(self.inputs, values, strict=True):
            if isinstance(value, View):
                found += [("ptr", value.data), *(("i64", n) for n in value.dims)]
            else:
                assert isinstance(value, str)
                found.append((_kind(variable), value))
        return found

    def called(self, e: Emitter, fields: Sequence[tuple[str, str]], first: str, last: str, slot: str) -> list[str]:
        """Run some turns; the numbers at their end."""
        given = [f"{kind} {value}" for kind, value in fields]
        call_own(e, self.name, [*given, f"i64 {first}", f"i64 {last}", f"ptr {slot}"])
        at = WordReader(e, slot)
        return [at.next(_kind(self.s.params[k])) for k in self.numbers]

    def combined(
        self, arrays: dict[int, View], initial: Sequence[str], count: str, results: str, words: int
    ) -> list[str]:
        """The sums over all parts, and what the last part hands on; arrays are completed where they lie."""
        e, w = self.e, self.e.w
        numbers = [self.s.params[k] for k in self.numbers]

        def one(t: str, totals: list[str]) -> list[str]:
            at = WordReader(e, w.value(f"getelementptr i64, ptr {results}, i64 {w.multiply(t, str(words))}"))
            found = [at.next(_kind(v)) for v in numbers]
            sums = zip(numbers, totals[: len(self.sums)], found, strict=False)
            totals = [*(_added(e, v, total, own) for v, total, own in sums), *found[len(self.sums) :]]
            for k in self.read:
                array = arrays[k]
                data, handle = at.next("ptr"), at.next("ptr")
                at.skip(len(array.dims))
                # the first part has worked on the array itself
                dims = (w.select(w.compare("eq", t, "0"), "0", array.dims[0]), *array.dims[1:])
                whole, part = (
                    View(array.dtype, place, dims, array.strides, None, True) for place in (array.data, data)
                )
                self.completed(whole, part, k in self.added)
                e.module.helper_effect(w, "pg_release", ["ptr %state", f"ptr {handle}"])
            return totals

        carried = [(_kind(v), value) for v, value in zip(numbers, initial, strict=True)]
        return w.counted(count, carried, one, "parts") if words else []

    def completed(self, array: View, part: View, adds: bool) -> None:
        """Take a thread's array into the caller's."""
        e = self.e
        if not adds:
            e.copy_into(array, part)
            return

        def element(index: Sequence[str]) -> None:
            both = [(e.get(array, index), array.dtype), (e.get(part, index), array.dtype)]
            e.put(array, index, elementwise(e.module, e.w, "add", both, array.dtype))

        e.for_each(array.dims, element, flat=array.contiguous)

    # ---- the two functions -------------------------------------------------------------------------------------------
    def emitter(self) -> Emitter:
        """One that writes a function of the inputs."""
        e = Emitter(self.e.module, self.program, self.e.names, self.e.rules)
        e.part, e.origin, e.loose, e.chains = self.loop, self.s.origin, self.e.loose, self.e.chains
        e.local.update(self.inputs)
        return e

    def parameters(self, e: Emitter) -> list[str]:
        """The parameters; the inputs become known to the emitter."""
        found: list[str] = []
        for k, variable in enumerate(self.inputs):
            type_ = type_of(variable)
            own = f"%a{k}"
            if not type_.rank:
                found.append(f"{_kind(variable)} {own}")
                e.env[variable] = own
                continue
            found.append(f"ptr noalias {'' if k in self.program.consumed else 'readonly '}{own}")
            found += [f"i64 {own}.{axis}" for axis in range(type_.rank)]
            dims = tuple(e.length_of(token, f"{own}.{axis}") for axis, token in enumerate(type_.dims))
            e.env[variable] = View(type_.dtype, own, dims, e.steps(dims), Owned(own, on_stack=True), True)
        return found

    def write_own(self) -> None:
        """The function that runs some turns on the arrays that it is given."""
        e = self.emitter()
        parameters = self.parameters(e)
        if self.handed:
            self.know_before(e)
        e.block(self.program.body, set())
        values = [e.scalar(atom) for atom in self.program.body.yields]
        e.leave()
        kinds = [_kind(self.s.params[k]) for k in self.numbers]
        fields_in_memory(e, list(zip(kinds, values, strict=True)), "%results")
        e.w.effect("ret i32 0")
        append(self.e, self.name, parameters, e.w.text(), f"noinline {e.attributes}")

    def know_before(self, e: Emitter) -> None:
        """Find the index of the turn before the first one."""
        w, s = e.w, self.s
        start, stop, step = (e.scalar(a) for a in (s.start, s.stop, s.step))
        turn = w.subtract("%first", "1")
        if s.reversed:
            turn = w.subtract(w.subtract(trip_count(e, start, stop, step), "1"), turn)
        e.env[self.before] = w.add(start, w.multiply(turn, step))
        e.env[self.is_later] = w.compare("sgt", "%first", "0")

    def write_thread(self) -> None:
        """The function that a thread calls: sums start at zero, added and scratch arrays are its own.

        The first part works on the caller's arrays.
        """
        e = self.emitter()
        at = WordReader(e, "%args")
        fields: list[tuple[str, str]] = []
        made: dict[int, View] = {}
        position = dict(zip(self.inputs[len(self.free) :], [*self.arrays, *self.numbers], strict=True))
        for variable in self.inputs:
            type_ = type_of(variable)
            k = position.get(variable, -1)
            if not type_.rank:
                value = at.next(_kind(variable))
                fields.append((_kind(variable), number(0, type_.dtype) if k in self.sums else value))
                continue
            data = at.next("ptr")
            dims = tuple(at.next("i64") for _ in range(type_.rank))
            if k in self.added or k in self.scratch:
                first = e.w.compare("eq", "%first", "0")
                made[k] = own = e.allocate(type_.dtype, (e.w.select(first, "0", dims[0]), *dims[1:]))
                if k in self.added:
                    e.set_all(own, number(0, type_.dtype))
                else:
                    e.copy_into(own, View(type_.dtype, data, own.dims, own.strides, None, True))
                data = e.w.select(first, data, own.data, "ptr")
            fields += [("ptr", data), *(("i64", n) for n in dims)]
        numbers = self.called(e, fields, "%first", "%last", e.w.slot(f"[{max(len(self.numbers), 1)} x i64]"))
        results = [(_kind(self.s.params[k]), v) for k, v in zip(self.numbers, numbers, strict=True)]
        for k, own in made.items():
            assert own.owner is not None
            if k not in self.read:
                e.release(own.owner)
        for k in self.read:
            own = made[k]
            assert own.owner is not None
            results += [("ptr", own.data), ("ptr", own.owner.handle), *(("i64", n) for n in own.dims)]
        fields_in_memory(e, results, "%results")
        e.w.effect("ret i32 0")
        head = "ptr %state, ptr %args, i64 %first, i64 %last, ptr %results"
        self.e.module.functions.append(f"define internal i32 @{self.name}({head}) #0 {{\n{e.w.text()}\n}}")


def _added(e: Emitter, like: Atom, a: str, b: str) -> str:
    dtype = type_of(like).dtype
    return elementwise(e.module, e.w, "add", [(a, dtype), (b, dtype)], dtype)
