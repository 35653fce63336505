"""What stands at the end of a block: ``return``, or the next values of a loop's names (floor 4).

Where the last statement of a block is a branch, the ending may be better printed in its arms: a function returns from
there, a loop is left from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..ir import Atom, Block, Branch, Const, Let, Var
from .expressions import negated
from .naming import Names
from .text import Text

__all__ = ["Ending", "Next", "Return", "Writer"]


class Writer(Protocol):
    """What an ending needs of the writer of the function."""

    names: Names
    replaced: dict[Var, Atom]

    def line(self, depth: int, text: str, statement: Any = None) -> None:
        """Print a line."""

    def text(self, atom: Atom) -> Text:
        """The expression of an atom."""

    def names_in(self, atom: Atom) -> set[str]:
        """The names that the expression of an atom reads."""

    def known(self, atom: Atom) -> Any:
        """The truth of an atom where it is known here, None where it is not."""

    def assign(self, targets: Sequence[str], values: Sequence[Atom], depth: int, s: Any) -> None:
        """Assign values to names as if at once."""

    def returned(self) -> str:
        """What the function returns."""


class Ending(Protocol):
    """What stands at the end of a block; where the last statement is a branch it may go into the arms."""

    def atoms(self) -> Sequence[Atom]:
        """What the ending reads."""

    def write(self, writer: Writer, depth: int) -> None:
        """Print the ending."""

    def wants_arms(self, writer: Writer, s: Branch) -> bool:
        """Whether the ending is better printed in the arms of the last branch."""


class Return(Ending):
    """``return ...``: in the arms where the results of the function are made there."""

    def __init__(self, outputs: list[Atom]) -> None:
        self.outputs = outputs

    def atoms(self) -> Sequence[Atom]:
        """What the ending reads."""
        return self.outputs

    def write(self, writer: Writer, depth: int) -> None:
        """Print the ending."""
        writer.line(depth, f"return {writer.returned()}")

    def wants_arms(self, writer: Writer, s: Branch) -> bool:
        """Whether the ending is better printed in the arms of the last branch."""
        whole = all(_has_value(arm) for arm in (s.then, s.orelse))
        return whole and s.role == "primal" and all(a in s.results or isinstance(a, Const) for a in self.outputs)


def _has_value(arm: Block) -> bool:
    """Whether an arm gives every result a value; where it does not, Python raises when the name is read."""
    missing = {s.target for s in arm.statements if isinstance(s, Let) and s.op.name == "undefined"}
    return missing.isdisjoint(a for a in arm.yields if isinstance(a, Var))


class Next(Ending):
    """The end of a loop body: the carried names get their next values, and the loop may be left."""

    def __init__(
        self, targets: list[str], yields: list[Atom], exit_atom: Atom | None, invariant: Sequence[bool]
    ) -> None:
        self.targets, self.yields, self.exit_atom, self.invariant = targets, yields, exit_atom, invariant

    def atoms(self) -> Sequence[Atom]:
        """What the ending reads."""
        return [*self.yields, *([] if self.exit_atom is None else [self.exit_atom])]

    def wants_arms(self, writer: Writer, s: Branch) -> bool:
        """Whether the ending is better printed in the arms of the last branch."""
        if self.exit_atom is None:
            return False
        for arm in (s.then, s.orelse):
            writer.replaced.update(zip(s.results, arm.yields, strict=True))
            known = writer.known(self.exit_atom)
            inner = next((b for b in reversed(arm.statements) if isinstance(b, Branch)), None)
            leaves = known is False or (known is None and inner is not None and self.wants_arms(writer, inner))
            for r in s.results:
                del writer.replaced[r]
            if leaves:
                return True
        return False

    def write(self, writer: Writer, depth: int) -> None:
        """Print the ending."""
        goes_on = None if self.exit_atom is None else writer.known(self.exit_atom)
        pairs = [
            (t, y)
            for t, y, fixed in zip(self.targets, self.yields, self.invariant, strict=True)
            if not (fixed and goes_on is True and writer.known(y) is False)
        ]
        test = "" if self.exit_atom is None or goes_on is not None else self._test(writer, depth)
        writer.assign([t for t, _ in pairs], [y for _, y in pairs], depth, None)
        if goes_on is False:
            writer.line(depth, "break")
        elif test:
            writer.line(depth, test)
            writer.line(depth + 1, "break")

    def _test(self, writer: Writer, depth: int) -> str:
        """The test that ends the loop; saved first if assigning the carried names would change it."""
        assert self.exit_atom is not None
        text = writer.text(self.exit_atom)
        if writer.names_in(self.exit_atom) & set(self.targets):
            saved = writer.names.choose("going_on", set(), self.targets)
            writer.line(depth, f"{saved} = {text.text}")
            return f"if not {saved}:"
        return f"if {negated(text)}:"
