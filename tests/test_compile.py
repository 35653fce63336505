"""``compile``: the same meaning as the plain function, in place; C addresses, SciPy's low level, back ends."""

from __future__ import annotations

import copy
import ctypes
import functools
import math

import numpy as np
import pytest
from scipy import LowLevelCallable, ndimage
from scipy.integrate import nquad, quad

import pathgrad as pg
from pathgrad.errors import ArgumentError, NativeWarning, UnsupportedSyntax
from tests.frontend.agreement import leaves

TABLE = np.array([2.0, 3.0, 5.0])


# ---- functions that write --------------------------------------------------------------------------------------------
def running(a, scale=1.0):
    for i in range(1, len(a)):
        a[i] += scale * a[i - 1]


def swap(a, b):
    for i in range(len(a)):
        t = a[i]
        a[i] = b[i]
        b[i] = t
    return a.sum(), b


def sweep(u, f):
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - f[i, j])
    return u


def through_a_view(a):
    row = a[1]
    before = a[0].copy()
    row[:] = row * before
    a[0] = row[0]
    return row


def on_one_path(a, x):
    if x > 0:
        a[0] = x
        return a
    return a * 2.0


def fill(a, value):
    a[:] = value
    a += np.arange(len(a))


def by_helper(a, b):
    fill(a, b[0])
    fill(b, 3.0)
    return a.sum() - b.sum()


def replaced(a):
    a = a * 2.0
    a[0] = 7.0
    return a


def in_a_dict(p):
    p["w"][0] = p["b"][1]
    p["b"] *= 2.0
    return p["w"]


def in_a_tuple(p, n):
    p[0][...] = p[1] * n
    return p


def counted(n, flags, k):
    for i in range(n):
        flags[i] = not flags[i]
        k[i] = k[i] // 2
    return n + 1


def crossed(a, b):
    a, b = b, a
    a[0] = 1.0
    b[0] = 2.0
    return a


def vector(n=5):
    return np.arange(1.0, n + 1.0)


CASES = [
    (running, (vector(),)),
    (running, (vector(), 0.5)),
    (running, (vector(1),)),
    (swap, (vector(), -vector())),
    (sweep, (np.arange(20.0).reshape(4, 5) ** 2, np.ones((4, 5)))),
    (through_a_view, (np.arange(6.0).reshape(2, 3) + 1,)),
    (on_one_path, (vector(), 3.0)),
    (on_one_path, (vector(), -3.0)),
    (by_helper, (vector(), vector(3))),
    (replaced, (vector(),)),
    (in_a_dict, ({"w": vector(), "b": vector(3)},)),
    (in_a_tuple, ((vector(), vector() + 1), 3.0)),
    (counted, (3, np.array([True, False, True]), np.array([5, 7, 8]))),
    (crossed, (vector(), vector(3))),
]


