"""LLVM text, one function at a time (floor 4).

Text and not an instruction builder of objects: it is an order of magnitude faster to make, and it is what `inspect`
shows. A `Writer` numbers values and labels, so the text of a program is the same every time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from ..support.metadata import ONCE

__all__ = ["LLVM_TYPES", "SIZES", "Writer", "number"]

#: Register type of each dtype; a bool is ``i8`` in memory.
LLVM_TYPES = {"f64": "double", "f32": "float", "i64": "i64", "bool": "i1"}
MEMORY_TYPES = {**LLVM_TYPES, "bool": "i8"}
#: Loops of at most so many iterations are written out.
UNROLLED = 8
#: Bytes of an element in memory.
SIZES = {"f64": 8, "f32": 4, "i64": 8, "bool": 1}


def number(value: float | int | bool, dtype: str) -> str:
    """A literal; floats as the bits of a double, so that nothing is rounded in print.

    Examples
    --------
    >>> number(1.0, "f64"), number(True, "bool"), number(-3, "i64")
    ('0x3FF0000000000000', 'true', '-3')
    """
    if dtype == "bool":
        return "true" if value else "false"
    if dtype == "i64":
        return str(int(value))
    as_float = float(value)
    if dtype == "f32":
        as_float = _rounded(as_float)
    return f"0x{struct.unpack('>Q', struct.pack('>d', as_float))[0]:016X}"


def _rounded(value: float) -> float:
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded


class Writer:
    """Writes the instructions of one function.

    Attributes
    ----------
    lines : list of str
        What was written.
    label : str
        The block that is being written.
    """

    def __init__(self) -> None:
        self.lines: list[str] = ["entry:"]
        self.label = "entry"
        self._count = 0
        #: the lines, from and to, of loops that may stand in the function several times
        self.regions: list[tuple[int, int]] = []
        #: blocks at the end that only return, by what they return
        self.ends: dict[str, str] = {}
        #: stack slots stand at the head of the function, whatever is being written
        self.slots: list[str] = []

    def _next(self) -> int:
        self._count += 1
        return self._count

    # ---- instructions ------------------------------------------------------------------------------------------------
    def value(self, instruction: str) -> str:
        """Write ``%v = instruction`` and return the value's name."""
        name = f"%v{self._next()}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def effect(self, instruction: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def note(self, text: str) -> None:
        """Write a comment."""
        self.lines.append(f"  ; {text}")

    def slot(self, kind: str) -> str:
        """The address of a new stack slot of an LLVM type."""
        name = f"%s{self._next()}"
        self.slots.append(f"  {name} = alloca {kind}, align 8")
        return name

    # ---- integers ----------------------------------------------------------------------------------------------------
    def add(self, a: str, b: str) -> str:
        """The sum of two lengths or positions; constants are folded."""
        if _is_literal(a) and _is_literal(b):
            return str(int(a) + int(b))
        if a == "0":
            return b
        return a if b == "0" else self.value(f"add nsw i64 {a}, {b}")

    def subtract(self, a: str, b: str) -> str:
        """The difference of two lengths or positions; constants are folded."""
        if _is_literal(a) and _is_literal(b):
            return str(int(a) - int(b))
        return a if b == "0" else self.value(f"sub nsw i64 {a}, {b}")

    def multiply(self, a: str, b: str) -> str:
        """The product of two lengths or strides; constants are folded."""
        if _is_literal(a) and _is_literal(b):
            return str(int(a) * int(b))
        if a == "0" or b == "0":
            return "0"
        if a == "1":
            return b
        return a if b == "1" else self.value(f"mul nsw i64 {a}, {b}")

    def compare(self, predicate: str, a: str, b: str, kind: str = "i64") -> str:
        """A comparison of integers or pointers."""
        return self.value(f"icmp {predicate} {kind} {a}, {b}")

    def select(self, condition: str, a: str, b: str, kind: str = "i64") -> str:
        """One of two values."""
        return a if a == b else self.value(f"select i1 {condition}, {kind} {a}, {kind} {b}")

    # ---- control -----------------------------------------------------------------------------------------------------
    def new_label(self, hint: str) -> str:
        """A fresh label."""
        return f"{hint}{self._next()}"

    def start(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.label = label

    def jump(self, label: str) -> None:
        """End the block: go to ``label``."""
        self.effect(f"br label %{label}")

    def end(self, instruction: str) -> str:
        """The label of the one block at the function's end that returns by this instruction."""
        return self.ends.setdefault(instruction, f"ending{len(self.ends)}")

    def repeat(self, head: str, mark: str) -> None:
        """End the last block of a loop; ``mark`` tells LLVM what to do with the loop (`metadata`)."""
        self.effect(f"br label %{head}{mark}")

    def branch(self, condition: str, then: str, orelse: str, more: str = "") -> None:
        """End the block: go one of two ways."""
        self.effect(f"br i1 {condition}, label %{then}, label %{orelse}{more}")

    def phi(self, kind: str, incoming: Sequence[tuple[str, str]]) -> str:
        """A value that depends on where control came from."""
        values = {value for value, _ in incoming}
        if len(values) == 1:
            return incoming[0][0]
        return self.value(f"phi {kind} " + ", ".join(f"[ {value}, %{label} ]" for value, label in incoming))

    def open_phi(self, kind: str, value: str, label: str) -> tuple[str, Callable[[str, str], None]]:
        """A value carried by a loop: its name, and what completes it with the value and block of the next turn."""
        name = f"%v{self._next()}"
        position = len(self.lines)
        self.lines.append("")

        def close(following: str, end: str) -> None:
            self.lines[position] = f"  {name} = phi {kind} [ {value}, %{label} ], [ {following}, %{end} ]"

        return name, close

    def counted(
        self,
        trips: str,
        carried: Sequence[tuple[str, str]],
        body: Callable[[str, list[str]], list[str]],
        hint: str,
        once: bool = False,
    ) -> list[str]:
        """A loop from 0 to ``trips``; one of few iterations is written out.

        Parameters
        ----------
        trips : str
            The number of iterations.
        carried : sequence of (type, initial value)
            What each iteration hands to the next.
        body : callable
            From the counter and the carried values to their next values; writes the iteration.
        hint : str
            What labels begin with.
        once : bool
            Whether the code of an iteration stands there once, or once for a vector of iterations.

        Returns
        -------
        list of str
            The carried values after the loop.
        """
        if trips.isdigit() and int(trips) <= UNROLLED:
            values = [value for _, value in carried]
            for k in range(int(trips)):
                values = body(str(k), values)
            return values
        head, inside, out = (self.new_label(hint + part) for part in ("", ".body", ".end"))
        before = self.label
        self.jump(head)
        self.start(head)
        counter, close_counter = self.open_phi("i64", "0", before)
        phis = [self.open_phi(kind, value, before) for kind, value in carried]
        self.branch(self.compare("slt", counter, trips), inside, out)
        self.start(inside)
        following = body(counter, [name for name, _ in phis])
        after = self.value(f"add nuw nsw i64 {counter}, 1")
        close_counter(after, self.label)
        for (_, close), value in zip(phis, following, strict=True):
            close(value, self.label)
        self.repeat(head, ONCE if once and not _is_literal(trips) else "")
        self.start(out)
        return [name for name, _ in phis]

    def relax(self, name: str, flags: str, only: str = "f") -> None:
        """Give a floating-point instruction of the block being written more freedom."""
        head = f"  {name} = {only}"
        for k in range(len(self.lines) - 1, -1, -1):
            if self.lines[k].startswith(f"  {name} = "):
                if self.lines[k].startswith(head):
                    before, kind, after = self.lines[k].partition(" double ")
                    if not kind:
                        before, kind, after = self.lines[k].partition(" float ")
                    instruction, *already = before.split()[2:]
                    if kind and instruction in ("fadd", "fsub", "fmul"):
                        both = " ".join(dict.fromkeys([*already, *flags.split()]))
                        self.lines[k] = f"  {name} = {instruction} {both}{kind}{after}"
                return

    def text(self) -> str:
        """The body of the function."""
        ends = [line for instruction, label in self.ends.items() for line in (f"{label}:", f"  {instruction}")]
        return "\n".join([self.lines[0], *self.slots, *self.lines[1:], *ends])


def _is_literal(text: str) -> bool:
    return text[0] != "%"
