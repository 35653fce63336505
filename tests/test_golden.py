"""Emitted modules are what tests/golden holds, run without pathgrad, and give the numbers that dual numbers give.

``pytest tests/test_golden.py --rewrite-golden`` writes the files anew.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_programs import GOLDEN, Golden, prod, prod_slope

import pathgrad as pg

FOLDER = Path(__file__).parent / "golden"
EACH = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)


def emitted(golden: Golden) -> str:
    return pg.transform(
        golden.function, mode=golden.mode, argnums=golden.argnums, form=golden.form, example=golden.arguments
    ).source


def executed(path: Path) -> Any:
    """The function that a golden module is about: its last."""
    source = path.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    exec(compile(source, str(path), "exec"), namespace)
    last = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)][-1]
    return namespace[last.name]


# ---- what it should give ---------------------------------------------------------------------------------------------
def chosen(golden: Golden) -> list[int]:
    """The positions of the arguments that are differentiated with respect to."""
    names = golden.function.__code__.co_varnames if hasattr(golden.function, "__code__") else ("x",)
    given = golden.argnums if isinstance(golden.argnums, tuple) else (golden.argnums,)
    return [names.index(one) if isinstance(one, str) else one for one in given]


def zeros(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(zeros, value))
    return value if isinstance(value, int) else np.zeros(np.shape(value))[()]


def units(value: Any) -> list[Any]:
    """The unit directions of a structure."""
    if isinstance(value, tuple):
        return [
            tuple(unit if k == j else zeros(other) for k, other in enumerate(value))
            for j, part in enumerate(value)
            for unit in units(part)
        ]
    directions = []
    for index in np.ndindex(np.shape(value)):
        unit = np.zeros(np.shape(value))
        unit[index] = 1.0
        directions.append(unit[()])
    return directions


def by_duals(golden: Golden, direction: dict[int, Any]) -> tuple[float, float]:
    """Value and derivative along directions of the chosen arguments, by overloading."""
    places, function = list(direction), golden.function

    def at(*moving: Any) -> Any:
        arguments = list(golden.arguments)
        for place, value in zip(places, moving, strict=True):
            arguments[place] = value
        return function(*arguments)

    values = tuple(golden.arguments[place] for place in places)
    value, tangent = pg.box(at)(values, tuple(direction.values()))
    return float(value), float(tangent)


def gradient_by_duals(golden: Golden) -> list[float]:
    places = chosen(golden)
    gradient = []
    for place in places:
        for unit in units(golden.arguments[place]):
            direction = {p: unit if p == place else zeros(golden.arguments[p]) for p in places}
            gradient.append(by_duals(golden, direction)[1])
    return gradient


def flat(value: Any) -> list[float]:
    if isinstance(value, tuple | list):
        return [number for part in value for number in flat(part)]
    return np.ravel(value).tolist()


# ---- the tests -------------------------------------------------------------------------------------------------------
@EACH
def test_emitted_source_is_the_golden_one(golden: Golden, request: pytest.FixtureRequest) -> None:
    path, source = FOLDER / f"{golden.name}.py", emitted(golden)
    if request.config.getoption("--rewrite-golden"):
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8"), "if the new text is better, pytest --rewrite-golden"


@EACH
def test_emitting_twice_gives_the_same_text(golden: Golden) -> None:
    assert emitted(golden) == emitted(golden)


@EACH
def test_golden_numbers(golden: Golden) -> None:
    function = executed(FOLDER / f"{golden.name}.py")
    arguments = tuple(np.copy(a) if isinstance(a, np.ndarray) else a for a in golden.arguments)
    if golden.function is prod_slope:
        expected = second_derivative(golden.arguments[0])
        assert function(*arguments) == pytest.approx(expected, rel=1e-6)
        return
    gradient = gradient_by_duals(golden)
    if golden.form == "gradient":
        got = flat(function(*arguments))
    elif golden.form == "value_and_gradient":
        value, slopes = function(*arguments)
        assert value == pytest.approx(golden.function(*golden.arguments), rel=1e-14)
        got = flat(slopes)
    elif golden.form == "derivative":
        got = flat(function(*arguments))
    else:
        places = chosen(golden)
        random = np.random.default_rng(0)
        direction = {p: random.standard_normal(np.shape(golden.arguments[p]))[()] for p in places}
        value, tangent = function(*arguments, *direction.values())
        expected_value, expected = by_duals(golden, direction)
        assert value == pytest.approx(expected_value, rel=1e-13)
        got, gradient = [float(tangent)], [expected]
    np.testing.assert_allclose(got, gradient, rtol=1e-12, atol=1e-14)
    for before, after in zip(golden.arguments, arguments, strict=True):
        np.testing.assert_equal(after, before)  # the caller's arrays are never changed


def second_derivative(x: float) -> float:
    """By central differences of first derivatives by duals."""
    step = 1e-5
    return (pg.derivative(prod)(x + step) - pg.derivative(prod)(x - step)) / (2 * step)


@EACH
def test_golden_modules_need_only_numpy(golden: Golden) -> None:
    tree = ast.parse((FOLDER / f"{golden.name}.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]


def test_golden_modules_are_imported_where_pathgrad_is_not() -> None:
    names = [golden.name for golden in GOLDEN]
    code = "import sys; sys.modules['pathgrad'] = None; import " + ", ".join(names)
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=FOLDER, check=True)


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {golden.name for golden in GOLDEN}


def test_the_comparison_objects(tmp_path: Path) -> None:
    """A golden file with one wrong sign is caught by its numbers."""
    text = (FOLDER / "h_reverse.py").read_text(encoding="utf-8")
    assert "4 * y" in text
    (tmp_path / "wrong.py").write_text(text.replace("4 * y", "3 * y"), encoding="utf-8")
    value, _ = executed(tmp_path / "wrong.py")(3.0, 5.0)
    assert value != pytest.approx(920.0)
