"""Every function and method of NumPy, math and scipy.special that has a record is read in each of its spellings.

The value equals the library's, forward and reverse derivatives equal finite differences.
"""

from __future__ import annotations

import importlib
import math
import operator

import numpy as np
import pytest
import scipy.special
from agreement import agree, leaves

import pathgrad as pg
from pathgrad.errors import SourceError
from pathgrad.ops import TABLE

V = np.array([0.5, -1.2, 0.8, 1.5])
W = np.array([1.4, 0.6, -0.9, 0.2])
A = np.array([[1.1, -0.4, 0.7], [0.3, 0.9, -1.3]])
B = np.array([[0.2, 1.5], [-0.6, 0.8], [1.2, -0.7]])
Q = np.array([[2.0, 0.3], [-0.4, 1.5]])
CUBE = np.linspace(-1.0, 1.3, 12).reshape(2, 3, 2)


# ---- elementwise operators -------------------------------------------------------------------------------------------
def drawn(record, count, seed=3):
    """Operands from the record's domain, away from its kinks."""
    random = np.random.default_rng(seed)
    columns = []
    for interval in record.domain:
        good = [x for x in random.uniform(interval.low, interval.high, 200) if x in interval]
        columns.append(np.array(good[:count]))
    return columns


def calling(function, arity):
    """A function of the user's that calls ``function``."""

    def one(x):
        return function(x)

    def two(x, y):
        return function(x, y)

    return one if arity == 1 else two


SPECIAL = {"where", "polygamma", "extend", "matmul"}
SPELLINGS = [
    (record, spelling)
    for record in TABLE.values()
    for spelling in record.spellings
    if record.elementwise and record.name not in SPECIAL and record.result != "bool"
]


def resolved(spelling):
    module, _, name = spelling.rpartition(".")
    return getattr(importlib.import_module(module), name, None)


@pytest.mark.parametrize(("record", "spelling"), SPELLINGS, ids=[s for _, s in SPELLINGS])
def test_elementwise_spelling(record, spelling):
    function = resolved(spelling)
    if function is None:
        assert spelling.startswith("numpy.a") and np.lib.NumpyVersion(np.__version__) < "2.1.0"
        return
    columns = drawn(record, 3)
    for numbers in zip(*(c.tolist() for c in columns), strict=True):
        agree(calling(function, record.arity), *numbers, tolerance=1e-6)
    if not spelling.startswith("math."):
        agree(calling(function, record.arity), *columns, tolerance=1e-6)


COMPARISONS = [
    (record, spelling)
    for record in TABLE.values()
    for spelling in record.spellings
    if record.elementwise and record.result == "bool"
]


@pytest.mark.parametrize(("record", "spelling"), COMPARISONS, ids=[s for _, s in COMPARISONS])
def test_truth_values(record, spelling):
    function = resolved(spelling)
    test = calling(function, record.arity)

    def chosen(x, y):
        holds = test(x) if record.arity == 1 else test(x, y)
        return x * y if holds else x - y

    def chosen_by_elements(x, y):
        holds = test(x) if record.arity == 1 else test(x, y)
        return np.where(holds, x * y, x - y)

    for x, y in ((0.0, 1.5), (1.5, 0.0), (1.5, 1.5), (0.0, 0.0), (-2.0, 1.0)):
        value, tangent = pg.jvp(chosen, (x, y), (1.0, 10.0))
        holds = function(x) if record.arity == 1 else function(x, y)
        assert (value, tangent) == ((x * y, y + 10.0 * x) if holds else (x - y, -9.0))
    if spelling.startswith("numpy."):
        x, y = np.array([0.0, 1.5, 1.5, 0.0, -2.0]), np.array([1.5, 0.0, 1.5, 0.0, 1.0])
        value, tangent = pg.jvp(chosen_by_elements, (x, y), (np.ones(5), np.full(5, 10.0)))
        holds = function(x) if record.arity == 1 else function(x, y)
        assert np.array_equal(value, np.where(holds, x * y, x - y))
        assert np.array_equal(tangent, np.where(holds, y + 10.0 * x, -9.0))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_polygamma(n):
    def f(x):
        return scipy.special.polygamma(n, x)

    agree(f, 1.7, tolerance=1e-6)
    agree(f, np.array([0.8, 2.5]), tolerance=1e-6)


