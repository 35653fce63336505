"""Boxes and derivatives: ordinary functions, retargeted."""

import functools
import math
import math as m
import operator
from collections import namedtuple
from math import exp, sin

import numpy as np
import pytest
from numpy import cos as cosine
from scipy.special import expit, polygamma

from pathgrad.arithmetic import Dual, box, derivative, replace, retarget
from pathgrad.errors import ArgumentError, ShapeError, UnsupportedCall

WEIGHTS = np.array([1.0, 2.0, 3.0])
COUNTER = [0]
Pair = namedtuple("Pair", "first second")


def differences(f, x, step=1e-6):
    return (f(x + step) - f(x - step)) / (2 * step)


def helper(x, scale=2.0):
    return scale * math.sin(x) + sin(x)


def factorial_like(n, x):
    return 1.0 if n == 0 else math.exp(x) * factorial_like(n - 1, x)


def even(n, x):
    return x if n == 0 else odd(n - 1, m.tanh(x))


def odd(n, x):
    return 2.0 * x if n == 0 else even(n - 1, m.cos(x))


def doubled(f):
    @functools.wraps(f)
    def wrapper(*arguments):
        return 2.0 * f(*arguments)

    return wrapper


@doubled
def decorated(x):
    return math.atan(x)


@functools.lru_cache
def cached(x):
    return math.sinh(x)


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * math.log(x)

    def method(self, x):
        return self.factor * math.log1p(x)


def stores(x):
    a = np.zeros(3)
    for i in range(3):
        a[i] = x**i * WEIGHTS[i]
    row = a[1:]
    row[0] += math.exp(x)
    b = np.array([helper(x), 2.0, x])
    return np.linalg.norm(a) + a @ b + np.sum(np.where(b > 0, b, 0.0)) + np.max(b) + np.mean(b[::-1] * a)


def imports_inside(x):
    import math as inner
    from math import cosh

    return inner.sqrt(x) * cosh(x)


def everything_in_math(x):
    return (
        m.log(x, 2.0) + m.pow(x, 3.0) + m.hypot(x, 1.0) + m.hypot(x, 1.0, 2.0) + m.dist([x, 0.0], [1.0, x])
        + m.fsum([x, x * x]) + m.prod([x, x, 2.0]) + m.fmod(x + 4.0, 1.7) + m.copysign(x, -1.0) + m.fabs(-x)
        + m.atan2(x, 2.0) + m.erf(x) + m.lgamma(x) + m.degrees(x) + m.floor(x) * x + m.ceil(x) * x + m.trunc(x) * x
        + (x if m.isclose(x, 0.7, rel_tol=1e-3) and m.isfinite(x) else 0.0) + m.pi + m.comb(4, 2)
    )  # fmt: skip


def builtins_too(x):
    total = sum([x, x * x], 1.0) + max(x, 0.1) + min(x, 5.0) + max([1, 2]) + float(x) + abs(-x) + pow(x, 2)
    assert isinstance(x, float) and float("2.5") == 2.5
    return total + round(x) + int(x)


def creations(x):
    full, ones, empty = np.full(2, x), np.ones((2, 2)), np.empty(2)
    empty[:] = x * x
    grid, steps = np.linspace(0.0, x, 5), np.arange(0.0, 2.0 * x, x)
    eye = np.eye(2)
    eye[0, 1] = x
    whole = np.full(2, 3)
    whole[0] = 2
    index = np.arange(2)
    again = np.asarray(np.array(full), dtype=float).astype(float)
    again.fill(x)
    return (
        np.sum(full * empty) + (ones @ full)[0] + grid[1] + steps.sum() + np.sum(eye @ full) + whole[0] * x
        + full[index].sum() + np.sum(again) + np.array([1.0, 2.0])[int(x)] * x + np.array(x)
        + np.array([1, 2], dtype=float)[0]
    )  # fmt: skip


