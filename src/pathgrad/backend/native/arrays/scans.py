"""Running sums, and positions of extrema (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....ir import Let, type_of
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.values import View
from ..emit.writer import number

__all__ = ["SCANS"]


def _cumsum(e: Emitter, let: Let) -> None:
    type_ = type_of(let.target)
    source = e.array(let.args[0])
    axis = let.params["axis"] % type_.rank
    backward = bool(let.params.get("backward"))
    array = e.allocate(type_.dtype, source.dims, let.target)
    n = source.dims[axis]
    others = [d for k, d in enumerate(source.dims) if k != axis]
    kind = {"f64": "double", "f32": "float", "i64": "i64"}[type_.dtype]

    def line(outer: Sequence[str]) -> None:
        def step(k: str, carried: list[str]) -> list[str]:
            at = e.w.subtract(e.w.subtract(n, "1"), k) if backward else k
            index = [*outer[:axis], at, *outer[axis:]]
            new = convert(e.w, e.get(source, index), source.dtype, type_.dtype)
            both = [(carried[0], type_.dtype), (new, type_.dtype)]
            total = elementwise(e.module, e.w, "add", both, type_.dtype)
            e.put(array, index, total)
            return [total]

        e.w.counted(n, [(kind, number(0, type_.dtype))], step, "scan")

    e.for_each(others, line)
    e.env[let.target] = array


def _argextremum(larger: bool) -> Callable[[Emitter, Let], None]:
    def write(e: Emitter, let: Let) -> None:
        source = e.array(let.args[0])
        rank = len(source.dims)
        axis = let.params["axis"]
        if axis is None:
            source = e.contiguous(source)
            total = e.size(source.dims)
            source, rank, over = View(source.dtype, source.data, (total,), ("1",), source.owner, True), 1, 0
        else:
            over = axis[0] % rank
        n = source.dims[over]
        e.check(e.w.compare("ne", n, "0"), "value", "attempt to get argmax or argmin of an empty sequence")
        others = [d for k, d in enumerate(source.dims) if k != over]
        kind = {"f64": "double", "f32": "float", "i64": "i64", "bool": "i1"}[source.dtype]

        def best(outer: Sequence[str]) -> str:
            first = e.get(source, [*outer[:over], "0", *outer[over:]])

            def step(k: str, carried: list[str]) -> list[str]:
                value = e.get(source, [*outer[:over], k, *outer[over:]])
                better = _better(e, value, carried[0], source.dtype, larger)
                return [e.w.select(better, value, carried[0], kind), e.w.select(better, k, carried[1])]

            return e.w.counted(n, [(kind, first), ("i64", "0")], step, "arg")[1]

        if not others:
            e.env[let.target] = best([])
            return
        array = e.allocate("i64", others, let.target)
        e.for_each(others, lambda outer: e.put(array, outer, best(outer)))
        e.env[let.target] = array

    return write


def _better(e: Emitter, new: str, old: str, dtype: str, larger: bool) -> str:
    """The first nan wins over all numbers."""
    if dtype in ("i64", "bool"):
        sign = "s" if dtype == "i64" else "u"
        return e.w.compare(f"{sign}{'gt' if larger else 'lt'}", new, old, "i64" if dtype == "i64" else "i1")
    kind = "double" if dtype == "f64" else "float"
    unordered = e.w.value(f"fcmp u{'gt' if larger else 'lt'} {kind} {new}, {old}")
    known = e.w.value(f"fcmp ord {kind} {old}, {old}")
    return e.w.value(f"and i1 {unordered}, {known}")


SCANS: dict[str, Callable[[Emitter, Let], None]] = {
    "cumsum": _cumsum,
    "argmax": _argextremum(True),
    "argmin": _argextremum(False),
}
