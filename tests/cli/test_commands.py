"""What each command prints and writes when its input is good."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pathgrad
from pathgrad.nn import Network

from .conftest import Run

COMMANDS = ["transform", "grad", "graph", "check", "train", "demo"]


def test_help_names_every_command_and_the_exit_codes(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    assert all(f"\n  {command} " in result.out for command in COMMANDS)
    assert "  pathgrad grad model.py:loss --at x=3 --at y=5\n" in result.out
    assert "  2  input that cannot be used" in result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_examples_on_lines_of_their_own(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.code == 0
    assert any(line.startswith(f"    pathgrad {command}") for line in result.out.splitlines())
    assert "\b" not in result.out and "\\b" not in result.out


def test_version(run: Run) -> None:
    assert run("--version").out == f"pathgrad {pathgrad.__version__}\n"


def test_as_a_module_of_python() -> None:
    done = subprocess.run([sys.executable, "-m", "pathgrad", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"pathgrad {pathgrad.__version__}\n"


def test_help_does_not_load_what_only_commands_need() -> None:
    heavy = ["sympy", "matplotlib", "igraph", "sklearn", "scipy.special", "pathgrad.nn", "pathgrad.draw"]
    code = (
        "import sys; from pathgrad.cli import main\n"
        "try: main(['--help'])\n"
        f"except SystemExit: print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# ---- transform -------------------------------------------------------------------------------------------------------
def test_transform_prints_a_module_that_runs(run: Run, tmp_path: Path) -> None:
    result = run("transform", "model.py:h", "--argnums", "x,y")
    assert result.code == 0
    (tmp_path / "printed.py").write_text(result.out, encoding="utf-8")
    assert runpy.run_path(str(tmp_path / "printed.py"))["h_grad"](3.0, 5.0) == (155.0, 459.0)


def test_transform_writes_what_it_would_print(run: Run, tmp_path: Path) -> None:
    printed = run("transform", "model.py:h", "--mode", "forward").out
    result = run("transform", "model.py:h", "--mode", "forward", "-o", "out.py")
    assert (result.code, result.out, result.err) == (0, "", "wrote out.py\n")
    assert (tmp_path / "out.py").read_text(encoding="utf-8") == printed


def test_transform_never_runs_the_file(run: Run, tmp_path: Path) -> None:
    body = "open('was_run', 'w').close()\nimport nowhere\ndef f(x):\n    return x * x\n"
    (tmp_path / "effects.py").write_text(body, encoding="utf-8")
    result = run("transform", "effects.py:f", "--mode", "forward", "--form", "derivative")
    assert result.code == 0 and "def f_dot(x):" in result.out
    assert not (tmp_path / "was_run").exists()


def test_transform_takes_types_of_arguments(run: Run, tmp_path: Path) -> None:
    result = run("transform", "model.py:misfit", "--arg", "w=f64[:]", "--arg", "X=f64[:, :]", "-o", "out.py")
    assert result.code == 0
    got = runpy.run_path(str(tmp_path / "out.py"))["misfit_grad"](np.array([1.0, 2.0]), np.eye(2))
    assert got.tolist() == [2.0, 4.0]


def test_transform_shows_stages(run: Run) -> None:
    primal, ir = (run("transform", "model.py:h", "--show", stage).out for stage in ("primal", "ir"))
    assert primal.startswith("h(x: f64, y: f64)") and "yield" in primal
    assert ir.startswith("h_grad(x: f64, y: f64)")


# ---- grad ------------------------------------------------------------------------------------------------------------
def test_grad_prints_value_and_gradient(run: Run) -> None:
    result = run("grad", "model.py:h", "--at", "x=3", "--at", "y=5")
    assert result.code == 0
    assert result.out == "h = 920\nderivative by  value\nx              155\ny              459\n"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("model.py:h", "--at", "x=6/2", "--at", "y=5", "--argnums", "y"), ["h = 920", "y 459"]),
        (("model.py:h", "--at", "x=3", "--at", "y=5", "--argnums", "1"), ["y 459"]),
        (("model.py:power", "--at", "n=3", "--at", "x=2"), ["power = 8", "x 12"]),
        (("model.py:power", "--at", "n:int=3", "--at", "x=2"), ["x 12"]),
        (("model.py:misfit", "--at", "w=[1, 2]", "--at", "X=[[1, 0], [0, 1]]"), ["w[0] 2", "w[1] 4", "X[0,1] 4"]),
        (("model.py:misfit", "--at", "w=[1, 2]", "--at", "X=@data.csv", "--argnums", "w"), ["w[0] 2", "w[1] 4"]),
        (("model.py:misfit", "--at", "w=@w.npy", "--at", "X=@data.csv", "--argnums", "w"), ["w[0] 2", "w[1] 4"]),
        (("model.py:misfit", "--at", "w=@w.csv", "--at", "X=@data.csv", "--argnums", "w"), ["w[0] 2", "w[1] 4"]),
        (("model.py:scaled", "--at", "p=(2, ([1, 2], [3, 4]))"), ["scaled = 66", "p[0] 33", "p[1][1][1] 12"]),
        (("model.py:logarithm", "--at", "x=e"), ["logarithm = 1"]),
        (("model.py:h", "--at", "x=-1", "--at", "y=2*pi"), ["h = "]),
    ],
)
def test_grad_of_values_in_every_notation(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], lines: list[str]
) -> None:
    (tmp_path / "data.csv").write_text("first,second\n1,0\n0,1\n", encoding="utf-8")
    (tmp_path / "w.csv").write_text("1\n2\n", encoding="utf-8")
    np.save(tmp_path / "w.npy", np.array([1, 2]))
    result = run("grad", *arguments)
    assert (result.code, result.err) == (0, "")
    shown = "\n".join(" ".join(line.split()) for line in result.out.splitlines())
    assert all(line in shown for line in lines), shown


def test_grad_shortens_long_gradients(run: Run) -> None:
    result = run("grad", "model.py:misfit", "--at", f"w={[1] * 70}", "--at", f"X={[[1] * 70]}", "--argnums", "w")
    assert "... 10 more" in result.out and "w[59]" in result.out and "w[60]" not in result.out


def test_files_beside_the_file_can_be_imported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from model import h\ndef twice(x):\n    return 2 * h(x, 5.0)\n", encoding="utf-8"
    )
    assert "x              310" in run("grad", "user.py:twice", "--at", "x=3").out


# ---- graph -----------------------------------------------------------------------------------------------------------
def test_graph_lists_vertices(run: Run) -> None:
    result = run("graph", "model.py:h", "--at", "x=3", "--at", "y=5")
    assert result.code == 0
    assert result.out.startswith("<Graph of 8 vertices and 10 edges")
    assert "7 h     multiply  4 (40), 6 (23)      920" in result.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--direction", "forward"), ["forward paths from x to h", "d h / d x = 155"]),
        (("--direction", "forward", "--source", "y"), ["d h / d y = 459"]),
        (("--direction", "backward"), ["d h / d x = 155", "d h / d y = 459"]),
        (("--source", "y", "--target", "h"), ["forward paths from y to h", "d h / d y = 459"]),
        (("--target", "7"), ["backward paths", "d h / d x = 155"]),
        (("--source", "x", "--target", "4"), ["d 4 / d x = 1"]),
    ],
)
def test_graph_solves_path_problems(run: Run, options: tuple[str, ...], said: list[str]) -> None:
    result = run("graph", "model.py:h", "--at", "x=3", "--at", "y=5", *options)
    assert result.code == 0
    assert all(text in result.out for text in said), result.out


def test_graph_solves_symbolically(run: Run) -> None:
    result = run("graph", "model.py:h", "--at", "x=3", "--at", "y=5", "--symbolic", "--direction", "backward")
    assert "d h / d x = y*(x + y) + y*(x + 4*y)" in result.out


@pytest.mark.parametrize(("name", "start"), [("h.svg", b"<?xml"), ("h.png", b"\x89PNG"), ("h.dot", b"digraph")])
def test_graph_draws(run: Run, tmp_path: Path, name: str, start: bytes) -> None:
    result = run("graph", "model.py:h", "--at", "x=3", "--at", "y=5", "--direction", "backward", "-o", name)
    assert (result.code, result.err) == (0, f"wrote {name}\n")
    assert (tmp_path / name).read_bytes().startswith(start)


# ---- check -----------------------------------------------------------------------------------------------------------
def test_check_shows_every_route(run: Run) -> None:
    result = run("check", "model.py:h", "--at", "x=3", "--at", "y=5")
    assert result.code == 0
    for route in ("duals", "forward source", "reverse source", "graph forward", "graph backward", "elimination"):
        assert any(line.startswith(route) and "155" in line and "459" in line for line in result.out.splitlines())
    assert "all routes agree" in result.out


def test_check_that_disagrees_exits_with_1(run: Run) -> None:
    result = run("check", "model.py:wrong_in_part", "--at", "x=3")
    assert result.code == 1
    assert "DISAGREES" in result.out and "disagrees with most routes: " in result.out


# ---- train -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def corners(tmp_path: Path) -> str:
    lines = [f"{a},{b},{int(a != b)}" for a in (0, 2) for b in (0, 2)]
    (tmp_path / "corners.csv").write_text("\n".join(["a,b,differs", *lines * 5, ""]), encoding="utf-8")
    return "corners.csv"


def test_train_learns_and_writes(run: Run, tmp_path: Path, corners: str) -> None:
    result = run(
        *("train", corners, "--layers", "2,4,2", "--scale", "2", "--rate", "2", "--epochs", "400", "--seed", "1"),
        *("-o", "weights.npz", "--curve", "curve.csv"),
    )
    assert result.code == 0, result.err
    assert "learned from  16" in result.out and "held back     4" in result.out
    assert result.out.count("100.0%") == 2
    assert Network.load(tmp_path / "weights.npz").predict([1.0, 0.0]).argmax() == 1
    assert len((tmp_path / "curve.csv").read_text(encoding="utf-8").splitlines()) == 401


def test_train_takes_targets_by_name_and_draws_the_curve(run: Run, tmp_path: Path) -> None:
    (tmp_path / "first.csv").write_text("wanted,a\n0,0\n1,1\n0,0.1\n1,0.9\n", encoding="utf-8")
    result = run(
        "train", "first.csv", "--layers", "1,1", "--target", "wanted", "--test", 0, "--epochs", 3, "--curve", "c.svg"
    )
    assert result.code == 0 and "held back" not in result.out
    by_number = run("train", "first.csv", "--layers", "1,1", "--target", "1", "--test", 0, "--epochs", 3)
    assert by_number.out == result.out
    assert (tmp_path / "c.svg").read_bytes().startswith(b"<?xml")


def test_train_is_the_same_for_the_same_seed(run: Run, corners: str) -> None:
    options = ("train", corners, "--layers", "2,2,1", "--epochs", 2)
    assert run(*options, "--seed", 3).out == run(*options, "--seed", 3).out != run(*options, "--seed", 4).out


def test_train_says_why_it_ended(run: Run, corners: str) -> None:
    assert "as many as asked for" in run("train", corners, "--layers", "2,1", "--epochs", 2).out
    result = run("train", corners, "--layers", "2,1", "--epochs", 2, "--threshold", 1e9)
    assert "after 1 epochs (the adjustments fell below the threshold)" in result.out


# ---- demo ------------------------------------------------------------------------------------------------------------
def test_demo_is_given_the_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Path] = []
    monkeypatch.setattr("pathgrad.demo.main", given.append)
    assert run("demo", "-o", "here").code == 0
    assert given == [Path("here")]