def numpy_spellings(x):
    v = np.stack([x, x * x, np.sqrt(x)])
    w = np.concatenate([v, [x, 1.0]])
    return (
        np.prod(v) + np.var(v) + np.std(w) + np.cumsum(w)[2] + np.outer(v, v).sum() + np.dot(v, WEIGHTS) + np.min(w)
        + np.diff(w).max() + np.clip(w, 0.2, 0.8).sum() + np.add.reduce(v) + np.sum([x, x]) + np.max((x, 2.0 * x))
        + np.flip(v)[0] + np.sum(v.reshape(3, 1) * v) + np.vstack([v, v]).mean() + cosine(x) + expit(x)
        + polygamma(1, x) + np.trace(np.outer(v, v)) + np.linalg.norm([x, 1.0]) + operator.mul(x, x)
        + np.linalg.det(np.array([[1.0, 2.0], [0.0, 3.0]])) + np.roll([x, 1.0], 1)[1] + v.T.copy()[0]
    )  # fmt: skip


shift = 3.0


def globals_and_nonlocals(x):
    global shift
    shift = shift + x
    count = 0.0

    def add():
        nonlocal count
        count = count + math.exp(x)

    add()
    add()
    return count * shift


def closed_over():
    table = np.array([0.5, 1.5])

    def local(x, n=3):
        return 1.0 if n == 0 else table[0] * math.sin(x) * local(x, n - 1)

    return local


