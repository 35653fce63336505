"""Loops that stand in a function several times become functions; what they compute stays the same bits."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.backend.native.emit.repeated import share_repeated
from pathgrad.backend.native.emit.writer import Writer


def smooth(x):
    return np.exp(-x * x) / (1.0 + np.exp(x)) + np.tanh(x) * x


def thrice(x, y, z):
    return np.sum(smooth(x)) + smooth(y)[0] + smooth(z)[1]


def repeated(x, y, z):
    a = smooth(x)
    b = smooth(y)
    c = smooth(z)
    return a, b, c


def different(x, y, z):
    a = smooth(x)
    b = np.exp(-y) / (2.0 + np.exp(y))
    c = np.cos(z) * z
    return a, b, c


def in_place(x, n):
    """Each half is written from the other: the loops write and read parts of one array."""
    x = x.copy()
    half = len(x) // 2
    for _ in range(n):
        x[:half] += np.exp(-x[half:] * x[half:]) / (1.0 + np.exp(x[half:]))
        x[half:] += np.exp(-x[:half] * x[:half]) / (1.0 + np.exp(x[:half]))
    return x


def overlapping(x, n):
    """Parts that overlap: what is written is read by the next iteration at another place."""
    x = x.copy()
    for _ in range(n):
        x[1:] += np.exp(-x[:-1] * x[:-1]) / (1.0 + np.exp(x[:-1]))
        x[:-1] += np.exp(-x[1:] * x[1:]) / (1.0 + np.exp(x[1:]))
    return x


def averages(x, y):
    return np.mean(np.exp(x) / (1.0 + np.exp(-x) * x)), np.mean(np.exp(y) / (1.0 + np.exp(-y) * y))


def text_of(function, *arguments) -> str:
    with pg.options(threads=1):
        return pg.compile(function).inspect("llvm", *arguments)


def shared(text: str) -> list[str]:
    return re.findall(r"^define internal \S+ @(pg_shared_\d+)\(", text, flags=re.MULTILINE)


#: Of different lengths: loops over one index space would be one loop.
X, Y, Z = (np.linspace(-1.0, 2.0, n) for n in (40, 50, 60))


def test_the_same_loop_at_three_places_is_one_function() -> None:
    text = text_of(repeated, X, Y, Z)
    (name,) = shared(text)
    assert text.count(f"call void @{name}(") == 3


def test_different_loops_stay_where_they_are() -> None:
    assert not shared(text_of(different, X, Y, Z))


def test_one_loop_stays_where_it_is() -> None:
    assert not shared(text_of(smooth, X))


def test_arrays_that_a_loop_makes_share_storage_with_nothing() -> None:
    text = text_of(repeated, X, Y, Z)
    (head,) = re.findall(r"^define internal void @pg_shared_\d+\((.*)\) noinline", text, flags=re.MULTILINE)
    assert sorted(re.findall(r"ptr noalias( readonly)?", head)) == ["", " readonly"]


def test_parts_of_one_array_are_not_told_to_be_apart() -> None:
    text = text_of(in_place, X, 3)
    for head in re.findall(r"^define internal void @pg_shared_\d+\((.*)\) noinline", text, flags=re.MULTILINE):
        pointers = re.findall(r"ptr(?: noalias)?(?: readonly)? %\w+", head)
        assert sum("noalias" in p for p in pointers) in (0, len(pointers))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(repeated, (X, Y, Z)), (in_place, (X, 3)), (overlapping, (X, 3)), (averages, (X, Y)), (different, (X, Y, Z))],
)
def test_results_are_those_of_the_function(function, arguments) -> None:
    found, wanted = pg.compile(function)(*arguments), function(*arguments)
    if not isinstance(wanted, tuple):
        found, wanted = (found,), (wanted,)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("function", [thrice])
def test_gradients_are_those_of_emitted_python(function) -> None:
    with pg.options(backend="python"):
        wanted = pg.grad(function, (0, 1, 2))(X, Y, Z)
    for a, b in zip(pg.grad(function, (0, 1, 2))(X, Y, Z), wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-300)


# ---- what the functions are told about addresses ---------------------------------------------------------------------
def copied_twice(source: str, target: str, before: str = "") -> str:
    """The head of the function for two loops that copy, where the addresses are defined as given."""
    w = Writer()
    w.lines += before.splitlines()
    for _ in range(2):
        start = len(w.lines)

        def turn(k: str, _: list[str]) -> list[str]:
            value = w.value(f"load double, ptr {w.value(f'getelementptr inbounds double, ptr {source}, i64 {k}')}")
            for _ in range(20):
                value = w.value(f"fadd double {value}, {value}")
            place = w.value(f"getelementptr inbounds double, ptr {target}, i64 {k}")
            w.effect(f"store double {value}, ptr {place}")
            return []

        w.counted("%n", [], turn, "axis")
        w.regions.append((start, len(w.lines)))
    found: list[str] = []

    def add(text: str) -> str:
        found.append(text)
        return "shared"

    share_repeated(w, "#0", add)
    assert w.text().count("call void @shared(") == 2
    (text,) = found
    return text.splitlines()[0]


NEW = "  %new = call noalias ptr @pg_allocate(ptr %state, i64 800)\n"
OTHER = "  %other = load ptr, ptr %list\n"


def is_alone(head: str) -> bool:
    """Whether what the loop writes is told to be part of nothing else."""
    return re.search(r"ptr noalias %a\d", head) is not None


def test_what_was_found_before_an_array_was_made_is_not_that_array() -> None:
    assert is_alone(copied_twice("%other", "%new", OTHER + NEW))


def test_what_was_found_later_may_be_that_array() -> None:
    assert not is_alone(copied_twice("%other", "%new", NEW + OTHER))


def test_an_array_of_unknown_origin_may_be_any() -> None:
    assert not is_alone(copied_twice("%a0", "%other", OTHER))


def test_arguments_are_apart() -> None:
    assert is_alone(copied_twice("%a0", "%a1"))


def test_two_parts_of_one_array_may_overlap() -> None:
    part = "  %part = getelementptr inbounds double, ptr %new, i64 1\n"
    assert not is_alone(copied_twice("%new", "%part", NEW + part))
