"""Duals, forward and reverse source, the interpreter, the graph in three orders and numerical differentiation are
independent routes to one derivative: on every program of the corpus they agree.
"""

from __future__ import annotations

import warnings

import pytest
from corpus import CorpusProgram, corpus
from routes import Case, compare, second_order

PROGRAMS = corpus()


@pytest.mark.parametrize("entry", PROGRAMS, ids=[entry.name for entry in PROGRAMS])
def test_all_routes_give_one_derivative(entry: CorpusProgram) -> None:
    for point in entry.points:
        with warnings.catch_warnings():
            # The sides of a branch that is not taken may divide by zero; what is compared are the values.
            warnings.simplefilter("ignore", RuntimeWarning)
            compare(Case(entry.function, point), entry.routes)


SECOND = [entry for entry in PROGRAMS if entry.hessian]


@pytest.mark.parametrize("entry", SECOND, ids=[entry.name for entry in SECOND])
def test_second_derivatives_agree(entry: CorpusProgram) -> None:
    for point in entry.points:
        second_order(Case(entry.function, point))