ORDINARY = {
    "helper": helper,
    "recursion": lambda x: factorial_like(3, x),
    "mutual recursion": lambda x: even(4, x),
    "decorated": decorated,
    "cached": lambda x: cached(x),
    "callable object": Scale(2.0),
    "method": Scale(2.0).method,
    "partial": functools.partial(helper, scale=3.0),
    "lambda": lambda x: exp(m.cos(x)),
    "default": lambda x, f=math.sin: f(x),
    "keyword default": lambda x, *, f=math.cos: f(x),
    "built-in": math.sin,
    "ufunc": np.tanh,
    "stores": stores,
    "imports inside": imports_inside,
    "math": everything_in_math,
    "built-ins": builtins_too,
    "creations": creations,
    "numpy": numpy_spellings,
    "globals and nonlocals": globals_and_nonlocals,
    "closure": closed_over(),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_functions(name):
    global shift
    f = ORDINARY[name]

    def fresh(x):
        global shift
        shift = 3.0
        return f(x)

    expected, value = differences(fresh, 0.7), fresh(0.7)
    shift = 3.0
    pair = box(f)(0.7, 1.0)
    assert pair[0] == pytest.approx(float(value), rel=1e-12)
    assert pair[1] == pytest.approx(float(expected), rel=1e-7)
    assert all(type(part) is float for part in pair)
    assert derivative(f)(0.7) == pair[1]
    # as accurate as a difference of first derivatives is
    assert derivative(derivative(f))(0.7) == pytest.approx(differences(derivative(f), 0.7), rel=1e-5, abs=1e-6)
    assert shift == 3.0


def test_the_users_things_are_never_changed():
    before = dict(helper.__globals__)
    local = closed_over()
    cells = [cell.cell_contents for cell in local.__closure__]

    def writes(x):
        WEIGHTS[0] = x
        return WEIGHTS[0] * 2.0

    assert derivative(writes)(5.0) == 2.0
    assert WEIGHTS.tolist() == [1.0, 2.0, 3.0]
    derivative(local)(0.5)
    assert all(a is b for a, b in zip(cells, [cell.cell_contents for cell in local.__closure__]))
    assert {key: id(value) for key, value in before.items()} == {key: id(helper.__globals__[key]) for key in before}
    argument = np.array([1.0, 2.0])

    def overwrites(a):
        a[0] = 7.0
        return a.sum()

    assert box(overwrites)(argument, np.ones(2)) == (9.0, 1.0)
    assert argument.tolist() == [1.0, 2.0]


def test_outside_the_domain_math_gives_what_numpy_gives():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        value, _ = box(lambda x: math.log(x))(-1.0, 1.0)
    assert math.isnan(value)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_branch_not_taken_contributes_nothing():
    for x in (0.0, -1.0):
        assert derivative(lambda t: np.where(t > 0, np.sqrt(t), 0.0))(x) == 0.0


def test_boxes_snap_together():
    f, g = lambda x: x * x + 1.0, lambda y: math.sin(y)
    value, tangent = box(g)(*box(f)(0.5, 1.0))
    assert value == pytest.approx(math.sin(1.25))
    assert tangent == pytest.approx(math.cos(1.25) * 2 * 0.5)
    assert box(lambda x: g(f(x)))(0.5, 1.0) == pytest.approx((value, tangent))


def test_boxes_with_several_inputs_snap_together():
    def polar(x, y):
        return math.hypot(x, y), math.atan2(y, x)

    def cartesian(r, angle):
        return r * math.cos(angle), r * math.sin(angle)

    values, tangents = box(cartesian)(*box(polar)((3.0, 4.0), (0.25, -0.5)))
    assert values == pytest.approx((3.0, 4.0))
    assert tangents == pytest.approx((0.25, -0.5))


def test_boxes_of_arrays_and_structures():
    value, tangent = box(lambda a, b: (a @ b, [a * b], {"n": a.shape[0]}))(
        (WEIGHTS, WEIGHTS), (np.ones(3), np.zeros(3))
    )
    assert (value[0], tangent[0]) == (14.0, 6.0)
    np.testing.assert_array_equal(tangent[1][0], WEIGHTS)
    assert (value[2], tangent[2]) == ({"n": 3}, {"n": 0.0})
    assert box(lambda p: p["a"] * p["b"][0])({"a": 3.0, "b": [4.0]}, {"a": 1.0, "b": [0.0]}) == (12.0, 4.0)
    assert box(lambda p: p.first * p.second)(Pair(3.0, 4.0), Pair(1.0, 0.0)) == (12.0, 4.0)
    assert box(lambda p: p[0] * p[1])((3.0, 4.0), (1.0, 0.0)) == (12.0, 4.0)
    assert box(lambda x: x)(3, 1) == (3.0, 1.0)
    assert box(lambda x: WEIGHTS)(3.0, 1.0)[1].tolist() == [0.0, 0.0, 0.0]


def test_boxes_inside_derivatives():
    assert derivative(lambda x: box(lambda y: y**3)(x, 1.0)[1])(2.0) == pytest.approx(12.0)
    assert derivative(lambda x: box(lambda a: a @ a)(np.array([x, 1.0]), np.array([1.0, x]))[1])(2.0) == 4.0


@pytest.mark.parametrize(
    ("error", "v", "w", "match"),
    [
        (ShapeError, np.ones(3), 1.0, r"v has shape \(3,\)"),
        (ShapeError, (1.0, 2.0), 1.0, "same structure"),
        (ShapeError, (1.0, 2.0), (1.0,), "same structure"),
        (ShapeError, {"a": 1.0}, {"b": 1.0}, "same structure"),
        (ArgumentError, object(), 1.0, "give a float"),
        (ArgumentError, 1.0, object(), "the tangent of v"),
        (ArgumentError, np.array(["a"]), np.ones(1), "give a float"),
    ],
)
def test_bad_input(error, v, w, match):
    with pytest.raises(error, match=match):
        box(lambda *x: x[0])(v, w)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.fft.fft(np.array([x])),
        lambda x: np.linalg.det(np.array([[x]])),
        lambda x: math.gamma(x),
        lambda x: np.interp(x, [0.0, 1.0], [0.0, 1.0]),
        lambda x: np.kron(np.array([x]), np.ones(2)),
        lambda x: np.add.at(np.array([x]), 0, 1.0),
        lambda x: setattr(math, "tau", x),
    ],
)
def test_what_has_no_record_is_refused_with_the_line(f):
    with pytest.raises(UnsupportedCall) as caught:
        derivative(f)(2.0)
    assert caught.value.filename == __file__


def test_replace():
    def opaque(x):
        return float(str(x)) ** 2

    replace(opaque, lambda x: x * x)
    assert derivative(lambda x: opaque(x) + 1.0)(3.0) == 6.0


def test_ragged_arrays_are_refused():
    with pytest.raises((ShapeError, ValueError)):
        derivative(lambda x: np.array([[x], [x, x]]).sum())(1.0)
    with pytest.raises(ShapeError, match="members have the shapes"):
        derivative(lambda x: np.concatenate([[[x], [x, x]], [x]]))(1.0)


def test_a_copy_keeps_what_a_function_is():
    copy = retarget(helper)
    assert (copy.__name__, copy.__defaults__, copy.__module__) == ("helper", (2.0,), helper.__module__)
    assert copy is not helper and copy(0.5) == pytest.approx(helper(0.5))
    assert "dispatching" in repr(retarget(lambda: m)())
    assert retarget(helper)(Dual(0.0, 1.0)) == 0.0
