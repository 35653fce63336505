"""Programs kept on disk: the same function is not read again, and no other is ever taken for it."""

from __future__ import annotations

import importlib.util
import itertools
import linecache
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import pathgrad as pg
import pathgrad.api.derived as derived
import pathgrad.backend.native.process.machine as machine
import pathgrad.ops as ops
from pathgrad.frontend.content import content_of, described
from pathgrad.frontend.source import outside

HELPERS = """
import numpy as np
factor = 3.0
class Box:
    factor = 5.0
def deepest(x):
    return x * factor
"""
MODULE = """
import functools
import math
import numpy as np
import pathgrad as pg
import HELPERS
from HELPERS import deepest
scale = 2.0
pair = (1.0, [2.0, 3.0])
table = np.array([1.0, 2.0])
box = HELPERS.Box()
def helper(x, power=2):
    return deepest(x) ** power
def f(x):
    return scale * helper(x) * math.cos(0.0)
def attribute(x):
    return x * x * HELPERS.factor
def with_default(x, weight=3.0):
    return x * x * weight
def made(weight):
    return lambda x: x * x * weight
by_closure = made(4.0)
def two(): return lambda x: x * x, lambda x: x * x * x
def by_pair(x):
    return x * x * pair[0] * pair[1][1]
def by_table(x):
    return np.sum(table * x * x)
def by_box(x):
    return x * x * box.factor
def steps(x, n, label="a"):
    y = np.zeros(n)
    for k in range(n):
        y[k] = x[k] * x[k]
    return np.sum(y.reshape(n // 2, 2)[:, 0]) if label == "a" else y[0]
def first(x):
    if math.pi > 4.0:
        y = x
    elif x > 0.0:
        y = x * x
    return y
square = functools.partial(helper, power=3)
def by_partial(x):
    return square(x)
def of_gradient(x):
    return slope(x) * x
slope = pg.grad(with_default)
def chained(x):
    return x.shape[0] * np.sum(x * x)
shape = object()
"""


