"""What must hold for a record of the table: each checker raises AssertionError where it does not.

The tests run the checkers on every record; the meta-tests run them on records with a planted error. mpmath, at forty
digits, is the independent library.
"""

from __future__ import annotations

import importlib
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
from hypothesis import strategies as st

from pathgrad.ops import Interval, Op

from .duals import Dual

MP = mpmath.MPContext()
MP.dps = 40
_STEP = MP.mpf(10) ** -30

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, float("inf"), float("-inf"), float("nan"))
Point = tuple[Any, ...]


# ---- points ----------------------------------------------------------------------------------------------------------
def interval_points(interval: Interval) -> st.SearchStrategy[float]:
    """Floats of an interval; what is nearly zero is zero, for special values have tests of their own."""
    if interval.boolean:
        return st.booleans()
    floats = st.floats(interval.low, interval.high, allow_subnormal=False)
    return floats.map(lambda x: x if abs(x) > 2**-20 else 0.0).filter(interval.__contains__)


def points(record: Op) -> st.SearchStrategy[Point]:
    """Operands inside the record's domain, away from its kinks."""
    whole = record.facts.get("integer", ())
    operands = [
        st.integers(max(1, int(interval.low)), int(interval.high)) if k in whole else interval_points(interval)
        for k, interval in enumerate(record.domain)
    ]
    return st.tuples(*operands).filter(lambda point: not is_kink(record, point))


def sample(record: Op, count: int, seed: int = 1) -> list[Point]:
    """Points like those of `points`, the same ones in each run."""
    generator = random.Random(f"{record.name}{seed}")
    whole = record.facts.get("integer", ())

    def operand(k: int, interval: Interval) -> Any:
        if interval.boolean:
            return generator.random() < 0.5
        if k in whole:
            return generator.randint(max(1, int(interval.low)), int(interval.high))
        while True:
            x = generator.uniform(interval.low, interval.high)
            if x in interval:
                return x

    return [tuple(operand(k, interval) for k, interval in enumerate(record.domain)) for _ in range(count)]


def special_points(record: Op) -> Iterator[Point]:
    """Every combination of the special values and the ends of the domain."""
    kinds = [
        (False, True) if interval.boolean else (*SPECIAL, interval.low, interval.high) for interval in record.domain
    ]
    yield from itertools.product(*kinds)


def floating(point: Point, dtype: Any = np.float64) -> Point:
    """The point with NumPy's floats, which divide by zero as arrays do; truth values and integers stay."""
    return tuple(dtype(x) if isinstance(x, float) else x for x in point)


# ---- the referee -----------------------------------------------------------------------------------------------------
def exact(record: Op, point: Point) -> Any:
    """The value at forty digits."""
    assert record.reference is not None, f"{record.name}: give the record a reference= so that its value can be tested"
    return record.reference(MP, *(MP.mpf(x) if isinstance(x, float) else x for x in point))


def exact_partial(record: Op, point: Point, *orders: int) -> Any:
    """The partial derivative of the reference, one order for each operand."""
    free = [k for k, order in enumerate(orders) if order]

    def restricted(*moved: Any) -> Any:
        operands = [MP.mpf(x) if isinstance(x, float) else x for x in point]
        for k, x in zip(free, moved, strict=True):
            operands[k] = x
        return record.reference(MP, *operands)

    at = tuple(MP.mpf(point[k]) for k in free)
    if len(free) == 1:
        return MP.diff(restricted, at[0], orders[free[0]])
    return MP.diff(restricted, at, tuple(orders[k] for k in free))


def is_kink(record: Op, point: Point) -> bool:
    """Whether the one-sided difference quotients of the reference differ at the point."""
    if record.result == "bool":
        return False
    middle = exact(record, point)
    for k, label in enumerate(record.labels):
        if label is None:
            continue
        low, high = list(point), list(point)
        low[k], high[k] = MP.mpf(point[k]) - _STEP, MP.mpf(point[k]) + _STEP
        with MP.workdps(80):
            if abs(record.reference(MP, *low) - 2 * middle + record.reference(MP, *high)) > _STEP / 10**6:
                return True
    return False


def _close(got: Any, wanted: Any, relative: float, absolute: float, what: str) -> None:
    wanted = float(wanted)
    assert abs(float(got) - wanted) <= absolute + relative * abs(wanted), f"{what}: got {got!r}, expected {wanted!r}"


