"""The demo, part by part at small size."""

from __future__ import annotations

import importlib.util
import io
import runpy
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rich.console import Console

import pathgrad as pg
from pathgrad.demo import digits, lecture, main, quotient, tour
from pathgrad.errors import MissingPackageError, PathgradError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def is_picture(path: Path) -> bool:
    head = path.read_bytes()[:400]
    return head.startswith(b"\x89PNG") if path.suffix == ".png" else b"<svg" in head


# ---- the lecture's examples ------------------------------------------------------------------------------------------
def test_emitted_programs_are_shown_and_run_alone(tmp_path: Path, console: Console) -> None:
    files = lecture.programs(tmp_path, console)
    derivative = pg.grad(lecture.prod)(1.0)
    forward, reverse, gradient = (runpy.run_path(str(path)) for path in files)
    assert forward["prod_dot"](1.0) == pytest.approx(derivative, rel=1e-14)
    assert reverse["prod_grad"](1.0) == pytest.approx(derivative, rel=1e-14)
    assert gradient["h_grad"](3.0, 5.0) == (155.0, 459.0)
    for line in ("def prod(x: float) -> float:", "def prod_dot(x):", "def prod_grad(x):", str(derivative)):
        assert line in printed(console)


def test_graphs_are_drawn_and_solved(tmp_path: Path, console: Console) -> None:
    files = lecture.graphs(tmp_path, console)
    names = ["figure-2a", "figure-2b", "figure-3a", "figure-3b", "figure-3c", "figure-3d", "figure-9"]
    assert [path.stem for path in files] == names
    assert all(is_picture(path) for path in files)
    assert printed(console).count("155 = 2*x*y + 5*y**2") == 2
    assert printed(console).count("459 = x**2 + 10*x*y + 12*y**2") == 2


# ---- the difference quotient -----------------------------------------------------------------------------------------
def test_the_quotient_is_wrong_at_every_step_and_the_program_is_not() -> None:
    naive, automatic = quotient.errors_by_step(10.0 ** -np.arange(1, 17))
    assert naive.min() > 1e-10
    assert naive[0] > 1e-3 and naive[-1] > 0.1
    assert automatic < 5e-16


def test_the_errors_are_drawn(tmp_path: Path, console: Console) -> None:
    (path,) = quotient.quotients(tmp_path, console)
    assert is_picture(path)
    assert "no step to choose" in printed(console)


# ---- digits ----------------------------------------------------------------------------------------------------------
def test_digits_are_held_back(console: Console) -> None:
    shown, held_back = digits.load(1000)
    assert (len(shown.digits), len(held_back.digits)) == (1000, 797)
    assert shown.images.min() == 0.0 and shown.images.max() == 1.0
    both = np.concatenate([shown.images, held_back.images])
    assert both.sum() == pytest.approx(digits.load(10)[0].images.sum() + digits.load(10)[1].images.sum())


def test_digits_are_learned(tmp_path: Path, console: Console) -> None:
    accuracy, files = digits.learn(tmp_path, console, epochs=5)
    assert accuracy >= 0.95
    assert [path.name for path in files] == ["learning-curve.png", "confusion-matrix.png", "digits.npz"]
    assert all(is_picture(path) for path in files[:2])
    assert f"accuracy {accuracy:.1%}" in printed(console)
    again = pg.nn.Network.load(files[2])
    _, held_back = digits.load()
    assert np.mean(again.predict(held_back.images).argmax(axis=1) == held_back.digits) == accuracy


# ---- lynx and hare ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def lynx_hare() -> ModuleType:
    return tour.example("lynx_hare")


def test_gradient_of_the_misfit(lynx_hare: ModuleType) -> None:
    at = np.log(lynx_hare.GUESS)
    value, gradient = pg.value_and_grad(lynx_hare.misfit)(at)
    assert value == pytest.approx(lynx_hare.misfit(at), rel=1e-12)
    for k, slope in enumerate(gradient):
        step = 1e-6 * np.eye(6)[k]
        difference = (lynx_hare.misfit(at + step) - lynx_hare.misfit(at - step)) / 2e-6
        assert slope == pytest.approx(difference, rel=1e-6)


def test_the_fit_describes_the_record(
    lynx_hare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fit.png"
    lynx_hare.main(path)
    assert is_picture(path)
    shown = capsys.readouterr().out
    assert "misfit 94.13 -> 2.0187" in shown
    fitted = lynx_hare.fit()
    assert fitted.success
    assert np.abs(pg.grad(lynx_hare.misfit)(fitted.x)).max() < 1e-4
    hares, lynxes = lynx_hare.populations(fitted.x, len(lynx_hare.YEARS), 1 / lynx_hare.STEPS_PER_YEAR)
    assert np.corrcoef(hares, lynx_hare.HARES)[0, 1] > 0.9
    assert np.corrcoef(lynxes, lynx_hare.LYNXES)[0, 1] > 0.9


def test_the_example_runs_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lynx_hare.py", str(tmp_path / "fit.png")])
    runpy.run_path(str(ROOT / "examples" / "lynx_hare.py"), run_name="__main__")
    assert is_picture(tmp_path / "fit.png")
    assert "picture:" in capsys.readouterr().out


def test_a_wheel_carries_the_example() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    (source, place), *others = included.items()
    assert not others
    assert (ROOT / source).exists()
    assert (Path(pg.__file__).parents[1] / place).parent == tour._EXAMPLES[0]


def test_an_example_that_is_not_there() -> None:
    with pytest.raises(PathgradError, match="there is no example 'absent' in"):
        tour.example("absent")


# ---- the tour --------------------------------------------------------------------------------------------------------
def test_the_tour_says_where_everything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def short(folder: Path, console: Console) -> tuple[float, list[Path]]:
        return digits.learn(folder, console, epochs=1, training=200)

    monkeypatch.setattr(tour, "learn", short)
    folder = main(tmp_path / "new" / "folder")
    shown = capsys.readouterr().out
    assert folder == tmp_path / "new" / "folder"
    written = sorted(path.name for path in folder.iterdir())
    assert len(written) == 15
    assert all(name in shown for name in written)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in ("igraph", "sklearn") else found(name)
    )
    with pytest.raises(
        MissingPackageError, match=r'igraph, sklearn is not installed.*pip install "pathgrad\[draw,learn\]"'
    ):
        main(tmp_path)
    assert list(tmp_path.iterdir()) == []
