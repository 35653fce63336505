"""Loops that stand in a function several times, as functions (floor 4).

A helper that is called at three places has its statements at three places of the one flat program; their loops are
the same but for the arrays. LLVM takes milliseconds for each. `share_repeated` compares the loops of a function as
text, with names numbered in order, and gives those that occur more than once a function.

What LLVM could see where the loop stood is told by the parameters: an array that the loop writes and nothing else in it
can be part of is ``noalias``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .writer import Writer

__all__ = ["share_repeated"]

_NAME = re.compile(r"%[\w.]+")
_TOKEN = re.compile(r"%[\w.]+|(?<![\w.@%!\"])(?:double|float|i64|i32|i8|i1|ptr|label)(?!\w)")
_INCOMING = re.compile(r"\[ ([^,]+), (%[\w.]+) \]")
_DEFINES = re.compile(r"  (%[\w.]+) = ")
_STORES = re.compile(r"  store \S+ \S+, ptr (%[\w.]+)")
_FROM = re.compile(r"getelementptr [^%@]*ptr (%[\w.]+)")
#: What only the function itself can do, or a loop of the language.
_OWN = ("%state", "%results", "  ret ", "alloca", "{", "volatile", "call i32", "call void", "call ptr", "switch")
#: A function must save so many lines.
_SAVED = 16


@dataclass
class _Loop:
    """A loop as it stands in a function.

    Attributes
    ----------
    start, stop : int
        Its lines; the first goes to its head, the last is the label after it.
    key : str
        Its text with numbered names, its parameters, its result: equal for equal functions.
    arguments : list of (str, str)
        Types and names of what it reads from outside.
    result : tuple or None
        Type and name of the value that is read afterwards.
    """

    start: int
    stop: int
    key: str
    arguments: list[tuple[str, str]]
    result: tuple[str, str] | None


def share_repeated(w: Writer, attributes: str, add: Callable[[str], str]) -> None:
    """Replace loops that stand in a function more than once by calls.

    Parameters
    ----------
    w : Writer
        The function's text, complete.
    attributes : str
        Attributes of functions.
    add : callable
        Takes a function's text without its name, gives the name.
    """
    if len(w.regions) < 2:
        return
    whole = _Whole(w)
    loops = [loop for start, stop in w.regions if (loop := whole.loop(start, stop)) is not None]
    counts = Counter(loop.key for loop in loops)
    names: dict[str, str] = {}
    for loop in loops:
        if (counts[loop.key] - 1) * (loop.stop - loop.start) < _SAVED:
            continue
        if loop.key not in names:
            names[loop.key] = add(loop.key.replace("#attributes", attributes))
        given = ", ".join(f"{kind} {name}" for kind, name in loop.arguments)
        call = f"{loop.result[0] if loop.result else 'void'} @{names[loop.key]}({given})"
        end = w.lines[loop.stop - 1][:-1]
        w.lines[loop.start] = f"  {loop.result[1]} = call {call}" if loop.result else f"  call {call}"
        w.lines[loop.start + 1] = f"  br label %{end}"
        w.lines[loop.start + 2 : loop.stop - 1] = [""] * (loop.stop - loop.start - 3)
    w.lines = [line for line in w.lines if line]


class _Whole:
    """A function's lines, and where its names come from."""

    def __init__(self, w: Writer) -> None:
        self.lines = w.lines
        self.defined = {m[1]: k for k, line in enumerate(w.lines) if (m := _DEFINES.match(line))}
        self.slots = {m[1] for line in w.slots if (m := _DEFINES.match(line))}
        self.uses = Counter(name for line in w.lines for name in _NAME.findall(line))

    def loop(self, start: int, stop: int) -> _Loop | None:
        """The loop in some lines; None for anything else."""
        lines = self.lines[start:stop]
        if not lines or not lines[0].startswith("  br label %") or not lines[-1].endswith(":"):
            return None
        text = "\n".join(lines)
        if any(own in text for own in _OWN):
            return None
        inside = {m[1] for line in lines if (m := _DEFINES.match(line))}
        labels = {f"%{line[:-1]}" for line in lines if line.endswith(":")}
        outside = self._types(lines, inside, labels)
        if outside is None:
            return None
        own = Counter(name for line in lines for name in _NAME.findall(line))
        read = [name for name in inside if self.uses[name] > own[name]]
        if len(read) > 1 or any(self.uses[label] > own[label] for label in labels - {f"%{lines[-1][:-1]}"}):
            return None
        kinds = self._types(lines, set(), labels) or {}
        result = (kinds[read[0]], read[0]) if read else None
        return _Loop(
            start, stop, self._key(lines, outside, labels, result), [(k, n) for n, k in outside.items()], result
        )

    @staticmethod
    def _types(lines: list[str], inside: set[str], labels: set[str]) -> dict[str, str] | None:
        """The type of each name that is not defined inside, in order; None where that is not plain."""
        found: dict[str, str] = {}

        def note(name: str, kind: str) -> bool:
            return name in inside or name in labels or found.setdefault(name, kind) == kind

        for line in lines:
            if line.endswith(":"):
                continue
            defines = _DEFINES.match(line)
            body = line[defines.end() :] if defines else line
            if body.startswith("phi "):
                kind = body.split()[1]
                if defines and not note(defines[1], kind):
                    return None
                if not all(note(value, kind) for value, _ in _INCOMING.findall(body) if value.startswith("%")):
                    return None
                continue
            kind = ""
            for token in _TOKEN.findall(body):
                if not token.startswith("%"):
                    kind = token
                elif kind != "label" and not (kind and note(token, kind)):
                    return None
        return found

    def _key(self, lines: list[str], outside: dict[str, str], labels: set[str], result: tuple[str, str] | None) -> str:
        names = {name: f"%a{k}" for k, name in enumerate(outside)}
        written = self._written(lines)

        def name(match: re.Match[str]) -> str:
            return names.setdefault(match[0], f"%c{len(names)}")

        def incoming(match: re.Match[str]) -> str:
            return match[0] if match[2] in labels else f"[ {match[1]}, %entry ]"

        body = []
        for line in lines:
            if line.endswith(":"):
                body.append(_NAME.sub(name, f"%{line}")[1:])
            else:
                line = _INCOMING.sub(incoming, line) if " = phi " in line else line
                body.append(re.sub(r"%(?!entry\b)[\w.]+", name, line))
        parameters = []
        for each, kind in outside.items():
            more = "" if kind != "ptr" else self._alone(each, written, outside)
            more += "" if kind != "ptr" or each in written else " readonly"
            parameters.append(f"{kind}{more} {names[each]}")
        kind = result[0] if result else "void"
        body.append(f"  ret {kind} {names[result[1]]}" if result else "  ret void")
        inner = "\n".join(["entry:", *body])
        return f"define internal {kind} @({', '.join(parameters)}) noinline #attributes {{\n{inner}\n}}"

    def _written(self, lines: list[str]) -> set[str]:
        """The addresses from outside that the lines write to."""
        bases = {m[1]: f[1] for line in lines if (m := _DEFINES.match(line)) and (f := _FROM.search(line))}
        found = set()
        for line in lines:
            if m := _STORES.match(line):
                place = m[1]
                while place in bases:
                    place = bases[place]
                found.add(place)
        return found

    def _alone(self, one: str, written: set[str], outside: dict[str, str]) -> str:
        """Whether no other address of the loop leads to what this one leads to, as far as either is written."""
        own, at = self._root(one)
        if not own:
            return ""
        for other, kind in outside.items():
            if kind != "ptr" or other == one or not {one, other} & written:
                continue
            root, since = self._root(other)
            # what was found somewhere else before an array was made is not that array
            if root == own or (not root and not 0 <= since < at):
                return ""
        return " noalias"

    def _root(self, name: str) -> tuple[str, int]:
        """The array that an address is part of, empty where that is unknown, and the line since when there is it."""
        while name in self.defined:
            at = self.defined[name]
            line = self.lines[at]
            if "call noalias ptr" in line:
                return name, at
            base = _FROM.search(line)
            if base is None:
                return "", at
            name = base[1]
        return name, -1