# ---- elementwise operators -------------------------------------------------------------------------------------------
def check_value(record: Op, point: Point) -> None:
    """The value is the independent library's."""
    got, wanted = record.value(*floating(point)), exact(record, point)
    where = f"value of {record.name} at {point}"
    if record.result == "bool":
        assert bool(got) == bool(wanted), f"{where}: got {got!r}, expected {wanted!r}"
    else:
        _close(got, wanted, 1e-13, 1e-15, where)


def check_labels(record: Op, point: Point) -> None:
    """Each label is the partial derivative of the reference; an operand without label is flat."""
    operands = floating(point)
    v = record.value(*operands)
    whole = record.facts.get("integer", ())
    for j, label in enumerate(record.labels):
        if record.result == "bool":
            assert label is None, f"{record.name}: a truth value has no derivative, operand {j} has a label"
            continue
        if j in whole or isinstance(point[j], bool):
            assert label is None, f"{record.name}: operand {j} is not a float and has a label"
            continue
        wanted = exact_partial(record, point, *(int(k == j) for k in range(record.arity)))
        got = 0.0 if label is None else label(v, *operands)
        _close(got, wanted, 1e-12, 1e-13, f"label {j} of {record.name} at {point}")


def check_complex_step(record: Op, point: Point) -> int:
    """Each label is the complex-step derivative of the value; returns how many labels could be checked so."""
    checked = 0
    operands = floating(point)
    v = record.value(*operands)
    for j, label in enumerate(record.labels):
        if label is None:
            continue
        stepped = list(operands)
        stepped[j] = complex(point[j], 1e-20)
        try:
            value = record.value(*stepped)
        except TypeError:  # no complex version of this function
            continue
        if not np.iscomplexobj(value):
            continue
        _close(label(v, *operands), value.imag / 1e-20, 1e-10, 1e-9, f"label {j} of {record.name} at {point}, complex")
        checked += 1
    return checked


def check_second_order(record: Op, point: Point) -> None:
    """Labels called with dual numbers give the second derivatives of the reference."""
    operands = floating(point)
    differentiable = [k for k, label in enumerate(record.labels) if label is not None]
    for k in differentiable:
        seeded = [Dual(x, 1.0 if i == k else 0.0) for i, x in enumerate(operands)]
        v = record(*seeded)
        for j in differentiable:
            label = record.labels[j]
            assert label is not None
            entry = label(v, *seeded)
            got = entry.tangent if isinstance(entry, Dual) else 0.0
            orders = [int(i == j) + int(i == k) for i in range(record.arity)]
            wanted = exact_partial(record, point, *orders)
            _close(got, wanted, 1e-10, 1e-10, f"d label {j} / d operand {k} of {record.name} at {point}")


def check_special(record: Op, point: Point) -> None:
    """Labels at special values are floats, whatever the operands: no exception, no complex number, no object."""
    operands = floating(point)
    with np.errstate(all="ignore"):
        v = record.value(*operands)
        for j, label in enumerate(record.labels):
            if label is not None:
                got = np.asarray(label(v, *operands))
                assert got.dtype.kind == "f", f"label {j} of {record.name} at {point} is {got.dtype}, expected a float"
                assert got.shape == (), f"label {j} of {record.name} at {point} has shape {got.shape}, expected ()"


def check_precision(record: Op, sampled: Sequence[Point], dtype: Any) -> None:
    """Floats of one precision give value and labels of that precision.

    A label may also be a Python float, which adapts, or exact in that precision, as the 0, 1/2 and 1 of a choice are.
    """
    columns = [np.array(column) for column in zip(*sampled, strict=True)]
    arrays = [column.astype(dtype) if column.dtype.kind == "f" else column for column in columns]
    scalars = [array[0] for array in arrays]
    for operands in (arrays, scalars):
        v = record.value(*operands)
        if record.result != "bool":
            assert v.dtype == dtype, f"{record.name}: value of {np.dtype(dtype)} operands is {v.dtype}"
        for j, label in enumerate(record.labels):
            if label is None:
                continue
            got = label(v, *operands)
            kept = type(got) is float or got.dtype == dtype or np.array_equal(got, got.astype(dtype))
            assert kept, f"{record.name}: label {j} of {np.dtype(dtype)} operands is {got.dtype}"


