"""Dual numbers: every record of the table, arrays, levels, errors."""

import math
import random
from functools import partial

import mpmath
import numpy as np
import pytest

from pathgrad.arithmetic import Dual, Overloaded, as_cells, constant, derivative, extend, level_of, variable
from pathgrad.errors import ArgumentError, PathgradError, PerturbationError, ShapeError, UnsupportedCall
from pathgrad.ops import TABLE, LinearMap, apply

MP = mpmath.MPContext()
MP.dps = 40

ELEMENTWISE = [record for record in TABLE.values() if record.elementwise and any(record.labels)]
FLAT = [record for record in TABLE.values() if record.elementwise and not any(record.labels)]


def points(record, count=4):
    generator = random.Random(record.name)
    for _ in range(count):
        point = []
        for k, interval in enumerate(record.domain):
            if interval.boolean:
                point.append(generator.random() < 0.5)
            elif k in record.facts.get("integer", ()):
                point.append(generator.randint(1, 3))
            else:
                x = generator.uniform(interval.low, interval.high)
                while x not in interval:
                    x = generator.uniform(interval.low, interval.high)
                point.append(x)
        yield tuple(point)


def active(record):
    return [k for k, label in enumerate(record.labels) if label is not None]


def along(record, point, j, order=1):
    """The derivative of the independent value by operand j, from differences at forty digits."""

    def restricted(t):
        operands = [t if k == j else (x if isinstance(x, (bool, int)) else MP.mpf(x)) for k, x in enumerate(point)]
        return record.reference(MP, *operands)

    h, x = MP.mpf(10) ** (-14 if order == 1 else -10), MP.mpf(point[j])
    if order == 1:
        return float((restricted(x + h) - restricted(x - h)) / (2 * h))
    return float((restricted(x + h) - 2 * restricted(x) + restricted(x - h)) / (h * h))


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_every_label_through_dual(record):
    assert record.reference is not None
    for point in points(record):
        for j in active(record):
            dual = record(*(variable(x) if k == j else x for k, x in enumerate(point)))
            assert dual.value == pytest.approx(float(record.value(*point)), rel=1e-14)
            assert dual.tangent == pytest.approx(along(record, point, j), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_second_order_by_nesting(record):
    for point in points(record, 2):
        for j in active(record):

            def restricted(t, record=record, point=point, j=j):
                return record(*(t if k == j else x for k, x in enumerate(point)))

            expected = along(record, point, j, order=2)
            assert derivative(derivative(restricted))(point[j]) == pytest.approx(expected, rel=1e-8, abs=1e-8)
            by_hand = restricted(variable(variable(point[j])))
            assert by_hand.tangent.tangent == pytest.approx(expected, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_arrays_are_their_elements(record):
    table = list(points(record, 3))
    columns = [np.array(column) for column in zip(*table)]
    whole = record.facts.get("integer", ())
    duals = [c if c.dtype == bool or k in whole else Dual(c, np.arange(1.0, 4.0)) for k, c in enumerate(columns)]
    together = record(*duals)
    for row, point in enumerate(table):
        single = record(*(x if not isinstance(d, Dual) else Dual(x, row + 1.0) for x, d in zip(point, duals)))
        assert together.value[row] == pytest.approx(single.value, rel=1e-14)
        assert together.tangent[row] == pytest.approx(single.tangent, rel=1e-14)


@pytest.mark.parametrize("record", FLAT, ids=lambda record: record.name)
def test_flat_operators_have_no_tangent(record):
    for point in points(record):
        result = record(*(x if isinstance(x, bool) else Dual(x, 1.0) for x in point))
        assert (result.tangent if isinstance(result, Dual) else 0.0) == 0.0
        assert (result.value if isinstance(result, Dual) else result) == record.value(*point)


A = np.array([[1.0, 2.0, 3.0], [4.0, -5.0, 6.5]])
B = np.array([[0.5, -1.0], [2.0, 1.5], [-0.25, 3.0]])
U = np.array([1.0, -2.0, 0.5])

ARRAY_FUNCTIONS = {
    "sum": np.sum,
    "sum axis": partial(np.sum, axis=-1),
    "sum keepdims": partial(np.sum, axis=0, keepdims=True),
    "sum method": lambda a: a.sum(axis=(0, 1)),
    "mean": partial(np.mean, axis=1),
    "prod": np.prod,
    "prod axis": partial(np.prod, axis=0),
    "prod keepdims": partial(np.prod, axis=1, keepdims=True),
    "max": partial(np.max, axis=1),
    "min": np.min,
    "std": np.std,
    "var": lambda a: a.var(axis=0, ddof=1),
    "cumsum": np.cumsum,
    "cumsum axis": partial(np.cumsum, axis=1),
    "matmul": lambda a: a @ B,
    "matmul reflected": lambda a: B @ a,
    "matmul both": lambda a: a @ a.T,
    "matmul vector": lambda a: a @ U,
    "dot": lambda a: np.dot(a[0], a[1]),
    "dot scalar": lambda a: np.dot(a, 2.0),
    "inner": lambda a: np.inner(a[0], U),
    "outer": lambda a: np.outer(a[0], a[1]),
    "transpose": lambda a: a.T * 2.0,
    "transpose axes": lambda a: np.transpose(a, (1, 0)),
    "reshape": lambda a: a.reshape(3, -1),
    "ravel": np.ravel,
    "flatten": lambda a: a.flatten(),
    "concatenate": lambda a: np.concatenate([a, A, a * a], axis=1),
    "stack": lambda a: np.stack([a, a * a], axis=-1),
    "vstack": lambda a: np.vstack([a, a[0]]),
    "hstack": lambda a: np.hstack([a, a]),
    "column_stack": lambda a: np.column_stack([a[0], a[1] ** 2]),
    "append": lambda a: np.append(a, a[0, 0] * 2.0),
    "expand": lambda a: np.expand_dims(a, 0) * U,
    "squeeze": lambda a: np.squeeze(a[:1]),
    "where": lambda a: np.where(a > 0, a * a, -a),
    "clip": lambda a: np.clip(a, 0.5, 3.5),
    "clip method": lambda a: a.clip(0.5, None),
    "norm": np.linalg.norm,
    "norm axis": partial(np.linalg.norm, axis=1),
    "copy": lambda a: np.copy(a) * 3.0,
    "zeros_like": lambda a: np.zeros_like(a) + a,
    "ones_like": lambda a: np.ones_like(a) * a,
    "full_like": lambda a: np.full_like(a, 2.0) * a,
    "linspace": lambda a: np.linspace(a[0, 0], a[1, 1], 4),
    "round": lambda a: np.round(a, 1) * a,
    "fix": lambda a: np.fix(a + 0.3) * a,
    "sinc": lambda a: np.sinc(a),
    "polyval": lambda a: np.polyval([2.0, 1.0, 0.5], a),
    "flip": lambda a: np.flip(a, 1) * a,
    "roll": lambda a: np.roll(a, 1) * a,
    "diff": lambda a: np.diff(a, axis=1) ** 2,
    "split": lambda a: np.split(a, 2)[1],
    "add.reduce": lambda a: np.add.reduce(a),
    "maximum.reduce": lambda a: np.maximum.reduce(a, axis=1),
    "add.accumulate": lambda a: np.add.accumulate(a, axis=1),
    "multiply.outer": lambda a: np.multiply.outer(a[0], a[1]),
    "broadcasting": lambda a: a[:, None, :] * a[None] + U,
    "fancy": lambda a: a[[1, 0, 1], [2, 2, 0]] * 2.0,
    "mask": lambda a: a[A > 1.5] ** 2,
    "negative step": lambda a: a[::-1, ::2] * a[:, :2],
    "rows": lambda a: sum(row * row for row in a),
    "float64": lambda a: np.float64(2.0) * a,
    "ndarray": lambda a: A * a + A ** a[0] if (A > 0).all() else A * a,
}


@pytest.mark.parametrize("name", ARRAY_FUNCTIONS)
@pytest.mark.parametrize("make", ["dual", "cells"])
def test_array_functions(name, make):
    f = ARRAY_FUNCTIONS[name]
    direction = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
    if make == "dual":
        result = f(Dual(A, direction))
        value, tangent = result.value, result.tangent
    else:
        pairs = [[Dual(x, w) for x, w in zip(row, ws)] for row, ws in zip(A.tolist(), direction.tolist())]
        result = as_cells(f(as_cells(pairs)))
        both = [(e.value, e.tangent) if isinstance(e, Dual) else (e, 0.0) for e in result.ravel().tolist()]
        value, tangent = (np.array(part).reshape(result.shape) for part in zip(*both))
    step = 1e-6
    expected = (np.asarray(f(A + step * direction)) - f(A - step * direction)) / (2 * step)
    assert np.shape(value) == np.shape(expected) == np.shape(tangent)
    np.testing.assert_allclose(value, f(A), rtol=1e-13)
    np.testing.assert_allclose(tangent, expected, rtol=1e-7, atol=1e-7)


ARRAY_RECORDS = {
    record.name
    for record in TABLE.values()
    if not record.elementwise and (any(record.labels) or "label" in record.facts)
}


def _operands(name):
    from pathgrad.ops import Index, Integer, Slice

    index = Index((Integer(), Slice(start=True)))
    return {
        "broadcast_with": ((U, A), {}),
        "sum_to": ((A, U), {}),
        "spread": ((U, A), {"axis": (0,), "keepdims": False}),
        "sum": ((A,), {"axis": (1,), "keepdims": False}),
        "transpose": ((A,), {"axes": None}),
        "reshape": ((A, 3, 2), {}),
        "reshape_like": ((A, B), {}),
        "expand_dims": ((A,), {"axis": 1}),
        "squeeze": ((A[None],), {"axis": 0}),
        "load": ((A, 1, 1), {"index": index}),
        "store": ((A, U[:2], 1, 1), {"index": index}),
        "accumulate": ((A, U[:2], 1, 1), {"index": index}),
        "scatter": ((U[:2], A, 1, 1), {"index": index}),
        "copy": ((A,), {}),
        "cast": ((A,), {"dtype": "float64"}),
        "cast_like": ((A, B), {}),
        "concatenate": ((A, A * 2.0), {"axis": 1}),
        "stack": ((A, A * 2.0), {"axis": 1}),
        "pack": ((np.float64(0.5), np.float64(-2.0)), {}),
        "section": ((np.vstack([A, A]), A, A), {"axis": 0, "position": 1}),
        "place": ((A, A, A), {"axis": 0, "position": 1}),
        "full": ((np.float64(2.0), 2, 3), {"dtype": "float64"}),
        "arange": ((np.float64(0.5), 3.2, np.float64(0.5)), {"dtype": "float64"}),
        "linspace": ((np.float64(0.5), np.float64(2.0), 4), {"endpoint": True}),
        "mean": ((A,), {"axis": (0,), "keepdims": True}),
        "amax": ((A,), {"axis": (1,), "keepdims": False}),
        "amin": ((A,), {"axis": None, "keepdims": False}),
        "norm": ((A,), {"axis": (0,), "keepdims": False}),
        "cumsum": ((A,), {"axis": 1}),
        "matmul": ((A, B), {}),
        "outer": ((U, U * 2.0), {}),
    }.get(name)


@pytest.mark.parametrize("name", sorted(ARRAY_RECORDS))
def test_every_array_label_through_dual(name):
    record, entry = TABLE[name], _operands(name)
    if entry is None:
        pytest.fail(f"the record {name} is new: add operands for it to _operands")
    operands, parameters = entry
    count = len(operands) if "label" in record.facts else sum(label is not None for label in record.labels)
    positions = range(count) if "label" in record.facts else [k for k, label in enumerate(record.labels) if label]
    assert count > 0
    for j in positions:
        w = np.cos(np.arange(np.size(operands[j]), dtype=float)).reshape(np.shape(operands[j]))
        dual = apply(record, *(Dual(x, w) if k == j else x for k, x in enumerate(operands)), **parameters)

        def moved(t, j=j, w=w):
            return record.value(*(x + t * w if k == j else x for k, x in enumerate(operands)), **parameters)

        np.testing.assert_allclose(dual.value, moved(0.0))
        np.testing.assert_allclose(dual.tangent, (moved(1e-6) - moved(-1e-6)) / 2e-6, rtol=1e-7, atol=1e-8)
        nested = apply(record, *(Dual(Dual(x, w), w) if k == j else x for k, x in enumerate(operands)), **parameters)
        second = nested.tangent.tangent if isinstance(nested.tangent, Dual) else 0.0
        expected = (moved(1e-4) - 2 * moved(0.0) + moved(-1e-4)) / 1e-8
        np.testing.assert_allclose(second * np.ones(np.shape(expected)), expected, atol=1e-5)


# ---- the lecture -----------------------------------------------------------------------------------------------------
def test_example_2_3_prod_with_float_d():
    factors = [lambda x: x * x, lambda x: x + 3.0, lambda x: 2.0 * x, lambda x: x - 5.0]

    def prod(x):
        ans = constant(1.0)
        for factor in factors:
            ans = ans * factor(x)
        return ans

    result = prod(variable(2.0))
    # x^2 (x + 3) 2x (x - 5) = 2 x^5 - 4 x^4 - 30 x^3
    assert (result.value, result.tangent) == (64.0 - 64.0 - 240.0, 160.0 - 128.0 - 360.0)


def test_figure_1_constructors():
    assert (constant(4.0).value, constant(4.0).tangent) == (4.0, 0.0)
    assert (variable(4.0).value, variable(4.0).tangent) == (4.0, 1.0)
    assert repr(variable(3.0) * constant(2.0)) == "Dual(6.0, 2.0)"


# ---- Python's operators ----------------------------------------------------------------------------------------------
def test_python_operators():
    x = Dual(2.5, 1.0)
    cases = [
        (x + 1, 1.0), (1 + x, 1.0), (x - 1, 1.0), (1 - x, -1.0), (x * 3, 3.0), (3 * x, 3.0), (x / 2, 0.5), (x**2, 5.0),
        (x % 2, 1.0), (7 % x, -2.0), (x // 1, 0.0), (7 // x, 0.0), (-x, -1.0), (+x, 1.0), (abs(-x), 1.0),
    ]  # fmt: skip
    for result, tangent in cases:
        assert result.tangent == tangent
    assert (1 / x).tangent == pytest.approx(-1 / 6.25)
    assert (2**x).tangent == pytest.approx(2**2.5 * math.log(2))
    assert [part.tangent for part in divmod(x, 2)] == [0.0, 1.0]
    assert [part.value for part in divmod(7, x)] == [2.0, 2.0]
    assert (round(x), math.floor(x), math.ceil(x), math.trunc(x), int(x)) == (2, 2, 3, 2, 2)
    assert round(Dual(2.346, 1.0), 2).value == pytest.approx(2.35)


def test_comparisons_are_by_value():
    x = Dual(2.0, 1.0)
    assert x < 3 and x <= 2 and x > 1 and x >= 2 and x == 2.0 and x != 3.0 and 1 < x < 3
    assert x == Dual(2.0, 7.0) and hash(x) == hash(2.0)
    assert type(x < 3) is bool
    assert (Dual(A, A) > 1.5).dtype == bool
    assert (x == "a") is False


def test_unknown_operands_are_refused():
    with pytest.raises(TypeError):
        Dual(1.0) + "a"
    with pytest.raises(TypeError):
        "a" * Dual(1.0)


def test_losing_the_tangent_is_an_error():
    x = variable(2.0)
    with pytest.raises(ArgumentError, match="compare it with a number"):
        bool(x)
    with pytest.raises(ArgumentError, match="lose its derivative"):
        float(x)
    with pytest.raises(ArgumentError, match="lose its derivative"):
        np.asarray(x, dtype=float)
    with pytest.raises((ArgumentError, ValueError)):
        np.zeros(3)[0] = x


def test_numpy_interplay():
    x = Dual(3.0, 1.0)
    for product in (np.float64(2.0) * x, x * np.float64(2.0)):
        assert (product.value, product.tangent) == (6.0, 2.0)
    vector = np.array([1.0, 2.0]) * x
    assert vector.tangent.tolist() == [1.0, 2.0]
    objects = np.exp(np.array([x, x]))
    assert objects[1].tangent == pytest.approx(math.exp(3.0))
    scale = np.array([1.0, 2.0])
    with pytest.raises((ArgumentError, ValueError, TypeError, UnsupportedCall)):
        scale *= x
    assert scale.tolist() == [1.0, 2.0]


def test_unsupported_calls_name_the_line():
    with pytest.raises(UnsupportedCall, match=r"heaviside.*operator table") as caught:
        np.heaviside(variable(1.0), 0.5)
    assert caught.value.filename == __file__
    assert "np.heaviside(" in caught.value.text
    for call in (
        lambda a: np.fft.fft(a),
        lambda a: np.linalg.norm(a, 1),
        lambda a: np.add.at(a, 0, 1.0),
        lambda a: np.sum(a, where=A > 0),
        lambda a: np.dot(a, np.ones((2, 3, 2))),
        lambda a: np.inner(a, a),
        lambda a: np.sin(a, where=A > 0),
        lambda a: np.concatenate([a, a], out=A),
    ):
        with pytest.raises(UnsupportedCall):
            call(Dual(A, A))
    with pytest.raises(ShapeError, match="axis 2"):
        np.sum(Dual(A, A), axis=2)


def test_what_a_subclass_must_define():
    class Bare(Overloaded):
        pass

    with pytest.raises(NotImplementedError, match="Bare defines no __pathgrad__"):
        -Bare()
    with pytest.raises(NotImplementedError, match="Bare defines no value"):
        Bare().value

    class Number(Overloaded):
        value = 1.0

    with pytest.raises(UnsupportedCall, match="use it on arrays"):
        np.flip(Number(), 0)


# ---- arrays in place -------------------------------------------------------------------------------------------------
def test_in_place_writes_and_views():
    a = constant(np.zeros((2, 3)))
    x = variable(2.0)
    row = a[1]
    row[0] = x * x
    row[1:] += x
    a[0] = [1.0, 2.0, 3.0]
    a[0, 2] *= x
    np.testing.assert_array_equal(a.value, [[1.0, 2.0, 6.0], [4.0, 2.0, 2.0]])
    np.testing.assert_array_equal(a.tangent, [[0.0, 0.0, 3.0], [4.0, 1.0, 1.0]])
    b = a
    b -= 1.0
    b /= 2.0
    b **= 2.0
    assert a[1, 0].value == 2.25 and a[1, 0].tangent == pytest.approx(2 * 1.5 * 2.0)
    column = a.T[0]
    column[0] = 7.0
    assert a.value[0, 0] == 7.0


@pytest.mark.parametrize(
    "view", [lambda a: a.T, lambda a: a.reshape(3, 2), lambda a: np.swapaxes(a, 0, 1), lambda a: np.split(a, 2)[0].T]
)
def test_a_write_through_a_view_makes_the_array_active(view):
    a = constant(np.zeros((2, 3)))
    view(a)[0, 0] = variable(2.0)
    assert (a.value[0, 0], a.tangent[0, 0], (a * 3.0).tangent[0, 0]) == (2.0, 1.0, 3.0)


def test_the_callers_arrays_are_never_changed():
    value, tangent = A.copy(), np.ones_like(A)
    dual = Dual(value, tangent)
    copied = dual.copy()
    dual[0] = 9.0
    dual += 1.0
    np.testing.assert_array_equal(value, A)
    assert tangent.min() == 1.0
    assert copied.tangent.min() == 1.0 and copied.value[0, 0] == 1.0
    scalar = Dual(1.0, 1.0)
    same = scalar
    scalar += 1.0
    assert (same.value, scalar.value) == (1.0, 2.0)


def test_writes_across_levels():
    inner = variable(2.0, level=1)
    array = constant(np.zeros(2))
    with pytest.raises(PerturbationError, match="cannot hold it"):
        array[0] = inner
    outer = constant(np.zeros(2), level=1)
    with pytest.raises(PerturbationError, match="cannot hold it"):
        outer[0] = variable(2.0)
    array[0] = variable(1.0)
    with pytest.raises(PerturbationError, match="a write"):
        array[1] = variable(1.0)
    array[1] = constant(5.0)
    assert array.value.tolist() == [1.0, 5.0]


def test_array_protocol():
    dual = Dual(A, A)
    assert (dual.shape, dual.ndim, dual.size, len(dual)) == ((2, 3), 2, 6, 2)
    assert (np.shape(dual), np.ndim(dual), np.size(dual), np.size(dual, 1)) == ((2, 3), 2, 6, 3)
    assert np.where(Dual(U, U))[0].tolist() == [0, 1, 2]
    assert (dual.argmax(), dual.argmin(), dual.any(), bool((dual > 9).all())) == (5, 4, True, False)
    assert "level" not in repr(dual) and repr(dual).startswith("Dual([[ 1. ,")
    with pytest.raises(TypeError, match="only arrays have a length"):
        len(variable(1.0))
    with pytest.raises(TypeError, match="cannot be indexed"):
        variable(1.0)[0]


# ---- zero annihilates ------------------------------------------------------------------------------------------------
def guarded(x):
    return np.where(x > 0, np.sqrt(x), 0.0)


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
@pytest.mark.parametrize("x", [0.0, -1.0])
def test_a_path_not_taken_contributes_nothing(x):
    assert guarded(variable(x)).tangent == 0.0
    assert guarded(variable(variable(x))).tangent.tangent == 0.0
    array = guarded(Dual(np.array([x, 4.0]), np.ones(2)))
    assert array.tangent.tolist() == [0.0, 0.25]


def test_zero_annihilates_in_extend():
    inf = np.float64("inf")
    for label, tangent in ((inf, 0.0), (0.0, inf), (np.float64("nan"), 0.0), (0.0, np.float64("nan"))):
        assert extend(label, tangent) == 0.0
    assert extend(np.array([inf, 2.0]), np.array([0.0, 3.0])).tolist() == [0.0, 6.0]
    assert math.isinf(np.sqrt(variable(0.0)).tangent)
    assert np.sqrt(Dual(0.0, 0.0)).tangent == 0.0


# ---- levels ----------------------------------------------------------------------------------------------------------
def test_the_classic_confusion_is_right_when_nested():
    assert derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(3.0) == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x * y)(2.0))(3.0) == 6.0
    assert derivative(lambda x: derivative(lambda y: x * x * y * y)(x))(3.0) == pytest.approx(6 * 9.0)


def test_the_classic_confusion_by_hand():
    x, y = variable(3.0), variable(1.0)
    with pytest.raises(PerturbationError, match="level 0"):
        x + y
    y = variable(1.0, level=1)
    assert (x * (x + y).tangent).tangent == 1.0


def test_hand_made_duals_inside_a_derivative_are_of_an_inner_level():
    assert derivative(lambda x: x * (x + variable(1.0)).tangent)(3.0) == 1.0
    assert derivative(lambda x: x * (x * Dual(2.0, 1.0)).tangent)(3.0) == 6.0
    assert derivative(lambda x: x * constant(2.0))(3.0) == 2.0
    assert derivative(lambda x: constant(2.0) * 3.0)(3.0) == 0.0


def test_outer_hand_made_duals():
    x = variable(3.0)
    result = derivative(lambda y: x * x * y)(2.0)
    assert (result.value, result.tangent) == (9.0, 6.0)


def test_what_would_be_confused_is_an_error():
    kept = []
    derivative(lambda x: kept.append(x) or x)(1.0)
    with pytest.raises(PerturbationError):
        derivative(lambda y: y * kept[0])(2.0)
    with pytest.raises(PerturbationError, match="inside the one of level"):
        derivative(lambda x: x * variable(1.0))(2.0)
    with pytest.raises(PerturbationError, match="in use"):
        derivative(lambda x: variable(1.0, level=0))(2.0)
    with pytest.raises(PerturbationError, match="in use"):
        Dual(variable(1.0), 1.0, level=0)


def test_directional_derivatives_share_the_direction():
    result = Dual(3.0, 1.0) * Dual(2.0, 0.5)
    assert result.tangent == 2.0 + 1.5
    with pytest.raises(PerturbationError):
        variable(3.0) * Dual(2.0, 0.5)
    assert (variable(3.0) * Dual(2.0, 0.0)).tangent == 2.0


def test_levels():
    assert (level_of(1.0), level_of(variable(1.0)), level_of(variable(variable(1.0)))) == (-1, 0, 1)
    assert repr(variable(variable(1.0))) == "Dual(Dual(1.0, 1.0), 1.0, level=1)"
    third = variable(variable(variable(2.0))) ** 4
    assert third.tangent.tangent.tangent == pytest.approx(48.0)
    assert derivative(derivative(derivative(math.sin)))(0.3) == pytest.approx(-math.cos(0.3))


# ---- bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", ["a", None, [1.0, "a"], 1j, object(), [[1.0], [1.0, 2.0]]])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(ArgumentError, match="Dual: the value"):
        Dual(bad, 1.0)


def test_bad_tangents():
    with pytest.raises(ShapeError, match="give the tangent the value's shape"):
        Dual(A, U)
    with pytest.raises(ArgumentError, match="the tangent"):
        Dual(1.0, "a")
    with pytest.raises(ArgumentError, match="a number is needed"):
        derivative(math.sin)(np.ones(2))
    with pytest.raises(ArgumentError, match="has no derivative"):
        derivative(lambda x: "a")(1.0)
    assert issubclass(PerturbationError, PathgradError)


def test_a_wrong_label_would_be_noticed():
    wrong = TABLE["sin"]
    right = wrong.labels
    object.__setattr__(wrong, "labels", (lambda v, x: x,))
    try:
        with pytest.raises(AssertionError):
            test_every_label_through_dual(wrong)
    finally:
        object.__setattr__(wrong, "labels", right)
    assert isinstance(TABLE["sum"].labels[0](1.0, U, axis=None, keepdims=False), LinearMap)
