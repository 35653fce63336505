"""Which memory native code allocates, and when: scratch of loops, results in the storage of what is read last."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pathgrad as pg

X = np.random.default_rng(4).normal(size=(12, 12))
V = X[0].copy()


@pytest.fixture(autouse=True)
def poisoned():
    """New storage is poisoned, and what is left behind is found."""
    with pg.options(poison=True, cache=False, threads=1):
        yield


def allocations(f, *arguments):
    """For each allocation of the main function the number of loops that began before it."""
    text = f.inspect("llvm", *arguments)
    main = text[text.index("define i32 @pg_main_") :]
    counts, loops = [], 0
    for line in main[: main.index("\n}")].splitlines():
        loops += bool(re.match(r"(for|while)\.body", line))
        if "@pg_allocate" in line:
            counts.append(loops)
    return counts


# ---- scratch ---------------------------------------------------------------------------------------------------------
def scratch(x):
    total = 0.0
    for i in range(x.shape[0]):
        for k in range(3):
            a = np.zeros(x.shape[1])
            for j in range(x.shape[1]):
                a[j] += x[i, j] * k
            b = np.empty(x.shape[1])
            for j in range(x.shape[1]):
                b[j] = a[j] * a[j]
            total += np.sum(b)
    return total


def one_after_another(x):
    """The second array is made when the first is gone."""
    total = 0.0
    for i in range(x.shape[0]):
        a = np.empty(x.shape[1])
        for j in range(x.shape[1]):
            a[j] = x[i, j]
        total += a[0] * a[-1]
        b = np.empty(x.shape[1])
        for j in range(x.shape[1]):
            b[j] = 2.0 * x[i, j]
        total += b[1] * b[2]
    return total


def lengths_of_the_iteration(x):
    total = 0.0
    for i in range(x.shape[0]):
        a = np.empty(i + 1)
        for j in range(i + 1):
            a[j] = x[i, j]
        total += a[i] * a[0]
    return total


def carried(x):
    """The array of one iteration is read in the next one."""
    before = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        before = np.sin(x[i]) + 0.5 * before
    return np.sum(before)


def in_an_arm(m, n, x):
    total = 0.0
    for i in range(m):
        if x > 1e6:
            a = np.zeros(n)
            a[i] = x
            total += a[i]
        total += x
    return total


def never(m, n, x):
    total = x
    for i in range(m):
        a = np.zeros(n)
        a[i] = x
        total += a[i] * x
    return total


@pytest.mark.parametrize("f", [scratch, one_after_another])
def test_scratch_is_allocated_before_the_loops(f):
    compiled = pg.compile(f)
    assert compiled(X) == pytest.approx(f(X), rel=1e-14)
    assert set(allocations(compiled, X)) == {0}
    gradient = pg.grad(f)
    np.testing.assert_allclose(gradient(X), pg.grad(f, backend="python")(X), rtol=1e-13)


def test_storage_is_used_again():
    assert len(allocations(pg.compile(one_after_another), X)) == 1
    assert len(allocations(pg.compile(scratch), X)) == 2


@pytest.mark.parametrize("f", [lengths_of_the_iteration, carried])
def test_what_cannot_stand_before_the_loop(f):
    compiled = pg.compile(f)
    assert compiled(X) == pytest.approx(f(X), rel=1e-14)
    assert max(allocations(compiled, X)) > 0
    np.testing.assert_allclose(pg.grad(f)(X), pg.grad(f, backend="python")(X), rtol=1e-13)


def test_arms_that_do_not_run_allocate_nothing():
    assert pg.compile(in_an_arm)(3, 10**15, 2.0) == 6.0


def test_loops_without_iterations_need_no_memory():
    assert pg.compile(never)(0, 10**15, 2.0) == 2.0
    with pytest.raises(MemoryError):
        pg.compile(never)(1, 10**15, 2.0)


# ---- results in the storage of what is read last ---------------------------------------------------------------------
def shifted(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def with_its_transpose(x):
    y = np.exp(x)
    total = np.sum(y)
    return (y + y.T) / total


def read_later(x):
    y = np.exp(x)
    total = np.sum(y)
    z = y / total
    return z, y


def kept_in_an_array(x):
    kept = np.empty((2, len(x)))
    y = np.exp(x)
    kept[0] = y
    total = np.sum(y)
    z = y / total
    kept[1] = z
    return kept, np.sum(z)


def summed_beside(x):
    """A sum reads the storage that a result of the same pass is written to."""
    y = np.exp(x)
    total = np.sum(y)
    z = np.sin(x) * total
    return np.sum(y * z), z / np.max(z)


@pytest.mark.parametrize("f", [shifted, with_its_transpose, read_later, kept_in_an_array, summed_beside])
def test_results_are_right(f):
    x = X if f is with_its_transpose else V
    got, wanted = pg.compile(f)(x), f(x)
    for one, other in zip(*(v if isinstance(v, tuple) else (v,) for v in (got, wanted)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_storage_is_taken_over_where_nothing_reads_it_later():
    assert len(allocations(pg.compile(shifted), V)) == 1
    assert len(allocations(pg.compile(with_its_transpose), X)) == 2
    assert len(allocations(pg.compile(read_later), V)) == 2


def test_storage_is_taken_over_by_threads():
    x = np.random.default_rng(1).normal(size=300_000)

    def f(x):
        e = np.exp(x - np.max(x))
        total = np.sum(e)
        return np.sin(e) * np.exp(e) / total + np.cos(e)

    with pg.options(threads=3, cache=False):
        np.testing.assert_allclose(pg.compile(f)(x), f(x), rtol=1e-13)


# ---- sums beside each other ------------------------------------------------------------------------------------------
def test_sums_over_the_same_elements_are_one_pass():
    def separate(x, y):
        a = np.sum(np.exp(x))
        b = a * 2.0
        return b + np.sum(x * x) + b * np.sum(y)

    def axes(text):
        return len(re.findall(r"^axis\.body", text, re.MULTILINE))

    one = pg.compile(separate)
    assert axes(one.inspect("llvm", V, V)) == 1
    assert axes(one.inspect("llvm", V, X[0, :9].copy())) == 2
    assert one(V, V) == pytest.approx(separate(V, V), rel=1e-14)

    def depends(x):
        a = np.sum(np.exp(x))
        return np.sum(x * a)

    assert axes(pg.compile(depends).inspect("llvm", V)) == 2


# ---- what LLVM may write several times -------------------------------------------------------------------------------
def test_iterations_that_add_to_the_same_elements_again_wait_together():
    def adds(a, x):
        y = np.zeros(len(x))
        for i in range(len(x)):
            for j in range(len(x)):
                y[j] += a[i, j] * y[0]
                y[j] += a[j, i]
        return y

    def stores(a, x):
        y = np.zeros((len(x), len(x)))
        for i in range(len(x)):
            for j in range(len(x)):
                y[i, j] = a[i, j] * x[i]
        return y

    def loops_once(f):
        text = pg.compile(f).inspect("llvm", X, V)
        main = text[text.index("define i32 @pg_main_") :]
        return "!llvm.loop" in main[: main.index("\n}")]

    assert not loops_once(adds)
    assert loops_once(stores)


@pytest.mark.parametrize(("turns", "is_few"), [(2, True), (7, True), (8, False)])
def test_loops_of_a_few_iterations_are_left_as_they_are(turns, is_few):
    def beginning(x):
        y = 0.0
        for i in range(len(x)):
            for j in range(i, min(len(x), i + turns)):
                y += x[j]
        return y

    def end(x):
        y = 0.0
        for i in range(len(x)):
            for j in range(max(i, len(x) - turns), len(x)):
                y += x[j]
        return y

    for f in (beginning, end):
        lines = pg.compile(f).inspect("llvm", V).splitlines()
        kept = next(
            line.split(" = ")[0] for line in lines if line.endswith('!{!"llvm.loop.vectorize.enable", i1 false}')
        )
        assert any(line.startswith("!") and line.endswith(f"{kept}}}") for line in lines) == is_few
        assert pg.compile(f)(V) == pytest.approx(f(V), rel=1e-14)
