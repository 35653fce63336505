"""Work that is divided among the team: whether it pays, and the calls (floor 4).

What is divided is a function of a range of turns. Its results are words in memory: each part has its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emit.emitter import Emitter
from ..process.threads import thread_count
from ..support.runtime import TEAM_AT
from ..support.team import RUN, RUN_DECLARATION

__all__ = [
    "PARTS",
    "WORK",
    "WordReader",
    "append",
    "call_own",
    "call_team",
    "fields_in_memory",
    "run_team",
    "worthwhile",
]

#: Operations on numbers below which threads cost more than they give.
WORK = 1_000_000
#: Parts of a loop for each thread, where a part has no arrays of its own: a thread that comes late runs fewer.
PARTS = 4


# ---- the choice and the call -----------------------------------------------------------------------------------------
def worthwhile(e: Emitter) -> bool:
    """Whether what is being written may run on several threads."""
    return e.depth == 0 and e.part is None and thread_count(e.module.options.threads) > 1


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


# ---- words in memory -------------------------------------------------------------------------------------------------
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
