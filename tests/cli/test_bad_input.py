"""Every mistake on the command line: the exit code and one clear message, never a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pathgrad.cli import report

from .conftest import Run

H = ("model.py:h", "--at", "x=3", "--at", "y=5")
UNUSABLE = [
    (("grad",), "Missing argument 'FILE.py:FUNCTION'"),
    (("grda",), "No such command 'grda'"),
    (("grad", "model.py"), "'model.py' names no function; write FILE.py:FUNCTION"),
    (("grad", "model.py:no-name"), "names no function"),
    (("grad", "absent.py:h"), "absent.py: no such file"),
    (("grad", "absent:h"), "the file is named with its .py"),
    (("grad", "text.txt:h"), "text.txt: not a Python file"),
    (("grad", "model.py:misfti"), "no function 'misfti' at the top level of the file; did you mean misfit?"),
    (("grad", "model.py:Thing"), "no function 'Thing'"),
    (("transform", "model.py:qqq"), "its functions are generated, h, item, keyed,"),
    (("grad", "model.py:h", "--at", "x=3"), "h: no value for y; add --at y=VALUE"),
    (("grad", *H, "--at", "z=1"), "h has no argument 'z'; it has x, y"),
    (("grad", *H, "--at", "x=4"), "'x' is given twice"),
    (("grad", "model.py:h", "--at", "x"), "write NAME=VALUE, as in --at x=3"),
    (("grad", "model.py:h", "--at", "x=", "--at", "y=1"), "write NAME=VALUE"),
    (("grad", "model.py:h", "--at", "x=foo", "--at", "y=1"), "--at x=foo: not a value"),
    (("grad", "model.py:h", "--at", "x=3 4", "--at", "y=1"), "not a value"),
    (("grad", "model.py:h", "--at", "x=1/0", "--at", "y=1"), "not a value"),
    (("grad", "model.py:h", "--at", "x={1}", "--at", "y=1"), "a set cannot be an argument"),
    (("grad", "model.py:h", "--at", "x=[1,[2]]", "--at", "y=1"), "its rows must be equally long"),
    (("grad", "model.py:h", "--at", "x:complex=3", "--at", "y=1"), "'complex' is no kind of number"),
    (("grad", "model.py:power", "--at", "n=2.5", "--at", "x=1"), "--at n=2.5: a whole number is expected"),
    (("grad", "model.py:power", "--at", "n:float=2", "--at", "x=1"), "model.py:8:"),
    (("grad", "model.py:h", "--at", "x:int=3", "--at", "y:int=1"), "no argument is a float"),
    (("grad", "model.py:h", "--at", "x=@no.csv", "--at", "y=1"), "no.csv: No such file"),
    (("grad", "model.py:h", "--at", "x=@model.py", "--at", "y=1"), "files are .npy or .csv, got .py"),
    (("grad", "model.py:h", "--at", "x=@broken.npy", "--at", "y=1"), "broken.npy: not an array"),
    (("grad", "model.py:h", "--at", "x=@words.npy", "--at", "y=1"), "words.npy: an array of dtype <U3"),
    (("grad", "model.py:misfit", "--at", "w=[1]", "--at", "X=@ragged.csv"), "ragged.csv:2: this line has 1 fields"),
    (("grad", "model.py:misfit", "--at", "w=[1,2]", "--at", "X=[[1,2,3]]"), "error: model.py:13: matmul:"),
    (("grad", *H, "--argnums", "q"), "argnums names 'q'; the arguments are x, y"),
    (("grad", *H, "--argnums", "x,"), "--argnums 'x,': write positions or names"),
    (("transform", "model.py:h", "--argnums", "7"), "argnums is 7, but there are 2 arguments"),
    (("grad", "model.py:vector", "--at", "x=3"), "the function returns f64[:]; one float is needed"),
    (("grad", "model.py:generated", "--at", "x=3"), "model.py:27:5: generated:"),
    (("transform", "model.py:generated"), "model.py:27:5: generated:"),
    (("grad", "model.py:spectrum", "--at", "x=[1,2]"), "numpy.fft.fft has no operator record"),
    (("graph", "model.py:spectrum", "--at", "x=[1,2]"), "no operator record stands for it"),
    (("grad", "broken.py:f"), "broken.py:1:10: not Python"),
    (("transform", "broken.py:f"), "broken.py:1:10: not Python"),
    (("transform", "bytes.py:f"), "bytes.py: not a text file in UTF-8"),
    (
        ("grad", "imports.py:f"),
        "importing imports.py fails: imports.py:1: ModuleNotFoundError: No module named 'nowhere'",
    ),
    (("grad", "ends.py:f"), "importing ends.py fails: the file ends the program"),
    (("transform", "model.py:h", "--mode", "sideways"), "mode is 'sideways'"),
    (("transform", "model.py:h", "--form", "pair"), "form is 'pair'; in reverse mode use"),
    (("transform", "model.py:h", "--arg", "x"), "--arg 'x': write NAME=VALUE, as in --arg x=f64[:]"),
    (("transform", "model.py:h", "--arg", "x=double"), "'double' is no type of an argument"),
    (("transform", "model.py:h", "--arg", "q=float"), "'q' is given a type but is no parameter"),
    (("transform", "model.py:h", "--show", "assembly"), "stage is 'assembly'"),
    (("transform", "model.py:h", "-o", "absent/out.py"), "absent/out.py: No such file or directory"),
    (("graph", *H, "--direction", "up"), "--direction 'up': use forward or backward"),
    (("graph", *H, "--source", "q"), "no vertex is named 'q'"),
    (("graph", *H, "--target", "99"), "vertex 99 (asked for) is unknown"),
    (("graph", *H, "-o", "h.gif"), "'h.gif' ends in .gif; a picture is .svg, .png or .dot"),
    (("check", "model.py:h", "--at", "x:int=3", "--at", "y:int=1"), "no argument holds a float"),
    (("train", "absent.csv", "--layers", "2,1"), "absent.csv: No such file"),
    (("train", "ragged.csv", "--layers", "2,1"), "ragged.csv:2: this line has 1 fields, expected 2"),
    (("train", "missing.csv", "--layers", "2,1"), "missing.csv:2: column 2 is missing"),
    (("train", "words.csv", "--layers", "2,1"), "words.csv:2: column 1 holds 'one', expected a number"),
    (("train", "good.csv", "--layers", "2,x"), "--layers '2,x': write whole numbers"),
    (("train", "good.csv", "--layers", "5,1"), "3 columns do not fit a network of 5 inputs and 1 outputs"),
    (("train", "good.csv", "--layers", "2"), "network:"),
    (("train", "good.csv"), "Missing option '--layers'"),
    (("train", "good.csv", "--layers", "2,2"), "class 7.0"),
    (("train", "good.csv", "--layers", "2,1", "--test", "1"), "--test 1: the share"),
    (("train", "good.csv", "--layers", "2,1", "--test", "0.9"), "leave none to learn from"),
    (("train", "good.csv", "--layers", "2,1", "--scale", "0"), "--scale 0: inputs are divided by it"),
    (("train", "good.csv", "--layers", "2,1", "--target", "q"), "--target 'q': no such column; columns are 1 to 3"),
    (("train", "named.csv", "--layers", "2,1", "--target", "9"), "no such column; the columns are a, b, c"),
    (("train", "good.csv", "--layers", "2,1", "--rate", "nan"), "rate is nan"),
    (("train", "good.csv", "--layers", "2,1", "--epochs", "0"), "epochs is 0"),
    (("train", "good.csv", "--layers", "2,1", "--curve", "c.gif"), "--curve c.gif: use .csv, .svg, .png"),
]


@pytest.fixture
def files(tmp_path: Path) -> None:
    np.save(tmp_path / "words.npy", np.array(["one"]))
    for name, text in {
        "text.txt": "",
        "broken.npy": "not an array",
        "broken.py": "def f(x) return x\n",
        "imports.py": "import nowhere\n",
        "ends.py": "raise SystemExit(3)\n",
        "good.csv": "1,2,7\n3,4,0.5\n",
        "named.csv": "a,b,c\n1,2,0\n",
        "ragged.csv": "1,2\n3\n",
        "missing.csv": "1,2,0\n1,,1\n",
        "words.csv": "1,2,0\none,2,1\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("arguments", "said"), UNUSABLE, ids=lambda x: " ".join(x) if isinstance(x, tuple) else "")
def test_unusable_input_exits_with_2(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert said in " ".join(result.err.split()), result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grad", "model.py:item", "--at", "x=3"), "IndexError: model.py:37: index 7 is out of bounds"),
        (("check", "model.py:misfit", "--at", "w=[1,2]", "--at", "X=[[1,2,3]]"), "model.py:13: ValueError: matmul"),
        (("graph", "model.py:keyed", "--at", "x=3"), "model.py:33: KeyError"),
    ],
)
def test_a_function_that_raises_exits_with_1(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.code == 1
    assert said in result.err and result.err.startswith("error: ")


def test_a_refusal_shows_the_line_and_a_caret(run: Run) -> None:
    lines = run("transform", "model.py:generated").err.splitlines()
    assert lines[0].startswith("error: model.py:27:5: ")
    assert lines[1:] == ["    yield x", "    ^"]


@pytest.mark.filterwarnings("ignore:invalid value")
def test_outside_the_domain_the_answer_is_nan_and_no_point_to_check_at(run: Run) -> None:
    assert run("grad", "model.py:logarithm", "--at", "x=-1").out.startswith("logarithm = nan\n")
    result = run("check", "model.py:logarithm", "--at", "x=-1")
    assert result.code == 1 and "choose a point inside the function's domain" in result.err


def test_a_curve_without_matplotlib_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.csv").write_text("1,0\n0,1\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("train", "good.csv", "--layers", "1,1", "--test", 0, "--epochs", 1, "--curve", "c.svg")
    assert result.code == 2 and "pip install pathgrad[draw]" in result.err


def test_an_error_of_an_unknown_kind_is_a_failure_without_a_place() -> None:
    assert report.explained(RuntimeError("odd")) == ("RuntimeError: odd", 1)
    assert report.explained(TypeError("f() takes 2 arguments; got 3")) == ("f() takes 2 arguments; got 3", 2)
