"""Products of a large matrix and a vector on several threads (floor 4).

A thread has a part of the rows, or of the columns: then it has a sum of its own, and the sums are completed in the
order of the parts. One thread reads memory at half the speed of two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..divided.division import WORK, WordReader, call_team, fields_in_memory, run_team, worthwhile
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.outline import outlined
from ..emit.values import View
from ..emit.writer import Writer

__all__ = ["product"]

#: Columns from which on adding the parts' sums is little of the work.
_MANY = 1024

Body = Callable[[Sequence[View]], None]


def product(e: Emitter, name: str, views: Sequence[View], body: Body, by_columns: bool) -> None:
    """Call ``body`` through a function of the module, or through one call for each part of a large matrix.

    Parameters
    ----------
    e : Emitter
        The function that is being written.
    name : str
        What the function does.
    views : sequence of View
        Matrix, vector and result, a vector without gaps; no two share storage with the last.
    body : callable
        Writes the loops of a product of a matrix and a vector.
    by_columns : bool
        Whether parts are columns of the matrix; otherwise rows.
    """
    rows, columns = views[0].dims
    is_small = rows.isdigit() and columns.isdigit() and int(rows) * int(columns) < WORK
    if is_small or not worthwhile(e):
        outlined(e, name, views, body)
        return
    w = e.w
    fits = w.compare("sge", w.multiply(rows, columns), str(WORK))
    if by_columns:
        fits = w.value(f"and i1 {fits}, {w.compare('sge', columns, str(_MANY))}")
    several, alone, out = (w.new_label(x) for x in ("team", "alone", "product.end"))
    outer, e.owned = e.owned, []
    run_team(e, fits, several, alone)
    function = _write_part(e, name, views, body, by_columns)
    fields = [field for v in views for field in _fields(v)]
    args = fields_in_memory(e, fields, w.slot(f"[{len(fields)} x i64]"))
    if by_columns:
        count, sums = call_team(e, function, args, columns, rows)
        _complete(e, views[2], sums, count)
    else:
        call_team(e, function, args, rows, "0")
    for owner in e.owned:
        e.release(owner)
    e.owned = outer
    w.jump(out)
    w.start(alone)
    outlined(e, name, views, body)
    w.jump(out)
    w.start(out)


def _fields(v: View) -> list[tuple[str, str]]:
    """What a part must be told of an array."""
    return [("ptr", v.data), *(("i64", n) for n in (*v.dims, *v.strides) if not n.isdigit())]


def _write_part(e: Emitter, name: str, views: Sequence[View], body: Body, by_columns: bool) -> str:
    """The function of some rows or columns; its name."""
    function = f"pg_product_{len(e.module.functions)}"
    outer, e.w = e.w, Writer()
    at = WordReader(e, "%args")
    matrix, vector, result = (_told(v, at) for v in views)
    rows, columns = matrix.dims
    n = e.w.value("sub nsw i64 %last, %first")
    if by_columns:
        matrix = replace(matrix, data=e.address(matrix, ["0", "%first"]), dims=(rows, n))
        vector = replace(vector, data=e.address(vector, ["%first"]), dims=(n,))
        result = replace(result, data="%results")
    else:
        matrix = replace(matrix, data=e.address(matrix, ["%first", "0"]), dims=(n, columns))
        result = replace(result, data=e.address(result, ["%first"]), dims=(n,))
    outlined(e, name, [matrix, vector, result], body)
    e.w.effect("ret i32 0")
    text, e.w = e.w.text(), outer
    head = "ptr %state, ptr %args, i64 %first, i64 %last, ptr %results"
    e.module.functions.append(f"define internal i32 @{function}({head}) #0 {{\n{text}\n}}")
    return function


def _told(v: View, at: WordReader) -> View:
    """An array as a part sees it."""
    data = at.next("ptr")
    dims, strides = (tuple(n if n.isdigit() else at.next("i64") for n in numbers) for numbers in (v.dims, v.strides))
    return View(v.dtype, data, dims, strides, None, v.contiguous)


def _complete(e: Emitter, result: View, sums: str, count: str) -> None:
    """The sum of what the parts have found."""
    (n,) = result.dims
    found = View(result.dtype, sums, (count, n), e.steps((count, n)), None, True)

    def one(index: Sequence[str]) -> None:
        e.put(result, index, e.get(found, ["0", *index]))

    def add(k: str, _: list[str]) -> list[str]:
        def element(index: Sequence[str]) -> None:
            both = [(e.get(result, index), result.dtype), (e.get(found, [k, *index]), result.dtype)]
            e.put(result, index, elementwise(e.module, e.w, "add", both, result.dtype))

        e.for_each(result.dims, element)
        return []

    e.for_each(result.dims, one)
    more = e.w.subtract(count, "1")
    e.w.counted(more, [], lambda k, _: add(e.w.add(k, "1"), _), "parts")
