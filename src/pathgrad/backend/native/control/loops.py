"""Loops and branches (floor 4).

What a loop carries becomes values that depend on where control came from; an array that is only written in place is
not carried at all (`stationary`). Sums and products that a loop accumulates may be reassociated.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Atom, Block, Branch, Let, ListType, Loop, Type, Var, While, operands, sub_blocks, walk
from ....ir.liveness import free_variables
from ..analysis.few import has_few_turns
from ..analysis.stationary import is_small, is_stationary, storage_of
from ..arrays.creation import trip_count
from ..divided.loops import part_of, write_team
from ..emit.emitter import Emitter
from ..emit.scratch import open_scratch
from ..emit.values import Value, View
from ..emit.writer import LLVM_TYPES
from ..products.rank_one import open_gathering
from ..support.metadata import FEW, ONCE
from .hoisting import hoist_checks
from .pauses import Carried, strips, turns

__all__ = ["part_types", "write_branch", "write_loop", "write_while"]


def part_types(type_: Type | ListType) -> list[str]:
    """The LLVM types of the parts of a value: a number; an address; an address, its allocation and lengths."""
    if isinstance(type_, ListType):
        return ["ptr"]
    return ["ptr", "ptr", *["i64"] * type_.rank] if type_.rank else [LLVM_TYPES[type_.dtype]]


class _Carried(Carried):
    """What a loop carries: the values that change, and the arrays that stay where they are."""

    def __init__(self, e: Emitter, s: Loop | While, live: set[Var]) -> None:
        self.e = e
        self.s = s
        self.slotted = [k for k in range(len(s.params)) if s.params[k] in e.stack.slotted]
        self.moving = [k for k in range(len(s.params)) if not is_stationary(s, k) and k not in self.slotted]
        inside: set[Var] = set()
        for block in sub_blocks(s):
            inside |= free_variables(block)
        self.still: dict[int, Value] = {}
        for k, init in enumerate(s.inits):
            if k in self.slotted:
                initial = e.array(init)
                place = e.allocate(initial.dtype, initial.dims, s.params[k])
                e.copy_into(place, initial)
                self.still[k] = place
            elif k not in self.moving:
                self.still[k] = e.listing(init) if isinstance(init.type, ListType) else e.array(init)
        kept = (
            (live - set(s.results))
            | inside
            | {a for k, a in enumerate(s.inits) if k in self.still and k not in self.slotted if isinstance(a, Var)}
        )
        self.initial = e.hand_on([s.inits[k] for k in self.moving], kept)
        self.outer = e.owned
        self.phis: list[tuple[str, object]] = []
        self.before = e.w.label

    def kinds(self) -> list[str]:
        """The LLVM types of the parts."""
        return [kind for k in self.moving for kind in part_types(self.s.params[k].type)]

    def open(self) -> None:
        """Begin the loop's head: the carried values."""
        kinds = self.kinds()
        values = [part for parts in self.initial for part in parts]
        self.phis = [self.e.w.open_phi(kind, value, self.before) for kind, value in zip(kinds, values, strict=True)]

    def grouped(self, parts: Sequence[str]) -> list[list[str]]:
        """Parts by carried value."""
        remaining = iter(parts)
        return [[next(remaining) for _ in part_types(self.s.params[k].type)] for k in self.moving]

    def enter(self, held: bool) -> None:
        """Give the parameters their values for a block of the loop; ``held`` ones are released with it."""
        e = self.e
        e.owned = []
        for k, value in self.still.items():
            e.env[self.s.params[k]] = value
        for k, parts in zip(self.moving, self.grouped([name for name, _ in self.phis]), strict=True):
            e.env[self.s.params[k]] = e.received(self.s.params[k].type, parts)
            e.meet(self.s.params[k])
        if not held:
            e.owned = []

    def settle(self) -> None:
        """Copy the next values of small arrays into their places; all are read before one is written."""
        e = self.e
        following = []
        for k in self.slotted:
            value = e.array(self.s.body.yields[k])
            if len(self.slotted) > 1 or value.owner is getattr(self.still[k], "owner", None):
                copied = e.allocate(value.dtype, value.dims, self.s.params[k])
                e.copy_into(copied, value)
                value = copied
            following.append(value)
        for k, value in zip(self.slotted, following, strict=True):
            place = self.still[k]
            assert isinstance(place, View)
            e.copy_into(place, value)

    def close(self, parts: Sequence[Sequence[str]], end: str) -> None:
        """Complete the carried values with those of the next turn."""
        flat = [part for group in parts for part in group]
        for (_, complete), value in zip(self.phis, flat, strict=True):
            complete(value, end)  # type: ignore[operator]

    def finish(self, parts: Sequence[str]) -> None:
        """Give the results their values."""
        e = self.e
        e.owned = self.outer
        for k, value in self.still.items():
            e.env[self.s.results[k]] = value
        for k, own in zip(self.moving, self.grouped(parts), strict=True):
            e.env[self.s.results[k]] = e.received(self.s.results[k].type, own)