def python_operators(x, y):
    return x + y - x * y / (2.0 + x) + x**y + (-x) % y - +x // y + abs(-y) + pow(x, 2)


def python_operators_on_ints(x, n):
    return x * (n % 3) + (n // 2) * x**n - (n**2) / 3


def minimum_and_maximum_of_python(x, y):
    return min(x, y) * max(x, y, 0.5) + min((x * 2.0, y)) + sum([x, y, x * y]) + round(x * 10.0) * y


def rounded_to_integers(x, y):
    return (
        x * math.floor(y) + y * math.ceil(x) + x * math.trunc(y) + x * int(y) + x * round(y) + math.copysign(1, 1) * x
    )


def constants_of_modules(x):
    return math.pi * x + np.e**x + math.tau - np.pi * math.e * x + np.float64(2.0) * x


def math_of_two(x, y):
    return math.atan2(y, x) + math.hypot(x, y) + math.pow(x, y) + math.log(x, 2) + math.log(x, y)


@pytest.mark.parametrize("f", [python_operators, math_of_two, minimum_and_maximum_of_python])
def test_python_operators(f):
    agree(f, 1.3, 0.7)


def test_rounding_functions():
    agree(rounded_to_integers, 1.3, 2.6)
    agree(constants_of_modules, 0.7)


def test_python_operators_on_ints():
    agree(python_operators_on_ints, 1.3, 5)


# ---- array functions and methods -------------------------------------------------------------------------------------
# fmt: off
ARRAY = {
    # reductions
    "sum": (lambda a: np.sum(a * a), A),
    "sum axis 0": (lambda a: np.sum(a * a, axis=0), A),
    "sum axis -1": (lambda a: np.sum(a * a, axis=-1), A),
    "sum axis positional": (lambda a: np.sum(a * a, 1), A),
    "sum axes": (lambda a: np.sum(a * a, axis=(0, 2)), CUBE),
    "sum all axes": (lambda a: np.sum(a * a, axis=(0, 1)), A),
    "sum keepdims": (lambda a: a - np.sum(a, axis=1, keepdims=True), A),
    "sum keepdims whole": (lambda a: a * np.sum(a, keepdims=True), A),
    ".sum": (lambda a: (a * a).sum(), A),
    ".sum axis": (lambda a: (a * a).sum(axis=1, keepdims=True), A),
    ".sum positional": (lambda a: (a * a).sum(0), A),
    "mean": (lambda a: np.mean(a * a), A),
    "mean axis": (lambda a: np.mean(a * a, axis=1), A),
    "mean axes": (lambda a: np.mean(a * a, axis=(1, 2), keepdims=True), CUBE),
    ".mean": (lambda a: a.mean() * a.mean(axis=0), A),
    "prod": (lambda a: np.prod(a), A),
    "prod axis": (lambda a: np.prod(a, axis=0), A),
    "prod keepdims": (lambda a: np.prod(a, axis=1, keepdims=True), A),
    "prod middle axis": (lambda a: np.prod(a, axis=1), CUBE),
    ".prod": (lambda a: a.prod() + a.prod(axis=-1), A),
    "prod keepdims whole": (lambda a: np.prod(a, keepdims=True), A),
    "max": (lambda a: np.max(a) ** 2, A),
    "max axis": (lambda a: np.max(a, axis=0) ** 2, A),
    "amax": (lambda a: np.amax(a, axis=1, keepdims=True) * a, A),
    ".max": (lambda a: a.max() * a.max(axis=1), A),
    "min": (lambda a: np.min(a) ** 2 + np.amin(a), A),
    "min axis": (lambda a: np.min(a, axis=-1) ** 2, A),
    "min axes": (lambda a: np.min(a, axis=(0, 2)) ** 2, CUBE),
    ".min": (lambda a: a.min() * a.min(axis=0, keepdims=True), A),
    "any all": (lambda a: a * 2.0 if np.any(a > 1.0) and not np.all(a > 1.0) else a, A),
    ".any .all": (lambda a: a * 2.0 if (a > 9.0).any() or (a > -9.0).all() else a, A),
    "any axis": (lambda a: np.where(np.any(a > 1.0, axis=0), a[0], a[1] ** 2), A),
    "argmax": (lambda v: v[np.argmax(v)] * v[v.argmin()], V),
    "cumsum": (lambda v: np.cumsum(v * v), V),
    "cumsum flat": (lambda a: np.cumsum(a * a), A),
    "cumsum axis 0": (lambda a: np.cumsum(a * a, axis=0), A),
    "cumsum axis 1": (lambda a: np.cumsum(a * a, axis=1), A),
    "cumsum of rank 3": (lambda a: np.cumsum(a * a, axis=1), CUBE),
    ".cumsum": (lambda a: a.cumsum(axis=-1) * a.cumsum(0), A),
    "var": (lambda a: np.var(a) + a.var(axis=0), A),
    "std": (lambda a: np.std(a, axis=1, ddof=1) * a.std(), A),
    "logsumexp": (lambda a: scipy.special.logsumexp(a) + scipy.special.logsumexp(a, axis=0), A),
    "logsumexp keepdims": (lambda a: a - scipy.special.logsumexp(a, axis=1, keepdims=True), A),
    "norm": (lambda v: np.linalg.norm(v), V),
    "norm of a matrix": (lambda a: np.linalg.norm(a), A),
    "norm fro": (lambda a: np.linalg.norm(a, "fro"), A),
    "norm axis": (lambda a: np.linalg.norm(a, axis=1), A),
    "norm keepdims": (lambda a: a / np.linalg.norm(a, axis=0, keepdims=True), A),
    "norm ord 2": (lambda v: np.linalg.norm(v, 2), V),
    "norm ord 1": (lambda v: np.linalg.norm(v, 1), V),
    "norm ord inf": (lambda v: np.linalg.norm(v, ord=np.inf), V),
    "clip": (lambda v: np.clip(v, -1.0, 1.0) * v, V),
    "clip below only": (lambda v: np.clip(v, 0.0, None) ** 2, V),
    ".clip": (lambda v: v.clip(-0.6, 0.9) * v, V),
    "diff": (lambda v: np.diff(v) ** 2, V),
    "trace": (lambda a: np.trace(a) ** 2 + a.trace(), Q),
    # products
    "dot": (lambda v: np.dot(v, v) * v, V),
    "dot of a matrix and a vector": (lambda a: np.dot(a, a[0]), A),
    "dot with a number": (lambda v: np.dot(2.0, v), V),
    ".dot": (lambda a: a.dot(a.T), A),
    "inner": (lambda v: np.inner(v, v * 2.0), V),
    "inner of matrices": (lambda a: np.inner(a, a * a), A),
    "vdot": (lambda v: np.vdot(v, v * v), V),
    "vdot of matrices": (lambda a: np.vdot(a, a * a), A),
    "outer": (lambda v: np.outer(v, v[1:]), V),
    "matmul": (lambda a: np.matmul(a, a.T), A),
    "vector @ matrix": (lambda a: a[:, 0] @ a, A),
    "vector @ vector": (lambda v: v @ v, V),
    "rank 3 @ rank 3": (lambda a: a @ a.transpose(0, 2, 1), CUBE),
    "rank 3 @ rank 2": (lambda a: a @ a[0].T, CUBE),
    "rank 2 @ rank 3": (lambda a: a[0].T @ a, CUBE),
    "rank 3 @ rank 1": (lambda a: a @ a[0, 0], CUBE),
    "rank 1 @ rank 3": (lambda a: a[0, :, 0] @ a, CUBE),
    # shapes
    "transpose": (lambda a: np.transpose(a) * 2.0, A),
    "transpose axes": (lambda a: np.transpose(a, (1, 2, 0)) ** 2, CUBE),
    "transpose axes=": (lambda a: np.transpose(a, axes=(1, 0)) ** 2, A),
    ".T": (lambda a: a.T[0] * a.T[1], A),
    ".transpose": (lambda a: a.transpose(2, 0, 1) + a.transpose((2, 0, 1)) ** 2, CUBE),
    ".T of a vector": (lambda v: v.T * v, V),
    "reshape": (lambda a: np.reshape(a, (3, 2)) ** 2, A),
    "reshape -1": (lambda a: np.reshape(a, -1) * a.reshape(-1), A),
    ".reshape": (lambda a: a.reshape(2, -1) * a.reshape((2, 6)), CUBE),
    "ravel": (lambda a: np.ravel(a) * a.ravel() * a.flatten(), A),
    "expand_dims": (lambda v: np.expand_dims(v, 1) * np.expand_dims(v, axis=0), V),
    "squeeze": (lambda a: np.squeeze(a[:1], axis=0) * a[1:].squeeze(axis=0), A),
    "broadcast_to": (lambda v: np.broadcast_to(v, (3, 4)) * v, V),
    "newaxis": (lambda v: v[:, np.newaxis] * v[None, :], V),
    "flip": (lambda a: np.flip(a, axis=1) * a, A),
    "shape, size, ndim, len": (lambda a: a * a.shape[1] + a.size * a.ndim + len(a) * np.size(a) + np.ndim(a), A),
    "np.shape": (lambda a: a * np.shape(a)[0], A),
    # joining
    "concatenate": (lambda v: np.concatenate([v, v * v, v[:2]]), V),
    "concatenate axis": (lambda a: np.concatenate((a, a * a), axis=1), A),
    "concatenate axis -1": (lambda a: np.concatenate((a[:, :1], a * a), axis=-1), A),
    "stack": (lambda v: np.stack([v, v * v]), V),
    "stack axis": (lambda v: np.stack((v, v * v), axis=1), V),
    "stack axis -1": (lambda a: np.stack((a, a * a), axis=-1), A),
    "hstack": (lambda v: np.hstack([v, v * v]), V),
    "hstack of matrices": (lambda a: np.hstack([a, a * a]), A),
    "vstack": (lambda v: np.vstack([v, v * v]), V),
    "vstack of matrices": (lambda a: np.vstack([a, a * a]), A),
    "array of rows": (lambda v: np.array([v, v * v]), V),
    "array of numbers": (lambda v: np.array([v[0], v[1] * v[2], 1.0]), V),
    "nested array": (lambda v: np.array([[v[0], 2.0], [v[1] ** 2, v[3]]]), V),
    "asarray": (lambda v: np.asarray([v[0], v[1]]) * np.asarray(v)[:2], V),
    # making
    "zeros": (lambda v: np.concatenate([np.zeros(2), v, np.zeros((1,))]), V),
    "ones": (lambda v: np.ones((2, 4)) * v, V),
    "ones int": (lambda v: np.ones(4, dtype=int) * v, V),
    "empty": (lambda v: np.empty(0).sum() + v, V),
    "full": (lambda v: np.full((2, 4), v[0]) * v, V),
    "full of an int": (lambda v: np.full(4, 3) * v, V),
    "arange": (lambda v: np.arange(4) * v + np.arange(1.0, 3.0, 0.5) * v[0], V),
    "arange of two": (lambda v: np.arange(2, 6) * v, V),
    "linspace": (lambda v: np.linspace(0.0, 1.0, 4) * v, V),
    "linspace between variables": (lambda v: np.linspace(v[0], v[1] * v[2], 5), V),
    "linspace without the end": (lambda v: np.linspace(v[0], 3.0, 4, endpoint=False), V),
    "linspace num=": (lambda v: np.linspace(0.0, v[1], num=3), V),
    "zeros_like": (lambda v: np.zeros_like(v) + v, V),
    "ones_like": (lambda a: np.ones_like(a) * a, A),
    "empty_like": (lambda v: np.empty_like(v)[:0].sum() + v, V),
    "full_like": (lambda v: np.full_like(v, v[0]) * v, V),
    "copy": (lambda v: np.copy(v) * v.copy(), V),
    "eye": (lambda a: np.eye(2) @ a + np.identity(2) @ a, A),
    "astype": (lambda v: v * (v > 0.0).astype(float) + np.arange(4).astype(np.float64) * v, V),
    ".item": (lambda v: v[:1].item() * v, V),
    # choices
    "where": (lambda v: np.where(v > 0.0, v * v, -v), V),
    "where with numbers": (lambda v: np.where(v > 0.0, 1.0, v), V),
    "where broadcast": (lambda a: np.where(a[:1] > 0.0, a, a[:, :1] ** 2), A),
    "maximum": (lambda a: np.maximum(a, a[0] * 0.5) * np.minimum(a, 0.6), A),
    "logical": (lambda v: np.where(np.logical_and(v > 0.0, v < 1.0) | (v < -1.0), v * v, v), V),
    "mask arithmetic": (lambda v: v * (v > 0.0) + v * ~(v > 1.0) * 2.0, V),
    # indices
    "indices": (lambda a: a[0, 1] * a[-1] + a[1, -2], A),
    "slices": (lambda a: a[:, 1:] * a[::-1, :-1], A),
    "steps": (lambda v: v[::2] * v[1::2] + v[::-1][:2] + v[3:0:-2], V),
    "ellipsis": (lambda a: a[..., 0] * a[0, ...], A[:, :2]),
    "index of an index": (lambda a: a[1][2] * a[:, 1][0] * a[1:][0], A),
    "slices beyond the ends": (lambda v: v[2:99] * v[-99:2] + v[5:].sum(), V),
    "rank 3": (lambda a: a[1, :, 0] * a[0, ::-1, 1] + a[:, 1].sum(), CUBE),
}
# fmt: on


@pytest.mark.parametrize("name", ARRAY)
def test_array_function(name):
    function, argument = ARRAY[name]
    agree(function, argument)


TWO = {
    "dot": (lambda a, b: np.dot(a, b), A, B),
    "matmul": (lambda a, b: a @ b, A, B),
    "outer": (lambda a, b: np.outer(a, b), V, W[:3]),
    "arctan2": (lambda a, b: np.arctan2(a, b), V, W),
    "hypot": (lambda a, b: np.hypot(a, b), V, W),
    "logaddexp": (lambda a, b: np.logaddexp(a, b), V, W),
    "power": (lambda a, b: np.power(np.abs(a), b), V, W),
    "xlogy": (lambda a, b: scipy.special.xlogy(a, np.abs(b)), V, W),
    "clip by variables": (lambda a, b: np.clip(a, b, 1.0), V, np.array([-1.0, -0.6, 0.9, 0.2])),
    "where": (lambda a, b: np.where(a > b, a * b, b), V, W),
    "full_like": (lambda a, x: np.full_like(a, x) * a, V, 0.7),
    "column and row": (lambda a, b: a[:, None] * b + a[:, None] ** 2, V, W[:3]),
    "number and array": (lambda a, x: a**x + x**a + x / a - x % np.abs(a), np.abs(V), 1.7),
    "concatenate": (lambda a, b: np.concatenate([a, [b, 2.0 * b]]), V, 0.3),
}


@pytest.mark.parametrize("name", TWO)
def test_function_of_two(name):
    function, *arguments = TWO[name]
    agree(function, *arguments, tolerance=1e-6)


# ---- ties and kinks follow the written policy ------------------------------------------------------------------------
def test_ties_share_the_derivative():
    tied = np.array([1.0, 3.0, 3.0])
    for f in (lambda v: np.max(v), lambda v: v.max(), lambda v: -np.min(-v)):
        gradient = pg.grad(f)(tied)
        assert gradient[0] == 0.0
        assert np.sum(gradient) == pytest.approx(1.0)
        assert pg.jvp(f, (tied,), (np.array([5.0, 1.0, 0.0]),))[1] == pytest.approx(
            gradient @ np.array([5.0, 1.0, 0.0])
        )


def test_norm_at_zero_is_flat():
    assert np.array_equal(pg.grad(lambda v: np.linalg.norm(v))(np.zeros(3)), np.zeros(3))


def test_products_with_zeros():
    gradient = pg.grad(lambda v: np.prod(v))
    assert np.array_equal(gradient(np.array([2.0, 0.0, 3.0])), [0.0, 6.0, 0.0])
    assert np.array_equal(gradient(np.array([0.0, 0.0, 3.0])), np.zeros(3))


# ---- dtypes, ranks, lengths ------------------------------------------------------------------------------------------
SINGLE = {
    "chain": lambda v: np.sum(np.sin(v) * 2.0 + v**2),
    "buffer": lambda v: np.sum(np.zeros_like(v) + v * np.float32(3.0)),
    "mean": lambda v: np.mean(v * v) / 3,
    "extreme": lambda v: np.max(v) * np.min(v),
    "loop": lambda v: sum(x * x for x in v),
    "dot": lambda v: v @ v + np.dot(v, 2.0 * v),
    "norm": lambda v: np.linalg.norm(v),
    "prod": lambda v: np.prod(v) + np.cumsum(v)[1],
}


@pytest.mark.parametrize("name", SINGLE)
def test_single_precision_stays_single(name):
    f, v = SINGLE[name], V.astype(np.float32)
    value, gradient = pg.value_and_grad(f)(v)
    assert gradient.dtype == np.float32
    assert np.asarray(value).dtype == np.asarray(f(v)).dtype == np.float32
    assert np.allclose(gradient, pg.grad(f)(V), rtol=1e-5, atol=1e-5)
    tangent = pg.jvp(f, (v,), (np.ones(4, np.float32),))[1]
    assert np.asarray(tangent).dtype == np.float32
    assert tangent == pytest.approx(float(np.sum(gradient)), rel=1e-5)


def test_single_precision_number():
    gradient = pg.grad(lambda x: x * x)(np.float32(1.5))
    assert gradient.dtype == np.float32
    assert gradient == 3.0


def test_gradients_have_the_precision_of_their_argument():
    def f(single, double):
        return np.sum(single * double)

    one, two = pg.grad(f, argnums=(0, 1))(V.astype(np.float32), W)
    assert (one.dtype, two.dtype) == (np.float32, np.float64)
    assert np.allclose(one, W, rtol=1e-6)


def test_rank_zero_arrays():
    def f(x):
        return x * x + np.sin(x)

    gradient = pg.grad(f)(np.array(0.7))
    assert isinstance(gradient, np.ndarray)
    assert gradient.shape == ()
    assert gradient == pytest.approx(1.4 + math.cos(0.7), rel=1e-15)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_arrays(shape):
    def f(a):
        total = 2.0
        for row in a:
            total = total + np.sum(row * row)
        return total + np.sum(np.exp(a))

    value, gradient = pg.value_and_grad(f)(np.zeros(shape))
    assert value == 2.0
    assert gradient.shape == shape


def test_one_program_serves_every_length():
    f = pg.grad(lambda v: np.sum(v[1:] * v[:-1]))
    sources = {f.source_for(np.ones(n)) for n in (2, 3, 7)}
    assert len(sources) == 1
    for n in (2, 3, 7):
        v = np.arange(1.0, n + 1.0)
        expected = np.concatenate([v[1:], [0.0]]) + np.concatenate([[0.0], v[:-1]])
        assert np.array_equal(f(v), expected)


# ---- arrays of the surroundings --------------------------------------------------------------------------------------
FACTORS = np.array([1.0, 2.0, 3.0, 4.0])


def weighted(v):
    return np.sum(FACTORS * v * v)


def test_what_is_written_into_a_module_array_is_seen():
    gradient = pg.grad(weighted)
    kept = FACTORS.copy()
    try:
        assert np.array_equal(gradient(V), 2.0 * kept * V)
        FACTORS[1] = 10.0
        assert np.array_equal(gradient(V), 2.0 * FACTORS * V)
        assert gradient(V)[1] == 20.0 * V[1]
    finally:
        FACTORS[:] = kept


def test_what_is_written_into_a_captured_array_is_seen():
    scale = np.ones(4)

    def f(v):
        return np.sum(scale * v)

    gradient = pg.grad(f)
    assert np.array_equal(gradient(V), np.ones(4))
    scale *= 3.0
    assert np.array_equal(gradient(V), np.full(4, 3.0))


def test_a_module_array_that_is_replaced_is_seen(monkeypatch):
    gradient = pg.grad(weighted)
    assert np.array_equal(gradient(V), 2.0 * FACTORS * V)
    monkeypatch.setitem(globals(), "FACTORS", np.zeros(4))
    assert np.array_equal(gradient(V), np.zeros(4))


# ---- run-time shapes that do not fit ---------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", [pg.grad, pg.value_and_grad], ids=["grad", "value_and_grad"])
def test_lengths_that_do_not_fit(verb):
    with pytest.raises(ValueError, match=r"shape|broadcast|match"):
        verb(lambda v, w: np.sum(v * w))(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match=r"shape|match"):
        verb(lambda a, b: np.sum(a @ b))(np.ones((2, 3)), np.ones((2, 3)))


def test_index_out_of_range():
    with pytest.raises(IndexError):
        pg.grad(lambda v: v[7] * 2.0)(V)


# ---- what NumPy has and no record covers is refused with a remedy ----------------------------------------------------
REFUSED = {
    "sort": lambda v: np.sum(np.sort(v)),
    "solve": lambda v: np.linalg.solve(np.eye(4), v)[0],
    "einsum": lambda v: np.einsum("i,i->", v, v),
    "method": lambda v: v.argsort()[0] * v[0],
    "nuclear norm": lambda v: np.linalg.norm(np.outer(v, v), "nuc"),
    "out": lambda v: np.sum(np.multiply(v, v, out=v)),
    "dtype": lambda v: np.sum(v.astype(np.float16)),
    "complex": lambda v: np.sum(v.astype(complex)),
    "axis too large": lambda v: np.sum(v, axis=1)[0],
    "bits": lambda v: v[0] * (len(v) << 1),
    "reshape order": lambda v: v.reshape((2, 2), order="F")[0, 0],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises(SourceError) as caught:
        pg.grad(REFUSED[name])(V)
    assert caught.value.filename == __file__
    assert caught.value.lineno > 0
    assert ";" in caught.value.msg or "use" in caught.value.msg


def test_leaves_are_all_counted():
    """The comparison itself: every number of a structure is looked at."""
    assert leaves({"a": (1.0, [2.0, None]), "b": np.ones(2)})[:2] == [1.0, 2.0]
    with pytest.raises(AssertionError):
        agree(lambda v: np.sum(np.floor(v) * v + np.where(v > 0.5, v, 0.0)), np.array([1.0, 0.5]))


def test_operator_module():
    def f(x, y):
        return operator.add(x, operator.mul(x, y)) - operator.truediv(x, y) + operator.pow(x, 3) + operator.neg(y)

    agree(f, 1.3, 0.7)
