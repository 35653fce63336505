"""The gradient checker accepts what is right, objects to what is wrong, and says where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.special import erf

import pathgrad as pg
from pathgrad.errors import ArgumentError, CheckError, ScalarOutputError
from pathgrad.ops import TABLE
from pathgrad.testing import Comparison, check_grads, compare_routes
from pathgrad.testing.problem import Problem
from pathgrad.testing.references import by_differences
from pathgrad.testing.routes import ROUTES as ROUTES_BY_NAME

ROUTES = ["duals", "forward source", "reverse source", "graph forward", "graph backward", "elimination"]
REFERENCES = ["complex step", "central differences"]


def h(x, y):
    return (x + 4 * y) * ((x + y) * y)


def structured(p, n: int, flag=True):
    total = 0.0
    for i in range(n):
        total = total + p["w"][i] * p["pair"][0]
    return total * p["pair"][1] if flag else total


def in_place(x):
    x[0] = x[0] * x[1]
    return np.sum(x * x)


def several(x, y):
    return x * y, [np.sin(x) * np.array([1.0, 2.0])]


def kinked(x):
    return abs(x) + np.maximum(x, 1.0)


def through_math(x):
    return math.sin(x) * math.exp(x)


def through_scipy(x):
    return erf(x) * x


def logarithm(x):
    return np.log(x)


def whole(x):
    return int(x)


@pytest.fixture
def wrong_sine() -> Iterator[None]:
    """A planted error: the label of sin is sin."""
    sine = TABLE["sin"]
    right = sine.labels
    object.__setattr__(sine, "labels", (lambda v, x: v,))
    yield
    object.__setattr__(sine, "labels", right)


POINT: dict[str, Any] = {"w": np.array([1.0, 2.0, 3.0]), "pair": (0.5, 2.0)}
CASES = [
    (h, (3.0, 5.0)),
    (structured, (POINT, 3)),
    (in_place, (np.array([2.0, 3.0]),)),
    (several, (0.5, 2.0)),
    (kinked, (0.25,)),
    (through_math, (0.3,)),
    (through_scipy, (0.3,)),
    (lambda x: np.sin(x), (0.3,)),
    (lambda X: np.sum(X @ X.T), (np.arange(6.0).reshape(2, 3),)),
    (lambda x: 2.0, (1.0,)),
]


# ---- check_grads -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("f", "args"), CASES)
def test_right_derivatives_pass(f: Any, args: tuple[Any, ...]) -> None:
    check_grads(f, args)


@pytest.mark.parametrize(("f", "args"), [case for case in CASES if case[0] is not several])
def test_right_second_derivatives_pass(f: Any, args: tuple[Any, ...]) -> None:
    check_grads(f, args, order=2)


def test_arguments_are_not_written_to() -> None:
    x = np.array([2.0, 3.0])
    check_grads(in_place, (x,))
    compare_routes(in_place, (x,))
    assert x.tolist() == [2.0, 3.0]


def test_single_precision_is_asked_for_less() -> None:
    check_grads(lambda x: np.sum(np.sin(x) * x), (np.array([0.5, 1.5], np.float32),))


@pytest.mark.usefixtures("wrong_sine")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_wrong_label_is_found_and_named(mode: str) -> None:
    def planted(x, y):
        return y * np.sum(np.sin(x))

    with pytest.raises(CheckError) as caught:
        check_grads(planted, (np.array([0.0, 0.5]), 2.0), modes=[mode])
    message = str(caught.value)
    assert f"planted, {mode} mode: the derivative of planted by x[0] is 0; " in message
    assert "central differences give 2." in message


@pytest.mark.usefixtures("wrong_sine")
def test_a_label_is_found_that_is_wrong_only_when_differentiated_twice() -> None:
    def integrated(x):
        return np.cos(x)

    with pytest.raises(CheckError, match="of the gradient: the derivative of grad_integrated by x is"):
        check_grads(integrated, (0.3,), order=2)


def test_a_value_that_the_program_does_not_give_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ROUTES_BY_NAME["reverse source"]

    def wrong(problem: Problem) -> Any:
        value, derivative = right(problem)
        return value + 1.0, derivative

    monkeypatch.setitem(ROUTES_BY_NAME, "reverse source", wrong)
    with pytest.raises(CheckError, match="h, reverse mode: h is 921; the function itself gives 920"):
        check_grads(h, (3.0, 5.0))


def test_tolerances_and_step_are_taken() -> None:
    check_grads(lambda x: np.abs(x), (0.001,), eps=1e-4)
    with pytest.raises(CheckError, match="At a kink"):
        check_grads(lambda x: pg.relu(x), (0.0,), atol=1e-3)
    check_grads(lambda x: pg.relu(x), (0.0,), atol=0.6)
    check_grads(lambda x: pg.relu(x) + 10.0 * x, (0.0,), rtol=0.1)


@pytest.mark.parametrize(
    ("f", "args", "options", "kind", "said"),
    [
        (h, (3.0, 5.0), {"order": 3}, ValueError, "order is 3; use 1 or 2"),
        (h, (3.0, 5.0), {"modes": ("sideways",)}, ValueError, "modes is"),
        (h, (3.0, 5.0), {"modes": ()}, ValueError, "modes is"),
        (h, (3, 5), {}, ArgumentError, "no argument holds a float"),
        (h, (3.0,), {}, ArgumentError, "cannot be called with 1 arguments"),
        (whole, (3.0,), {}, ArgumentError, "the result holds no float"),
        (logarithm, (0.0,), {}, CheckError, "logarithm is -inf at these arguments"),
        (several, (0.5, 2.0), {"order": 2}, ScalarOutputError, "one float is needed"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_cannot_be_checked(f: Any, args: Any, options: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        check_grads(f, args, **options)


def test_it_is_a_verb_of_the_package() -> None:
    assert pg.check_grads is check_grads


# ---- compare_routes --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("f", "args"), CASES)
def test_all_routes_agree(f: Any, args: tuple[Any, ...]) -> None:
    comparison = compare_routes(f, args)
    assert comparison.agrees, str(comparison)
    assert [route.name for route in comparison.routes] == ROUTES + REFERENCES
    assert all(comparison[name].taken for name in ROUTES), str(comparison)
    assert comparison.largest_difference < 1e-10


def test_the_numbers_of_the_lecture() -> None:
    comparison = compare_routes(h, (3.0, 5.0))
    assert comparison.inputs == ("x", "y") and comparison.outputs == ("h",)
    for route in comparison.routes:
        assert route.value == pytest.approx([920.0])
        assert route.derivative == pytest.approx(np.array([[155.0, 459.0]]), rel=1e-9)


def test_inputs_are_named_as_in_graphs() -> None:
    comparison = compare_routes(structured, (POINT, 3))
    assert comparison.inputs == ("p['w'][0]", "p['w'][1]", "p['w'][2]", "p['pair'][0]", "p['pair'][1]")
    assert compare_routes(several, (0.5, 2.0)).outputs == ("several[0]", "several[1][0][0]", "several[1][0][1]")


@pytest.mark.parametrize(("f", "args", "note"), [(kinked, (-0.25,), "not analytic"), (through_math, (0.3,), "real")])
def test_the_complex_step_is_left_out_where_it_is_not_possible(f: Any, args: Any, note: str) -> None:
    route = compare_routes(f, args)["complex step"]
    assert not route.taken and note in route.note


def test_a_route_that_cannot_be_taken_is_listed_with_the_reason() -> None:
    def deleting(x):
        y = [x, x]
        del y[0]
        return y[0] * x

    comparison = compare_routes(deleting, (3.0,))
    assert comparison["duals"].taken and comparison.agrees
    for name in ("forward source", "reverse source"):
        assert not comparison[name].taken and "test_testing.py" in comparison[name].note
    assert "not taken: " in str(comparison)


@pytest.mark.usefixtures("wrong_sine")
def test_a_wrong_label_stands_out_against_the_references() -> None:
    def planted(x):
        return np.sin(x)

    comparison = compare_routes(planted, (0.2,))
    assert not comparison.agrees
    assert not comparison["central differences"].agrees and "DISAGREES" in str(comparison)


def test_one_wrong_route_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ROUTES_BY_NAME["elimination"]

    def wrong(problem: Problem) -> Any:
        value, derivative = right(problem)
        return value, derivative * (1.0 + 1e-8)

    monkeypatch.setitem(ROUTES_BY_NAME, "elimination", wrong)
    comparison = compare_routes(h, (3.0, 5.0))
    assert [route.name for route in comparison.routes if not route.agrees] == ["elimination"]
    assert compare_routes(h, (3.0, 5.0), rtol=1e-6).agrees


def test_a_single_route_is_no_agreement() -> None:
    comparison = compare_routes(h, (3.0, 5.0))
    alone = Comparison("h", comparison.inputs, comparison.outputs, comparison.routes[:1])
    assert comparison.agrees and not alone.agrees


def test_an_unknown_route_is_named() -> None:
    with pytest.raises(KeyError, match="'sideways' is no route; the routes are duals, "):
        compare_routes(h, (3.0, 5.0))["sideways"]


def test_a_table_shows_few_derivatives_and_counts_all() -> None:
    comparison = compare_routes(lambda x: np.sum(x * x), (np.arange(1.0, 8.0),))
    head, *rows = comparison.rows(most=2)
    assert head[2:4] == ["d/d x[0]", "d/d x[1]"] and head[4] == "difference"
    assert len(rows) == 8 and rows[0][2:4] == ["2", "4"]


# ---- the references --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "at", "derivative"),
    [
        (lambda x: math.exp(x), 1.0, math.e),
        (lambda x: x**5, 2.0, 80.0),
        (lambda x: math.log(x), 0.011, 1 / 0.011),
        (lambda x: math.sin(1e3 * x), 0.1, 1e3 * math.cos(100.0)),
        (lambda x: 1e4 + x, 1.0, 1.0),
    ],
)
def test_extrapolated_differences_are_good_to_seven_digits(f: Any, at: float, derivative: float) -> None:
    value, matrix = by_differences(Problem(f, (at,)))
    assert value[0] == f(at)
    assert matrix[0, 0] == pytest.approx(derivative, rel=1e-7)