def same(got, wanted):
    assert type(got) is type(wanted) or isinstance(got, float | int)
    for a, b in zip(leaves(got), leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@pytest.mark.parametrize(("f", "arguments"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_arguments_and_results_are_those_of_the_function(f, arguments):
    compiled = pg.compile(f)
    for _ in range(3):  # the third call goes straight to native code
        plain, native = copy.deepcopy(arguments), copy.deepcopy(arguments)
        wanted, got = f(*plain), compiled(*native)
        same(got, wanted)
        same(native, plain)
        own, other = leaves(list(native)), leaves(list(plain))
        for a, b in zip(leaves(got), leaves(wanted), strict=True):
            if f in OWN:
                assert not any(np.shares_memory(a, x) for x in own)
            else:
                assert [a is x for x in own] == [b is x for x in other], "another object is returned"
    assert compiled.__name__ == f.__name__


#: A view that is returned, and what is an argument on one path only, come back as arrays of their own.
OWN = (through_a_view, on_one_path)


def test_it_is_native_code_that_writes():
    compiled = pg.compile(running)
    a = vector()
    assert compiled(a) is None and a.tolist() == [1, 3, 6, 10, 15]
    assert compiled.entry({"a": a, "scale": 1.0}).executable.native is not None
    assert "getelementptr" in compiled.inspect("llvm", a)
    assert "a[i] += scale * a[i - 1]" in compiled.inspect("python") == compiled.source_for(a)
    assert "running(a: f64[:], scale: f64)" in compiled.inspect("ir") == compiled.inspect("primal")


LAYOUTS = [
    lambda a: np.asfortranarray(np.stack([a, a]))[0],
    lambda a: np.repeat(a, 3)[::3],
    lambda a: a[::-1].copy()[::-1],
    lambda a: np.concatenate([a, a])[len(a) :],
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout_are_written(layout):
    a = layout(vector())
    compiled = pg.compile(running)
    compiled(a)
    compiled(a)
    wanted = vector()
    running(wanted)
    running(wanted)
    assert a.tolist() == wanted.tolist()


# ---- calls that are the plain function's -----------------------------------------------------------------------------
def test_shared_storage_means_what_it_means_in_python():
    compiled = pg.compile(by_helper)
    compiled(vector(), vector(3))
    a = vector(6)
    b = a.copy()
    with pytest.warns(NativeWarning, match="by_helper runs as plain Python: an array that it writes is read-only, or"):
        got = compiled(a[1:], a[:3])
    assert got == by_helper(b[1:], b[:3]) and a.tolist() == b.tolist()
    compiled(a, a)  # said once
    by_helper(b, b)
    assert a.tolist() == b.tolist()
    x = b.copy()
    compiled(x[::2], x[1::2])  # interleaved, not shared
    by_helper(b[::2], b[1::2])
    assert x.tolist() == b.tolist()


def test_what_is_only_read_may_share():
    compiled = pg.compile(lambda a, b: np.sum(a * b))
    a = vector()
    assert [compiled(a, a) for _ in range(2)] == [55.0, 55.0]


def with_constant(a):
    a[0] = TABLE[1]
    a[1] = TABLE[0]


def test_a_constant_that_is_written_as_an_argument():
    compiled = pg.compile(with_constant)
    a = vector()
    compiled(a)
    compiled(a)
    before = TABLE.copy()
    try:
        with pytest.warns(NativeWarning, match="shares its storage"):
            compiled(TABLE)
        assert TABLE.tolist() == [3.0, 3.0, 5.0]
    finally:
        TABLE[:] = before


def test_an_array_that_is_read_only_raises_as_in_python():
    compiled = pg.compile(running)
    compiled(vector())
    a = vector()
    a.flags.writeable = False
    with pytest.warns(NativeWarning), pytest.raises(ValueError, match="assignment destination is read-only"):
        compiled(a)
    assert pg.compile(lambda a: a.sum())(a) == 15.0


def appended(x, found):
    found.append(x * 2.0)
    return len(found)


def maybe_unbound(x):
    if x > 0:
        y = x
    return y


def rank_zero(a):
    a += 1.0
    return a * 2.0


def test_what_native_code_cannot_do_is_done_by_the_function():
    found = []
    with pytest.warns(NativeWarning, match="changes a list or dict"):
        assert pg.compile(appended)(1.0, found) == 1
    assert found == [2.0]
    compiled = pg.compile(maybe_unbound)
    with pytest.warns(NativeWarning, match="no value yet"):
        assert compiled(1.0) == 1.0
    with pytest.raises(UnboundLocalError):
        compiled(-1.0)
    a = np.array(1.0)
    with pytest.warns(NativeWarning, match="without axes"):
        assert pg.compile(rank_zero)(a) == 4.0
    assert a == 2.0


def test_the_plain_function_on_request():
    calls = []

    def noted(x):
        return x + 1.0

    compiled = pg.compile(functools.wraps(noted)(lambda x: (calls.append(x), x + 1.0)[1]), backend="python")
    with pytest.raises(UnsupportedSyntax, match="changes a list"):
        compiled(1.0)  # what cannot be read is refused all the same
    assert calls == []
    assert pg.compile(noted, backend="python")(1.0) == 2.0
    with pg.options(backend="python"):
        assert pg.compile(noted)(1.0) == 2.0
    with pytest.raises(ValueError, match="backend is 'C'"):
        pg.compile(noted, backend="C")


def raising(a, n):
    a[0] = 9.0
    return a[n]


def test_errors_are_raised_with_the_place():
    compiled = pg.compile(raising)
    a = vector()
    assert compiled(a, 2) == 3.0
    for _ in range(2):
        with pytest.raises(IndexError, match=r"test_compile.py:\d+: index 7 is out of bounds .* in `return a\[n\]`"):
            compiled(a, 7)
    assert compiled(a, n=2) == 3.0
    with pytest.raises(TypeError, match="missing the argument 'n'"):
        compiled(a)
    with pytest.raises(UnsupportedSyntax):
        pg.compile(unreadable)(1.0)


def unreadable(x):
    with open("x"):
        return x


# ---- derivatives -----------------------------------------------------------------------------------------------------
def energy(x):
    y = x * 1.0
    running(y)
    return np.sum(y * y)


compiled_running = pg.compile(running)


def energy_of_compiled(x):
    y = x * 1.0
    compiled_running(y)
    return np.sum(y * y)


def test_a_compiled_function_is_derived_as_the_function():
    x = vector()
    wanted = pg.grad(energy)(x)
    for derived in (pg.grad(pg.compile(energy)), pg.compile(pg.grad(energy)), pg.grad(energy_of_compiled)):
        np.testing.assert_allclose(derived(x), wanted, rtol=1e-14)
    value, pull = pg.vjp(pg.compile(sweep), np.eye(4), np.ones((4, 4)))
    plain, same_pull = pg.vjp(sweep, np.eye(4), np.ones((4, 4)))
    same((value, pull(value)), (plain, same_pull(plain)))
    d = pg.grad(energy)
    assert pg.compile(d) is d


# ---- functions that another compiler has compiled --------------------------------------------------------------------
class Jitted:
    """What numba's decorators make of a function: an object that keeps the original as ``py_func``."""

    def __init__(self, py_func):
        self.py_func = py_func
        self.__name__ = py_func.__name__

    def __call__(self, *arguments):
        raise AssertionError("the compiled form was called")


@Jitted
def square(x):
    return x * x


@Jitted
def shifted(x, by=1.0):
    return square(x + by)


def uses_jitted(x):
    return shifted(x) + square(x)


def make_closure(inner):
    def closure(x):
        return inner(x) * 2.0

    return closure


def test_functions_of_another_compiler_are_the_functions_that_they_wrap():
    assert pg.grad(square)(3.0) == 6.0
    assert pg.grad(shifted)(3.0) == 8.0
    assert pg.grad(uses_jitted)(3.0) == 14.0
    assert pg.grad(make_closure(square))(3.0) == 12.0
    assert pg.compile(shifted)(3.0) == 16.0
    assert pg.jvp(uses_jitted, (3.0,), (1.0,)) == (25.0, 14.0)
    assert pg.grad(Jitted(make_closure(shifted)))(3.0) == 16.0


# ---- C ---------------------------------------------------------------------------------------------------------------
def bell(x):
    return math.exp(-x * x)


def weighted(x, y):
    return x * x * y


def product(x):
    p = 1.0
    for k in range(len(x)):
        p = p * x[k]
    return p


def at(x, k):
    return x[k]


def doubles(n):
    return ctypes.c_double * n


def test_signatures():
    d = pg.grad(product)
    assert pg.compile(weighted).signature(1.0, 2.0) == "double (double, double)"
    assert d.signature(vector()) == "int (const double *, int64_t, double *)"
    assert pg.value_and_grad(product).signature(vector()) == "int (const double *, int64_t, double *, double *)"
    assert pg.compile(running).signature(vector()) == "int (double *, int64_t, double)"
    assert pg.compile(counted).signature(3, np.array([True]), np.array([1])) == (
        "int (int64_t, bool *, int64_t, int64_t *, int64_t, int64_t *)"
    )
    assert pg.compile(bell).signature(np.float32(1)) == "float (float)"


def test_addresses_are_called_from_c():
    own = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)(pg.compile(weighted).address(1.0, 1.0))
    assert own(3.0, 2.0) == 18.0
    gradient = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(
        pg.grad(product).address(vector())
    )
    x, out = doubles(3)(2.0, 3.0, 4.0), doubles(3)()
    assert gradient(x, 3, out) == 0 and list(out) == [12.0, 8.0, 6.0]
    long, longer = doubles(1000)(*[1.0] * 1000), doubles(1000)()
    assert gradient(long, 1000, longer) == 0 and set(longer) == {1.0}
    writes = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double)(
        pg.compile(running).address(vector(), 1.0)
    )
    assert writes(x, 3, 1.0) == 0 and list(x) == [2.0, 5.0, 9.0]
    element = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(
        pg.compile(at).address(vector(), 1)
    )
    assert element(x, 3, 2) == 9.0 and math.isnan(element(x, 3, 3))
    flags = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_double, ctypes.c_void_p)(pg.compile(positive).address(1.0))
    answer = ctypes.c_bool(False)
    assert flags(1.0, ctypes.byref(answer)) == 0 and answer.value
    failing = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, *[ctypes.c_int64] * 2, ctypes.c_void_p)(
        pg.grad(at).address(vector(), 1)
    )
    assert failing(x, 3, 1, out) == 0 and list(out) == [0.0, 1.0, 0.0] and failing(x, 3, 5, out) == 1


