"""Sums of outer products over the turns of a loop (floor 4).

The adjoint of ``x @ W`` adds an outer product to the cotangent of ``W`` in every turn, which reads and writes all of
it for two operations on each number. As one does by hand, the vectors of several turns are put by as rows of two small
matrices, and the product of these is added to the cotangent when there are enough, and after the loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....ir import Let, Loop, Type, Var, walk
from ....ir.liveness import statement_reads
from ..analysis.stationary import is_small
from ..emit.emitter import Emitter
from ..emit.outline import outlined
from ..emit.values import View
from .gemv import add_products

__all__ = ["Gathering", "gathers", "open_gathering"]

#: So many turns are put by.
_TURNS = 32


@dataclass
class Gathering:
    """What the turns of one loop put by.

    Attributes
    ----------
    loop : Loop
        The loop.
    count : str
        The address of the number of turns that are put by.
    rows : dict
        The rows of the vectors, by the vector.
    products : list
        The vectors of each sum, and the array that it goes to.
    skipped : dict
        The arrays that the statements would have added to, by the statements; None for the outer products.
    """

    loop: Loop
    count: str
    rows: dict[Var, View]
    products: list[tuple[Var, Var, View]]
    skipped: dict[int, tuple[Var, Var, View] | None]

    def end_of_turn(self, e: Emitter) -> None:
        """Count the turn; add the products where there are enough."""
        w = e.w
        before = w.value(f"load i64, ptr {self.count}")
        count = w.value(f"add nuw nsw i64 {before}, 1")
        w.effect(f"store i64 {count}, ptr {self.count}")
        full, on = w.new_label("gathered"), w.new_label("on")
        w.branch(w.compare("eq", count, str(_TURNS)), full, on, ", !prof !1")
        w.start(full)
        self.add(e)
        w.effect(f"store i64 0, ptr {self.count}")
        w.jump(on)
        w.start(on)

    def add(self, e: Emitter) -> None:
        """Add the products of what is put by."""
        count = e.w.value(f"load i64, ptr {self.count}")
        for x, y, target in self.products:
            views = [_first(self.rows[v], count) for v in (x, y)]
            outlined(e, "add_products", [*views, target], lambda given: add_products(e, *given))


def _first(rows: View, count: str) -> View:
    return View(rows.dtype, rows.data, (count, rows.dims[1]), rows.strides, rows.owner, True)


def open_gathering(e: Emitter, s: Loop, still: dict[int, object]) -> Gathering | None:
    """Make room for what the turns of a loop put by; None where there is nothing.

    Parameters
    ----------
    e : Emitter
        The function being written.
    s : Loop
        The loop.
    still : dict
        The arrays that it only writes in place, by their position among the carried values.
    """
    # a later start of the call supposes nothing, so lengths could be repeated ones there
    if e.depth or s.exits or not e.module.may_bail:
        return None
    found = [(k, pair) for k in still if (pair := _sum_of_products(s, k)) is not None]
    if not found:
        return None
    count = e.w.slot("i64")
    e.w.effect(f"store i64 0, ptr {count}")
    gathering = Gathering(s, count, {}, [], {})
    for k, (outer, add) in found:
        target = still[k]
        assert isinstance(target, View)
        x, y = outer.args
        assert isinstance(x, Var)
        assert isinstance(y, Var)
        for v, n in ((x, target.dims[0]), (y, target.dims[1])):
            if v not in gathering.rows:
                gathering.rows[v] = e.allocate("f64", (str(_TURNS), n))
        product = (x, y, target)
        gathering.products.append(product)
        gathering.skipped |= {id(outer): None, id(add): product}
    return gathering


def _sum_of_products(s: Loop, k: int) -> tuple[Let, Let] | None:
    """The outer product that is added to the k-th carried array, and the addition; None where it is not so."""
    param = s.params[k]
    if not isinstance(param.type, Type) or param.type.rank != 2 or param.type.dtype != "f64" or is_small(param):
        return None
    reads = [t for t in walk(s.body) if param in statement_reads(t)]
    if len(reads) != 1 or not isinstance(add := reads[0], Let) or add not in s.body.statements:
        return None
    if add.op.name != "accumulate" or add.role != "adjoint" or add.params["index"].items or add.args[0] is not param:
        return None
    made = {t.target: t for t in s.body.statements if isinstance(t, Let)}
    outer = made.get(add.args[1]) if isinstance(add.args[1], Var) else None
    if outer is None or outer.op.name != "outer":
        return None
    if any(not isinstance(a, Var) or a.type.rank != 1 or a.type.dtype != "f64" for a in outer.args):  # type: ignore[union-attr]
        return None
    for inner, readers in ((outer.target, 1), (add.target, 0)):
        if sum(inner in statement_reads(t) for t in walk(s.body)) != readers:
            return None
    yields = [j for j, a in enumerate(s.body.yields) if a in (param, add.target, outer.target)]
    return (outer, add) if yields == [k] and s.body.yields[k] is add.target else None


def gathers(e: Emitter, let: Let) -> bool:
    """Put a statement's vectors by instead of writing it; False for statements that are written."""
    gathering = e.gathering
    if gathering is None or id(let) not in gathering.skipped:
        return False
    product = gathering.skipped[id(let)]
    if product is None:
        return True
    x, y, target = product
    count = e.w.value(f"load i64, ptr {gathering.count}")
    for v, n in ((x, target.dims[0]), (y, target.dims[1])):
        _put_by(e, gathering.rows[v], count, v, n)
    e.env[let.target] = target
    return True


def _put_by(e: Emitter, rows: View, count: str, vector: Var, n: str) -> None:
    source = e.array(vector)
    if not e.suppose_equal(source.dims[0], n):
        message = "a vector of length {0} where {1} was expected"
        e.check(e.w.compare("eq", source.dims[0], n), "shape", message, [source.dims[0], n])
    place = e.address(rows, [count, "0"])
    e.copy_into(View("f64", place, (n,), ("1",), rows.owner, True), source)
