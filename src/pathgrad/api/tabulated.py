"""The rows of Example 2.2's table, and how they print (floor 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["TraceRow", "TraceTable", "first_slot"]

_WIDTH = 64


@dataclass(frozen=True)
class TraceRow:
    """One row: SymPy expressions after so many iterations.

    Attributes
    ----------
    iteration : int
        How many iterations are over.
    tangent, value : sympy.Expr
        The derivative of the variable and the variable, expanded.
    grouped_tangent, grouped_value : sympy.Expr
        The same with the terms grouped as the program computes them (lecture, Eqn. 2); unevaluated.
    """

    iteration: int
    tangent: Any
    value: Any
    grouped_tangent: Any
    grouped_value: Any


@dataclass(frozen=True)
class TraceTable:
    """What `trace_table` gives; prints as the lecture's table, and through ``rich`` with frames.

    Attributes
    ----------
    variable : str
        The variable that is followed.
    argument : str
        What it is differentiated with respect to.
    rows : tuple of TraceRow
        One for each iteration, the start included.
    grouped : bool
        Whether printing groups the terms as computed.
    """

    variable: str
    argument: str
    rows: tuple[TraceRow, ...]
    grouped: bool
    _slots: Mapping[str, int]

    @property
    def heads(self) -> tuple[str, str, str]:
        """The heads of the columns."""
        name, x = self.variable, self.argument
        return ("Iteration", f"Value of {name}' (as a function of {x})", f"Value of {name} (as a function of {x})")

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """The rows as text."""
        for row in self.rows:
            pair = (row.grouped_tangent, row.grouped_value) if self.grouped else (row.tangent, row.value)
            tangent, value = (_text(expression, self._slots, self.grouped) for expression in pair)
            yield str(row.iteration), tangent, value

    def __str__(self) -> str:
        table = [[head.split("\n") for head in self.heads]]
        table += [[_wrapped(cell) for cell in cells] for cells in self.cells()]
        widths = [max(len(line) for cells in table for line in cells[k]) for k in range(3)]
        lines = []
        for number, cells in enumerate(table):
            for k in range(max(map(len, cells))):
                texts = [(cell[k] if k < len(cell) else "").ljust(width) for cell, width in zip(cells, widths)]
                lines.append("  ".join(texts).rstrip())
            if not number:
                lines.append("  ".join("-" * width for width in widths))
        return "\n".join(lines)

    def __rich__(self) -> Any:
        from rich.table import Table

        table = Table(*self.heads)
        for iteration, tangent, value in self.cells():
            table.add_row(iteration, "\n".join(_wrapped(tangent)), "\n".join(_wrapped(value)))
        return table


# ---- expressions as text ---------------------------------------------------------------------------------------------
def first_slot(expression: Any, slots: Mapping[str, int]) -> int | None:
    """The number of the first call of a helper program in an expression."""
    from sympy.core.function import AppliedUndef

    found = [slots[a.func.__name__] for a in expression.atoms(AppliedUndef) if a.func.__name__ in slots]
    return min(found, default=None)


def _text(expression: Any, slots: Mapping[str, int], grouped: bool) -> str:
    import sympy
    from sympy.printing.str import StrPrinter

    if expression.is_number and expression.is_real:
        return str(float(expression))
    if grouped:
        return str(StrPrinter({"order": "none"}).doprint(expression))
    if first_slot(expression, slots) is None:
        return str(expression)
    terms = [_sorted_factors(term, slots) for term in sympy.Add.make_args(expression)]
    terms.sort(key=lambda pair: pair[0])
    ordered = sympy.Add(*(term for _, term in terms), evaluate=False) if len(terms) > 1 else terms[0][1]
    return str(StrPrinter({"order": "none"}).doprint(ordered))


def _sorted_factors(term: Any, slots: Mapping[str, int]) -> tuple[Any, Any]:
    """A term with its factors in the order of the calls; first the key that puts earlier derivatives first."""
    import sympy

    def key(factor: Any) -> tuple[int, int, str]:
        name = factor.func.__name__
        if factor.is_Number:
            return (-2, 0, "")
        return (slots[name], 0 if name.endswith("'") or "∂" in name else 1, name) if name in slots else (-1, 0, name)

    factors = sorted(sympy.Mul.make_args(term), key=key)
    ordered = sympy.Mul(*factors, evaluate=False) if len(factors) > 1 else factors[0]
    return [key(factor) for factor in factors], ordered


def _wrapped(text: str) -> list[str]:
    """A sum that is wider than its column, one term a line."""
    if len(text) <= _WIDTH:
        return [text]
    lines, depth, start = [], 0, 0
    for k, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if not depth and k > start and text[k : k + 3] in (" + ", " - "):
            lines.append(text[start:k].strip())
            start = k
    return [*lines, text[start:].strip()]
