"""Where a function's text is: every kind of callable, and the error of each that has none."""

from __future__ import annotations

import ast
import functools
import importlib.util
import itertools
import linecache
import math
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from pathgrad.errors import SourceUnavailable, UnsupportedSyntax
from pathgrad.frontend.source import MISSING, Source, source_of, sources_of_file

SCALE = 3.0
numbers = itertools.count()


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Imports a text as a module of its own; the text stays in ``module.__file__``."""

    def make(text: str) -> ModuleType:
        name = f"module_{next(numbers)}"
        path = tmp_path / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    return make


def text(source: Source) -> str:
    return "\n".join(ast.unparse(statement) for statement in source.body)


def without_columns(function: Any) -> Any:
    """A function of one line as Python compiles it when told to keep no columns."""
    code: CodeType = function.__code__
    table = bytearray()
    for start in range(0, len(code.co_code), 16):
        units = min(16, len(code.co_code) - start) // 2
        table += bytes([0x80 | 13 << 3 | units - 1, 0])  # 13 is the location table's entry with a line and no columns
    function.__code__ = code.replace(co_linetable=bytes(table))
    return function


# ---- what is found ---------------------------------------------------------------------------------------------------
def test_two_lambdas_on_one_line() -> None:
    pair = (lambda x: x + 1.0, lambda x: x * 2.0)
    assert [text(source_of(f)) for f in pair] == ["return x + 1.0", "return x * 2.0"]


def test_lambdas_on_one_line_that_differ_in_a_constant() -> None:
    pair = (lambda x: x * 2.0, lambda x: x * 3.0)
    assert [text(source_of(f)) for f in pair] == ["return x * 2.0", "return x * 3.0"]


def test_lambdas_that_are_only_their_parameter() -> None:
    pair = (lambda x, y: x, lambda x, y: y)
    assert [text(source_of(f)) for f in pair] == ["return x", "return y"]


def test_a_lambda_inside_a_lambda() -> None:
    outer = lambda x: lambda x: x * 2.0
    assert text(source_of(outer)) == "return lambda x: x * 2.0"
    assert text(source_of(outer(1.0))) == "return x * 2.0"


def test_a_lambda_inside_a_lambda_that_captures() -> None:
    outer = lambda x: lambda y: x * y
    source = source_of(outer(5.0))
    assert text(source) == "return x * y"
    assert source.lookup("x") == 5.0


def test_a_lambda_over_several_lines() -> None:
    pair = [
        (lambda x:
         x + 1.0), lambda x: x + 2.0,
    ]  # fmt: skip
    assert [text(source_of(f)) for f in pair] == ["return x + 1.0", "return x + 2.0"]


def test_equal_lambdas_on_one_line_are_one() -> None:
    pair = (lambda x: x, lambda x: x)
    assert [text(source_of(f)) for f in pair] == ["return x", "return x"]


def test_lambdas_without_columns_are_told_apart_by_names_and_constants(module: Any) -> None:
    made = module("import math\npair = (lambda x: math.sin(x) * 2.0, lambda x: math.cos(x) * 2.0)\n")
    assert [text(source_of(without_columns(f))) for f in made.pair] == [
        "return math.sin(x) * 2.0",
        "return math.cos(x) * 2.0",
    ]


def test_lambdas_without_columns_that_differ_in_inner_functions(module: Any) -> None:
    made = module("pair = (lambda x: (lambda y: y + 1.0)(x), lambda x: (lambda y: y + 2.0)(x))\n")
    found = [text(source_of(without_columns(f))) for f in made.pair]
    assert found == ["return (lambda y: y + 1.0)(x)", "return (lambda y: y + 2.0)(x)"]


def test_lambdas_without_columns_that_cannot_be_told_apart(module: Any) -> None:
    made = module("pair = (lambda x: x + x, lambda x: x * x)\n")
    with pytest.raises(SourceUnavailable, match=r"line 1 of .* holds 2 lambdas that cannot be told apart; put each on"):
        source_of(without_columns(made.pair[0]))


def test_nested_functions_and_what_they_capture() -> None:
    factor = 2.0

    def scaled(x: float) -> float:
        return factor * SCALE * x

    source = source_of(scaled)
    assert text(source) == "return factor * SCALE * x"
    assert (source.lookup("factor"), source.lookup("SCALE"), source.lookup("len")) == (2.0, 3.0, len)
    assert source.lookup("nowhere") is MISSING
    factor = 4.0
    assert source.lookup("factor") == 4.0


def test_a_captured_variable_that_has_no_value_yet() -> None:
    def scaled(x: float) -> float:
        return later * x

    source = source_of(scaled)
    assert source.lookup("later") is MISSING
    later = 1.0
    assert source.lookup("later") == 1.0


def test_methods() -> None:
    class Model:
        def value(self, x: float) -> float:
            return x

        @staticmethod
        def fixed(x: float) -> float:
            return -x

    assert source_of(Model().value).parameter_names() == ["self", "x"]
    assert text(source_of(Model.fixed)) == "return -x"


def test_functions_in_an_indented_block(module: Any) -> None:
    made = module("if True:\n    for k in range(2):\n        def f(x):\n            y = x\n            return y + 1\n")
    source = source_of(made.f)
    assert text(source) == "y = x\nreturn y + 1"
    assert (source.node.lineno, source.line(5)) == (3, "            return y + 1\n")


def test_the_definition_of_the_arm_that_ran(module: Any) -> None:
    made = module("if False:\n    def f(x):\n        return 1\nelse:\n    def f(x):\n        return 2\n")
    assert text(source_of(made.f)) == "return 2"


def test_default_arguments() -> None:
    def f(x: float, n: int = 2, *, scale: float = SCALE) -> float:
        return x * n * scale

    source = source_of(f)
    assert [source.defaults(name) for name in ("x", "n", "scale")] == [MISSING, 2, 3.0]


def test_a_lambda_as_default_argument() -> None:
    def f(x: float, g: Callable[[float], float] = lambda x: -x) -> float:
        return g(x)

    assert text(source_of(f.__defaults__[0])) == "return -x"


def test_a_decorator_that_gives_the_function_back() -> None:
    def marked(function: Any) -> Any:
        function.mark = True
        return function

    @marked
    @marked
    def f(x: float) -> float:
        return x

    assert text(source_of(f)) == "return x"


def test_a_decorator_that_wraps() -> None:
    def doubled(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(y: float, n: int = 1) -> float:
            return 2.0 * function(y) * n

        return wrapper

    @doubled
    def f(x: float) -> float:
        return x

    source = source_of(f)
    assert text(source) == "return 2.0 * function(y) * n"
    assert source.parameter_names() == ["y", "n"]
    assert source.defaults("n") == 1
    assert text(source_of(source.lookup("function"))) == "return x"
    assert text(source_of(doubled(lambda x: x))) == "return 2.0 * function(y) * n"


def test_a_compiled_function_that_keeps_the_original() -> None:
    class Compiled:
        @staticmethod
        def py_func(x: float) -> float:
            return x + 1.0

    assert text(source_of(Compiled())) == "return x + 1.0"


# ---- what is not -----------------------------------------------------------------------------------------------------
class Callee:
    def __call__(self, x: float) -> float:
        return x


@pytest.mark.parametrize(
    ("callee", "message"),
    [
        (len, "len: a builtin_function_or_method has no Python source"),
        (math.sin, "sin: a builtin_function_or_method has no Python source"),
        (functools.partial(math.pow, 2.0), "a partial has no Python source"),
        (Callee(), "a Callee has no Python source"),
        (Callee, "Callee: a type has no Python source"),
        (3.0, "3.0: a float has no Python source"),
    ],
)
def test_callables_without_source(callee: Any, message: str) -> None:
    with pytest.raises(SourceUnavailable, match=message) as caught:
        source_of(callee)
    assert "wrap it in a def or a lambda" in str(caught.value)


def test_functions_made_by_exec() -> None:
    names: dict[str, Any] = {}
    exec("def f(x):\n    return x", names)
    with pytest.raises(SourceUnavailable, match=r"f: its source is not available .*made by exec"):
        source_of(names["f"])


def test_async_functions() -> None:
    async def f(x: float) -> float:
        return x

    with pytest.raises(SourceUnavailable, match="f: an async function cannot be read; write it with a plain def"):
        source_of(f)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x):\n    return x\n", "\n\ndef f(x):\n    return x\n"),
        ("def f(x):\n    return x\n", "def g(x):\n    return x\n"),
        ("def f(x):\n    return x\n", "def f(y):\n    return y\n"),
        ("def f(x):\n    return x\n", "def f(x:\n"),
        ("f, g = lambda x: x, lambda x: -x\n", "fresh, g = None, (lambda x: x, lambda x: -x)\n"),
        ("f = lambda x: x\n", "def f(x):\n    return x\n"),
    ],
)
def test_a_file_that_changed(module: Any, before: str, after: str) -> None:
    made = module(before)
    Path(made.__file__).write_text(after, encoding="utf-8")
    linecache.checkcache(made.__file__)
    with pytest.raises(SourceUnavailable, match=r"line 1 of .* no longer defines it; the file was changed"):
        source_of(made.f)


@pytest.mark.parametrize("parameters", ["*args", "x, **options"])
def test_starred_parameters(module: Any, parameters: str) -> None:
    source = source_of(module(f"def f({parameters}):\n    return 1.0\n").f)
    with pytest.raises(UnsupportedSyntax, match=r"has no fixed number of arguments; name the parameters") as caught:
        source.parameter_names()
    assert (caught.value.lineno, caught.value.filename) == (1, source.filename)


# ---- files that are not run ------------------------------------------------------------------------------------------
def test_functions_of_a_file_that_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np\nimport os\nfrom math import sin as sine\nRATE = 2 * 0.25\nHALF = -RATE / 2\n"
        "UNKNOWN = input()\nraise SystemExit\n"
        "def f(x, n=2, *, rate=RATE, top=np.pi, bad=input()):\n    return g(x)\n"
        "def g(x):\n    return sine(x)\n"
    )
    functions = sources_of_file(path)
    f = functions["f"]
    assert list(functions) == ["f", "g"]
    assert f.parameter_names() == ["x", "n", "rate", "top", "bad"]
    assert [f.defaults(n) for n in ("x", "n", "rate", "top", "bad")] == [MISSING, 2, 0.5, math.pi, MISSING]
    assert f.lookup("g") is functions["g"]
    assert (f.lookup("sine"), f.lookup("HALF"), f.lookup("len")) == (math.sin, -0.25, len)
    assert (f.lookup("os"), f.lookup("UNKNOWN")) == (MISSING, MISSING)
    assert f.identity == sources_of_file(path)["f"].identity


def test_a_file_that_is_not_python(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("x = 1\ndef f(:\n")
    with pytest.raises(UnsupportedSyntax, match="not Python") as caught:
        sources_of_file(path)
    assert (caught.value.filename, caught.value.lineno) == (str(path), 2)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sources_of_file(tmp_path / "nothing.py")
