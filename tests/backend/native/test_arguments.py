"""Arguments of every type and layout, and results: native code gives what the function gives."""

from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import NativeWarning, PathgradError


def weighted(a):
    return np.sum(a * a) + 0.5 * np.sum(a)


def doubled(a):
    return 2 * a + 1


def both(a, b):
    return a * b + b


def number(x):
    return x * x + 1


def flagged(x, flag):
    return x + 1.0 if flag else x - 1.0


def times(x, n):
    return x * n


def halves(n):
    return n // 2 + n % 3


def parts(a):
    return a, a[1:], a[0] * 2.0, a * 1.0


Pair = namedtuple("Pair", ["first", "second"])


def structured(p, pair):
    return np.sum(p["a"] * 2.0) + p["b"][0] * pair.first + np.sum(p["b"][1] * pair.second)


BASE = np.arange(1.0, 25.0).reshape(4, 6) / 8


def unaligned(a: np.ndarray) -> np.ndarray:
    room = np.empty(a.nbytes + 1, np.uint8)
    view = room[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    assert not view.flags.aligned
    return view


def read_only(a: np.ndarray) -> np.ndarray:
    result = a.copy()
    result.flags.writeable = False
    return result


LAYOUTS: dict[str, Callable[[], np.ndarray]] = {
    "C-ordered": lambda: BASE.copy(),
    "Fortran-ordered": lambda: np.asfortranarray(BASE),
    "transposed": lambda: BASE.T,
    "every other": lambda: BASE[::2, ::3],
    "backwards": lambda: BASE[::-1, ::-2],
    "repeated": lambda: np.broadcast_to(BASE[0], (3, 6)),
    "of step 0": lambda: np.broadcast_to(np.float64(1.5), (2, 3)),
    "other byte order": lambda: BASE.astype(BASE.dtype.newbyteorder()),
    "unaligned": lambda: unaligned(BASE),
    "read-only": lambda: read_only(BASE),
    "empty": lambda: np.zeros((0, 6)),
    "empty along the second axis": lambda: np.zeros((3, 0)),
    "a row": lambda: BASE[:1],
    "a column": lambda: BASE[:, :1],
    "one element": lambda: BASE[:1, :1],
    "rank 1": lambda: BASE[0].copy(),
    "rank 1, every other": lambda: BASE.ravel()[::2],
    "rank 3": lambda: BASE.reshape(2, 3, 4).transpose(2, 0, 1),
    "rank 4": lambda: BASE.reshape(2, 2, 3, 2)[:, ::-1],
    "singles": lambda: BASE.astype(np.float32),
    "singles, Fortran-ordered": lambda: np.asfortranarray(BASE.astype(np.float32)),
    "with a dtype of its own": lambda: BASE.astype(np.dtype("f8", metadata={"unit": "m"})),
}


def agree(found: Any, wanted: Any) -> None:
    assert np.shape(found) == np.shape(wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-12 if np.asarray(wanted).dtype != np.float32 else 1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    a = LAYOUTS[layout]()
    before = a.copy()
    value, derivative = pg.value_and_grad(weighted)(a)
    agree(value, weighted(a))
    agree(derivative, (2 * a + 0.5).astype(a.dtype.newbyteorder("=")))
    agree(pg.compile(doubled)(a), doubled(a))
    agree(pg.compile(both)(a, a), both(a, a))
    assert np.array_equal(a, before)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_compiled_function_takes_every_layout(layout: str) -> None:
    compiled = pg.compile(doubled)
    gradient = pg.grad(weighted)
    for _ in range(2):
        for a in (BASE.copy(), LAYOUTS[layout](), BASE[::2].copy()):
            agree(compiled(a), doubled(a))
            agree(gradient(a), (2 * a + 0.5).astype(a.dtype.newbyteorder("=")))


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float32, np.float64])
def test_dtypes_of_compiled_functions(dtype: type) -> None:
    a = (BASE * 8 % 3).astype(dtype)
    compiled = pg.compile(times)
    agree(compiled(a, 3), times(a, 3))
    agree(compiled(a, 0.5), times(a, 0.5))
    agree(pg.compile(doubled)(a), doubled(a))


@pytest.mark.parametrize(
    "dtype", [np.int8, np.int32, np.uint8, np.uint64, np.float16, np.longdouble, np.complex128, object]
)
def test_dtypes_that_programs_have_not_are_refused_or_right(dtype: type) -> None:
    a = np.arange(1, 5).astype(dtype)
    try:
        found = pg.compile(doubled)(a)
    except (PathgradError, TypeError):
        return
    agree(found, doubled(a))


@pytest.mark.parametrize(
    "x", [2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(2), np.bool_(True), np.array(2.5), np.int32(3)]
)
@pytest.mark.filterwarnings("ignore:.*an array without axes:pathgrad.errors.NativeWarning")
def test_numbers_of_every_type(x: Any) -> None:
    compiled = pg.compile(number)
    wanted = number(x)
    for _ in range(3):
        try:
            found = compiled(x)
        except PathgradError:
            return
        assert found == wanted and np.shape(found) == np.shape(wanted)


@pytest.mark.filterwarnings("ignore:.*an array without axes:pathgrad.errors.NativeWarning")
def test_types_alternate() -> None:
    compiled = pg.compile(number)
    for _ in range(2):
        for x in (2, 2.5, np.float32(2.5), BASE, np.int64(3), np.array(1.5), BASE[0], True):
            agree(compiled(x), number(x))
    flag = pg.compile(flagged)
    for truth in (True, False, np.bool_(True), np.bool_(False), 1, 0):
        assert flag(2.0, truth) == flagged(2.0, truth)


