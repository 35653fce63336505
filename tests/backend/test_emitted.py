"""Emitted modules: complete, in need of nothing but NumPy, the same every time, and open to debuggers."""

from __future__ import annotations

import ast
import inspect
import pickle
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from corpus import corpus
from routes import Case, is_active, leaves

import pathgrad as pg
from pathgrad.backend import emit, load


def is_plain(entry):
    """Whether the first point gives every parameter, and each parameter is data or nothing but floats."""
    arguments = entry.points[0]
    kinds = [list(map(is_active, leaves(value))) for value in arguments.values()]
    return (
        list(inspect.signature(entry.function).parameters) == list(arguments)
        and all(type(value).__module__ in ("builtins", "numpy") for value in arguments.values())
        and all(any(kind) == all(kind) for kind in kinds if kind)
        and len(Case(entry.function, arguments).x) > 0
    )


PROGRAMS = [entry for entry in corpus() if is_plain(entry)]

#: Runs the modules named on standard input where nothing but the standard library and NumPy can be imported.
RUNNER = """
import pickle, sys, warnings
warnings.simplefilter("ignore")
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pathgrad", "scipy", "sympy", "sklearn", "matplotlib", "igraph"):
            raise ImportError(f"an emitted module imports {name}")
sys.meta_path.insert(0, Blocked())
results = []
for source, name, arguments in pickle.load(sys.stdin.buffer):
    namespace = {"__name__": "emitted"}
    exec(compile(source, "<emitted>", "exec"), namespace)
    results.append(namespace[name](*arguments))
assert not any(module.partition(".")[0] in ("pathgrad", "scipy") for module in sys.modules)
sys.stdout.buffer.write(pickle.dumps(results))
"""


def derived(entry, mode):
    """The derivative program of a corpus entry at its first point and arguments for it."""
    case = Case(entry.function, entry.points[0])
    example = case.at(case.x.tolist())
    form = {"forward": "pair", "reverse": "vjp"}[mode]
    program = pg.transform(entry.function, mode, tuple(case.active), form, example).program
    values = dict(zip(case.arguments, example, strict=True))
    if mode == "forward":
        seeds = iter(case.inputs_of(next(case.directions())))
    else:
        seeds = iter([next(case.cotangents())])
    arguments = [values[p.name] if p.name in values else next(seeds) for p in program.parameters]
    return program, arguments


def same(a, b):
    """Equal to the last bit, nans included."""
    left, right = list(leaves(a)), list(leaves(b))
    return len(left) == len(right) and all(
        np.shape(x) == np.shape(y)
        and np.asarray(x).dtype == np.asarray(y).dtype
        and np.asarray(x).tobytes() == np.asarray(y).tobytes()
        for x, y in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_modules_need_only_numpy(mode):
    """Where pathgrad and SciPy cannot be imported, the text alone gives the same numbers to the last bit."""
    jobs, expected = [], []
    for entry in PROGRAMS:
        program, arguments = derived(entry, mode)
        module = emit(program)
        jobs.append((module.source, module.name, pickle.loads(pickle.dumps(arguments))))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected.append(load(module)(*arguments))
    assert len(jobs) > 100
    answer = subprocess.run(
        [sys.executable, "-I", "-c", RUNNER], input=pickle.dumps(jobs), capture_output=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr.decode()
    for entry, got, wanted in zip(PROGRAMS, pickle.loads(answer.stdout), expected, strict=True):
        assert same(got, wanted), entry.name


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_modules_import_nothing_else(mode):
    for entry in PROGRAMS:
        tree = ast.parse(emit(derived(entry, mode)[0]).source)
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert imported <= {"numpy", "math"}, entry.name


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_emission_is_deterministic(mode):
    for entry in PROGRAMS:
        texts = {emit(derived(entry, mode)[0]).source for _ in range(2)}
        assert len(texts) == 1, entry.name


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_modules_are_tidy(mode):
    """A docstring first, no trailing blanks, one line end at the end."""
    for entry in PROGRAMS:
        source = emit(derived(entry, mode)[0]).source
        assert all(line == line.rstrip() for line in source.split("\n")), entry.name
        assert source.endswith("\n") and not source.endswith("\n\n"), entry.name
        assert source.startswith('"""'), entry.name


# ---- debuggers -------------------------------------------------------------------------------------------------------
def third_element_times(v, x):
    factor = v[2]
    return factor * x


def test_source_is_found():
    module = emit(pg.transform(third_element_times, argnums="x", example=(np.ones(3), 2.0)).program)
    function = load(module)
    assert inspect.getsource(function) in module.source
    assert inspect.getsource(function).startswith(f"def {module.name}(")
    assert inspect.getsourcefile(function).startswith("<pathgrad ")


def test_tracebacks_show_the_line():
    transformed = pg.transform(third_element_times, argnums="x", example=(np.ones(3), 2.0))
    function = load(emit(transformed.program))
    with pytest.raises(IndexError) as caught:
        function(np.ones(2), 2.0)
    shown = traceback.format_exception(caught.value)
    assert any("v[2]" in line for line in shown[-2].split("\n"))


def test_two_modules_of_one_name_keep_their_own_lines():
    one = load(emit(pg.transform(lambda x: x * x, example=(2.0,)).program))
    two = load(emit(pg.transform(lambda x: x * x * x, example=(2.0,)).program))
    assert inspect.getsource(one) != inspect.getsource(two)


# ---- constants -------------------------------------------------------------------------------------------------------
SHORT = np.array([[1.0, np.nan], [np.inf, -np.inf]])
LONG = np.linspace(0.0, 1.0, 300).reshape(20, 15)[::2, ::-1]
SINGLE = np.array([0.1, 0.2], np.float32)
INTEGERS = np.arange(200).reshape(2, 100)
FLAGS = np.array([True, False])
NOTHING = np.zeros((0, 3))
NEARLY = np.array([0.1 + 0.2, 1e-320, -0.0, 1e308])


def uses_constants(x):
    total = x * np.sum(LONG) + np.sum(NEARLY[:2] * x) + x * INTEGERS[1, 99] + np.sum(SINGLE * x)
    total = total + np.sum(np.where(FLAGS, x, 2.0)) + np.sum(NOTHING * x) + np.sum(np.where(SHORT > 0, x, 0.0))
    return total * NEARLY[3] * 0.0 + total


def test_constants_stand_in_the_text_exactly():
    module = emit(pg.transform(uses_constants, mode="forward", example=(2.0,)).program)
    namespace = {}
    exec(compile(module.source, "<emitted>", "exec"), namespace)
    for name in ("SHORT", "LONG", "SINGLE", "INTEGERS", "FLAGS", "NOTHING", "NEARLY"):
        written, value = namespace[name], globals()[name]
        assert written.dtype == value.dtype
        assert written.shape == value.shape
        assert written.tobytes() == value.tobytes()


def test_loaded_modules_use_the_arrays_themselves():
    module = emit(pg.transform(uses_constants, mode="forward", example=(2.0,)).program)
    assert module.constants["LONG"] is LONG
    assert load(module).__globals__["LONG"] is LONG


def test_saved_modules_can_be_imported(tmp_path, monkeypatch):
    path = Path(tmp_path) / "saved_derivative.py"
    path.write_text(pg.transform(third_element_times, argnums="x", example=(np.ones(3), 2.0)).source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import saved_derivative

    functions = [f for f in vars(saved_derivative).values() if inspect.isfunction(f)]
    assert functions[-1](np.array([1.0, 2.0, 3.0]), 5.0) == 3.0
