"""``transform --show`` shows every stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import MODEL, Run

STAGES = {
    "primal": "power(n: i64, x: f64)",
    "ir": "power_grad",
    "python": "def power_grad(n, x):",
    "llvm": "define i32 @pg_main_power_grad(",
    "optimised": "target triple",
    "asm": ".text",
}


@pytest.mark.parametrize("stage", STAGES)
def test_stage(run: Run, tmp_path: Path, stage: str) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    target = str(tmp_path / "model.py") + ":power"
    result = run("transform", target, "--argnums", "x", "--show", stage)
    assert result.code == 0 and STAGES[stage] in result.out


def test_another_stage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    result = run("transform", str(tmp_path / "model.py") + ":power", "--argnums", "x", "--show", "wasm")
    assert result.code == 2 and "python, llvm, optimised, asm, primal or ir" in result.err
