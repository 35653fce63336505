"""Positions that are checked before loops: how far outside, and that no call starts again for nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.backend.native import callable as native

A = np.random.default_rng(1).normal(size=(30, 30))


def near_the_diagonal(a, x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(max(0, i - 3), min(len(x), i + 4)):
            y[i] += a[i, j] * x[j]
    return y


def causal(a, x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(min(i + 1, 5)):
            y[i] += a[0, j] * x[i - j]
    return y


def up_to_the_end(a, x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(min(len(x) - i, 5)):
            y[i] += a[0, j] * x[i + j]
    return y


def packed_band(a, x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(max(0, i - 3), min(len(x), i + 4)):
            y[i] += a[i, 3 - i + j] * x[j]
    return y


@pytest.mark.parametrize(("f", "checks"), [(near_the_diagonal, 1), (causal, 2), (up_to_the_end, 2), (packed_band, 2)])
def test_chosen_ends(f, checks, monkeypatch):
    """One check for all iterations if it is as sharp as one for each; where an index is subtracted it is not."""
    compile_native = native.compile_native

    def compiled_once(program, options, weak, general=None):
        assert general is not None, "the call has started again"
        return compile_native(program, options, weak, general)

    monkeypatch.setattr(native, "compile_native", compiled_once)
    g = pg.compile(f)
    for n in (9, 13, 30):
        a, x = A[:n, :n].copy(), A[1, :n].copy()
        np.testing.assert_allclose(g(a, x), f(a, x), rtol=1e-13)
    text = g.inspect("llvm", A, A[1].copy())
    assert len(re.findall(r"^supposed\d+:", text, re.MULTILINE)) == checks


def test_what_is_outside_is_an_error():
    with pytest.raises(IndexError):
        pg.compile(near_the_diagonal)(A[:20, :15].copy(), A[1, :20].copy())


# ---- without checks --------------------------------------------------------------------------------------------------
def shifted(x, by):
    total = 0.0
    for i in range(len(x)):
        total += i * x[i - by]
    return total


def test_without_checks_negative_positions_still_count_from_the_end():
    x = np.arange(20.0) ** 2
    with pg.options(bounds_checks=False):
        f = pg.compile(shifted)
        for by in (0, 3, 20):
            assert f(x, by) == shifted(x, by)
            np.testing.assert_array_equal(pg.grad(shifted)(x, by), pg.grad(shifted, backend="python")(x, by))
        text = f.inspect("llvm", x, 3)
    # the test is before the loop, and there is none for positions beyond the end
    body = text[text.index("for.body") :]
    assert "select" not in body[: body.index("br label %for")]
    kinds = {site.kind for site in f.example_entry("llvm", (), {}).executable.native.sites}
    assert "index" not in kinds
