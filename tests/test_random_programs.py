"""Random programs: Python's value, forward = reverse = duals = graph both ways, and emission that is deterministic."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from routes import Case, compare, numbers
from strategies import programs

import pathgrad as pg

ROUTES = (
    "forward source",
    "reverse source",
    "forward evaluated",
    "reverse evaluated",
    "duals",
    "graph forward",
    "graph backward",
    "elimination",
)
POINTS = ({"x": 0.6137, "y": -0.3719, "n": 2}, {"x": -1.2173, "y": 0.9371, "n": 0})
FRESH = itertools.count()


def module_of(text: str, folder: Path) -> ModuleType:
    """The module with this source, from a file of its own."""
    name = f"random_program_{next(FRESH)}"
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


RANDOM = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@RANDOM
@given(text=programs())
def test_routes_agree_on_random_programs(text: str, folder: Path) -> None:
    f = module_of(text, folder).f
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for point in POINTS:
            try:
                compare(Case(f, point), ROUTES, exact=1e-9, floor=1e-3)
            except Exception as error:
                # one kind of failure, whatever the emitted file is called: shrinking needs that
                raise AssertionError(f"{type(error).__name__}: {error}\nat {point} of\n{text}") from error


@settings(RANDOM, max_examples=15)
@given(text=programs())
def test_forward_and_reverse_are_transposes(text: str, folder: Path) -> None:
    f = module_of(text, folder).f
    arguments, direction = (0.4127, 1.1371, 3), (0.7, -1.3, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        value, tangent = pg.jvp(f, arguments, direction)
        again, pull = pg.vjp(f, *arguments)
        weights = np.random.default_rng(1).normal(size=numbers([value]).size)
        stock = iter(weights)
        cotangent = _like(value, stock)
        x_bar, y_bar, _ = pull(cotangent)
    np.testing.assert_allclose(numbers([again]), numbers([f(*arguments)]), rtol=1e-12)
    pushed = float(weights @ numbers([tangent]))
    pulled = 0.7 * (0.0 if x_bar is None else x_bar) - 1.3 * (0.0 if y_bar is None else y_bar)
    assert pushed == pytest.approx(pulled, rel=1e-9, abs=1e-9)


def _like(value: object, stock: object) -> object:
    if isinstance(value, tuple):
        return tuple(_like(part, stock) for part in value)
    if isinstance(value, np.ndarray):
        return np.array([next(stock) for _ in range(value.size)])
    return next(stock)


@settings(RANDOM, max_examples=10)
@given(text=programs())
def test_emission_is_deterministic(text: str, folder: Path) -> None:
    arguments = (0.4, 1.1, 3)
    for mode, form in (("forward", "pair"), ("reverse", "vjp")):
        module = module_of(text, folder)
        first, second = (pg.transform(module.f, mode, ("x", "y"), form, arguments).source.encode() for _ in range(2))
        fresh = module_of(text, folder)
        third = pg.transform(fresh.f, mode, ("x", "y"), form, arguments).source
        assert first == second
        assert first.decode() == third.replace(f"{fresh.__name__}.py", f"{module.__name__}.py")


EMIT = """
import sys
sys.path.insert(0, sys.argv[1])
import corpus.scalars
import pathgrad as pg
from routes import Case, is_active, leaves
for entry in list(corpus._PROGRAMS.values())[:60:4]:
    if not all(map(is_active, leaves(entry.points[0]))):
        continue
    case = Case(entry.function, entry.points[0])
    for mode, form in (("forward", "pair"), ("reverse", "vjp")):
        print(pg.transform(entry.function, mode, tuple(case.active), form, case.at(case.x.tolist())).source)
"""


def test_emission_does_not_depend_on_the_hash_seed() -> None:
    def emitted(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", textwrap.dedent(EMIT), str(Path(__file__).parent)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    one, other = emitted("1"), emitted("2")
    assert len(one) > 10_000
    assert one == other
