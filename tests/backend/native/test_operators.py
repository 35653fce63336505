"""Every operator of the table natively, on every dtype and at the special values of each, against its own value."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from native_agreement import TESTED

from pathgrad.backend.native.callable import compile_native
from pathgrad.errors import NativeUnsupported, PathgradError
from pathgrad.ir import Block, Builder, Program, Type, Var, evaluate
from pathgrad.ir.types import array
from pathgrad.ops import TABLE

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e-3, 17.25, -40.0, 710.0, -750.0, 1e19, -1e19,
    np.inf, -np.inf, np.nan, 1e300, -1e300, 5e-324, -1e-310, 2.0**53 + 2, 2.0**63, -(2.0**63), 1 / 3,
]  # fmt: skip
INTEGERS = [
    0, 1, -1, 2, -2, 3, 7, -7, 10, 62, 63, 64, 2**31, -(2**31), 2**53 + 1, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1,
]  # fmt: skip
VALUES = {
    "f64": np.array(FLOATS),
    "f32": np.array([x for x in FLOATS if abs(x) < 3e38 or not np.isfinite(x)], np.float32),
    "i64": np.array(INTEGERS, np.int64),
    "bool": np.array([False, True]),
}
INTEGRAL = {"i64", "bool"}
#: Operators on operands for which NumPy has an integer where programs have a float.
LEFT_OUT: dict[str, tuple[set[str], str]] = {
    "reciprocal": (INTEGRAL, "programs give the float"),
    "extend": (INTEGRAL, "programs multiply floats, which do not overflow"),
    "half_squared_difference": (INTEGRAL, "programs square floats, which do not overflow"),
    "polygamma": ({"bool", "f64", "f32", "i64"}, "test_polygamma"),
}


def program_of(
    dtypes: Sequence[str], names: Sequence[str], shape: tuple[Any, ...] = ("n",)
) -> tuple[Program, list[str]]:
    """A program that applies each operator to its inputs, and the names of the operators that take such operands."""
    token = tuple(("length", k) for k, _ in enumerate(shape))
    inputs = [Var(f"x{k}", array(d, token) if shape else Type(d)) for k, d in enumerate(dtypes)]
    builder, kept = Builder(), []
    with builder.open(Block()) as block:
        results = []
        for name in names:
            if name in LEFT_OUT and set(dtypes) <= LEFT_OUT[name][0]:
                continue
            try:
                results.append(builder.emit(TABLE[name], inputs))
            except PathgradError:
                continue
            kept.append(name)
        block.yields = results
    return Program("operators", inputs, block), kept


def elementwise_of(count: int) -> list[str]:
    return [op.name for op in TABLE.values() if op.elementwise and len(op.labels) == count]


def expected(program: Program, values: Sequence[Any]) -> list[Any]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return evaluate(program, *values)


def compiled(program: Program) -> Any:
    try:
        return compile_native(program, TESTED, general=lambda: program).call
    except NativeUnsupported as reason:
        pytest.fail(str(reason))


def check(name: str, dtypes: Sequence[str], found: Any, wanted: Any, values: Sequence[Any]) -> None:
    found, wanted = np.asarray(found), np.asarray(wanted)
    if set(dtypes) <= INTEGRAL:
        wanted = wanted.astype(found.dtype)
    assert found.dtype == wanted.dtype, (name, dtypes, found.dtype, wanted.dtype)
    if found.dtype.kind == "f":
        close = 2e-6 if found.dtype == np.float32 or "f32" in dtypes else 1e-12
        with np.errstate(all="ignore"):
            wrong = ~np.isclose(found, wanted, rtol=close, atol=1e-300, equal_nan=True)
    else:
        wrong = found != wanted
    told = [(*(v[k] for v in values), found[k], wanted[k]) for k in np.flatnonzero(wrong)]
    assert not told, f"{name} of {dtypes}: operands, native, NumPy: {told[:8]}"


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["f64", "f32", "i64", "bool"])
def test_elementwise_operators_give_what_numpy_gives(count: int, dtype: str) -> None:
    for others in itertools.product(VALUES, repeat=count - 1):
        dtypes = (dtype, *others)
        if count == 3 and dtype != "bool":
            dtypes = ("bool", dtype, *others[1:])
        pool = [VALUES[d] if count < 3 else VALUES[d][:8] for d in dtypes]
        values = [x.ravel() for x in np.meshgrid(*pool, indexing="ij")]
        integers = count == 2 and dtypes[1] == "i64" and dtypes[0] in ("i64", "bool")
        names = [n for n in elementwise_of(count) if not (integers and n == "power")]
        compare(values, dtypes, names)
        if integers:
            compare([v[values[1] >= 0] for v in values], dtypes, ["power"])


def value_of(name: str, values: Sequence[Any]) -> Any:
    """The operator's own value."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return TABLE[name].value(*values)


def compare(values: list[Any], dtypes: Sequence[str], names: Sequence[str]) -> None:
    program, names = program_of(dtypes, names)
    if not names:
        return
    found = compiled(program)(*values)
    found = found if len(names) > 1 else (found,)
    # truth values count as numbers: NumPy computes with them in halves, or refuses
    plain = np.int64 if set(dtypes) <= INTEGRAL else np.float32
    counted = [v.astype(plain) if v.dtype == bool else v for v in values]
    for name, mine in zip(names, found, strict=True):
        own = values if TABLE[name].result == "bool" or name == "where" else counted
        check(name, dtypes, mine, value_of(name, own), values)


def test_integers_have_no_negative_powers() -> None:
    for shape, values in (((), (2, -1)), (("n",), (np.array([2, 3]), np.array([1, -1])))):
        program, _ = program_of(("i64", "i64"), ["power"], shape)
        with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed"):
            compiled(program)(*values)
        assert np.all(compiled(program)(values[0], abs(values[1])) == values[0])


def test_polygamma() -> None:
    x = np.concatenate([np.geomspace(1e-5, 1e9, 200), [-0.5, -3.7, -0.0, 0.0, -2.0, np.inf, np.nan, 1e300, 5e-324]])
    for order in (0, 1, 2, 7, 30):
        builder, v = Builder(), Var("x", array("f64", (("length", 0),)))
        with builder.open(Block()) as block:
            block.yields = [builder.emit(TABLE["polygamma"], [order, v])]
        program = Program("operators", [v], block)
        (wanted,) = expected(program, [x])
        np.testing.assert_allclose(compiled(program)(x), wanted, rtol=3e-14)
    program, _ = program_of(("f64", "f64"), [], ())
    builder = Builder()
    with builder.open(Block()) as block:
        block.yields = [builder.emit(TABLE["polygamma"], program.inputs)]
    call = compiled(Program("operators", program.inputs, block))
    assert call(0.0, 2.5) == expected(Program("operators", program.inputs, block), [0.0, 2.5])[0]
    assert np.isnan(call(-1.0, 2.5)) and np.isnan(call(1.5, 2.5))