class Files:
    """Modules in files, loaded anew as a new process loads them, and how often functions were read since."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.names = itertools.count()
        self.readings = 0
        read = derived.read
        monkeypatch.setattr(derived, "read", lambda *a, **k: self._counted(read(*a, **k)))
        self.texts = {"kept_helpers": HELPERS, "kept_module": MODULE}

    def _counted(self, result: object) -> object:
        self.readings += 1
        return result

    def load(self) -> types.ModuleType:
        """The module, from the files as they are now."""
        linecache.clearcache()
        for name in ("kept_helpers", "kept_module"):
            text = self.texts[name].replace("HELPERS", "kept_helpers")
            place = self.path / f"{name}.py"
            place.write_text(text, encoding="utf-8")
            spec = importlib.util.spec_from_file_location(name, place)
            assert spec is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            exec(compile(text, str(place), "exec"), module.__dict__)
        return module

    def call(self, choose: Callable[[types.ModuleType], object], *arguments: object) -> tuple[object, bool]:
        """The gradient in a new process, and whether something was read for it."""
        before = self.readings
        return pg.grad(choose(self.load()))(*arguments), self.readings > before  # type: ignore[arg-type]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path / "cache"))
    with pg.options(cache=True):
        yield Files(tmp_path, monkeypatch)
    for name in ("kept_helpers", "kept_module"):
        sys.modules.pop(name, None)


# ---- what is kept ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value"),
    [("f", 72.0), ("attribute", 12.0), ("with_default", 12.0), ("by_closure", 16.0), ("by_pair", 12.0),
     ("by_partial", 324.0), ("of_gradient", 24.0)],
)  # fmt: skip
def test_nothing_is_read_again(files: Files, name: str, value: float) -> None:
    assert files.call(lambda m: getattr(m, name), 2.0) == (value, True)
    assert files.call(lambda m: getattr(m, name), 2.0) == (value, False)


def test_names_of_attributes_are_not_globals(files: Files) -> None:
    x = np.ones(3)
    assert files.call(lambda m: m.chained, x)[1]
    value, read = files.call(lambda m: m.chained, x)
    assert not read and np.array_equal(value, 6 * x)


def test_the_function_is_read_when_somebody_looks(files: Files) -> None:
    files.call(lambda m: m.f, 2.0)
    gradient = pg.grad(files.load().f)
    before = files.readings
    assert gradient(2.0) == 72.0 and files.readings == before
    assert "define" in gradient.inspect("llvm") and "mul" in gradient.inspect("ir")
    assert "deepest" in gradient.inspect("primal") and files.readings == before + 1
    assert gradient(3.0) == 108.0


def test_values_that_decide_the_program_are_part_of_the_key(files: Files) -> None:
    x = np.arange(4.0)
    wanted = {4: [0.0, 0.0, 4.0, 0.0], 2: [0.0, 0.0, 0.0, 0.0]}
    for label in ("a", "b", "a", "b"):
        value, _ = files.call(lambda m: m.steps, x, 4, label)
        assert np.array_equal(value, wanted[4] if label == "a" else [0.0, 0.0, 0.0, 0.0])  # type: ignore[arg-type]
    assert not files.call(lambda m: m.steps, x, 4, "b")[1]


def test_the_structure_of_arguments_and_errors_are_kept(files: Files) -> None:
    files.texts["kept_module"] += "\ndef parts(p):\n    return p['a'] * p['b'][0] + p['b'][1][3]\n"
    for _ in range(2):
        value, read = files.call(lambda m: m.parts, {"a": 2.0, "b": (3.0, np.arange(4.0))})
        assert value["a"] == 3.0 and value["b"][0] == 2.0 and value["b"][1].tolist() == [0, 0, 0, 1]  # type: ignore[index]
    assert not read
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        files.call(lambda m: m.parts, {"a": 2.0, "b": (3.0, np.arange(2.0))})


def test_compiled_functions_are_kept(files: Files) -> None:
    files.texts["kept_module"] += "\ndef fill(a, x):\n    for k in range(len(a)):\n        a[k] = x\n    return a\n"
    for expected in (True, False):
        before = files.readings
        a = np.zeros(3)
        assert pg.compile(files.load().fill)(a, 2.0) is a and a.tolist() == [2.0, 2.0, 2.0]
        assert (files.readings > before) is expected


def test_constant_arrays_are_kept_by_value(files: Files) -> None:
    body = "np.sum(np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.array([x, x * x]) @ np.eye(2))"
    files.texts["kept_module"] += f"\ndef literal(x):\n    return {body}\n"
    assert files.call(lambda m: m.literal, 2.0) == (28.0, True)
    assert files.call(lambda m: m.literal, 2.0) == (28.0, False)


def test_verbs_are_told_apart(files: Files) -> None:
    assert files.call(lambda m: m.with_default, 2.0, 3.0)[0] == 12.0
    module = files.load()
    assert pg.value_and_grad(module.with_default)(2.0, 3.0) == (12.0, 12.0)
    assert pg.grad(module.with_default, 1)(2.0, 3.0) == 4.0
    assert pg.grad(module.with_default, (0,))(2.0, 3.0) == (12.0,)
    assert pg.grad(pg.grad(module.with_default))(2.0, 3.0) == 6.0
    assert pg.grad(pg.grad(module.with_default))(2.0, 3.0) == 6.0


# ---- what is not taken for the same ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "file", "old", "new", "before", "after"),
    [
        ("f", "kept_module", "scale * helper(x)", "helper(x)", 72.0, 36.0),
        ("f", "kept_module", "deepest(x) ** power", "deepest(x) * power", 72.0, 12.0),
        ("f", "kept_module", "power=2", "power=1", 72.0, 6.0),
        ("f", "kept_module", "scale = 2.0", "scale = 4.0", 72.0, 144.0),
        ("f", "kept_module", "scale = 2.0", "scale = np.float32(4.0)", 72.0, 144.0),
        ("f", "kept_helpers", "x * factor", "x * factor * 2.0", 72.0, 288.0),
        ("f", "kept_helpers", "factor = 3.0", "factor = 1.0", 72.0, 8.0),
        ("attribute", "kept_helpers", "factor = 3.0", "factor = 1.0", 12.0, 4.0),
        ("with_default", "kept_module", "weight=3.0", "weight=5.0", 12.0, 20.0),
        ("by_closure", "kept_module", "made(4.0)", "made(5.0)", 16.0, 20.0),
        ("by_pair", "kept_module", "[2.0, 3.0]", "[2.0, 4.0]", 12.0, 16.0),
        ("by_partial", "kept_module", "power=3", "power=1", 324.0, 3.0),
        ("of_gradient", "kept_module", "x * x * weight", "x * x * x * weight", 24.0, 108.0),
        ("of_gradient", "kept_module", "pg.grad(with_default)", "pg.grad(by_closure)", 24.0, 32.0),
    ],
)
def test_edits_are_seen(files: Files, name: str, file: str, old: str, new: str, before: float, after: float) -> None:
    assert files.call(lambda m: getattr(m, name), 2.0)[0] == before
    assert old in files.texts[file]
    files.texts[file] = files.texts[file].replace(old, new)
    assert files.call(lambda m: getattr(m, name), 2.0)[0] == after
    files.texts[file] = files.texts[file].replace(new, old)
    assert files.call(lambda m: getattr(m, name), 2.0)[0] == before


def test_changes_in_the_process_are_seen(files: Files) -> None:
    files.call(lambda m: m.f, 2.0)
    module = files.load()
    gradient = pg.grad(module.f)
    assert gradient(2.0) == 72.0 == gradient(2.0)
    module.scale = 4.0
    assert gradient(2.0) == 144.0 == pg.grad(module.f)(2.0)
    module.helper = lambda x: x
    assert gradient(2.0) == 4.0
    sys.modules["kept_helpers"].factor = 7.0  # type: ignore[attr-defined]
    assert pg.grad(module.attribute)(2.0) == 28.0
    module.pair[1][1] = 10.0
    assert pg.grad(module.by_pair)(2.0) == 40.0


def test_lambdas_on_one_line_are_told_apart(files: Files) -> None:
    for _ in range(2):
        assert files.call(lambda m: m.two()[0], 3.0)[0] == 6.0
        assert files.call(lambda m: m.two()[1], 3.0)[0] == 27.0


def test_functions_of_the_same_name_in_other_files_are_told_apart(files: Files, tmp_path: Path) -> None:
    assert files.call(lambda m: m.attribute, 2.0)[0] == 12.0
    (tmp_path / "other").mkdir()
    files.path = tmp_path / "other"
    assert files.call(lambda m: m.attribute, 2.0) == (12.0, True)


def test_options_and_versions_are_told_apart(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.call(lambda m: m.f, 2.0)
    with pg.options(optimize=2):
        assert files.call(lambda m: m.f, 2.0)[1]
    assert not files.call(lambda m: m.f, 2.0)[1]
    monkeypatch.setattr(machine, "versions", lambda: "another")
    assert files.call(lambda m: m.f, 2.0)[1]


def test_the_own_files_of_the_package_are_part_of_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(pg, "__file__", str(tmp_path / "__init__.py"))
    before = machine._own_files()
    (tmp_path / "b" / "other.py").write_text("x = 1\n", encoding="utf-8")
    assert machine._own_files() != before


# ---- what is not kept ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["by_table", "first"])
def test_arrays_of_globals_and_possible_errors_are_read_each_time(files: Files, name: str) -> None:
    for _ in range(2):
        assert files.call(lambda m: getattr(m, name), 2.0)[1]


def test_without_the_option_nothing_is_kept(files: Files, tmp_path: Path) -> None:
    with pg.options(cache=False):
        for _ in range(2):
            assert files.call(lambda m: m.f, 2.0) == (72.0, True)
    with pg.options(backend="python"):
        assert files.call(lambda m: m.f, 2.0) == (72.0, True)
    assert not (tmp_path / "cache").exists()


def test_without_a_directory_it_works(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path / "file" / "inside"))
    for _ in range(2):
        assert files.call(lambda m: m.f, 2.0) == (72.0, True)


def test_damaged_files_are_made_again(files: Files, tmp_path: Path) -> None:
    assert files.call(lambda m: m.f, 2.0) == (72.0, True)
    for place in (tmp_path / "cache" / "code").glob("*.bin"):
        place.write_bytes(place.read_bytes()[:-3])
    assert files.call(lambda m: m.f, 2.0) == (72.0, True)
    assert files.call(lambda m: m.f, 2.0) == (72.0, False)


def test_a_change_while_reading_is_not_kept(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    module = files.load()
    compiled = derived.Executable

    def change(*arguments: object, **named: object) -> object:
        module.scale = 9.0
        return compiled(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(derived, "Executable", change)
        assert pg.grad(module.f)(2.0) == 72.0
    assert files.call(lambda m: m.f, 2.0) == (72.0, True)


def test_what_cannot_be_compared_by_content_has_none(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    module = files.load()

    class Number(float):
        pass

    for value in (
        object(),
        np.ones(2),
        Number(1.0),
        module.Box if hasattr(module, "Box") else Number,
        {1.0},
        files.load,
    ):
        assert described(value) is None
    assert content_of(module.by_box) is None and content_of(module.by_table) is None
    space: dict[str, object] = {}
    exec("def typed(x):\n    return x", space)
    assert content_of(space["typed"]) is None
    assert content_of(module.f) is not None
    monkeypatch.setattr(sys, "flags", types.SimpleNamespace(optimize=1))
    assert content_of(module.f) is None
    monkeypatch.undo()
    monkeypatch.setitem(ops.TABLE, "own", ops.TABLE["sin"])
    assert content_of(module.f) is None


def test_content_covers_what_readings_look_up(files: Files) -> None:
    module = files.load()
    content = content_of(module.f)
    assert content is not None
    reading = derived.read(derived.source_of(module.f), {"x": derived.spec_of(1.0, {}, "x")})
    assert reading.dependencies and content.covers(reading.dependencies)
    assert not content.covers([(outside(module.f), id(object()))])


# ---- real processes --------------------------------------------------------------------------------------------------
SCRIPT = """
import sys
import pathgrad as pg
def f(x):
    return x * x * x
print(pg.grad(f)(3.0), "llvmlite" in sys.modules)
"""


def test_a_new_process_runs_without_llvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATHGRAD_CACHE", str(tmp_path / "cache"))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    said = [subprocess.run([sys.executable, script], capture_output=True, text=True, check=True) for _ in range(2)]
    elf = sys.platform == "linux" and machine.host()[0].startswith("x86_64")
    assert [s.stdout for s in said] == ["27.0 True\n", f"27.0 {not elf}\n"]


def test_typed_functions_are_refused_as_before() -> None:
    space: dict[str, object] = {}
    exec("def typed(x):\n    return x", space)
    with pytest.raises(pg.errors.SourceUnavailable):
        pg.grad(space["typed"])  # type: ignore[arg-type]
