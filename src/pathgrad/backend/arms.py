"""The lines of an ``if`` statement from the lines of its arms (floor 4)."""

from __future__ import annotations

from .expressions import negated
from .text import Text

__all__ = ["branch_lines"]


def branch_lines(condition: Text, then: list[str], orelse: list[str], depth: int) -> list[str]:
    """An ``if`` statement as a person would write it.

    An empty arm is left out, no ``else`` follows an arm that leaves, an ``else`` around another ``if`` is ``elif``.

    Parameters
    ----------
    condition : Text
        The condition.
    then, orelse : list of str
        The lines of the arms, at ``depth + 1``.
    depth : int
        The depth of the statement.

    Returns
    -------
    list of str
        The lines; none where both arms are empty.
    """
    pad = "    " * depth
    if not then:
        return [f"{pad}if {negated(condition)}:", *orelse] if orelse else []
    lines = [f"{pad}if {condition.text}:", *then]
    if not orelse:
        return lines
    inside = pad + "    "
    leaves = then[-1].strip().split(" ")[0] in ("return", "break")
    if leaves and then[-1].startswith(inside) and not then[-1].startswith(inside + "    "):
        return [*lines, *(line[4:] for line in orelse)]
    return [*lines, *_else(orelse, pad)]


def _else(lines: list[str], pad: str) -> list[str]:
    """An else arm; one that is only another ``if`` becomes ``elif``."""
    inside = pad + "    "
    outer = [line for line in lines if not line.startswith(inside + "    ")]
    heads = [line for line in outer if not line.startswith((inside + "else:", inside + "elif "))]
    if len(heads) == 1 and heads[0].startswith(inside + "if "):
        return [f"{pad}el{heads[0].strip()}", *(line[4:] for line in lines[1:])]
    return [f"{pad}else:", *lines]