def write_loop(e: Emitter, s: Loop, live: set[Var]) -> None:
    """Write a counted loop."""
    w = e.w
    start, stop, step = (e.scalar(a) for a in (s.start, s.stop, s.step))
    trips = trip_count(e, start, stop, step)
    if write_team(e, s, trips, live):
        return
    e.has_rows = e.has_rows or (e.depth > 0 and not trips.isdigit())
    hoist_checks(e, s)
    carried = _Carried(e, s, live)
    gathering = open_gathering(e, s, dict(carried.still))
    first, last = part_of(e, s, trips)
    scratch, ready = open_scratch(w, e.owned, first, last)
    carried.before = ready
    strip = strips(e, s, carried, first, last)
    head, inside, out = (w.new_label(f"for{part}") for part in ("", ".body", ".end"))
    w.jump(head)
    w.start(head)
    counter, close_counter = w.open_phi("i64", strip.first if strip else first, carried.before)
    pauses = turns(e, s, carried.before)
    carried.open()
    w.branch(w.compare("slt", counter, strip.end if strip else last), inside, out)
    w.start(inside)
    turn = w.subtract(w.subtract(trips, "1"), counter) if s.reversed else counter
    e.env[s.index] = w.add(start, w.multiply(turn, step))
    known = e.ranges.known
    e.ranges.known = dict(known)
    e.ranges.enter(s)
    outer, e.gathering = e.gathering, gathering or e.gathering
    e.scratches.append(scratch)
    with e.supposing():
        carried.enter(held=True)
        after, going_on = _body(e, s, carried)
    e.scratches.pop()
    e.gathering = outer
    if gathering:
        gathering.end_of_turn(e)
    e.ranges.known = known
    following = w.value(f"add nuw nsw i64 {counter}, 1")
    if pauses:
        pauses.turn()
    end = w.label
    if going_on is None:
        w.repeat(head, _mark(e, s, carried, trips))
    else:
        w.branch(going_on, head, out)
    close_counter(following, end)
    carried.close(after, end)
    if pauses:
        pauses.close(end)
    w.start(out)
    if strip:
        strip.close([name for name, _ in carried.phis])
    scratch.close(ready)
    _results(e, s, carried, head, end, after, (counter, following), going_on is not None)
    if gathering:
        gathering.add(e)


def _mark(e: Emitter, s: Loop, carried: _Carried, trips: str) -> str:
    """What LLVM is told about a loop."""
    if has_few_turns(s, e.definitions.lets):
        return FEW
    return ONCE if _apart(e, s, carried, trips) else ""


def _apart(e: Emitter, s: Loop, carried: _Carried, trips: str) -> bool:
    """Whether nothing is gained by several iterations of a loop after one another: none waits for a number.

    Elements that are added to again and again by a loop around do wait for what was stored there: several loads at once
    wait once.
    """
    inner = any(isinstance(each, Loop | While) for each in walk(s.body))
    again = e.depth > 0 and any(isinstance(each, Let) and each.op.name == "accumulate" for each in s.body.statements)
    return not inner and not again and not trips.isdigit() and not {"double", "float"} & set(carried.kinds())


