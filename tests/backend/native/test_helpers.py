"""Programs that call others: who holds the storage that goes through a list of the callee."""

from __future__ import annotations

import numpy as np

from pathgrad.backend import Executable
from pathgrad.ir import Builder, Call, Program, Var, array
from pathgrad.ops import TABLE
from pathgrad.options import Options

VECTOR = array("f64", (("length", 0),))


def pushed_and_returned() -> Program:
    """Lets a helper keep an array of its own in a list, and return it."""
    x = Var("x", VECTOR)
    builder = Builder()
    with builder.open() as body:
        made = builder.emit(TABLE["copy"], [x])
        kept = builder.emit(TABLE["new_list"], [], {"element": VECTOR})
        builder.emit(TABLE["push"], [kept, made])
        body.yields = [made]
    helper = Program("helper", [x], body)
    y, result = Var("y", VECTOR), Var("result", VECTOR)
    with builder.open() as outer:
        builder.append(Call(helper, [y], [result]))
        outer.yields = [result]
    return Program("main", [y], outer, parameters=[], result=0)


def test_an_array_that_is_kept_and_returned_has_two_references() -> None:
    call = Executable(pushed_and_returned(), Options(cache=False, poison=True, threads=1))
    assert call.native is not None
    for n in (0, 3, 400):
        given = np.linspace(0.0, 1.0, n)
        assert np.array_equal(call.native.call(given), given)
