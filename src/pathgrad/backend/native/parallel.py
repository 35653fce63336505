"""Loops on several threads (floor 4).

A loop whose iterations are independent apart from sums (`independence`) is written as a function that runs some of its
turns. At run time an estimate of the work decides: it is called once for all of them, or by each of several threads for
a part, with arrays of the thread's own where the loop adds or has scratch. The turns are always divided in the same way
and sums are completed in the order of the parts: the result is the same every time for the same number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Atom, Block, ListType, Loop, Program, Type, Var, walk
from .emitter import Emitter
from .independence import Independence, free_atoms, independence
from .runtime import TEAM_AT
from .scalars import elementwise
from .team import RUN, RUN_DECLARATION
from .threads import thread_count
from .values import Owned, View
from .work import cost, work
from .writer import LLVM_TYPES, number

__all__ = [
    "PARTS",
    "WORK",
    "WordReader",
    "append",
    "call_team",
    "fields_in_memory",
    "part_of",
    "run_team",
    "worthwhile",
    "write_team",
]

#: Operations on numbers below which threads cost more than they give.
WORK = 1_000_000
#: Elements of the arrays that each thread but the first has of its own, at most.
_OWN = 1 << 20
#: Parts of a loop for each thread, where a part has no arrays of its own: a thread that comes late runs fewer.
PARTS = 4


def part_of(e: Emitter, s: Loop, trips: str) -> tuple[str, str]:
    """The turns of a loop that are run here: all, or those of a part."""
    return ("%first", "%last") if e.part is s else ("0", trips)


def worthwhile(e: Emitter) -> bool:
    """Whether what is being written may run on several threads."""
    return e.depth == 0 and e.part is None and thread_count(e.module.options.threads) > 1


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
    if kinds is None or not (kinds.sums or kinds.added or kinds.divided):
        return False
    part = _Part.of(e, s, kinds, live)
    if part is None:
        return False
    part.write(trips)
    return True


def _kind(atom: Atom) -> str:
    return LLVM_TYPES[_type(atom).dtype]


def _type(atom: Atom) -> Type:
    assert isinstance(atom.type, Type)
    return atom.type


class _Part:
    """A loop as a function of a range of its turns, and its calls."""

    def __init__(self, e: Emitter, s: Loop, kinds: Independence, free: list[Var], live: set[Var]) -> None:
        self.e, self.s = e, s
        self.sums = kinds.sums
        self.added, self.scratch = kinds.added, kinds.scratch
        self.arrays = sorted([*kinds.added, *kinds.divided, *kinds.scratch])
        #: arrays of a thread that the caller reads in the end
        self.read = [*kinds.added, *(k for k in kinds.scratch if s.results[k] in live)]
        self.free = free
        inits = [Var(v.name, v.type) for v in s.params]
        results = [Var(v.name, v.type) for v in s.results]
        self.loop = Loop(
            s.index, s.start, s.stop, s.step, s.params, list(inits), s.body, results, False, s.reversed, None, s.origin
        )
        self.inputs = [*free, *(inits[k] for k in (*self.arrays, *self.sums))]
        consumed = frozenset(len(free) + j for j in range(len(self.arrays)))
        body = Block([self.loop], [results[k] for k in self.sums])
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

    # ---- in the calling function -------------------------------------------------------------------------------------
    def write(self, trips: str) -> None:
        """The choice, the two calls, and the results."""
        e, w, s = self.e, self.e.w, self.s
        self.write_own()
        self.write_thread()
        arrays = {k: e.array(s.inits[k]) for k in self.arrays}
        initial = [e.scalar(s.inits[k]) for k in self.sums]
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
        words = len(self.sums) + sum(2 + len(arrays[k].dims) for k in self.read)
        args = fields_in_memory(e, fields, w.slot(f"[{max(len(fields), 1)} x i64]"))
        count, results = call_team(e, self.name, args, trips, words, 1 if self.read or self.scratch else PARTS)
        finals = self.combined(arrays, initial, count, results, words)
        for owner in e.owned:
            e.release(owner)
        e.owned = outer
        label = w.label
        w.jump(out)
        w.start(whole)
        plain = self.called(e, fields, "0", trips, w.slot(f"[{max(len(self.sums), 1)} x i64]"))
        other = w.label
        w.jump(out)
        w.start(out)
        for k, array in arrays.items():
            e.env[s.results[k]] = array
        for k, a, b in zip(self.sums, finals, plain, strict=True):
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
        """Run some turns; the sums."""
        given = [f"{kind} {value}" for kind, value in fields]
        call_own(e, self.name, [*given, f"i64 {first}", f"i64 {last}", f"ptr {slot}"])
        at = WordReader(e, slot)
        return [at.next(_kind(self.s.params[k])) for k in self.sums]

    def combined(
        self, arrays: dict[int, View], initial: Sequence[str], count: str, results: str, words: int
    ) -> list[str]:
        """The sums over all parts; arrays are completed where they lie."""
        e, w = self.e, self.e.w
        sums = [self.s.params[k] for k in self.sums]

        def one(t: str, totals: list[str]) -> list[str]:
            at = WordReader(e, w.value(f"getelementptr i64, ptr {results}, i64 {w.multiply(t, str(words))}"))
            totals = [_added(e, v, total, at.next(_kind(v))) for v, total in zip(sums, totals, strict=True)]
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

        carried = [(_kind(v), value) for v, value in zip(sums, initial, strict=True)]
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
            type_ = _type(variable)
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
        e.block(self.program.body, set())
        values = [e.scalar(atom) for atom in self.program.body.yields]
        e.leave()
        fields_in_memory(e, [(_kind(self.s.params[k]), v) for k, v in zip(self.sums, values, strict=True)], "%results")
        e.w.effect("ret i32 0")
        append(self.e, self.name, parameters, e.w.text(), f"noinline {e.attributes}")

    def write_thread(self) -> None:
        """The function that a thread calls: sums start at zero, added and scratch arrays are its own.

        The first part works on the caller's arrays.
        """
        e = self.emitter()
        at = WordReader(e, "%args")
        fields: list[tuple[str, str]] = []
        made: dict[int, View] = {}
        position = dict(zip(self.inputs[len(self.free) :], [*self.arrays, *self.sums], strict=True))
        for variable in self.inputs:
            type_ = _type(variable)
            k = position.get(variable, -1)
            if not type_.rank:
                value = at.next(_kind(variable))
                fields.append((_kind(variable), number(0, type_.dtype) if k >= 0 else value))
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
        sums = self.called(e, fields, "%first", "%last", e.w.slot(f"[{max(len(self.sums), 1)} x i64]"))
        results = [(_kind(self.s.params[k]), v) for k, v in zip(self.sums, sums, strict=True)]
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
    dtype = _type(like).dtype
    return elementwise(e.module, e.w, "add", [(a, dtype), (b, dtype)], dtype)


class WordReader:
    """Reads words one after another."""

    def __init__(self, e: Emitter, base: str) -> None:
        self.e, self.base, self.position = e, base, 0

    def next(self, kind: str) -> str:
        """The next word."""
        at = self.e.w.value(f"getelementptr i64, ptr {self.base}, i64 {self.position}")
        self.position += 1
        return self.e.w.value(f"load {kind}, ptr {at}")

    def skip(self, count: int) -> None:
        """Leave words out."""
        self.position += count


# ---- the choice and the call -----------------------------------------------------------------------------------------
def run_team(e: Emitter, fits: str, several: str, plain: str) -> None:
    """Go to ``several`` where there are threads, and none of them is running this; begin that block."""
    w = e.w
    for text in (RUN_DECLARATION, "@pg_threads = external global i8"):
        e.module.declare(text)
    at = w.value(f"getelementptr i8, ptr %state, i64 {TEAM_AT}")
    alone = w.compare("eq", w.value(f"load ptr, ptr {at}"), "null", "ptr")
    threads = w.value("icmp ugt i64 ptrtoint (ptr @pg_threads to i64), 1")
    both = w.value(f"and i1 {alone}, {threads}")
    w.branch(w.value(f"and i1 {both}, {fits}"), several, plain)
    w.start(several)


def fields_in_memory(e: Emitter, fields: Sequence[tuple[str, str]], slot: str) -> str:
    """Write words one after another."""
    for k, (kind, value) in enumerate(fields):
        at = e.w.value(f"getelementptr i64, ptr {slot}, i64 {k}")
        e.w.effect(f"store {kind} {value}, ptr {at}")
    return slot


def call_team(e: Emitter, function: str, args: str, trips: str, words: int | str, each: int = PARTS) -> tuple[str, str]:
    """Run a loop on all threads; how many parts there were, and where their results are.

    Parameters
    ----------
    e : Emitter
        The calling function.
    function : str
        What runs some turns.
    args : str
        Where its arguments are.
    trips : str
        The number of turns.
    words : int or str
        How many results a part has.
    each : int
        The number of parts for each thread.
    """
    w = e.w
    threads = w.value("add i64 ptrtoint (ptr @pg_threads to i64), 0")
    most = w.multiply(threads, str(each))
    count = w.select(w.compare("slt", trips, most), trips, most)
    results = e.allocate("i64", (w.multiply(count, str(words)),)).data if str(words) != "0" else "null"
    turns = f"i64 {trips}, i64 {threads}, i64 {count}"
    given = f"ptr %state, ptr @{function}, ptr {args}, {turns}, ptr {results}, i64 {words}"
    _checked(e, w.value(f"call i32 @{RUN}({given})"))
    return count, results


def call_own(e: Emitter, name: str, given: Sequence[str]) -> None:
    """Run some turns in this thread, on the arrays themselves."""
    _checked(e, e.w.value(f"call i32 @{name}.own(ptr %state, {', '.join(given)})"))


def _checked(e: Emitter, status: str) -> None:
    """Hand on a failure."""
    w = e.w
    on, failed = w.new_label("on"), w.new_label("failed")
    w.branch(w.compare("eq", status, "0", "i32"), on, failed, ", !prof !0")
    w.start(failed)
    w.effect(f"ret i32 {status}")
    w.start(on)


def append(e: Emitter, name: str, parameters: Sequence[str], body: str, attributes: str) -> None:
    """Add the function that runs some turns."""
    head = f"ptr %state, {', '.join([*parameters, 'i64 %first', 'i64 %last', 'ptr noalias %results'])}"
    e.module.functions.append(f"define internal i32 @{name}.own({head}) {attributes} {{\n{body}\n}}")
