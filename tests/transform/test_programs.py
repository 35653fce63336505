"""Programs written by hand: storage is copied exactly where it must be, and ill-formed programs are found."""

from __future__ import annotations

import numpy as np
import pytest

from pathgrad.backend import emit, load
from pathgrad.errors import ProgramError
from pathgrad.ir import (
    BOOL,
    F64,
    I64,
    Block,
    Branch,
    Builder,
    Call,
    Let,
    Loop,
    Parameter,
    Program,
    Var,
    While,
    array,
    check,
    constant,
    evaluate,
    place_copies,
    walk,
)
from pathgrad.ops import TABLE, Index, Integer, Slice

ELEMENT = Index((Integer(),))
TAIL = Index((Slice(start=True),))


def vector(name="a"):
    return Var(name, array("f64", (object(),)))


def store(builder, a, value, k):
    return builder.emit(TABLE["store"], [a, value, k], {"index": ELEMENT}, "a")


def load_element(builder, a, k):
    return builder.emit(TABLE["load"], [a, k], {"index": ELEMENT}, "x")


def finished(inputs, body, consumed=()):
    parameters = [Parameter(v.name, k) for k, v in enumerate(inputs)]
    result = 0 if len(body.yields) == 1 else tuple(range(len(body.yields)))
    return Program("p", list(inputs), body, frozenset(consumed), parameters=parameters, result=result)


def copies(program):
    return sum(isinstance(s, Let) and s.op.name == "copy" for s in walk(program.body))


def settled(program, *arguments, expected):
    """Copies are placed, the program is well formed, and its emitted text does what the interpreter does."""
    wanted = evaluate(program, *(np.copy(a) if np.ndim(a) else a for a in arguments))
    place_copies(program)
    check(program)
    again = evaluate(program, *arguments)
    before = [np.copy(a) for a in arguments]
    got = load(emit(program))(*arguments)
    got = got if isinstance(got, tuple) else (got,)
    for one, two, three in zip(wanted, again, got, strict=True):
        assert np.array_equal(one, two)
        assert np.array_equal(one, three)
    for k, (now, then) in enumerate(zip(arguments, before, strict=True)):
        assert k in program.consumed or np.array_equal(now, then)
    assert copies(program) == expected
    return program


def refused(program, match):
    with pytest.raises(ProgramError, match=match):
        check(program)


V = np.array([1.0, 2.0, 3.0])


# ---- where copies belong ---------------------------------------------------------------------------------------------
def test_a_write_into_an_argument_gets_a_copy():
    a, builder = vector(), Builder()
    with builder.open() as body:
        body.yields.append(store(builder, a, 5.0, 0))
    program = finished([a], body)
    refused(program, "written in place while")
    settled(program, V, expected=1)


def test_a_write_into_a_consumed_argument_gets_none():
    a, builder = vector(), Builder()
    with builder.open() as body:
        body.yields.append(store(builder, a, 5.0, 0))
    program = check(finished([a], body, consumed={0}))
    given = V.copy()
    settled(program, given, expected=0)
    assert given[0] == 5.0


def test_a_write_into_new_storage_gets_none():
    a, builder = vector(), Builder()
    with builder.open() as body:
        new = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        for k in range(3):
            new = store(builder, new, float(k), k)
        body.yields.append(new)
    settled(finished([a], body), V, expected=0)


def test_the_old_value_is_read_after_the_write():
    a, builder = vector(), Builder()
    with builder.open() as body:
        old = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        new = store(builder, old, 7.0, 1)
        body.yields.append(builder.emit(TABLE["add"], [old, new], name="c"))
    program = finished([a], body)
    refused(program, "written in place while")
    settled(program, V, expected=1)


def test_a_view_is_read_after_the_write():
    a, builder = vector(), Builder()
    with builder.open() as body:
        new = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        view = builder.emit(TABLE["load"], [new, 1], {"index": TAIL}, "tail")
        written = store(builder, new, 7.0, 2)
        total = builder.emit(TABLE["sum"], [view], {"axis": None, "keepdims": False}, "s")
        body.yields += [total, written]
    program = finished([a], body)
    refused(program, "written in place while")
    settled(program, V, expected=1)


def test_an_element_read_before_the_write_needs_none():
    a, builder = vector(), Builder()
    with builder.open() as body:
        new = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        x = load_element(builder, new, 0)
        body.yields += [store(builder, new, 7.0, 0), x]
    settled(finished([a], body), V, expected=0)


def test_two_results_in_one_storage_are_taken_apart():
    a, builder = vector(), Builder()
    with builder.open() as body:
        new = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        body.yields += [new, new]
    program = settled(finished([a], body), V, expected=1)
    one, two = load(emit(program))(V)
    assert not np.shares_memory(one, two)


def test_an_argument_as_result_is_copied():
    a, builder = vector(), Builder()
    with builder.open() as body:
        body.yields.append(a)
    program = settled(finished([a], body), V, expected=1)
    assert not np.shares_memory(load(emit(program))(V), V)


def test_a_constant_is_never_written():
    table = np.array([4.0, 5.0])
    from pathgrad.ir import Const

    builder = Builder()
    held = Const(table, array("f64", (("literal", 2),)), "table")
    with builder.open() as body:
        body.yields.append(store(builder, held, 9.0, 0))
    settled(finished([], body), expected=1)
    assert table[0] == 4.0


def test_a_broadcast_is_never_written():
    a, x, builder = vector(), Var("x", F64), Builder()
    with builder.open() as body:
        whole = builder.emit(TABLE["broadcast_with"], [x, a], name="b")
        body.yields.append(store(builder, whole, 9.0, 0))
    settled(finished([a, x], body), V, 2.0, expected=1)


