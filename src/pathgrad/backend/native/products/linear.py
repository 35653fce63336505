"""Matrix products: loops for vectors and small matrices, SciPy's BLAS for large ones (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....ir import Let, Type
from ..elements.conversion import convert
from ..elements.scalars import elementwise
from ..emit.emitter import Emitter
from ..emit.outline import outlined
from ..emit.values import Owned, View
from ..emit.writer import LLVM_TYPES, SIZES, UNROLLED, number
from .gemv import by_columns, by_rows, is_by_columns, is_by_rows
from .shared_products import product

__all__ = ["PRODUCTS"]

#: Below so many multiplications a call costs more than it saves.
_SMALL = 4096
#: Up to so many multiplications, and from so many rows on, a transposed matrix is copied.
_COPIED, _MANY = 1_000_000, 32


def _matmul(e: Emitter, let: Let) -> None:
    type_ = let.target.type
    assert isinstance(type_, Type)
    a, b = (e.array(x) for x in let.args)
    inner_a, inner_b = a.dims[-1], b.dims[-2] if len(b.dims) > 1 else b.dims[0]
    if not e.suppose_equal(inner_a, inner_b):
        e.check(
            e.w.compare("eq", inner_a, inner_b),
            "shape",
            "matmul: the inner lengths {0} and {1} differ",
            [inner_a, inner_b],
        )
    if len(a.dims) > 2 or len(b.dims) > 2:
        _batched(e, let, a, b, type_)
        return
    if len(a.dims) == 1 and len(b.dims) == 1:
        e.env[let.target] = _dot(e, a, b, [], [], type_.dtype)
        return
    rows = (a.dims[0],) if len(a.dims) == 2 else ()
    columns = (b.dims[1],) if len(b.dims) == 2 else ()
    result = e.allocate(type_.dtype, (*rows, *columns), let.target)
    e.env[let.target] = result
    if _is_tiny(a) and _is_tiny(b) and len(b.dims) == 2 and result.dtype == a.dtype == b.dtype in ("f64", "f32"):
        _by_rows(e, a, b, result)
    elif len(a.dims) == 2 and len(b.dims) == 2:
        _matrices(e, a, b, result)
    elif len(a.dims) == 2:
        _shared_by_vector(e, a, b, result)
    else:
        _shared_by_vector(e, _transposed(b), a, result)


def _transposed(a: View) -> View:
    return View(a.dtype, a.data, a.dims[::-1], a.strides[::-1], a.owner)


def _dot(e: Emitter, a: View, b: View, row: Sequence[str], column: Sequence[str], dtype: str) -> str:
    """A sum of products, accumulated in double precision."""
    wide = "f64" if dtype == "f32" else dtype
    kind = LLVM_TYPES[wide]

    def step(k: str, carried: list[str]) -> list[str]:
        x = convert(e.w, e.get(a, [*row, k]), a.dtype, wide)
        y = convert(e.w, e.get(b, [k, *column]), b.dtype, wide)
        return [_fused(e, carried[0], x, y, wide)]

    total = e.w.counted(a.dims[-1], [(kind, number(0, wide))], step, "dot")[0]
    return convert(e.w, total, wide, dtype)


def _fused(e: Emitter, total: str, x: str, y: str, dtype: str) -> str:
    """Total + x y; the product is not rounded on its own."""
    if dtype not in ("f64", "f32"):
        product = elementwise(e.module, e.w, "multiply", [(x, dtype), (y, dtype)], dtype)
        return elementwise(e.module, e.w, "add", [(total, dtype), (product, dtype)], dtype)
    kind = LLVM_TYPES[dtype]
    product = e.w.value(f"fmul contract {kind} {x}, {y}")
    return e.w.value(f"fadd reassoc nsz contract {kind} {total}, {product}")


def _is_tiny(a: View) -> bool:
    return all(n.isdigit() and 0 < int(n) <= UNROLLED for n in a.dims)


def _by_rows(e: Emitter, a: View, b: View, result: View) -> None:
    """A product of small matrices of known lengths: each row of the result as one vector."""
    w = e.w
    n, columns = int(b.dims[0]), int(b.dims[1])
    scalar = LLVM_TYPES[result.dtype]
    kind = f"<{columns} x {scalar}>"
    rows = [_row(e, b, k, columns, kind) for k in range(n)]
    for i in range(int(a.dims[0]) if len(a.dims) == 2 else 1):
        lead = [str(i)] if len(a.dims) == 2 else []
        total = ""
        for k in range(n):
            one = w.value(f"insertelement {kind} poison, {scalar} {e.get(a, [*lead, str(k)])}, i64 0")
            spread = w.value(f"shufflevector {kind} {one}, {kind} poison, <{columns} x i32> zeroinitializer")
            product = w.value(f"fmul contract {kind} {spread}, {rows[k]}")
            total = w.value(f"fadd reassoc nsz contract {kind} {total}, {product}") if total else product
        w.effect(f"store {kind} {total}, ptr {e.address(result, [*lead, '0'])}, align {SIZES[result.dtype]}")


def _row(e: Emitter, b: View, k: int, columns: int, kind: str) -> str:
    if b.strides[1] == "1":
        return e.w.value(f"load {kind}, ptr {e.address(b, [str(k), '0'])}, align {SIZES[b.dtype]}")
    row = "poison"
    for j in range(columns):
        value = e.get(b, [str(k), str(j)])
        row = e.w.value(f"insertelement {kind} {row}, {LLVM_TYPES[b.dtype]} {value}, i64 {j}")
    return row


def _shared_by_vector(e: Emitter, a: View, b: View, result: View) -> None:
    if _is_tiny(a) and _is_tiny(b):
        _by_vector(e, a, b, result)
        return
    if is_by_columns(a, b, result):
        product(e, "sum_of_columns", [a, b, result], lambda views: by_columns(e, *views), by_columns=True)
    elif is_by_rows(a, b, result):
        product(e, "products_of_rows", [a, b, result], lambda views: by_rows(e, *views), by_columns=False)
    else:
        outlined(e, "matrix_by_vector", [a, b, result], lambda views: _by_vector(e, *views))


def _by_vector(e: Emitter, a: View, b: View, result: View) -> None:
    """Matrix times vector: row by row where rows are contiguous, otherwise column by column."""
    if a.strides[0] == "1" and a.strides[1] != "1":
        e.set_all(result, number(0, result.dtype))

        def column(k: str, _: list[str]) -> list[str]:
            y = convert(e.w, e.get(b, [k]), b.dtype, result.dtype)

            def add(index: Sequence[str]) -> None:
                x = convert(e.w, e.get(a, [index[0], k]), a.dtype, result.dtype)
                e.put(result, index, _fused(e, e.get(result, index), x, y, result.dtype))

            e.for_each(result.dims, add, once=False)
            return []

        e.w.counted(b.dims[0], [], column, "column")
        return
    e.for_each(result.dims, lambda index: e.put(result, index, _dot(e, a, b, index, [], result.dtype)))


def _loops(e: Emitter, a: View, b: View, result: View) -> None:
    """Matrix times matrix by loops whose innermost runs along the rows of the result."""
    e.set_all(result, number(0, result.dtype)) if result.contiguous else e.for_each(
        result.dims, lambda index: e.put(result, index, number(0, result.dtype))
    )

    def term(index: Sequence[str]) -> None:
        i, k = index
        x = convert(e.w, e.get(a, [i, k]), a.dtype, result.dtype)

        def add(j: str, _: list[str]) -> list[str]:
            y = convert(e.w, e.get(b, [k, j]), b.dtype, result.dtype)
            e.put(result, [i, j], _fused(e, e.get(result, [i, j]), x, y, result.dtype))
            return []

        e.w.counted(b.dims[1], [], add, "product")

    e.for_each(a.dims, term)


def _matrices(e: Emitter, a: View, b: View, result: View) -> None:
    if result.dtype not in ("f64", "f32") or a.dtype != result.dtype or b.dtype != result.dtype:
        outlined(e, "matrix_by_matrix", [a, b, result], lambda views: _loops(e, *views))
        return
    w = e.w
    work = w.multiply(w.multiply(a.dims[0], a.dims[1]), b.dims[1])
    if work.isdigit() and int(work) <= _SMALL:
        outlined(e, "matrix_by_matrix", [a, b, result], lambda views: _loops(e, *views))
        return
    small, large, out = w.new_label("small"), w.new_label("blas"), w.new_label("product.end")
    w.branch(w.compare("sle", work, str(_SMALL)), small, large)
    w.start(small)
    outlined(e, "matrix_by_matrix", [a, b, result], lambda views: _loops(e, *views))
    w.jump(out)
    w.start(large)
    outer, e.owned = e.owned, []
    _blas(e, a, b, result)
    for owner in e.owned:
        e.release(owner)
    e.owned = outer
    w.jump(out)
    w.start(out)


def _blas(e: Emitter, a: View, b: View, result: View) -> None:
    """Row-major ``a b`` is column-major ``b' a'``."""
    w = e.w
    letter = "d" if result.dtype == "f64" else "s"
    symbol = e.module.blas(f"{letter}gemm")
    e.module.declare(f"declare void @{symbol}({', '.join(['ptr'] * 13)})")
    first, first_flag, first_step = _in_order(e, b, a.dims[0])
    second, second_flag, second_step = _operand(e, a)
    m, n, k = (w.value(f"trunc i64 {x} to i32") for x in (b.dims[1], a.dims[0], a.dims[1]))
    step = w.value(f"trunc i64 {result.strides[0]} to i32")

    def kept(kind: str, value: str) -> str:
        slot = w.slot(kind)
        w.effect(f"store {kind} {value}, ptr {slot}")
        return slot

    kind = LLVM_TYPES[result.dtype]
    one, zero = kept(kind, number(1.0, result.dtype)), kept(kind, number(0.0, result.dtype))
    sizes = [kept("i32", x) for x in (m, n, k, first_step, second_step, step)]
    flags = [kept("i8", x) for x in (first_flag, second_flag)]
    args = [*flags, *sizes[:3], one, first, sizes[3], second, sizes[4], zero, result.data, sizes[5]]
    w.effect(f"call void @{symbol}({', '.join(f'ptr {x}' for x in args)})")


def _in_order(e: Emitter, b: View, rows: str) -> tuple[str, str, str]:
    """What `_operand` says of the second matrix; a small one that is transposed is copied into rows.

    OpenBLAS multiplies small matrices as they lie, unless the first one given is transposed: then it copies both.
    """
    w = e.w
    if b.strides[1] == "1" or b.strides[0] != "1":
        return _operand(e, b)
    given = _operand(e, b)
    size = w.multiply(b.dims[0], b.dims[1])
    few, many = w.compare("sle", w.multiply(size, rows), str(_COPIED)), w.compare("sge", rows, str(_MANY))
    copies, on, before = w.new_label("copies"), w.new_label("operand"), w.label
    w.branch(w.value(f"and i1 {few}, {many}"), copies, on)
    w.start(copies)
    copied = e.allocate(b.dtype, b.dims)
    outlined(e, "copy", [b, copied], lambda views: e.copy_into(views[1], views[0]))
    own = _operand(e, copied)
    end = w.label
    w.jump(on)
    w.start(on)
    pairs = zip(("ptr", "i8", "i32"), given, own, strict=True)
    data, flag, step = (w.phi(kind, [(x, before), (y, end)]) for kind, x, y in pairs)
    assert copied.owner is not None
    e.owned.remove(copied.owner)
    e.owned.append(Owned(w.phi("ptr", [("null", before), (copied.owner.handle, end)])))
    return data, flag, step


def _operand(e: Emitter, a: View) -> tuple[str, str, str]:
    """Address, whether transposed ('N' or 'T') and leading dimension of a matrix for BLAS."""
    w = e.w
    if a.strides[1] == "1":
        least = w.value(f"call i64 @llvm.smax.i64(i64 {a.dims[1]}, i64 1)")
        lead = w.value(f"call i64 @llvm.smax.i64(i64 {a.strides[0]}, i64 {least})")
        e.module.declare("declare i64 @llvm.smax.i64(i64, i64)")
        if a.contiguous or a.strides[0] == a.dims[1]:
            return a.data, str(ord("N")), w.value(f"trunc i64 {lead} to i32")
    if a.strides[0] == "1" and a.strides[1] == a.dims[0]:
        e.module.declare("declare i64 @llvm.smax.i64(i64, i64)")
        lead = w.value(f"call i64 @llvm.smax.i64(i64 {a.strides[1]}, i64 {a.dims[0]})")
        return a.data, str(ord("T")), w.value(f"trunc i64 {lead} to i32")
    copied = e.allocate(a.dtype, a.dims)
    e.copy_into(copied, a)
    e.module.declare("declare i64 @llvm.smax.i64(i64, i64)")
    lead = w.value(f"call i64 @llvm.smax.i64(i64 {a.dims[1]}, i64 1)")
    return copied.data, str(ord("N")), w.value(f"trunc i64 {lead} to i32")


def _batched(e: Emitter, let: Let, a: View, b: View, type_: Type) -> None:
    """Products of stacks of matrices; the leading axes are broadcast."""
    if len(a.dims) == 1:
        a = View(a.dtype, a.data, ("1", *a.dims), ("0", *a.strides), a.owner)
        squeezed = -2
    elif len(b.dims) == 1:
        b = View(b.dtype, b.data, (*b.dims, "1"), (*b.strides, "0"), b.owner)
        squeezed = -1
    else:
        squeezed = 0
    rank = max(len(a.dims), len(b.dims)) - 2
    batch = []
    for axis in range(rank):
        lengths = [v.dims[axis - rank - 2] for v in (a, b) if len(v.dims) >= rank - axis + 2]
        batch.append(_common_length(e, lengths))
    full = (*batch, a.dims[-2], b.dims[-1])
    shape = full if not squeezed else full[:-2] + ((full[-1],) if squeezed == -2 else (full[-2],))
    result = e.allocate(type_.dtype, shape, let.target)
    e.env[let.target] = result
    whole = View(result.dtype, result.data, full, e.steps(full), result.owner, True)

    def one(index: Sequence[str]) -> None:
        _loops(e, _matrix(e, a, index, batch), _matrix(e, b, index, batch), _matrix(e, whole, index, batch))

    e.for_each(batch, one)


def _common_length(e: Emitter, lengths: list[str]) -> str:
    n = lengths[0]
    for other in lengths[1:]:
        if other == n:
            continue
        one = e.w.compare("eq", n, "1")
        fits = e.w.value(f"or i1 {e.w.compare('eq', n, other)}, {e.w.compare('eq', other, '1')}")
        e.check(e.w.value(f"or i1 {fits}, {one}"), "shape", "matmul: lengths {0} and {1} differ", [n, other])
        n = e.w.select(one, other, n)
    return n


def _matrix(e: Emitter, a: View, index: Sequence[str], batch: Sequence[str]) -> View:
    lead = len(a.dims) - 2
    offset = "0"
    for k in range(lead):
        position = index[len(batch) - lead + k]
        step = a.strides[k]
        if a.dims[k] != batch[len(batch) - lead + k]:
            step = e.w.select(e.w.compare("eq", a.dims[k], "1"), "0", step)
        offset = e.w.add(offset, e.w.multiply(position, step))
    data = e.address(View(a.dtype, a.data, ("0",), ("1",)), [offset])
    return View(a.dtype, data, a.dims[lead:], a.strides[lead:], a.owner, a.contiguous)


PRODUCTS: dict[str, Callable[[Emitter, Let], None]] = {"matmul": _matmul}