def positive(x):
    return x > 0


def dot(x, y):
    return np.sum(x * y)


def test_lengths_that_do_not_fit_are_refused():
    own = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p, ctypes.c_int64] * 2)(
        pg.compile(dot).address(vector(), vector())
    )
    x = doubles(3)(2.0, 3.0, 4.0)
    assert own(x, 3, x, 3) == 29.0 and math.isnan(own(x, 3, x, 2))


def test_quad_calls_values_and_derivatives():
    assert quad(pg.compile(bell).low_level(0.0), 0, 1)[0] == pytest.approx(quad(bell, 0, 1)[0], rel=1e-14)
    assert quad(pg.grad(bell).low_level(0.0), 0, 1)[0] == pytest.approx(bell(1) - 1, rel=1e-12)
    slope = pg.grad(weighted).low_level(0.0, 0.0)
    assert isinstance(slope, LowLevelCallable)
    assert quad(slope, 0, 1, args=(3.0,))[0] == pytest.approx(3.0, rel=1e-12)
    several = pg.compile(product).low_level(vector(2))
    assert nquad(several, [[0, 1], [0, 2]])[0] == pytest.approx(1.0, rel=1e-12)
    alone = pg.compile(bell).low_level(0.0, signature="double (int, double *)")
    assert quad(alone, 0, 1)[0] == pytest.approx(quad(bell, 0, 1)[0], rel=1e-14)


