"""Where loops look whether they are to be interrupted (floor 4).

Native code runs without the interpreter's lock, and Python handles signals only when it is asked to. A loop therefore
pauses now and then: after so many iterations that a few milliseconds have passed, it takes the lock if the last time is
a tenth of a second ago, lets Python handle its signals, and ends the call if that raises. The counting must cost
nothing: the outer two loops of a nest count their own iterations, an innermost loop alone runs in strips of many
iterations that know nothing of it, and loops further inside leave it to those around them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Block, Call, Const, Let, Loop, Statement, Type, While, programs_called, sub_blocks, walk
from ..emit.emitter import Emitter
from ..emit.module import NativeModule
from ..support.interrupts import PAUSE, PAUSE_DECLARATIONS, clock

__all__ = ["Carried", "Strips", "Turns", "is_heavy", "strips", "turns", "use_pauses"]

#: Iterations before the first pause: of an outermost loop with loops inside, of others with loops inside, of an
#: outermost loop without, of a ``while`` inside another loop.
_OUTER, _INNER, _LIGHT, _WHILE = 8, 256, 1 << 16, 1 << 12
#: Loops that are certainly this short are left alone.
_SHORT = 16


# ---- which loops -----------------------------------------------------------------------------------------------------
def is_heavy(block: Block) -> bool:
    """Whether a block may take long: it has a loop, or computes arrays."""
    return any(map(_takes_long, block.statements))


def _takes_long(s: Statement) -> bool:
    if isinstance(s, Let):
        arrays = [a for a in s.args if isinstance(a.type, Type) and a.type.rank]
        moves = s.op.views or s.op.name in ("store", "accumulate", "load", "length")
        return bool(arrays) and not moves
    if isinstance(s, Loop):
        return not _is_short(s) or is_heavy(s.body)
    if isinstance(s, Call):
        inner = (x for p in programs_called(s.program) for x in walk(p.body))
        # what calls itself is met once: calls inside are among the programs called
        return any(
            _takes_long(x) for x in inner if isinstance(x, Let | While) or (isinstance(x, Loop) and not _is_short(x))
        )
    return isinstance(s, While) or any(map(is_heavy, sub_blocks(s)))


def _is_short(s: Loop) -> bool:
    ends = [a.value for a in (s.start, s.stop, s.step) if isinstance(a, Const)]
    return len(ends) == 3 and ends[2] != 0 and len(range(*ends)) <= _SHORT


def _has_heavy_loop(block: Block) -> bool:
    """Whether a block has a loop with loops inside, or a call."""
    inner = [b for s in block.statements for b in sub_blocks(s)]
    loops = [s for s in block.statements if isinstance(s, Loop | While)]
    calls = any(isinstance(s, Call) and _takes_long(s) for s in block.statements)
    return calls or any(is_heavy(s.body) for s in loops) or any(map(_has_heavy_loop, inner))


def _is_inside(e: Emitter) -> bool:
    return e.depth > 0 or e.is_called


def turns(e: Emitter, s: Loop | While, before: str) -> Turns | None:
    """The pauses of a loop that counts its iterations; None where it need not, or runs in strips."""
    heavy = any(map(is_heavy, sub_blocks(s)))
    if isinstance(s, Loop):
        if _is_short(s) or (not heavy and (_is_inside(e) or not s.exits)):
            return None
        if e.depth + e.is_called > 1 and not _has_heavy_loop(s.body):
            return None
    if _is_inside(e):
        return Turns(e, before, _INNER if heavy else _WHILE)
    return Turns(e, before, _OUTER if heavy else _LIGHT)


def strips(e: Emitter, s: Loop, carried: Carried, first: str, trips: str) -> Strips | None:
    """The strips of an outermost loop without a loop inside; None for others."""
    if _is_inside(e) or s.exits or _is_short(s) or is_heavy(s.body):
        return None
    return Strips(e, carried, first, trips)


# ---- pauses ----------------------------------------------------------------------------------------------------------
def use_pauses(module: NativeModule) -> None:
    """Carry the run-time support."""
    for text in (*PAUSE_DECLARATIONS, clock(), PAUSE):
        module.declare(text)


def _pause(e: Emitter, block: str) -> str:
    """Pause; the number of iterations until the next time."""
    w = e.w
    use_pauses(e.module)
    following = w.value(f"call i64 @pg_pause(ptr %state, i64 {block})")
    on, stopped = w.new_label("on"), w.new_label("stopped")
    w.branch(w.compare("ne", following, "0"), on, stopped, ", !prof !0")
    w.start(stopped)
    e.fail("interrupt", "interrupted")
    w.start(on)
    return following


class Turns:
    """Pauses of a loop that counts its iterations down; how many there are next time stands in memory."""

    def __init__(self, e: Emitter, before: str, block: int) -> None:
        self._e = e
        self._left, self._close_left = e.w.open_phi("i64", str(block), before)
        self._block = e.w.slot("i64")
        e.w.slots.append(f"  store volatile i64 {block}, ptr {self._block}")

    def turn(self) -> None:
        """At the end of an iteration: pause if it is time."""
        w = self._e.w
        less = w.value(f"add nsw i64 {self._left}, -1")
        due, on = w.new_label("due"), w.new_label("turn")
        here = w.label
        w.branch(w.compare("eq", less, "0"), due, on, ", !prof !1")
        w.start(due)
        block = _pause(self._e, w.value(f"load volatile i64, ptr {self._block}"))
        w.effect(f"store volatile i64 {block}, ptr {self._block}")
        there = w.label
        w.jump(on)
        w.start(on)
        self._next = w.phi("i64", [(less, here), (block, there)])

    def close(self, end: str) -> None:
        """The loop goes on from the block ``end``."""
        self._close_left(self._next, end)


class Carried:
    """What strips need of what a loop carries: the initial parts, by value, and where they come from."""

    initial: list[list[str]]
    before: str

    def kinds(self) -> list[str]:
        """The LLVM types of the parts."""
        raise NotImplementedError


class Strips:
    """A loop around an innermost loop: each turn is a strip of iterations, with a pause after it.

    Strips are always as long: where a vectorised sum is put together must not depend on the time that it takes.
    """

    def __init__(self, e: Emitter, carried: Carried, first: str, trips: str) -> None:
        w = self._w = e.w
        self._e, self._trips = e, trips
        self._head = w.new_label("strip")
        before = w.label
        w.jump(self._head)
        w.start(self._head)
        self.first, self._close_first = w.open_phi("i64", first, before)
        parts = [part for group in carried.initial for part in group]
        self._phis = [w.open_phi(kind, part, before) for kind, part in zip(carried.kinds(), parts, strict=True)]
        names = iter([name for name, _ in self._phis])
        carried.initial = [[next(names) for _ in group] for group in carried.initial]
        carried.before = self._head
        end = w.value(f"add nuw nsw i64 {self.first}, {_LIGHT}")
        self.end = w.select(w.compare("slt", end, trips), end, trips)

    def close(self, parts: Sequence[str]) -> None:
        """After a strip, with the parts of what it carries: pause and go on, unless it was the last."""
        w = self._w
        more, out = w.new_label("more"), w.new_label("whole")
        w.branch(w.compare("slt", self.end, self._trips), more, out)
        w.start(more)
        _pause(self._e, str(_LIGHT))
        self._close_first(self.end, w.label)
        for (_, close), part in zip(self._phis, parts, strict=True):
            close(part, w.label)
        w.jump(self._head)
        w.start(out)