@pytest.mark.parametrize("n", [2**63, -(2**63) - 1, 2**64, 10**30])
def test_integers_beyond_64_bits_are_no_wrong_numbers(n: int) -> None:
    for f, arguments in ((halves, (n,)), (times, (2.0, n))):
        compiled = pg.compile(f)
        compiled(*arguments[:-1], 3)
        for _ in range(2):
            try:
                found = compiled(*arguments)
            except (OverflowError, PathgradError):
                continue
            assert found == f(*arguments)


@pytest.mark.parametrize("n", [2**63 - 1, -(2**63), 2**62])
def test_integers_of_64_bits(n: int) -> None:
    assert pg.compile(halves)(n) == halves(n)
    assert pg.compile(times)(2.0, n) == 2.0 * n


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_subclasses_are_refused_or_right() -> None:
    for a in (np.matrix([[1.0, 2.0], [3.0, 4.0]]), np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])):
        for f in (doubled, weighted):
            try:
                found = pg.compile(f)(a)
            except (PathgradError, TypeError):
                continue
            wanted = f(a)
            assert np.array_equal(np.asarray(found), np.asarray(wanted)), (f, a)


def test_structures() -> None:
    value = {"a": BASE[0].copy(), "b": (2.0, BASE[1, ::2])}, Pair(1.5, BASE[2, ::-2])
    for _ in range(2):
        assert pg.compile(structured)(*value) == pytest.approx(structured(*value), rel=1e-14)
        of_dict, of_pair = pg.grad(structured, (0, 1))(*value)
        assert np.array_equal(of_dict["a"], np.full(6, 2.0))
        assert of_dict["b"][0] == 1.5
        assert np.array_equal(of_dict["b"][1], BASE[2, ::-2])
        assert isinstance(of_pair, Pair) and of_pair.first == 2.0
        assert np.array_equal(of_pair.second, BASE[1, ::2])


# ---- results ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [3, 300, 100_000])
def test_results_are_ordinary_arrays_that_outlive_the_function(n: int) -> None:
    compiled = pg.compile(parts)
    a = np.arange(float(n))
    first, rest, twice, copied = compiled(a)
    del compiled
    for array, wanted in ((first, a), (rest, a[1:]), (copied, a)):
        assert type(array) is np.ndarray and array.flags.writeable and array.flags.aligned and array.flags.c_contiguous
        assert np.array_equal(array, wanted)
    assert isinstance(twice, float)
    copied[:] = 7.0
    rest[:] = 8.0
    assert np.array_equal(a, np.arange(float(n)))
    assert np.all(np.concatenate([copied, rest])[:n] == 7.0)


def twice_the_same(a):
    b = a * 2.0
    return b, b, b[1:]


def chosen(a, x):
    b = a if x > 0 else a * 2.0
    return b, b[1:]


def lent(a, x):
    return a if x > 0 else a * 2.0


def of_a_borrowed(a, x):
    b = a * 3.0
    c = lent(b, x)
    b = a * 5.0
    return c + b, lent(c, x)


def recursive(a, n):
    if n <= 0:
        return a
    return recursive(a * 2.0, n - 1) + a


@pytest.mark.parametrize("n", [4, 1000])
def test_arrays_under_several_names(n: int) -> None:
    a = np.arange(1.0, n + 1)
    for f, arguments in (
        (twice_the_same, (a,)),
        (chosen, (a, 1.0)),
        (chosen, (a, -1.0)),
        (of_a_borrowed, (a, 1.0)),
        (of_a_borrowed, (a, -1.0)),
        (recursive, (a, 3)),
        (recursive, (a, 0)),
    ):
        compiled = pg.compile(f)
        for _ in range(20):
            found = compiled(*arguments)
        for one, other in zip(_as_tuple(found), _as_tuple(f(*arguments)), strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(a, np.arange(1.0, n + 1))


def _as_tuple(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


def test_what_runs_as_python_says_so_once() -> None:
    def stepped(v, k):
        return np.sum(v[::k] * 2.0)

    compiled = pg.compile(stepped)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert compiled(BASE[0], 2) == stepped(BASE[0], 2)
        assert compiled(BASE[0], 3) == stepped(BASE[0], 3)
    assert [w.category for w in said] == [NativeWarning]


def one_storage_in_both_arms(v, x):
    w = np.sum(v, axis=0, keepdims=True)
    w[0] = 64.0
    u = v * 2.0
    if x > 0:
        u = u * 3.0
        r = w
    else:
        r = w
    return r, u


def test_a_small_array_that_both_arms_hand_on_outlives_the_call() -> None:
    for x in (1.0, -1.0):
        found, wanted = pg.compile(one_storage_in_both_arms)(BASE[0], x), one_storage_in_both_arms(BASE[0], x)
        assert np.array_equal(found[0], wanted[0]) and np.array_equal(found[1], wanted[1])


def written_by_fused_statements(v, w):
    u = np.zeros(len(v))
    u[:] = np.sin(v) * np.exp(-v) + np.cos(w) * np.tanh(v) + v * w - v / (w * w + 1.0)
    u[:] += np.sin(w) * np.cos(v) + np.exp(-w * w) * v + w / (1.0 + v * v)
    return u, np.sum(u * v)


def test_writes_of_fused_statements_on_several_threads() -> None:
    for n in (5, 200_000):
        v, w = np.linspace(0.0, 3.0, n), np.linspace(1.0, 2.0, n)
        wanted = written_by_fused_statements(v, w)
        for threads in (1, 2, 3):
            with pg.options(threads=threads):
                found = pg.compile(written_by_fused_statements)(v, w)
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12, atol=1e-14)
            assert found[1] == pytest.approx(wanted[1], rel=1e-12)
