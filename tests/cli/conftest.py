"""The command line as a user has it: arguments in, exit code and text out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pathgrad.cli import main


@dataclass
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Result]

MODEL = """\
import numpy as np

def h(x, y):
    return (x + 4 * y) * ((x + y) * y)

def power(n: int, x):
    answer = 1.0
    for i in range(n):
        answer = answer * x
    return answer

def misfit(w, X):
    r = X @ w
    return np.sum(r * r)

def scaled(p, k=3):
    a, (b, c) = p
    return k * a * np.sum(b * c)

def vector(x):
    return x * np.ones(3)

def logarithm(x):
    return np.log(x)

def generated(x):
    yield x

def spectrum(x):
    return np.sum(np.abs(np.fft.fft(x)))

def keyed(x):
    return {}["k"] * x

def item(x):
    a = np.zeros(3)
    return a[7] * x

def wrong_in_part(x):
    return x if type(x) is float else 2.0 * x

class Thing:
    pass
"""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs ``pathgrad ...`` in an empty folder with ``model.py`` in it."""
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "model", raising=False)

    def run(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Result(int(end.value.code or 0), out, err)

    return run
