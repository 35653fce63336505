"""Loops on several threads (floor 4).

A loop whose iterations are independent apart from sums (`independence`) is written twice: as it is, and as a function
that runs a part of its turns. Which one runs is decided at run time, by an estimate of the work. The turns are divided
into as many parts as there are threads, always in the same way, and sums are completed in the order of the parts: the
result is the same every time for the same number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...ir import Atom, Block, Const, Let, ListType, Loop, Program, Statement, Type, Var
from ...ops import TABLE
from .emitter import Emitter
from .independence import Independence, cost, free_atoms, independence
from .pauses import use_pauses
from .runtime import TEAM_AT
from .scalars import elementwise
from .team import TEAM, TEAM_DECLARATIONS, thread_count
from .values import Owned, Value, View
from .writer import LLVM_TYPES

__all__ = [
    "WORK",
    "Team",
    "WordReader",
    "append_part",
    "call_team",
    "fields_in_memory",
    "open_team",
    "part_of",
    "run_team",
    "worthwhile",
]

#: Operations on numbers below which threads cost more than they give.
WORK = 1_000_000
#: Elements of the arrays that each thread has of its own, at most.
_OWN = 1 << 17


def part_of(e: Emitter, s: Loop, trips: str) -> tuple[str, str]:
    """The turns of a loop that are run here: all, or those of a part."""
    return ("%first", "%last") if e.part is s else ("0", trips)


def worthwhile(e: Emitter) -> bool:
    """Whether what is being written may run on several threads."""
    return e.depth == 0 and e.part is None and thread_count(e.module.options.threads) > 1


@dataclass
class Team:
    """A loop of which both forms are being written."""

    sums: list[int]
    parallel: list[str]
    label: str
    out: str

    def close(self, e: Emitter, s: Loop) -> None:
        """After the plain form: the results are those of the form that ran."""
        w = e.w
        serial = w.label
        w.jump(self.out)
        w.start(self.out)
        for k, value in zip(self.sums, self.parallel, strict=True):
            kind = _kind(s.results[k])
            e.env[s.results[k]] = w.value(
                f"phi {kind} [ {value}, %{self.label} ], [ {e.scalar(s.results[k])}, %{serial} ]"
            )


def open_team(
    e: Emitter, s: Loop, still: dict[int, Value], initial: Sequence[Sequence[str]], trips: str, live: set[Var]
) -> Team | None:
    """Write the parallel form of a loop, and begin the plain one; None where there is only that.

    Parameters
    ----------
    e : Emitter
        The function being written.
    s : Loop
        The loop.
    still : dict
        The carried arrays, by position; all others are numbers.
    initial : sequence
        The numbers' initial values.
    trips : str
        The number of iterations.
    live : set of Var
        What is read after the loop.
    """
    if not worthwhile(e):
        return None
    each = cost(s.body)
    if trips.isdigit() and int(trips) * each < WORK:
        return None
    kinds = independence(s)
    if kinds is None or not (kinds.sums or kinds.added or kinds.divided):
        return None
    part = _Part.of(e, s, kinds, still, live)
    return None if part is None else part.write(initial, trips, each)


def _kind(atom: Atom) -> str:
    assert isinstance(atom.type, Type)
    return LLVM_TYPES[atom.type.dtype]


class _Part:
    """A loop's part as a program of its own: its inputs, and what the caller makes of its outputs."""

    def __init__(self, e: Emitter, s: Loop, kinds: Independence, inputs: list[Var], live: set[Var]) -> None:
        self.e, self.s, self.kinds, self.inputs = e, s, kinds, inputs
        self.kept = [k for k in kinds.scratch if s.results[k] in live]
        statements: list[Statement] = []
        inits = list(s.inits)
        for k in kinds.sums:
            type_ = s.params[k].type
            assert isinstance(type_, Type)
            inits[k] = Const(0 if type_.dtype == "i64" else 0.0, type_)
        for k, name in [*((k, "zeros_like") for k in kinds.added), *((k, "copy") for k in kinds.scratch)]:
            own = Var(s.params[k].name, s.params[k].type)
            statements.append(Let(own, TABLE[name], (s.inits[k],), {}, s.origin))
            inits[k] = own
        results = [Var(v.name, v.type) for v in s.results]
        self.loop = Loop(
            s.index, s.start, s.stop, s.step, s.params, inits, s.body, results, False, s.reversed, None, s.origin
        )
        self.outputs = [results[k] for k in [*kinds.sums, *kinds.added, *self.kept]]
        consumed = frozenset(inputs.index(v) for k in kinds.divided if isinstance(v := s.inits[k], Var))
        body = Block([*statements, self.loop], list(self.outputs))
        self.program = Program(e.program.name, inputs, body, consumed, e.program.filename)

    @classmethod
    def of(cls, e: Emitter, s: Loop, kinds: Independence, still: dict[int, Value], live: set[Var]) -> _Part | None:
        """The part of a loop; None where something that it reads cannot be handed to a thread."""
        carried = [s.inits[k] for k in still]
        arrays = [a for a in carried if isinstance(a, Var)]
        free = sorted(free_atoms(s) - set(arrays), key=lambda v: v.name)
        if len(set(arrays)) < len(carried):
            return None
        for variable in [*free, *arrays]:
            if isinstance(variable.type, ListType):
                return None
            value = e.read(variable)
            if not isinstance(value, str) and not (isinstance(value, View) and value.contiguous):
                return None
        return cls(e, s, kinds, [*free, *arrays], live)

    # ---- in the calling function -------------------------------------------------------------------------------------
    def write(self, initial: Sequence[Sequence[str]], trips: str, each: int) -> Team:
        """The choice, the parallel form, and the label of the plain one."""
        e, w = self.e, self.e.w
        function = write_part(e, self.program, self.loop)
        own = "0"
        for k in [*self.kinds.added, *self.kinds.scratch]:
            own = w.add(own, e.size(self.array(k).dims))
        several, plain, out = (w.new_label(x) for x in ("team", "plain", "loop"))
        enough = w.compare("sge", trips, str(-(-WORK // each)))
        small = w.compare("sle", own, str(_OWN))
        cheap = w.compare("sle", own, w.multiply(trips, str(max(1, each // 4))))
        fits = w.value(f"and i1 {enough}, {w.value(f'and i1 {small}, {cheap}')}")
        outer, e.owned = e.owned, []
        run_team(e, fits, several, plain)
        words = sum(_words(a) for a in self.outputs)
        count, results = call_team(e, function, arguments(e, self.inputs), trips, words)
        finals = self.combined([p[0] for p in initial], count, results, words)
        for owner in e.owned:
            e.release(owner)
        e.owned = outer
        label = w.label
        w.jump(out)
        w.start(plain)
        return Team(self.kinds.sums, finals, label, out)

    def array(self, k: int) -> View:
        """A carried array."""
        return self.e.array(self.s.inits[k])

    def combined(self, initial: list[str], count: str, results: str, words: int) -> list[str]:
        """The sums over all parts; arrays are completed where they lie."""
        e, w = self.e, self.e.w
        sums = [self.s.params[k] for k in self.kinds.sums]

        def one(t: str, totals: list[str]) -> list[str]:
            place = w.multiply(t, str(words))
            at = WordReader(e, w.value(f"getelementptr i64, ptr {results}, i64 {place}"))
            totals = [_added(e, v, total, at.next(_kind(v))) for v, total in zip(sums, totals, strict=True)]
            for k in [*self.kinds.added, *self.kept]:
                array = self.array(k)
                data, handle = at.next("ptr"), at.next("ptr")
                at.skip(len(array.dims))
                self.completed(array, View(array.dtype, data, array.dims, array.strides, None, True), k in self.kept)
                e.module.helper_effect(w, "pg_release", ["ptr %state", f"ptr {handle}"])
            return totals

        carried = [(_kind(v), value) for v, value in zip(sums, initial, strict=True)]
        return w.counted(count, carried, one, "parts") if self.outputs else []

    def completed(self, array: View, part: View, replaces: bool) -> None:
        """Take a part's array into the caller's."""
        e = self.e
        if replaces:
            e.copy_into(array, part)
            return

        def element(index: Sequence[str]) -> None:
            both = [(e.get(array, index), array.dtype), (e.get(part, index), array.dtype)]
            e.put(array, index, elementwise(e.module, e.w, "add", both, array.dtype))

        e.for_each(array.dims, element, flat=array.contiguous)


def _words(atom: Atom) -> int:
    assert isinstance(atom.type, Type)
    return 2 + atom.type.rank if atom.type.rank else 1


def _added(e: Emitter, like: Atom, a: str, b: str) -> str:
    assert isinstance(like.type, Type)
    return elementwise(e.module, e.w, "add", [(a, like.type.dtype), (b, like.type.dtype)], like.type.dtype)


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
    use_pauses(e.module)
    for text in (*TEAM_DECLARATIONS, TEAM):
        e.module.declare(text)
    e.module.uses_helper("pg_allocate")
    at = w.value(f"getelementptr i8, ptr %state, i64 {TEAM_AT}")
    alone = w.compare("eq", w.value(f"load ptr, ptr {at}"), "null", "ptr")
    threads = w.value("icmp ugt i64 ptrtoint (ptr @pg_threads to i64), 1")
    both = w.value(f"and i1 {alone}, {threads}")
    w.branch(w.value(f"and i1 {both}, {fits}"), several, plain)
    w.start(several)


def arguments(e: Emitter, inputs: Sequence[Var]) -> str:
    """What a part needs, in memory."""
    fields = []
    for variable in inputs:
        value = e.read(variable)
        if isinstance(value, View):
            fields += [("ptr", value.data), *(("i64", n) for n in value.dims)]
        else:
            assert isinstance(value, str)
            fields.append((_kind(variable), value))
    return fields_in_memory(e, fields, e.w.slot(f"[{max(len(fields), 1)} x i64]"))


def fields_in_memory(e: Emitter, fields: Sequence[tuple[str, str]], slot: str) -> str:
    """Write words one after another."""
    for k, (kind, value) in enumerate(fields):
        at = e.w.value(f"getelementptr i64, ptr {slot}, i64 {k}")
        e.w.effect(f"store {kind} {value}, ptr {at}")
    return slot


def call_team(e: Emitter, function: str, args: str, trips: str, words: int) -> tuple[str, str]:
    """Run a loop on all threads; how many parts there were, and where their results are."""
    w = e.w
    threads = w.value("add i64 ptrtoint (ptr @pg_threads to i64), 0")
    count = w.select(w.compare("slt", trips, threads), trips, threads)
    results = e.allocate("i64", (w.multiply(count, str(words)),)).data if words else "null"
    given = f"ptr %state, ptr @{function}, ptr {args}, i64 {trips}, i64 {count}, ptr {results}, i64 {words}"
    status = w.value(f"call i32 @pg_team({given})")
    on, failed = w.new_label("on"), w.new_label("failed")
    w.branch(w.compare("eq", status, "0", "i32"), on, failed, ", !prof !0")
    w.start(failed)
    w.effect("ret i32 1")
    w.start(on)
    return count, results


# ---- the part's function ---------------------------------------------------------------------------------------------
def write_part(e: Emitter, program: Program, loop: Loop) -> str:
    """Write a part's function, and the one that takes its arguments out of memory; the latter's name."""
    name = f"pg_part_{len(e.module.functions)}"
    inner = Emitter(e.module, program, e.names, e.rules)
    inner.part = loop
    parameters: list[str] = []
    for k, variable in enumerate(program.inputs):
        type_ = variable.type
        assert isinstance(type_, Type)
        inner.local.add(variable)
        if not type_.rank:
            parameters.append(f"{LLVM_TYPES[type_.dtype]} %a{k}")
            inner.env[variable] = f"%a{k}"
            continue
        parameters.append(f"ptr noalias {'' if k in program.consumed else 'readonly '}%a{k}")
        parameters += [f"i64 %a{k}.{axis}" for axis in range(type_.rank)]
        dims = [inner.length_of(token, f"%a{k}.{axis}") for axis, token in enumerate(type_.dims)]
        owner = Owned(f"%a{k}", on_stack=True)
        inner.env[variable] = View(type_.dtype, f"%a{k}", tuple(dims), inner.steps(dims), owner, True)
    inner.block(program.body, set())
    parts = inner.hand_on(program.body.yields, set())
    inner.leave()
    fields = []
    for atom, own in zip(program.body.yields, parts, strict=True):
        array = atom.type.is_array
        fields += [(f"{_kind(atom)}" if not array else "ptr" if j < 2 else "i64", x) for j, x in enumerate(own)]
    fields_in_memory(inner, fields, "%results")
    inner.w.effect("ret i32 0")
    append_part(e, name, parameters, inner.w.text())
    return name


def append_part(e: Emitter, name: str, parameters: list[str], body: str, attribute: str = "noinline") -> None:
    """The two functions of a part: with its arguments, and with their address."""
    head = f"ptr %state, {', '.join([*parameters, 'i64 %first', 'i64 %last', 'ptr noalias %results'])}"
    e.module.functions.append(f"define internal i32 @{name}.own({head}) {attribute} #0 {{\n{body}\n}}")
    lines, given = [], []
    for k, parameter in enumerate(parameters):
        kind = parameter.split()[0]
        lines += [f"  %at{k} = getelementptr i64, ptr %args, i64 {k}", f"  %x{k} = load {kind}, ptr %at{k}"]
        given.append(f"{kind} %x{k}")
    call = f"ptr %state, {', '.join([*given, 'i64 %first', 'i64 %last', 'ptr %results'])}"
    lines += [f"  %status = call i32 @{name}.own({call})", "  ret i32 %status"]
    text = "\n".join(lines)
    e.module.functions.append(
        f"define internal i32 @{name}(ptr %state, ptr %args, i64 %first, i64 %last, ptr %results) #0 {{\n{text}\n}}"
    )

