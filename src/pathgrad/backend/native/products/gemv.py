"""Products of a matrix and a vector of doubles, in registers (floor 4).

BLAS takes longer to be called than a small product takes, and loops over numbers write every partial sum to memory.
Here several columns, or several rows, are summed side by side in vector registers, so each number of the matrix is read
once and nothing else is written than the result. Sums are reassociated, products contracted.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emit.emitter import Emitter
from ..emit.values import View
from ..emit.writer import Writer, number

__all__ = ["add_products", "by_columns", "by_rows", "is_by_columns", "is_by_rows"]

_LANES = 8
_VECTOR = f"<{_LANES} x double>"
_MASK = f"<{_LANES} x i1>"
#: So many columns are added at once, the greatest number first.
_COLUMNS = (8, 1)
#: Results of so many vectors stay in registers.
_SHORT = (1, 2, 4, 8)
#: Rows of so many numbers are summed so many at a time; of shorter ones memory is read faster in order.
_LONG, _ROWS = 96, 4
#: Vectors of a tile of a result.
_TILE = 4


def is_by_columns(a: View, b: View, result: View) -> bool:
    """Whether the columns of the matrix are contiguous, so that the result is a sum of columns."""
    return _are_doubles(a, b, result) and a.strides[0] == "1" and a.strides[1] != "1"


def is_by_rows(a: View, b: View, result: View) -> bool:
    """Whether rows and vector are contiguous, so that each number of the result is one sum of vectors."""
    return _are_doubles(a, b, result) and a.strides[1] == "1" and b.strides[0] == "1"


def _are_doubles(a: View, b: View, result: View) -> bool:
    return a.dtype == b.dtype == result.dtype == "f64" and result.strides[0] == "1"


# ---- columns ---------------------------------------------------------------------------------------------------------
def by_columns(e: Emitter, a: View, b: View, result: View) -> None:
    """A short result is summed in registers; of a long one several columns are added at a time."""
    w = e.w
    rows, columns = a.dims
    vectors = w.value(f"sdiv i64 {rows}, {_LANES}")
    whole = w.multiply(vectors, str(_LANES))
    left = w.subtract(rows, whole)
    mask = _mask(e, left)
    part = w.value(f"select i1 {w.compare('sgt', left, '0')}, i64 1, i64 0")
    out, long = w.new_label("product.end"), w.new_label("long")
    used = w.add(vectors, part)
    labels = {count: w.new_label("short") for count in _SHORT}
    sizes = [next(count for count in _SHORT if count >= k) for k in range(1, _SHORT[-1] + 1)]
    cases = " ".join(f"i64 {k}, label %{labels[count]}" for k, count in enumerate(sizes, 1))
    w.effect(f"switch i64 {used}, label %{long} [ {cases} ]")
    for count, label in labels.items():
        w.start(label)
        _short(e, (a, b, result), count)
        w.jump(out)
    w.start(long)
    e.set_all(result, number(0, result.dtype))
    first = "0"
    for count in _COLUMNS:
        blocks = w.value(f"sdiv i64 {w.subtract(columns, first)}, {count}")
        _add_columns(e, (a, b, result), first, (blocks, count), (vectors, part, mask))
        first = w.add(first, w.multiply(blocks, str(count)))
    w.jump(out)
    w.start(out)


def _short(e: Emitter, views: tuple[View, View, View], count: int) -> None:
    """All of the result in so many vectors: the matrix is read in order. More than half of them are used."""
    w = e.w
    a, b, result = views
    places = [str(_LANES * k) for k in range(count)]
    masks = ["" if 2 * (k + 1) <= count else _mask(e, w.subtract(a.dims[0], places[k])) for k in range(count)]

    def add(column: str, sums: list[str]) -> list[str]:
        x = _spread(w, e.get(b, [column]))
        each = zip(sums, places, masks, strict=True)
        return [_fused(w, total, x, _load(e, a, [place, column], only)) for total, place, only in each]

    sums = w.counted(a.dims[1], [(_VECTOR, "zeroinitializer")] * count, add, "columns", once=True)
    for place, total, only in zip(places, sums, masks, strict=True):
        _store(e, result, [place], total, only)


def _add_columns(
    e: Emitter, views: tuple[View, View, View], first: str, blocks: tuple[str, int], vectors: tuple[str, str, str]
) -> None:
    """Blocks of ``count`` columns, from the column ``first`` on."""
    w = e.w
    a, b, result = views
    count = blocks[1]

    def block(k: str, _: list[str]) -> list[str]:
        start = w.add(first, w.multiply(k, str(count)))
        columns = [w.add(start, str(j)) for j in range(count)]
        factors = [_spread(w, e.get(b, [column])) for column in columns]

        def add(place: str, only: str = "") -> list[str]:
            total = _load(e, result, [place], only)
            for column, factor in zip(columns, factors, strict=True):
                total = _fused(w, total, factor, _load(e, a, [place, column], only))
            _store(e, result, [place], total, only)
            return []

        w.counted(vectors[0], [], lambda t, _: add(w.multiply(t, str(_LANES))), "vectors", once=True)
        whole = w.multiply(vectors[0], str(_LANES))
        w.counted(vectors[1], [], lambda _, __: add(whole, vectors[2]), "rest", once=True)
        return []

    w.counted(blocks[0], [], block, "columns", once=True)


# ---- rows ------------------------------------------------------------------------------------------------------------
def by_rows(e: Emitter, a: View, b: View, result: View) -> None:
    """Long rows four at a time, which read the vector once; others one by one, as they lie in memory."""
    w = e.w
    rows, columns = a.dims
    steps = w.value(f"sdiv i64 {columns}, {_LANES}")
    done = w.multiply(steps, str(_LANES))
    left = w.subtract(columns, done)
    mask = _mask(e, left)
    part = w.value(f"select i1 {w.compare('sgt', left, '0')}, i64 1, i64 0")
    is_long = w.compare("sge", columns, str(_LONG))
    blocks = w.select(is_long, w.value(f"sdiv i64 {rows}, {_ROWS}"), "0")

    def some(start: str, count: int) -> None:
        lines = [w.add(start, str(j)) for j in range(count)]

        def step(t: str, sums: list[str], only: str = "") -> list[str]:
            at = w.multiply(t, str(_LANES))
            y = _load(e, b, [at], only)
            return [_fused(w, total, _load(e, a, [i, at], only), y) for i, total in zip(lines, sums, strict=True)]

        sums = w.counted(steps, [(_VECTOR, "zeroinitializer")] * count, step, "steps", once=True)
        carried = [(_VECTOR, total) for total in sums]
        sums = w.counted(part, carried, lambda _, values: step(steps, values, mask), "rest", once=True)
        for i, total in zip(lines, sums, strict=True):
            e.put(result, [i], _reduced(e, total))

    def block(k: str, _: list[str]) -> list[str]:
        some(w.multiply(k, str(_ROWS)), _ROWS)
        return []

    w.counted(blocks, [], block, "rows", once=True)
    first = w.multiply(blocks, str(_ROWS))

    def single(k: str, _: list[str]) -> list[str]:
        some(w.add(first, k), 1)
        return []

    w.counted(w.subtract(rows, first), [], single, "row", once=True)


# ---- sums of outer products ------------------------------------------------------------------------------------------
def add_products(e: Emitter, x: View, y: View, result: View) -> None:
    """Add ``x' y`` to the result: tiles of two rows and four vectors stay in registers while the sum runs."""
    w = e.w
    rows, columns = result.dims
    pairs = w.value(f"sdiv i64 {rows}, 2")
    tiles = w.value(f"sdiv i64 {columns}, {_TILE * _LANES}")
    done = w.multiply(tiles, str(_TILE * _LANES))
    rest = w.subtract(columns, done)
    vectors = w.value(f"sdiv i64 {w.add(rest, str(_LANES - 1))}, {_LANES}")

    def tile(lines: list[str], places: list[str], only: str = "") -> None:
        index = [(i, place) for i in lines for place in places]

        def turn(t: str, sums: list[str]) -> list[str]:
            factors = {i: _spread(w, e.get(x, [t, i])) for i in lines}
            vectors = {place: _load(e, y, [t, place], only) for place in places}
            return [_fused(w, total, factors[i], vectors[p]) for total, (i, p) in zip(sums, index, strict=True)]

        before = [(_VECTOR, _load(e, result, [i, place], only)) for i, place in index]
        for (i, place), total in zip(index, w.counted(x.dims[0], before, turn, "sum", once=True), strict=True):
            _store(e, result, [i, place], total, only)

    def across(lines: list[str]) -> None:
        def whole(k: str, _: list[str]) -> list[str]:
            start = w.multiply(k, str(_TILE * _LANES))
            tile(lines, [w.add(start, str(_LANES * j)) for j in range(_TILE)])
            return []

        def part(k: str, _: list[str]) -> list[str]:
            place = w.add(done, w.multiply(k, str(_LANES)))
            tile(lines, [place], _mask(e, w.subtract(columns, place)))
            return []

        w.counted(tiles, [], whole, "tiles", once=True)
        w.counted(vectors, [], part, "parts", once=True)

    def pair(k: str, _: list[str]) -> list[str]:
        first = w.multiply(k, "2")
        across([first, w.add(first, "1")])
        return []

    w.counted(pairs, [], pair, "pairs", once=True)
    paired = w.multiply(pairs, "2")

    def single(k: str, _: list[str]) -> list[str]:
        across([w.add(paired, k)])
        return []

    w.counted(w.subtract(rows, paired), [], single, "single", once=True)


