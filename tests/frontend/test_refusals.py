"""What the reader refuses: every refusal names file, line, column, the construct and what to write instead."""

from __future__ import annotations

import importlib.util
import itertools
import traceback
from pathlib import Path

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import AliasError, SourceError, SourceUnavailable, UnsupportedCall, UnsupportedSyntax

# longer than the lengths that native code knows
V = np.tile([0.5, -1.2, 0.8, 1.5], 3)
numbers = itertools.count()

HEAD = """
import numpy as np
import math
TABLE = np.array([1.0, 2.0, 3.0])
HISTORY = []
class Thing:
    size = 1.0
THING = Thing()
"""

KINDS = {kind.__name__: kind for kind in (AliasError, UnsupportedCall, UnsupportedSyntax)}


def refusals():
    """Name to the class, words of the construct, words of the remedy, and the text with its mark."""
    table = {}
    for entry in Path(__file__).with_name("refusals.txt").read_text(encoding="utf-8").split("\n== ")[1:]:
        head, text = entry.split("\n", 1)
        name, kind, construct, remedy = head.split(" == ")
        table[name] = (KINDS[kind], construct, remedy, text.strip("\n"))
    return table


REFUSED = refusals()


def written(tmp_path, text):
    """The function ``f`` of a module with this text, and the place that was marked."""
    lines = (HEAD + text).split("\n")
    place = next(((k, line.index("¦") + 1) for k, line in enumerate(lines, 1) if "¦" in line), None)
    path = tmp_path / f"module_{next(numbers)}.py"
    path.write_text("\n".join(lines).replace("¦", "") + "\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f, str(path), place


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    kind, construct, remedy, text = REFUSED[name]
    f, path, place = written(tmp_path, text)
    arguments = [V.copy() if "f(v" in text else 0.7, *([3] if ", n):" in text else [])]
    with pytest.raises(SourceError) as caught:
        pg.grad(f)(*arguments)
    error = caught.value
    assert type(error) is kind
    assert error.filename == path
    if place is not None:
        assert (error.lineno, error.offset) == place
    assert construct in error.msg
    assert remedy in error.msg
    assert str(error) == f"{path}:{error.lineno}:{error.offset}: {error.msg}"
    assert error.text.strip() in text.replace("¦", "")


def test_a_refusal_in_a_helper_names_the_helper(tmp_path):
    f, path, place = written(tmp_path, "def g(y):\n    return ¦np.sort(y)\ndef f(v):\n    return g(v)[0]")
    with pytest.raises(UnsupportedCall, match=r"g: numpy\.sort") as caught:
        pg.grad(f)(V)
    assert (caught.value.filename, caught.value.lineno, caught.value.offset) == (path, *place)


def test_python_prints_the_line_and_a_caret(tmp_path):
    f, _, _ = written(tmp_path, "def f(x):\n    return x * ¦2j")
    with pytest.raises(UnsupportedSyntax) as caught:
        pg.grad(f)(1.0)
    printed = traceback.format_exception_only(caught.value)
    assert any(line.strip() == "return x * 2j" for line in printed)
    assert any(set(line.strip()) == {"^"} for line in printed)


def test_refusals_come_again(tmp_path):
    """A function that was refused once is refused in the same words the second time."""
    f, _, _ = written(tmp_path, "def f(x):\n    return x * ¦2j")
    gradient = pg.grad(f)
    messages = []
    for _ in range(2):
        with pytest.raises(UnsupportedSyntax) as caught:
            gradient(1.0)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_functions_without_source():
    namespace = {}
    exec("def f(x):\n    return x * x", namespace)
    with pytest.raises(SourceUnavailable, match="file"):
        pg.grad(namespace["f"])(1.0)
    with pytest.raises(SourceUnavailable):
        pg.grad(divmod)(1.0, 2.0)


def test_the_list_is_long_and_marks_its_places():
    assert len(REFUSED) >= 70
    assert sum("¦" in text for *_, text in REFUSED.values()) >= len(REFUSED) - 3
