"""The checkers can fail: records with a planted error are objected to, every label of the table among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pathgrad.ops import TABLE, LinearMap, Op

from . import array_checks, checks
from .examples import EXAMPLES

ELEMENTWISE = [
    (record, j)
    for record in TABLE.values()
    if record.elementwise
    for j, label in enumerate(record.labels)
    if label is not None
]
STRUCTURAL = [
    (record, j)
    for record in TABLE.values()
    if not record.elementwise
    for j in range(2 if "label" in record.facts else len(record.labels))
    if "label" in record.facts or record.labels[j] is not None
]


def names(pairs: list[tuple[Op, int]]) -> list[str]:
    return [f"{record.name}-{j}" for record, j in pairs]


def objected(check: Callable[..., Any], record: Op, arguments: list[Any]) -> bool:
    """Whether the checker raises for some of the arguments."""
    for argument in arguments:
        try:
            check(record, argument)
        except AssertionError:
            return True
    return False


def with_label(record: Op, j: int, label: Any) -> Op:
    return replace(record, labels=(*record.labels[:j], label, *record.labels[j + 1 :]))


@pytest.mark.parametrize(("record", "j"), ELEMENTWISE, ids=names(ELEMENTWISE))
def test_a_label_that_is_slightly_wrong(record: Op, j: int) -> None:
    label = record.labels[j]
    assert label is not None
    wrong = with_label(record, j, lambda v, *operands: 1.0001 * label(v, *operands))
    points = checks.sample(record, 6)
    assert not objected(checks.check_labels, record, points)
    assert objected(checks.check_labels, wrong, points)


@pytest.mark.parametrize(("record", "j"), ELEMENTWISE, ids=names(ELEMENTWISE))
def test_a_label_that_is_missing(record: Op, j: int) -> None:
    assert objected(checks.check_labels, with_label(record, j, None), checks.sample(record, 6))


@pytest.mark.parametrize(
    ("name", "j", "label"),
    [
        ("sqrt", 0, lambda v, x: 1.0 / v),
        ("arcsinh", 0, lambda v, x: np.sqrt(1.0 + x * x)),
        ("divide", 1, lambda v, x, y: v / y),
        ("power", 0, lambda v, x, y: x ** (y - 1)),
        ("power", 1, lambda v, x, y: np.log(x)),
        ("arctan2", 0, lambda v, y, x: y / (x * x + y * y)),
        ("half_squared_difference", 1, lambda v, x, t: x - t),
        ("where", 1, lambda v, c, x, y: np.where(c, 0.0, 1.0)),
        ("maximum", 0, lambda v, x, y: np.where(y > x, 1.0, 0.0)),
        ("logaddexp", 0, lambda v, x, y: 1 / (1 + np.exp(x - y))),
        ("sinc", 0, lambda v, x: np.cos(np.pi * x) - v),
        ("log2", 0, lambda v, x: 1.0 / x),
        ("floor", 0, lambda v, x: 1.0),
        ("less", 0, lambda v, x, y: 1.0),
    ],
)
def test_a_factor_that_is_missing_or_an_operand_that_is_swapped(name: str, j: int, label: Any) -> None:
    record = TABLE[name]
    assert objected(checks.check_labels, with_label(record, j, label), checks.sample(record, 6))


def test_a_value_that_is_wrong() -> None:
    wrong = replace(TABLE["tanh"], value=lambda x: np.tanh(x) * (1 + 1e-12))
    assert objected(checks.check_value, wrong, checks.sample(wrong, 6))
    assert objected(checks.check_value, replace(TABLE["less"], value=np.less_equal), [(1.0, 1.0)])


def test_a_record_without_reference() -> None:
    with pytest.raises(AssertionError, match="give the record a reference="):
        checks.check_value(replace(TABLE["tanh"], reference=None), (1.0,))


def test_the_complex_step_objects() -> None:
    wrong = with_label(TABLE["sin"], 0, lambda v, x: 1.0001 * np.cos(x))
    assert objected(checks.check_complex_step, wrong, [(1.0,)])


def test_a_label_that_hides_a_dependence_from_second_order() -> None:
    frozen = with_label(TABLE["square"], 0, lambda v, x: 2.0 * getattr(x, "value", x))
    assert not objected(checks.check_labels, frozen, [(1.5,)])
    assert objected(checks.check_second_order, frozen, [(1.5,)])
    cut = with_label(TABLE["power"], 0, lambda v, x, y: TABLE["where"](y == 0, 0.0, y * x ** (y - 1)))
    assert not objected(checks.check_labels, cut, [(2.0, 0.0)])
    assert objected(checks.check_second_order, cut, [(2.0, 0.0)])


def test_a_label_that_is_no_float() -> None:
    wrong = with_label(TABLE["exp"], 0, lambda v, x: np.asarray([v]))
    assert objected(checks.check_special, wrong, [(1.0,)])
    wrong = with_label(TABLE["exp"], 0, lambda v, x: v + 0j)
    assert objected(checks.check_special, wrong, [(1.0,)])


def test_a_precision_that_is_lost() -> None:
    points = checks.sample(TABLE["exp"], 4)
    label = with_label(TABLE["exp"], 0, lambda v, x: np.exp(np.asarray(x, np.float64)))
    value = replace(TABLE["exp"], value=lambda x: np.exp(np.asarray(x, np.float64)))
    for wrong in (label, value):
        with pytest.raises(AssertionError):
            checks.check_precision(wrong, points, np.float32)


def test_a_vectorised_value_that_differs() -> None:
    wrong = replace(TABLE["absolute"], value=lambda x: abs(x) if np.ndim(x) == 0 else np.asarray(x))
    with pytest.raises(AssertionError):
        checks.check_vectorised(wrong, checks.sample(wrong, 9))


def test_flags_that_are_wrong() -> None:
    for check, record, argument in [
        (checks.check_linear, replace(TABLE["square"], linear=(0,)), checks.sample(TABLE["square"], 5)),
        (checks.check_linear, replace(TABLE["floor"], linear=(0,)), checks.sample(TABLE["floor"], 5)),
        (checks.check_total, replace(TABLE["log"], total=True), (-1.0,)),
        (checks.check_selects, replace(TABLE["exp"], selects=True), checks.sample(TABLE["exp"], 20)),
        (checks.check_selects, replace(TABLE["relu"], selects=False), checks.sample(TABLE["relu"], 20)),
    ]:
        assert objected(check, record, [argument])
    for record in (replace(TABLE["sqrt"], edge=False), replace(TABLE["exp"], edge=True)):
        with pytest.raises(AssertionError, match="edge="):
            checks.check_edge(record)


def test_a_spelling_that_means_something_else() -> None:
    with pytest.raises(AssertionError):
        checks.check_spelling(TABLE["maximum"], "numpy.fmax", (1.0, float("nan")))
    with pytest.raises(AssertionError, match="is not a function"):
        checks.check_spelling(TABLE["exp"], "numpy.no_such_function", (1.0,))


# ---- array operators -------------------------------------------------------------------------------------------------
def with_map(record: Op, j: int, change: Callable[[LinearMap], LinearMap]) -> Op:
    """The record with the linear map of operand ``j`` changed."""
    variadic = record.facts.get("label")
    if variadic is not None:

        def changed(position: int, v: Any, *parts: Any, **parameters: Any) -> LinearMap:
            entry = variadic(position, v, *parts, **parameters)
            return change(entry) if position == j else entry

        return replace(record, facts={**record.facts, "label": changed})
    label = record.labels[j]
    assert label is not None
    return with_label(record, j, lambda v, *operands, **parameters: change(label(v, *operands, **parameters)))


CHANGES: dict[str, Callable[[LinearMap], LinearMap]] = {
    "apply": lambda entry: LinearMap(lambda t: 1.0001 * entry.apply(t), entry.transpose),
    "transpose": lambda entry: LinearMap(entry.apply, lambda s: 1.0001 * entry.transpose(s)),
    "both": lambda entry: LinearMap(lambda t: 1.0001 * entry.apply(t), lambda s: 1.0001 * entry.transpose(s)),
    "shape": lambda entry: LinearMap(entry.apply, lambda s: np.asarray(entry.transpose(s))[None]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(("record", "j"), STRUCTURAL, ids=names(STRUCTURAL))
def test_a_linear_map_that_is_wrong(record: Op, j: int, change: Callable[[LinearMap], LinearMap]) -> None:
    assert objected(array_checks.check_map, with_map(record, j, change), EXAMPLES[record.name])


def test_an_array_operator_with_another_error() -> None:
    flat = with_label(TABLE["sum"], 0, None)
    assert objected(array_checks.check_map, flat, EXAMPLES["sum"])
    assert objected(array_checks.check_map_linear, replace(TABLE["norm"], linear=(0,)), EXAMPLES["norm"])
    assert objected(array_checks.check_map_linear, replace(TABLE["arange"], linear=(1,)), EXAMPLES["arange"])
    in_place = replace(TABLE["cumsum"], value=lambda x, *, axis, backward=False: np.cumsum(x, axis=axis, out=x))
    operands = [replace(case, operands=(case.operands[0].copy(),)) for case in EXAMPLES["cumsum"][:1]]
    assert objected(array_checks.check_example_value, in_place, operands)
    wrong = replace(TABLE["mean"], value=lambda x, *, axis, keepdims: np.median(x, axis=axis, keepdims=keepdims))
    assert objected(array_checks.check_example_value, wrong, EXAMPLES["mean"])
    lost = with_label(
        TABLE["outer"], 0, lambda v, a, b: LinearMap(lambda t: np.outer(t, b) * np.ones(1), lambda s: s @ b)
    )
    assert objected(array_checks.check_map_precision, lost, EXAMPLES["outer"])
    frozen = with_label(
        TABLE["outer"], 0, lambda v, a, b: LinearMap(lambda t: np.outer(t, _plain(b)), lambda s: s @ _plain(b))
    )
    assert objected(array_checks.check_map_second_order, frozen, EXAMPLES["outer"])


def _plain(x: Any) -> Any:
    return getattr(x, "value", x)