def _body(e: Emitter, s: Loop | While, carried: _Carried) -> tuple[list[list[str]], str | None]:
    """The body of a loop: the next values of what moves, and whether it goes on."""
    e.depth += 1
    loops = e.loops
    e.loops = [*loops, s] if isinstance(s, Loop) else loops
    e.block(s.body, set())
    e.depth -= 1
    e.loops = loops
    going_on = e.scalar(s.body.yields[-1]) if s.exits else None
    _reassociate(e, s)
    after = e.hand_on([s.body.yields[k] for k in carried.moving], set())
    carried.settle()
    e.leave()
    return after, going_on


def _results(
    e: Emitter,
    s: Loop | While,
    carried: _Carried,
    head: str,
    end: str,
    after: list[list[str]],
    counters: tuple[str, str],
    exits: bool,
) -> None:
    names = [name for name, _ in carried.phis]
    flat = [part for group in after for part in group]
    kinds = [kind for k in carried.moving for kind in part_types(s.params[k].type)]
    if exits:
        phis = [
            e.w.value(f"phi {kind} [ {a}, %{head} ], [ {b}, %{end} ]")
            for kind, a, b in zip(kinds, names, flat, strict=True)
        ]
        trips = e.w.value(f"phi i64 [ {counters[0]}, %{head} ], [ {counters[1]}, %{end} ]")
    else:
        phis, trips = names, counters[0]
    carried.finish(phis)
    if s.trips is not None:
        e.env[s.trips] = trips


def write_while(e: Emitter, s: While, live: set[Var]) -> None:
    """Write a loop with a condition."""
    w = e.w
    carried = _Carried(e, s, live)
    head, inside, out = (w.new_label(f"while{part}") for part in ("", ".body", ".end"))
    w.jump(head)
    w.start(head)
    counter, close_counter = w.open_phi("i64", "0", carried.before)
    pauses = turns(e, s, carried.before)
    carried.open()
    with e.supposing():
        carried.enter(held=False)
        e.block(s.condition, set())
        condition = e.scalar(s.condition.yields[0])
        e.leave()
    tested = w.label
    w.branch(condition, inside, out)
    w.start(inside)
    with e.supposing():
        carried.enter(held=True)
        after, going_on = _body(e, s, carried)
    following = w.value(f"add nuw nsw i64 {counter}, 1")
    if pauses:
        pauses.turn()
    end = w.label
    if going_on is None:
        w.jump(head)
    else:
        w.branch(going_on, head, out)
    close_counter(following, end)
    carried.close(after, end)
    if pauses:
        pauses.close(end)
    w.start(out)
    _results(e, s, carried, tested, end, after, (counter, following), going_on is not None)


def write_branch(e: Emitter, s: Branch, live: set[Var]) -> None:
    """Write a branch."""
    w = e.w
    condition = e.scalar(s.condition)
    common: dict[int, Value] = {}
    for k, result in enumerate(s.results):
        if result.type.is_array:
            one, other = storage_of(s.then.yields[k], s.then), storage_of(s.orelse.yields[k], s.orelse)
            if one is other and isinstance(one, Var) and one in e.env:
                common[k] = e.listing(one) if isinstance(one.type, ListType) else e.array(one)
    slots: dict[int, View] = {}
    for k, result in enumerate(s.results):
        if k not in common and all(map(is_small, (result, s.then.yields[k], s.orelse.yields[k]))):
            assert isinstance(result.type, Type)
            dims = [str(1 if d == 1 else int(d[1])) for d in result.type.dims]
            slots[k] = e.allocate(result.type.dtype, dims, result)
    moving = [k for k in range(len(s.results)) if k not in common and k not in slots]
    labels = [w.new_label("then"), w.new_label("else")]
    out = w.new_label("endif")
    w.branch(condition, *labels)
    outer, known = e.owned, e.ranges.known
    scratches, e.scratches = e.scratches, []  # an arm does not run in every turn
    ends: list[tuple[list[list[str]], str]] = []
    for label, arm in zip(labels, (s.then, s.orelse), strict=True):
        w.start(label)
        e.owned, e.ranges.known = [], dict(known)
        e.block(arm, set())
        parts = e.hand_on([arm.yields[k] for k in moving], set())
        for k, place in slots.items():
            e.copy_into(place, e.array(arm.yields[k]))
        e.leave()
        ends.append((parts, w.label))
        w.jump(out)
    e.owned, e.ranges.known = outer, known
    e.scratches = scratches
    w.start(out)
    for k, value in {**common, **slots}.items():
        e.env[s.results[k]] = value
    merged = []
    for position, k in enumerate(moving):
        kinds = part_types(s.results[k].type)
        merged.append([w.phi(kind, [(parts[position][j], end) for parts, end in ends]) for j, kind in enumerate(kinds)])
    for k, own in zip(moving, merged, strict=True):
        e.env[s.results[k]] = e.received(s.results[k].type, own)


