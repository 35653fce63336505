"""Elements of arrays changed in loops that no later iteration writes (floor 3).

What a loop reads out of an array that it changes must be kept for the backward sweep, unless the element stays as it
was read: then the backward sweep reads it out of the array that the loop leaves. So an array whose elements are written
once (a recurrence, an elimination, the factors of a decomposition) needs no storage. A number that is stored in such an
element need not be computed again either: it is there.

An access is settled if for each write that may come later (in a later iteration of a loop around both, or further down)
there is an axis on which the two positions differ; the proof is about affine indices (`affine`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from ..ir import Atom, Block, Let, Loop, Statement, Type, Var, sub_blocks
from ..ops import TABLE, Index, Integer, NewAxis
from .affine import Form, Forms, Ranges, direction, renamed
from .versions import Versions, outermost_versions
from .writes import is_written

__all__ = ["settled_reads"]

#: Unrolled bodies can have thousands of accesses; more pairs than this would take seconds.
_MOST_PAIRS = 20_000


def settled_reads(block: Block) -> dict[Var, Let]:
    """Variables whose value can be read again out of the array that a loop leaves.

    Parameters
    ----------
    block : Block
        The body of a program.

    Returns
    -------
    dict
        For each such variable the statement that reads it there.
    """
    found: dict[Var, Let] = {}
    for versions, after in outermost_versions(block):
        found.update(_Family(versions).settled(is_written(versions.final, after)))
    return found


@dataclass(frozen=True)
class _Access:
    """A read or write of a part of an array.

    The statement, its block, its order in the text, the loops around it, its place in the array.
    """

    let: Let
    block: Block
    order: int
    loops: tuple[Loop, ...]
    index: Index
    numbers: tuple[Atom, ...]


class _Family:
    """The reads and writes of the versions of one array."""

    def __init__(self, versions: Versions) -> None:
        self.final = versions.final
        self.forms = Forms(versions.loop, versions.variables)
        self.reads: list[_Access] = []
        self.writes: list[_Access] = []
        for order, (s, block, loops) in enumerate(_numbered(versions.loop.body, (versions.loop,))):
            if not isinstance(s, Let) or not s.args or s.args[0] not in versions.variables:
                continue
            if s.op.name == "load":
                self.reads.append(_Access(s, block, order, loops, s.params["index"], s.args[1:]))
            elif s.target in versions.variables:
                self.writes.append(_Access(s, block, order, loops, s.params["index"], s.args[2:]))

    # ---- what is settled ---------------------------------------------------------------------------------------------
    def settled(self, is_written_later: bool) -> dict[Var, Let]:
        """The variables that can be read again; with a copy of the array, if it is written after the loop."""
        result: dict[Var, Let] = {}
        if (len(self.reads) + len(self.writes)) * len(self.writes) > _MOST_PAIRS:
            return result
        for read in self.reads:
            if self._pays(read, is_written_later) and all(self._apart(read, w) for w in self.writes):
                result[read.let.target] = self._again(read, read.let.target)
        for write in self.writes:
            value = write.let.args[1]
            if write.let.op.name != "store" or not isinstance(value, Var) or value.type.rank:
                continue
            same = isinstance(value.type, Type) and isinstance(self.final.type, Type)
            same = same and value.type.dtype == self.final.type.dtype  # type: ignore[union-attr]
            if not (same and write.index.is_element and self._pays(write, is_written_later)):
                continue
            if not any(isinstance(s, Let) and s.target is value for s in write.block.statements):
                continue  # it is computed further out, where the place is not known
            if all(self._apart(write, w) for w in self.writes):
                result[value] = self._again(write, value)
        return result

    def _pays(self, access: _Access, is_written_later: bool) -> bool:
        """A copy of the whole array must not be more than what would be kept."""
        kept = len(access.loops) + (access.let.target.type.rank if access.let.op.name == "load" else 0)
        return not is_written_later or kept >= self.final.type.rank

    def _again(self, access: _Access, target: Var) -> Let:
        args = (self.final, *access.numbers)
        return Let(target, TABLE["load"], args, {"index": access.index}, access.let.origin, "adjoint")

    # ---- proofs ------------------------------------------------------------------------------------------------------
    def _apart(self, access: _Access, write: _Access) -> bool:
        """Whether no write that comes later than an access has its position."""
        common = 0
        for a, b in zip(access.loops, write.loops, strict=False):
            if a is not b:
                break
            common += 1
        cases: list[int | None] = list(range(common))
        if write.order > access.order:
            cases.append(None)
        return all(self._apart_in(access, write, common, case) for case in cases)

    def _apart_in(self, access: _Access, write: _Access, common: int, later: int | None) -> bool:
        """The same, where the common loop ``later`` is in a later iteration; for None further down in the same one."""
        ranges = Ranges(self.forms)
        here: dict[Hashable, Form] = {}
        there: dict[Hashable, Form] = {}
        for loop in access.loops:
            symbol = (loop.index, "here")
            ranges.add_index(loop, symbol, here)
            here[loop.index] = Form(0, {symbol: 1})
        for level, loop in enumerate(write.loops):
            if level < common and (later is None or level < later):
                there[loop.index] = here[loop.index]
            elif level < common and level == later:
                sign = direction(loop)
                if not sign:
                    return False
                ranges.add_least("later", 1)
                there[loop.index] = here[loop.index].plus(Form(0, {"later": 1}), sign)
            else:
                symbol = (loop.index, "there")
                ranges.add_index(loop, symbol, there)
                there[loop.index] = Form(0, {symbol: 1})
        for one, other in zip(self._positions(access, here), self._positions(write, there), strict=False):
            if one is None or other is None:
                continue
            for (_, high), (low, _) in ((one, other), (other, one)):
                if high is not None and low is not None and ranges.is_positive(low.plus(high, -1)):
                    return True
        return False

    def _positions(self, access: _Access, names: Mapping[Hashable, Form]) -> list[_Span | None]:
        """For each axis the least and the greatest position; None where that is not known."""
        return [span and (renamed(span[0], names), renamed(span[1], names)) for span in self._spans(access)]

    def _spans(self, access: _Access) -> list[_Span | None]:
        """The same in the indices of the loops, for positions that do not count from the end."""
        ranges = Ranges(self.forms)
        for loop in access.loops:
            ranges.add_index(loop, loop.index, {})
        numbers = iter(access.numbers)

        def next_from_the_start(present: bool = True) -> Form | None:
            form = self.forms.of(next(numbers)) if present else Form()
            return form if form is not None and ranges.is_positive(form.plus(Form(1))) else None

        result: list[_Span | None] = []
        for item in access.index.items:
            if isinstance(item, NewAxis):
                continue
            if isinstance(item, Integer):
                at = next_from_the_start()
                result.append(None if at is None else (at, at))
                continue
            low = next_from_the_start(item.start)
            stop = next_from_the_start() if item.stop else None
            if item.step:
                next(numbers)
            high = stop.plus(Form(1), -1) if stop is not None else None
            result.append((low, high) if low is not None and not item.step else None)
        return result


_Span = tuple[Form | None, Form | None]


def _numbered(block: Block, loops: tuple[Loop, ...]) -> Iterator[tuple[Statement, Block, tuple[Loop, ...]]]:
    """Every statement with its block and the loops around it, in the order of the text."""
    for s in block.statements:
        yield s, block, loops
        inside = (*loops, s) if isinstance(s, Loop) else loops
        for inner in sub_blocks(s):
            yield from _numbered(inner, inside)
