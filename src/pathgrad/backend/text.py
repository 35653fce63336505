"""Pieces of Python source and how tightly they bind (floor 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..ops import Index, Integer, NewAxis

__all__ = ["ATOM", "Text", "index_text", "literal", "range_text"]

#: Levels of binding, the tightest first.
ATOM, POWER, UNARY, PRODUCT, SUM, BITS, COMPARISON, NOT, AND, OR, CONDITIONAL = range(11)


class Text(NamedTuple):
    """A piece of source and how tightly it binds."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text, in parentheses where ``level`` binds tighter."""
        return self.text if self.level <= level else f"({self.text})"


def literal(value: Any) -> Text:
    """A constant as Python source."""
    if isinstance(value, float) and (np.isinf(value) or np.isnan(value)):
        return Text("np.nan") if np.isnan(value) else Text("np.inf") if value > 0 else Text("-np.inf", UNARY)
    return Text(repr(value), UNARY if isinstance(value, int | float) and value < 0 else ATOM)


def index_text(index: Index, numbers: Sequence[Text]) -> str:
    """What stands between the brackets."""
    rest = iter(numbers)
    items = []
    for item in index.items:
        if isinstance(item, Integer):
            items.append(next(rest).text)
        elif isinstance(item, NewAxis):
            items.append("None")
        else:
            start = next(rest).text if item.start else ""
            stop = next(rest).text if item.stop else ""
            step = f":{next(rest).text}" if item.step else ""
            items.append(f"{start}:{stop}{step}")
    return ", ".join(items) or "..."


def range_text(args: Sequence[Text]) -> str:
    """The arguments of ``range``, the usual ones left out."""
    start, stop, step = (a.text for a in args)
    if step != "1":
        return f"{start}, {stop}, {step}"
    return stop if start == "0" else f"{start}, {stop}"