def test_generic_filter_calls_a_function_of_a_vector():
    own = pg.compile(product).low_level(vector(3), signature="int (double *, intptr_t, double *, void *)")
    got = ndimage.generic_filter(vector(), own, size=3, mode="nearest")
    assert got.tolist() == [2.0, 6.0, 24.0, 60.0, 100.0]


def test_what_scipy_cannot_call_is_refused():
    with pytest.raises(ArgumentError, match=r"grad_product: int \(const double .* cannot be called as any of double"):
        pg.grad(product).low_level(vector())
    with pytest.raises(ArgumentError, match=r"weighted: .* cannot be called as double \(double\)"):
        pg.compile(weighted).low_level(1.0, 1.0, signature="double (double)")


# ---- back ends -------------------------------------------------------------------------------------------------------
def cube(x):
    return np.sum(x * x * x)


VERBS = {
    "grad": lambda b: pg.grad(cube, backend=b)(vector()),
    "value_and_grad": lambda b: pg.value_and_grad(cube, backend=b)(vector()),
    "jvp": lambda b: pg.jvp(cube, (vector(),), (vector(),), backend=b),
    "vjp": lambda b: pg.vjp(cube, vector(), backend=b)[1](1.0),
    "hvp": lambda b: pg.hvp(cube, (vector(),), (vector(),), backend=b),
    "jacobian": lambda b: pg.jacobian(cube, backend=b)(vector()),
    "hessian": lambda b: pg.hessian(cube, backend=b)(vector()),
    "transform": lambda b: pg.transform(cube, example=(vector(),), backend=b)(vector()),
    "compile": lambda b: pg.compile(cube, backend=b)(vector()),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_a_back_end(verb, monkeypatch):
    import pathgrad.backend.native.callable as native

    same(VERBS[verb]("python"), VERBS[verb]("native"))
    with pytest.raises(ValueError, match="backend is 'fortran'"):
        VERBS[verb]("fortran")

    def refuse(*_):
        raise AssertionError("native code was made")

    monkeypatch.setattr(native, "compile_native", refuse)
    pg.api.products._cache.clear()
    VERBS[verb]("python")
    with pytest.raises(AssertionError, match="native code was made"):
        VERBS[verb](None)
    with pg.options(backend="python"):
        VERBS[verb](None)
