"""docs/autodidact.py runs, says what the package says, and is as small as it claims."""

from __future__ import annotations

import ast
import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import pytest

import pathgrad as pg

FILE = Path(__file__).parents[1] / "docs" / "autodidact.py"


@pytest.fixture(scope="module")
def autodidact():
    spec = importlib.util.spec_from_file_location("autodidact", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_by_itself():
    done = subprocess.run([sys.executable, "-W", "error", "-I", FILE], capture_output=True, text=True, check=True)
    assert "dh/dx, dh/dy at (3, 5): [155.0, 459.0]" in done.stdout


def test_it_needs_only_the_standard_library():
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_is_small():
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("#")]) <= 250


def test_its_derivatives_are_those_of_the_package(autodidact):
    assert autodidact.grad(autodidact.h)(3.0, 5.0) == list(pg.grad(h, argnums=(0, 1))(3.0, 5.0))
    assert autodidact.box(autodidact.prod)(0.7, 1.0)[1] == pytest.approx(pg.grad(prod)(0.7), rel=1e-14)
    assert autodidact.grad(autodidact.prod)(0.7)[0] == pytest.approx(pg.grad(prod)(0.7), rel=1e-14)


def h(x, y):
    return (x + 4 * y) * ((x + y) * y)


def prod(x):
    ans = 1.0
    for i in range(1, 6):
        ans = ans * math.sqrt(x * x + i)
    return ans


def test_its_forward_and_backward_paths_agree(autodidact):
    graph = autodidact.trace(lambda x, y: autodidact.sigmoid(x / y - 2 * x) - autodidact.sqrt(y), 0.3, 1.7)
    forward = [autodidact.forward_paths(graph, k)[-1] for k in (0, 1)]
    assert autodidact.backward_paths(graph)[:2] == pytest.approx(forward)
    gradient = pg.grad(lambda x, y: pg.sigmoid(x / y - 2 * x) - math.sqrt(y), argnums=(0, 1))(0.3, 1.7)
    assert forward == pytest.approx(list(gradient))


def test_statement_doubling_writes_the_lectures_program(autodidact):
    source = autodidact.doubling(autodidact.prod)
    lines = [line.strip() for line in source.splitlines()]
    assert lines[0] == "def prod_dot(x):" and lines[-1] == "return ans_dot"
    loop = lines.index("for i in range(1, 6):")
    assert lines[loop + 1].startswith("ans_dot = ") and lines[loop + 2] == "ans = ans * f(i, x)"
    namespace = dict(vars(autodidact))
    exec(autodidact.doubling(autodidact.f), namespace)
    exec(source, namespace)
    assert namespace["prod_dot"](0.7) == pytest.approx(autodidact.prod_derivative(0.7), rel=1e-14)


def test_training_makes_the_cost_small(autodidact):
    start = [3.0, 4.0, -1.0, 5.0, 3.0, -6.0, 2.0, -2.0, 0.5]
    weights = autodidact.train(autodidact.EXCLUSIVE_OR, start, rounds=500)
    costs = [sum(autodidact.cost(e, *w) for e in autodidact.EXCLUSIVE_OR) for w in (start, weights)]
    assert costs[1] < 0.05 < costs[0]