# ---- vectors ---------------------------------------------------------------------------------------------------------
def _spread(w: Writer, x: str) -> str:
    one = w.value(f"insertelement {_VECTOR} poison, double {x}, i64 0")
    return w.value(f"shufflevector {_VECTOR} {one}, {_VECTOR} poison, <{_LANES} x i32> zeroinitializer")


def _fused(w: Writer, total: str, x: str, y: str) -> str:
    product = w.value(f"fmul contract {_VECTOR} {x}, {y}")
    return w.value(f"fadd reassoc nsz contract {_VECTOR} {total}, {product}")


def _load(e: Emitter, a: View, index: Sequence[str], mask: str = "") -> str:
    at = e.address(a, index)
    if not mask:
        return e.w.value(f"load {_VECTOR}, ptr {at}, align 8")
    _use_masked(e)
    given = f"ptr {at}, i32 8, {_MASK} {mask}, {_VECTOR} zeroinitializer"
    return e.w.value(f"call {_VECTOR} @llvm.masked.load.v8f64.p0({given})")


def _store(e: Emitter, a: View, index: Sequence[str], value: str, mask: str = "") -> None:
    at = e.address(a, index)
    if not mask:
        e.w.effect(f"store {_VECTOR} {value}, ptr {at}, align 8")
        return
    _use_masked(e)
    e.w.effect(f"call void @llvm.masked.store.v8f64.p0({_VECTOR} {value}, ptr {at}, i32 8, {_MASK} {mask})")


def _use_masked(e: Emitter) -> None:
    e.module.declare(f"declare {_VECTOR} @llvm.masked.load.v8f64.p0(ptr, i32, {_MASK}, {_VECTOR})")
    e.module.declare(f"declare void @llvm.masked.store.v8f64.p0({_VECTOR}, ptr, i32, {_MASK})")


def _mask(e: Emitter, count: str) -> str:
    """The first ``count`` lanes."""
    w = e.w
    one = w.value(f"insertelement <{_LANES} x i64> poison, i64 {count}, i64 0")
    spread = w.value(f"shufflevector <{_LANES} x i64> {one}, <{_LANES} x i64> poison, <{_LANES} x i32> zeroinitializer")
    lanes = ", ".join(f"i64 {k}" for k in range(_LANES))
    return w.value(f"icmp slt <{_LANES} x i64> <{lanes}>, {spread}")


def _reduced(e: Emitter, total: str) -> str:
    e.module.declare(f"declare double @llvm.vector.reduce.fadd.v8f64(double, {_VECTOR})")
    zero = number(-0.0, "f64")
    return e.w.value(f"call reassoc nsz double @llvm.vector.reduce.fadd.v8f64(double {zero}, {_VECTOR} {total})")
