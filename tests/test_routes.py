"""Duals, forward and reverse source, the interpreter, the graph in three orders and numerical differentiation are
independent routes to one derivative: on every program of the corpus they agree.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from corpus import GROUPS, ROUTES, CorpusProgram, corpus, point, program
from routes import IMPLEMENTED, Case, DisagreementError, compare, second_order

from pathgrad.ops import TABLE
from pathgrad.transform.cotangents import Cotangents

PROGRAMS = corpus()
SECOND = [entry for entry in PROGRAMS if entry.hessian]


def without_warnings(run: Callable[[], Any]) -> Any:
    """The numbers are compared: a side that is not taken, or a kink, may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return run()


@pytest.mark.parametrize("entry", PROGRAMS, ids=[entry.name for entry in PROGRAMS])
def test_all_routes_give_one_derivative(entry: CorpusProgram) -> None:
    for arguments in entry.points:
        case = Case(entry.function, arguments)
        found = without_warnings(lambda case=case: compare(case, entry.routes))
        assert all(matrix.shape == (len(case.value), len(case.x)) for matrix in found.values())


@pytest.mark.parametrize("entry", SECOND, ids=[entry.name for entry in SECOND])
def test_second_derivatives_agree(entry: CorpusProgram) -> None:
    for arguments in entry.points:
        second_order(Case(entry.function, arguments))


# ---- the corpus is honest --------------------------------------------------------------------------------------------
def test_every_route_of_the_corpus_is_implemented() -> None:
    assert tuple(IMPLEMENTED) == ROUTES


def test_routes_are_seldom_left_out_and_reasons_are_given() -> None:
    scarce = [entry for entry in PROGRAMS if entry.without]
    assert len(scarce) < len(PROGRAMS) / 4
    for entry in scarce:
        for route, reason in entry.without.items():
            assert len(reason.split()) >= 3, f"{entry.name}: say why {route!r} does not apply"
        # what emitted source computes is always checked against something that does not read the operator table
        assert {"forward source", "reverse source"} <= set(entry.routes) or len(entry.routes) >= 5


def test_the_corpus_is_large_and_its_routes_are_run() -> None:
    assert len(PROGRAMS) >= 100
    counts = dict.fromkeys(ROUTES, 0)
    for entry in PROGRAMS:
        for route in entry.routes:
            counts[route] += 1
    assert min(counts.values()) > len(PROGRAMS) / 2, counts


def test_the_complex_step_applies_to_many_programs() -> None:
    cases = [Case(e.function, e.points[0]) for e in PROGRAMS if "complex step" in e.routes]
    assert sum(without_warnings(lambda c=c: IMPLEMENTED["complex step"](c)) is not None for c in cases) >= 20


@pytest.mark.parametrize("entry", [e for e in PROGRAMS if e.without], ids=lambda entry: entry.name)
def test_what_is_left_out_is_a_route(entry: CorpusProgram) -> None:
    assert set(entry.without) <= {*ROUTES, *GROUPS}
    assert set(entry.routes) < set(ROUTES)


def test_registering_refuses_unknown_routes_names_taken_and_no_points() -> None:
    def lecture_figure_3(x: float) -> float:
        return x

    with pytest.raises(ValueError, match="'duels' is no route"):
        program(x=1.0, without={"duels": "a slip of the pen"})
    with pytest.raises(ValueError, match="in the corpus already"):
        program(x=1.0)(lecture_figure_3)
    with pytest.raises(ValueError, match="give one point"):
        program()
    with pytest.raises(ValueError, match="give one point"):
        program(point(x=1.0), x=2.0)


# ---- checkers that cannot object are no checkers ---------------------------------------------------------------------
def sine_times_power(x: float, y: float) -> float:
    return math.sin(x) * x**y


@pytest.mark.parametrize(("name", "operand"), [("sin", 0), ("multiply", 0), ("multiply", 1), ("power", 1)])
def test_a_wrong_label_is_found(name: str, operand: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh(x: float, y: float) -> float:
        return math.sin(x) * x**y

    compare(Case(fresh, {"x": 0.7, "y": 1.9}))
    record = TABLE[name]
    right = record.labels[operand]
    labels = list(record.labels)
    labels[operand] = lambda v, *operands: right(v, *operands) * 1.001
    kept = record.labels
    object.__setattr__(record, "labels", tuple(labels))
    try:

        def planted(x: float, y: float) -> float:
            return math.sin(x) * x**y

        with pytest.raises(DisagreementError, match="finite differences and duals differ"):
            compare(Case(planted, {"x": 0.7, "y": 1.9}))
    finally:
        object.__setattr__(record, "labels", kept)


def test_a_lost_contribution_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(x: float, y: float) -> float:
        return math.sin(x) * y + x * x

    monkeypatch.setattr(Cotangents, "add", lambda self, atom, bar: self.put(atom, bar))
    with pytest.raises(DisagreementError, match="reverse source and duals differ"):
        compare(Case(planted, {"x": 0.7, "y": 1.9}))


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_is_compared(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(x: float, y: float) -> float:
        return x * y + np.sin(x)

    right = IMPLEMENTED[route]
    monkeypatch.setitem(IMPLEMENTED, route, lambda case: right(case) * (1 + 1e-5))
    with pytest.raises(DisagreementError, match="differ"):
        compare(Case(planted, {"x": 0.7, "y": 1.9}))


def test_a_wrong_value_is_found() -> None:
    case = Case(sine_times_power, {"x": 0.7, "y": 1.9})
    case.check_value(case.result, "itself")
    with pytest.raises(DisagreementError, match="somewhere: the value is"):
        case.check_value(case.result * (1 + 1e-9), "somewhere")