# ---- reductions that the user wrote ----------------------------------------------------------------------------------
def _reassociate(e: Emitter, s: Loop | While) -> None:
    """Allow sums and products over the iterations in any order, where nothing sees them in between."""
    uses = _use_counts(s)
    definitions = {x.target: x for x in s.body.statements if isinstance(x, Let)}
    for param, value in zip(s.params, s.body.yields, strict=False):
        if not isinstance(param.type, Type) or param.type.rank or param.type.dtype not in ("f64", "f32"):
            continue
        chain = _chain(param, value, definitions, uses)
        for let in chain:
            _relax(e, let)


def _chain(param: Var, value: Atom, definitions: dict[Var, Let], uses: dict[Var, int]) -> list[Let]:
    """The additions (or multiplications) from a carried value to its next one; empty where something else is there."""
    chain: list[Let] = []
    kind = ""
    while value is not param:
        let = definitions.get(value) if isinstance(value, Var) else None
        if let is None or uses.get(let.target, 0) != 1:
            return []
        own = {"add": "sum", "subtract": "sum", "multiply": "product"}.get(let.op.name, "")
        if not own or (kind and own != kind):
            return []
        kind = own
        chain.append(let)
        a, b = let.args
        forward = [x for x in ((a,) if let.op.name == "subtract" else (a, b)) if _leads_to(x, param, definitions, kind)]
        if len(forward) != 1:
            return []
        value = forward[0]
    return chain if uses.get(param, 0) == 1 else []


def _leads_to(atom: Atom, param: Var, definitions: dict[Var, Let], kind: str) -> bool:
    while atom is not param:
        let = definitions.get(atom) if isinstance(atom, Var) else None
        if let is None or {"add": "sum", "subtract": "sum", "multiply": "product"}.get(let.op.name) != kind:
            return False
        if len(let.args) == 2 and let.op.name != "subtract" and _leads_to(let.args[1], param, definitions, kind):
            return True
        atom = let.args[0]
    return True


def _use_counts(s: Loop | While) -> dict[Var, int]:
    counts: dict[Var, int] = {}
    blocks = sub_blocks(s)

    def count(block: Block) -> None:
        for atom in block.yields:
            if isinstance(atom, Var):
                counts[atom] = counts.get(atom, 0) + 1

    for block in blocks:
        count(block)
        for inner in walk(block):
            for atom in operands(inner):
                if isinstance(atom, Var):
                    counts[atom] = counts.get(atom, 0) + 1
            for sub in sub_blocks(inner):
                count(sub)
    return counts


def _relax(e: Emitter, let: Let) -> None:
    name = e.env[let.target]
    if not isinstance(name, str):
        return
    e.w.relax(name, "reassoc nsz contract")
    for atom in let.args:
        value = e.env.get(atom) if isinstance(atom, Var) else None
        if isinstance(value, str) and let.op.name != "multiply":
            e.w.relax(value, "contract", only="fmul")