def loop_over(builder, inits, stop, write):
    """A loop that carries ``inits``; ``write`` gives the next values."""
    params = [Var(f"c{k}", i.type) for k, i in enumerate(inits)]
    index = Var("i", I64)
    with builder.open() as block:
        block.yields += write(index, *params)
    results = [Var(f"r{k}", p.type) for k, p in enumerate(params)]
    builder.append(Loop(index, constant(0), constant(stop), constant(1), params, list(inits), block, results))
    return results


def test_a_carried_array_is_copied_once_before_the_loop():
    a, builder = vector(), Builder()
    with builder.open() as body:
        (result,) = loop_over(builder, [a], 3, lambda i, c: [store(builder, c, 5.0, i)])
        body.yields.append(result)
    program = settled(finished([a], body), V, expected=1)
    assert isinstance(program.body.statements[0], Let)
    assert program.body.statements[0].op.name == "copy"


def test_swapped_buffers_are_two():
    a, builder = vector(), Builder()
    with builder.open() as body:
        results = loop_over(builder, [a, a], 3, lambda i, c, d: [d, store(builder, c, 5.0, i)])
        body.yields += results
    settled(finished([a], body), V, expected=2)


def test_an_outer_array_that_the_body_reads_is_kept():
    a, builder = vector(), Builder()
    with builder.open() as body:
        new = builder.emit(TABLE["multiply"], [a, 2.0], name="b")
        (result,) = loop_over(builder, [new], 3, lambda i, c: [store(builder, c, load_element(builder, new, 0), i)])
        body.yields.append(result)
    settled(finished([a], body), V, expected=1)


def test_a_write_in_one_arm():
    a, flag, builder = vector(), Var("flag", BOOL), Builder()
    with builder.open() as body:
        with builder.open() as then:
            then.yields.append(store(builder, a, 5.0, 0))
        orelse = Block([], [a])
        result = Var("b", a.type)
        builder.append(Branch(flag, then, orelse, [result]))
        body.yields.append(result)
    for given in (True, False):
        program = finished([a, flag], body)
        wanted = [5.0, 2.0, 3.0] if given else [1.0, 2.0, 3.0]
        place_copies(program)
        check(program)
        before = V.copy()
        assert np.array_equal(load(emit(program))(V, given), wanted)
        assert np.array_equal(V, before)


def test_a_call_that_takes_over_its_argument():
    inner, a, builder = vector("inner"), vector(), Builder()
    with builder.open() as inner_body:
        inner_body.yields.append(store(builder, inner, 5.0, 0))
    callee = Program("callee", [inner], inner_body, frozenset({0}), parameters=[Parameter("inner", 0)], result=0)
    with builder.open() as body:
        result = Var("b", a.type)
        builder.append(Call(callee, [a], [result]))
        body.yields += [result]
    program = finished([a], body)
    refused(program, "written in place while")
    settled(program, V, expected=1)


# ---- rules -----------------------------------------------------------------------------------------------------------
def test_assigned_twice():
    x, y = Var("x", F64), Var("y", F64)
    body = Block([Let(y, TABLE["sin"], (x,)), Let(y, TABLE["cos"], (x,))], [y])
    refused(finished([x], body), "assigned twice")


def test_read_before_its_value():
    x, y, z = Var("x", F64), Var("y", F64), Var("z", F64)
    refused(finished([x], Block([Let(y, TABLE["sin"], (z,)), Let(z, TABLE["cos"], (x,))], [y])), "not defined")
    refused(finished([x], Block([], [z])), "not defined")


def test_a_variable_of_an_arm_is_not_seen_outside():
    x, y, flag, r = Var("x", F64), Var("y", F64), Var("flag", BOOL), Var("r", F64)
    arm = Block([Let(y, TABLE["sin"], (x,))], [y])
    body = Block([Branch(flag, arm, Block([], [x]), [r])], [y])
    refused(finished([x, flag], body), "not defined")


def test_types_must_fit():
    x, n, y = Var("x", F64), Var("n", I64), Var("y", I64)
    refused(finished([x], Block([Let(y, TABLE["sin"], (x,))], [y])), "expected f64, got i64|expected i64, got f64")
    r = Var("r", F64)
    refused(finished([x, n], Block([Branch(n, Block([], [x]), Block([], [x]), [r])], [r])), "condition of a branch")
    flag = Var("flag", BOOL)
    refused(finished([x, n, flag], Block([Branch(flag, Block([], [x]), Block([], [n]), [r])], [r])), "an arm")


def test_yields_must_be_as_many():
    x, c, r, i = Var("x", F64), Var("c", F64), Var("r", F64), Var("i", I64)
    loop = Loop(i, constant(0), constant(3), constant(1), [c], [x], Block([], [c, c]), [r])
    refused(finished([x], Block([loop], [r])), "yields 2 values, expected 1")
    flag, s = Var("flag", BOOL), Var("s", F64)
    refused(finished([x, flag], Block([Branch(flag, Block([], []), Block([], [x]), [s])], [s])), "yields 0 values")


def test_loops_count_integers_and_conditions_are_truth_values():
    x, c, r, i = Var("x", F64), Var("c", F64), Var("r", F64), Var("i", I64)
    loop = Loop(i, constant(0), x, constant(1), [c], [x], Block([], [c]), [r])
    refused(finished([x], Block([loop], [r])), "an end of a loop")
    c, r = Var("c", F64), Var("r", F64)
    loop = While([c], [x], Block([], [c]), Block([], [c]), [r])
    refused(finished([x], Block([loop], [r])), "a loop condition")


def test_the_message_names_the_program():
    x, z = Var("x", F64), Var("z", F64)
    refused(finished([x], Block([], [z])), r"^program p: z:f64")


def test_good_programs_are_returned():
    x = Var("x", F64)
    program = finished([x], Block([], [x]))
    assert check(program) is program