def check_vectorised(record: Op, sampled: Sequence[Point]) -> None:
    """Value and labels of an array are those of its elements."""
    columns = [np.array(column) for column in zip(*sampled, strict=True)]
    v = record.value(*columns)
    assert v.shape == (len(sampled),), f"{record.name}: value of {len(sampled)} points has shape {v.shape}"
    labels = [None if label is None else np.broadcast_to(label(v, *columns), v.shape) for label in record.labels]
    for i, point in enumerate(sampled):
        operands = floating(point)
        scalar = record.value(*operands)
        np.testing.assert_allclose(v[i], scalar, rtol=1e-14, atol=1e-15, err_msg=f"value of {record.name} at {point}")
        for j, label in enumerate(record.labels):
            if label is not None:
                np.testing.assert_allclose(
                    labels[j][i],
                    label(scalar, *operands),
                    rtol=1e-12,
                    atol=1e-13,
                    err_msg=f"label {j} of {record.name} at {point}",
                )


# ---- spellings -------------------------------------------------------------------------------------------------------
def spelled(spelling: str) -> Callable[..., Any]:
    """The Python callable of a spelling."""
    module, _, name = spelling.rpartition(".")
    function = getattr(importlib.import_module(module), name, None)
    assert callable(function), f"{spelling} is not a function"
    return function


def check_spelling(record: Op, spelling: str, point: Point) -> bool:
    """The callable of a spelling has the record's value; returns whether it took the operands at all.

    Where NumPy gives nan or infinity the callables of ``math`` raise; those of ``operator`` are given NumPy's floats.
    """
    function = spelled(spelling)
    operands = floating(point)
    with np.errstate(all="ignore"):
        wanted = record.value(*operands)
        try:
            got = function(*operands)
        except (ValueError, OverflowError):
            assert spelling.startswith("math."), f"{spelling} refuses {point}"
            return False
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15, err_msg=f"{spelling} at {point}")
    return True


# ---- flags -----------------------------------------------------------------------------------------------------------
def check_linear(record: Op, sampled: Sequence[Point]) -> None:
    """The label of an operand is constant in that operand exactly where ``linear`` says so."""
    for j, label in enumerate(record.labels):
        if label is None:
            assert j not in record.linear, f"{record.name}: operand {j} is flat and flagged linear"
            continue
        changes = False
        for one, other in itertools.pairwise(sampled):
            moved = floating((*one[:j], other[j], *one[j + 1 :]))
            first, second = (label(record.value(*operands), *operands) for operands in (floating(one), moved))
            changes |= not np.isclose(first, second, rtol=1e-12, atol=1e-13)
        if j in record.linear:
            assert not changes, f"{record.name}: flagged linear in operand {j}, its label depends on it"


def check_total(record: Op, point: Point) -> None:
    """A total operator has finite values at finite points."""
    if record.total:
        with np.errstate(all="ignore"):
            v = record.value(*floating(point))
        assert np.isfinite(v), f"{record.name}: flagged total, its value at {point} is {v}"


def has_edge(record: Op) -> bool:
    """Whether some label is not finite at a point without nan where the value is finite."""
    with np.errstate(all="ignore"):
        for point in special_points(record):
            operands = floating(point)
            v = record.value(*operands)
            if np.any(np.isnan(operands)) or not np.isfinite(v):
                continue
            for label in record.labels:
                if label is not None and not np.isfinite(label(v, *operands)):
                    return True
    return False


def check_edge(record: Op) -> None:
    """``edge`` says exactly whether a label can be infinite where the value is finite."""
    assert has_edge(record) == record.edge, (
        f"{record.name}: edge={record.edge}, its labels at special points say otherwise"
    )


def check_selects(record: Op, sampled: Sequence[Point]) -> None:
    """``selects`` says exactly whether a label vanishes on a set of positive measure."""
    vanishes = any(
        label is not None and label(record.value(*floating(point)), *floating(point)) == 0
        for point in sampled
        for label in record.labels
    )
    assert vanishes == record.selects, (
        f"{record.name}: selects={record.selects}, its labels at random points say otherwise"
    )
