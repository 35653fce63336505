"""Random programs natively: those of the intermediate representation, and those written as Python."""

from __future__ import annotations

import warnings
from pathlib import Path

import fuzz_native
import pytest
from fuzz_programs import random_program
from hypothesis import HealthCheck, given, settings
from native_agreement import disagreement, programs_of
from routes import Case
from strategies import programs
from test_random_programs import module_of

from pathgrad.ir import Loop, While, pretty, walk


def test_random_programs_agree_bit_by_bit() -> None:
    told: list[str] = []
    assert fuzz_native.fuzz(60, 0, told.append) == [], told


@pytest.mark.parametrize("seed", [700238, 700472])
def test_lengths_that_meet_in_a_loop_without_iterations(seed: int) -> None:
    assert fuzz_native.outcome(seed) == ""


def test_a_write_to_what_a_list_holds() -> None:
    assert fuzz_native.outcome(1007067) == ""


def test_what_nothing_reads_does_not_fail() -> None:
    assert fuzz_native.outcome(2007269) == ""


def test_a_wrong_program_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_native, "BATCH", 3)
    right = fuzz_native.outcome(3)
    assert right == ""
    monkeypatch.setattr("pathgrad.ir.evaluate", lambda program, *values: [1.0e9] * len(program.outputs))
    assert any("native code gives" in fuzz_native.outcome(seed) for seed in range(4))


def test_random_programs_are_programs_worth_running() -> None:
    made = [random_program(seed) for seed in range(60)]
    assert pretty(made[7]) == pretty(random_program(7))
    statements = [list(walk(p.body)) for p in made]
    assert sum(map(len, statements)) > 60 * 20
    assert sum(any(isinstance(s, Loop | While) for s in body) for body in statements) > 20


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=programs())
def test_random_sources_agree(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    f = module_of(text, Path(tmp_path_factory.mktemp("sources"))).f
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for run in programs_of(Case(f, {"x": 0.6137, "y": -0.3719, "n": 2})):
            assert not (told := disagreement(run)), f"{told}\n{text}"
