"""Every program of the corpus natively: its value, tangent, adjoint and second-order programs."""

from __future__ import annotations

import pytest
from corpus import CorpusProgram, corpus
from native_agreement import changed, disagreement, programs_of
from routes import Case

PROGRAMS = corpus()


@pytest.mark.parametrize("entry", PROGRAMS, ids=[entry.name for entry in PROGRAMS])
def test_native_code_agrees_with_python_and_the_interpreter(entry: CorpusProgram) -> None:
    for k, arguments in enumerate(entry.points):
        for run in programs_of(Case(entry.function, arguments)):
            # one point with all of LLVM's optimisations, the others quickly
            assert not (told := disagreement(run, changed(optimize=3 if k == 0 else 1))), told
