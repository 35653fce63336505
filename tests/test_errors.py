"""Every kind of bad input has its clear error, and every class of error has a bad input that raises it.

`CATALOGUE` is the list: what is done wrong, the class, what the message must say. The page ``docs/errors.md`` shows one
failing snippet for each class.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pathgrad as pg
from pathgrad import errors
from pathgrad.frontend import sources_of_file
from pathgrad.graph import Graph
from pathgrad.ir import Builder, Program, Var, check
from pathgrad.ir.types import F64
from pathgrad.nn import Network, Table, read_csv

DOCUMENT = Path(__file__).parents[1] / "docs" / "errors.md"
CLASSES = [getattr(errors, name) for name in errors.__all__]
#: Bases that group others and are not raised as such.
GROUPS = {errors.PathgradError, errors.SourceError}


# ---- functions with something wrong ----------------------------------------------------------------------------------
def fine(x, y=2.0):
    return x * y


def vector(x):
    return x * np.ones(3)


def two(x):
    return x, x


def nothing(x):
    x * 2.0


def whole(x):
    return int(x)


def every(v, k):
    return v[::k]


def mismatched(w, X):
    r = X @ w
    return np.sum(r)


def unequal(x, y):
    return np.sum(x + y)


def reshaped(x):
    return np.sum(x.reshape(4, 5))


def stars(*x):
    return x[0]


def tries(x):
    try:
        return x
    finally:
        pass


def yields(x):
    yield x


def asserts(x):
    global counted
    counted = x
    return x


def opens(x):
    with open(x) as file:
        return file


def spectrum(x):
    return np.sum(np.fft.fft(x))


def reads(x):
    return x * float(os.getcwd())


def views(a):
    b = a.T
    b[0, 0] = 5.0
    return np.sum(a)


def logarithm(x):
    return np.log(x)


def executed() -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec("def made(x):\n    return x * x", names)
    made: Callable[..., Any] = names["made"]
    return made


def bad_program() -> Program:
    with Builder().open() as body:
        body.yields.append(Var("x", F64))
    return Program("unbound", [], body)


def table(text: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        (folder / "data.csv").write_text(text, encoding="utf-8")
        return read_csv(folder / "data.csv")

    return read


def source_file(text: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        (folder / "model.py").write_text(text, encoding="utf-8")
        return sources_of_file(folder / "model.py")

    return read


def without(module: str) -> Callable[[Path, pytest.MonkeyPatch], Any]:
    def drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setitem(sys.modules, module, None)
        return Graph.from_edges(2, 1, [(0, 1)], outputs=[1]).draw(folder / "graph.svg")

    return drawn


def mixed_levels() -> Any:
    return pg.variable(1.0) + pg.variable(2.0)


VALUES = np.array([1.0, 2.0])
EDGE = Graph.from_edges(2, 1, [(0, 1, 3.0)], outputs=[1], input_names=["x"])


@dataclass
class Case:
    """Something that a user may do wrong."""

    name: str
    do: Callable[..., Any]
    kind: type[Exception]
    said: str


CATALOGUE = [
    Case(
        "an array of another class",
        lambda: pg.grad(fine)(np.ma.masked_array([1.0, 2.0]), 1.0),
        errors.ArgumentError,
        r"x: a MaskedArray cannot be read.*pass np.asarray\(x\)",
    ),
    Case(
        "the native form of a step known at run time",
        lambda: pg.compile(every).inspect("llvm", np.ones(4), 2),
        errors.NativeUnsupported,
        "a slice whose step is known at run time",
    ),
    Case(
        "a step known at run time",
        lambda: pg.compile(every)(np.ones(4), 2),
        errors.NativeWarning,
        "every runs as Python: a slice whose step is known at run time",
    ),
    # a result that is not one float
    Case("grad of a vector", lambda: pg.grad(vector)(1.0), errors.ScalarOutputError, r"f64\[:\]; one float is needed"),
    Case("grad of two numbers", lambda: pg.grad(two)(1.0), errors.ScalarOutputError, "f64, f64; one float is needed"),
    Case("grad of nothing", lambda: pg.grad(nothing)(1.0), errors.ScalarOutputError, "no value; one float is needed"),
    Case("grad of an integer", lambda: pg.grad(whole)(1.0), errors.ScalarOutputError, "i64; one float is needed"),
    Case("transform of a vector", lambda: pg.transform(vector).source, errors.ScalarOutputError, 'or use form="vjp"'),
    Case("hessian of a vector", lambda: pg.hessian(vector)(1.0), errors.ScalarOutputError, "one float is needed"),
    Case(
        "second order check of two numbers",
        lambda: pg.check_grads(two, (1.0,), order=2),
        errors.ScalarOutputError,
        "one float is needed",
    ),
    # arguments that have no derivative
    Case("an int", lambda: pg.grad(fine)(3), errors.ArgumentError, "'x' is of dtype i64, and only floats .*a float"),
    Case("an integer array", lambda: pg.grad(fine)(np.array([1])), errors.PathgradError, "float"),
    Case("a bool", lambda: pg.grad(fine)(True), errors.ArgumentError, "dtype bool, and only floats"),
    Case("complex", lambda: pg.grad(fine)(np.array([1j])), errors.ArgumentError, "complex128 cannot be read"),
    Case("objects", lambda: pg.grad(fine)(np.array([None])), errors.ArgumentError, "dtype object cannot be read"),
    Case("a set", lambda: pg.grad(fine)({1.0}), errors.ArgumentError, "a set cannot be an argument"),
    Case("a string", lambda: pg.grad(lambda s, x: x)("a", 1.0), errors.ArgumentError, "'s'"),
    Case("trace of nothing", lambda: pg.trace(fine, x="a"), errors.ArgumentError, "no argument holds a number"),
    # argnums
    Case("argnums beyond", lambda: pg.grad(fine, argnums=2), errors.ArgnumsError, r"argnums is 2, but there are 2 arg"),
    Case("argnums before", lambda: pg.grad(fine, argnums=-3), errors.ArgnumsError, "use 0 to 1 or a name"),
    Case("argnums unknown", lambda: pg.grad(fine, argnums="z"), errors.ArgnumsError, "'z'; the arguments are x, y"),
    Case("argnums none", lambda: pg.grad(fine, argnums=()), errors.ArgnumsError, "chooses nothing or something twice"),
    Case("argnums twice", lambda: pg.jacobian(fine, argnums=(0, "x")), errors.ArgnumsError, "something twice"),
    Case("argnums odd", lambda: pg.transform(fine, argnums=(1.5,)), errors.ArgnumsError, "takes positions and names"),
    # shapes
    Case(
        "matmul",
        lambda: pg.grad(mismatched)(np.ones(2), np.ones((4, 3))),
        errors.ShapeError,
        r"test_errors.py:\d+: matmul: .*r = X @ w.*w: an array of shape \(2,\), X: an array of shape \(4, 3\)",
    ),
    Case(
        "addition",
        lambda: pg.grad(unequal)(np.ones(2), np.ones(3)),
        errors.ShapeError,
        r"test_errors.py:\d+: .*return np.sum\(x \+ y\)",
    ),
    Case("reshape", lambda: pg.grad(reshaped)(np.ones(6)), errors.ShapeError, r"test_errors.py:\d+: .*reshape"),
    Case("a tangent", lambda: pg.jvp(fine, (VALUES,), (np.ones(3),)), errors.ShapeError, r"has shape \(3,\); expec"),
    Case("too few tangents", lambda: pg.jvp(fine, (1.0, 2.0), (1.0,)), errors.ShapeError, "2 primals and 1 tangents"),
    Case("a cotangent", lambda: pg.vjp(vector, 1.0)[1](1.0), errors.ShapeError, "the cotangent has shape"),
    Case("a dual", lambda: pg.Dual(VALUES, np.ones(3)), errors.ShapeError, "tangent"),
    # functions without source
    Case("a built-in", lambda: pg.grad(len), errors.SourceUnavailable, "len: a builtin_function_or_method has no Pyth"),
    Case("exec", lambda: pg.grad(executed()), errors.SourceUnavailable, "made by exec or typed interactively"),
    Case("a class", lambda: pg.grad(Case), errors.SourceUnavailable, "Case: a type has no Python source"),
    Case("no function", lambda: pg.grad(3.0)(1.0), errors.SourceUnavailable, "a float has no Python source"),
    # what cannot be read
    Case("stars", lambda: pg.grad(stars)(1.0), errors.UnsupportedSyntax, r"\*x has no fixed number of arguments"),
    Case("try", lambda: pg.grad(tries)(1.0), errors.UnsupportedSyntax, "a try statement cannot be differentiated"),
    Case("yield", lambda: pg.grad(yields)(1.0), errors.UnsupportedSyntax, "yield|Yield"),
    Case("global", lambda: pg.grad(asserts)(1.0), errors.UnsupportedSyntax, "global"),
    Case("with", lambda: pg.grad(opens)(1.0), errors.UnsupportedSyntax, "with"),
    Case("no Python", source_file("def f(x) return x"), errors.UnsupportedSyntax, "model.py:1:10: not Python"),
    Case(
        "no record", lambda: pg.grad(spectrum)(VALUES), errors.UnsupportedCall, "numpy.fft.fft has no operator record"
    ),
    Case(
        "no record traced", lambda: pg.trace(spectrum, VALUES), errors.UnsupportedCall, "no operator record stands for"
    ),
    Case("a library", lambda: pg.grad(reads)(1.0), errors.UnsupportedCall, "getcwd"),
    Case("a write into a view", lambda: pg.grad(views)(np.ones((2, 2))), errors.AliasError, "copy"),
    # dual numbers
    Case("two variables", mixed_levels, errors.PerturbationError, "level 0"),
    # graphs
    Case("no vertices", lambda: Graph.from_edges(0, 0, [], []), errors.GraphError, "it is empty"),
    Case("no output", lambda: Graph.from_edges(2, 1, [(0, 1)], []), errors.GraphError, "it has no output"),
    Case(
        "a cycle",
        lambda: Graph.from_edges(3, 1, [(0, 1), (2, 1), (1, 2)], [2]),
        errors.GraphError,
        "form a cycle, 1 → 2 → 1|form a cycle, 2 → 1 → 2",
    ),
    Case("an unknown name", lambda: EDGE.paths("y"), errors.GraphError, "no vertex is named 'y'; its names are 'x'"),
    Case(
        "an unknown number", lambda: EDGE.paths(7), errors.GraphError, "vertex 7 .* is unknown; the vertices are 0 to"
    ),
    Case("an unknown end", lambda: Graph.from_edges(2, 1, [(0, 5)], [1]), errors.GraphError, "names vertex 5"),
    Case("a picture", lambda folder: EDGE.draw(folder / "h.gif"), errors.GraphError, "a picture is .svg, .png or .dot"),
    Case("no igraph", without("igraph"), errors.MissingPackageError, r"need igraph .* pip install pathgrad\[draw\]"),
    # programs
    Case("an unbound variable", lambda: check(bad_program()), errors.ProgramError, "unbound"),
    # training data
    Case("a missing field", table("1,2\n3,\n"), errors.DataError, "data.csv:2: column 2 is missing"),
    Case("a word", table("a,b\n1,2\n3,x\n"), errors.DataError, r"data.csv:3: column 2 \(b\) holds 'x'"),
    Case("not finite", table("1,2\n3,nan\n"), errors.DataError, "expected a finite number"),
    Case("a ragged line", table("1,2\n3\n"), errors.DataError, "data.csv:2: this line has 1 fields, expected 2"),
    Case("no data", table("a,b\n"), errors.DataError, "no line of numbers"),
    Case("sizes", lambda: Network([3]), errors.NetworkError, "network"),
    Case("a layer of none", lambda: Network([3, 0, 1]), errors.NetworkError, "network"),
    Case("inputs", lambda: Network([3, 1]).predict([1.0]), errors.NetworkError, "3"),
    Case("columns", lambda: Table((), np.ones((2, 5))).examples([3, 1]), errors.NetworkError, "5 columns do not fit"),
    Case("classes", lambda: Table((), np.ones((2, 2)) * 7).examples([1, 3]), errors.NetworkError, "class 7"),
    # checks
    Case("a kink", lambda: pg.check_grads(lambda x: pg.relu(x), (0.0,)), errors.CheckError, "central differences give"),
]


@pytest.mark.parametrize("case", CATALOGUE, ids=lambda case: case.name)
def test_bad_input_raises_its_error(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [tmp_path, monkeypatch][: len(inspect.signature(case.do).parameters)]
    with pytest.raises(case.kind) as caught:
        case.do(*given)
    assert re.search(case.said, str(caught.value), re.DOTALL), str(caught.value)
    assert isinstance(caught.value, errors.PathgradError | errors.NativeWarning)


def missing_from_the_catalogue(catalogue: list[Case]) -> set[type[Exception]]:
    """The classes of error that no case raises."""
    return set(CLASSES) - GROUPS - {case.kind for case in catalogue}


def test_every_class_is_raised_by_some_bad_input() -> None:
    assert missing_from_the_catalogue(CATALOGUE) == set()
    assert missing_from_the_catalogue([c for c in CATALOGUE if c.kind is not errors.AliasError]) == {errors.AliasError}


def test_all_classes_are_exported_and_in_the_tree() -> None:
    defined = {c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__}
    assert defined == set(CLASSES)
    for each in defined - {errors.PathgradError, errors.NativeWarning}:
        assert issubclass(each, errors.PathgradError)
        builtin = next(b.__name__ for b in each.__mro__ if b.__module__ == "builtins")
        direct = builtin if errors.PathgradError in each.__bases__ else ""
        entry = rf"─ {each.__name__}\b.*\({direct}\)" if direct else rf"─ {each.__name__}\b"
        assert re.search(entry, errors.__doc__ or ""), each


def test_every_class_has_its_entry_in_the_page() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    entries = dict(re.findall(r"^## (\w+)$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    assert set(entries) == {c.__name__ for c in set(CLASSES) - GROUPS}
    for name, body in entries.items():
        assert f"errors.{name}: " in body, f"{name} has no failing snippet"
        assert body.count("```pycon") >= 1 and "Mend" in body, f"{name} has no mend"


def test_a_refusal_carries_file_line_column_and_text() -> None:
    with pytest.raises(errors.UnsupportedSyntax) as caught:
        pg.grad(tries)(1.0)
    error = caught.value
    first = inspect.getsourcelines(tries)[1]
    assert (error.filename, error.lineno, error.offset) == (__file__, first + 1, 5)
    assert error.text is not None and error.text.strip() == "try:"
    assert str(error).startswith(f"{__file__}:{first + 1}:5: tries: ")


def test_a_shape_error_names_the_line_of_the_helper_that_is_called() -> None:
    def calls(w, X):
        return mismatched(w, X) * 2.0

    with pytest.raises(errors.ShapeError) as caught:
        pg.grad(calls)(np.ones(2), np.ones((4, 3)))
    assert f":{inspect.getsourcelines(mismatched)[1] + 1}: " in str(caught.value)


@pytest.mark.parametrize("point", [-1.0, 0.0])
def test_outside_the_domain_the_program_warns_and_gives_what_numpy_gives(point: float) -> None:
    with warnings.catch_warnings(record=True) as of_function:
        warnings.simplefilter("always")
        expected = logarithm(np.float64(point))
    with warnings.catch_warnings(record=True) as of_program:
        warnings.simplefilter("always")
        value, _ = pg.value_and_grad(logarithm, backend="python")(point)
    assert pg.value_and_grad(logarithm)(point)[0] == pytest.approx(value, nan_ok=True)
    assert np.array_equal(value, expected, equal_nan=True) and not np.isfinite(value)
    said = [str(w.message) for w in of_function]
    # a label may warn as well, as 1/x does at 0
    assert said and set(said) <= {str(w.message) for w in of_program}
    assert all(w.category is RuntimeWarning for w in of_program)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pg.grad(fine)(1.0, 2.0, 3.0), r"fine\(\) takes 2 arguments; got 3"),
        (lambda: pg.grad(fine)(), r"fine\(\) missing the argument 'x'"),
        (lambda: pg.grad(fine)(1.0, z=2.0), r"fine\(\) has no parameter 'z'; it has x, y"),
        (lambda: pg.grad(fine)(1.0, x=2.0), r"multiple values for argument 'x'"),
        (lambda: pg.transform(fine, mode="forward")(1.0), r"the pair form is called with \(x, y, x_dot\)"),
        (lambda: pg.transform(fine, form="vjp")(1.0), r"the vjp form is called with \(x, y, result_bar\)"),
    ],
)
def test_a_wrong_call_is_a_type_error_as_in_python(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pg.transform(fine, mode="up"), "mode is 'up'"),
        (lambda: pg.transform(fine, form="pair"), "form is 'pair'; in reverse mode use one of"),
        (lambda: pg.jacobian(fine, mode="up"), "mode is 'up'"),
        (lambda: pg.transform(fine).inspect("assembly"), "stage is 'assembly'"),
    ],
)
def test_a_wrong_option_is_a_value_error(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
