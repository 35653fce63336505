"""Derivatives may be rounded otherwise than values: which arithmetic is loose, and which stays as it is written."""

from __future__ import annotations

import re

import numpy as np

import pathgrad as pg
from pathgrad.backend.native.analysis.loose import loose_results
from pathgrad.ir import Let, walk


def chain(x, y, n):
    for _ in range(n):
        x = (x * y + y) / (2.0 + y)
    return x


def slope(x, y):
    return x * x * y + y * y * x


def decided(x, y):
    """A branch that reads a derivative."""
    d = pg.grad(slope)(x, y)
    return x * x * y if d > 1.0 else x * y * y


def quotient(x, y):
    return x * np.sin(x) / y


def arithmetic(text: str) -> list[str]:
    """The arithmetic of the program's own function."""
    own = text[text.index("define i32 @pg_main") :]
    return re.findall(r"= (f(?:add|sub|mul|div)(?: \w+)*) double", own[: own.index("\n}")])


def test_a_value_is_computed_as_it_is_written() -> None:
    found = arithmetic(pg.compile(chain).inspect("llvm", 1.0, 2.0, 5))
    assert found == ["fmul", "fadd", "fadd", "fdiv"]


def test_products_of_a_derivative_go_into_sums_unrounded() -> None:
    found = arithmetic(pg.grad(chain, (0, 1)).inspect("llvm", 1.0, 2.0, 5))
    assert "fmul nsz contract" in found
    assert "fmul" in found  # the forward sweep


def test_a_derivative_is_multiplied_by_reciprocals() -> None:
    one = "0x3FF0000000000000"
    text = pg.grad(quotient, (0, 1)).inspect("llvm", 1.0, 2.0)
    divided = re.findall(r"fdiv double (\S+),", text[text.index("define i32 @pg_main") :])
    assert one in divided
    assert sum(x != one for x in divided) == 1  # the value itself, which the label of y reads
    x, y = 1.3, 2.7
    with pg.options(backend="python"):
        wanted = pg.grad(quotient, (0, 1))(x, y)
    assert np.allclose(pg.grad(quotient, (0, 1))(x, y), wanted, rtol=1e-15, atol=0.0)


def test_what_is_computed_again_has_the_bits_of_the_forward_sweep() -> None:
    program = pg.transform(chain, mode="reverse", example=(1.0, 2.0, 5)).program
    loose = loose_results(program)
    primal = [s for s in walk(program.body) if isinstance(s, Let) and s.role == "primal"]
    assert primal
    assert not any(s.target in loose for s in primal)
    assert any(isinstance(s, Let) and s.op.name == "multiply" and s.target in loose for s in walk(program.body))


def test_a_derivative_that_decides_is_strict() -> None:
    for function in (pg.compile(decided), pg.grad(decided, (0, 1))):
        text = function.inspect("llvm", 1.0, 2.0)
        own = text[text.index("define i32 @pg_main") :]
        before = own[: own.index("br i1")]
        assert "fmul" in before
        assert "contract" not in before


def test_values_and_derivatives_come_out_together() -> None:
    value, _ = pg.value_and_grad(chain, (0, 1))(0.3, 1.7, 9)
    assert value == chain(0.3, 1.7, 9)


def handed_on(x, n):
    """Derivatives that a function only moves."""
    out = np.empty(n)
    for k in range(n):
        out[k] = pg.grad(quotient, 1)(x[k], x[k])
    return out


def stepped(x, n):
    """A derivative that goes into a value."""
    out = np.empty(n)
    for k in range(n):
        out[k] = x[k] - pg.grad(quotient, 1)(x[k], x[k])
    return out


def test_a_derivative_that_is_only_moved_is_loose_and_one_that_is_computed_with_is_not() -> None:
    for f, expected in ((handed_on, True), (stepped, False)):
        compiled = pg.compile(f)
        arguments = (np.linspace(1.0, 2.0, 12), 12)
        np.testing.assert_allclose(compiled(*arguments), f(*arguments), rtol=1e-14)
        program = compiled.example_entry("ir", arguments, {}).program
        own = {s.target for s in walk(program.body) if isinstance(s, Let) and s.role == "adjoint"}
        assert bool(own & loose_results(program)) is expected
