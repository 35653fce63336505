"""The reference interpreter and the emitted text are one program, and what nothing reads can be left out."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
from corpus import corpus
from routes import Case, is_active, leaves

import pathgrad as pg
from pathgrad.backend import emit, load
from pathgrad.frontend import read, source_of, spec_of
from pathgrad.ir import check, evaluate, pretty, remove_dead, walk

PROGRAMS = [entry for entry in corpus() if len(Case(entry.function, entry.points[0]).x) > 0]
EACH = pytest.mark.parametrize("entry", PROGRAMS, ids=[entry.name for entry in PROGRAMS])


def primal(entry):
    """The program as it was read, and its inputs in order."""
    case = Case(entry.function, entry.points[0])
    source = source_of(entry.function)
    arguments = dict(zip(case.arguments, case.at(case.x.tolist()), strict=True))
    for name in source.parameter_names():
        arguments.setdefault(name, source.defaults(name))
    lengths = {}
    specs = {name: spec_of(value, lengths, name) for name, value in arguments.items()}
    program = read(source, specs, arguments.__getitem__).program
    return program, [arguments[p.name] for p in program.parameters]


def flat(program, arguments):
    """The inputs of a program from the values of its parameters."""
    inputs = {}

    def place(tree, value):
        if isinstance(tree, int):
            inputs[tree] = np.float64(value) if isinstance(value, float) else value
        elif isinstance(tree, dict):
            for key, part in tree.items():
                place(part, value[key])
        elif tree is not None:
            for part, item in zip(tree, value, strict=True):
                place(part, item)

    for parameter, value in zip(program.parameters, arguments, strict=True):
        place(parameter.tree, value)
    return [inputs[k] for k in range(len(program.inputs))]


def bits(values):
    return [(np.shape(v), np.asarray(v, float).tobytes()) for v in values if v is not None]


def interpreted(program, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bits(evaluate(program, *copy.deepcopy(flat(program, arguments))))


def emitted(program, arguments):
    """The outputs of the emitted text in the order of the program's outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = load(emit(program))(*copy.deepcopy([_numpy(a) for a in arguments]))
    found = {}

    def place(tree, value):
        if isinstance(tree, int):
            found[tree] = value
        elif isinstance(tree, dict):
            for key, part in tree.items():
                place(part, value[key])
        elif tree is not None:
            for part, item in zip(tree, value, strict=True):
                place(part, item)

    place(program.result, result)
    return bits(found[k] for k in range(len(program.outputs)))


APPROXIMATED = ("_sigmoid(", "_erf(", "_erfc(", "_ndtr(", "_gammaln(", "_polygamma(", "_xlogy(")


#: Python's ** and NumPy's power may differ in the last bit of a number.
LAST_BIT = {("operator_functions", "reverse")}


def compare(program, arguments, exact=True):
    """The same bits, but for functions that the emitted text computes in its own way instead of by SciPy."""
    text, meaning = emitted(program, arguments), interpreted(program, arguments)
    if any(name in emit(program).source for name in APPROXIMATED):
        assert [shape for shape, _ in text] == [shape for shape, _ in meaning]
        for (_, ours), (_, wanted) in zip(text, meaning, strict=True):
            assert np.allclose(np.frombuffer(ours), np.frombuffer(wanted), rtol=1e-12, atol=1e-14, equal_nan=True)
    elif exact:
        assert text == meaning
    else:
        for (shape, ours), (wanted_shape, wanted) in zip(text, meaning, strict=True):
            assert shape == wanted_shape
            assert np.allclose(np.frombuffer(ours), np.frombuffer(wanted), rtol=2e-15, atol=0.0, equal_nan=True)


def _numpy(value):
    if isinstance(value, float):
        return np.float64(value)
    if isinstance(value, dict):
        return {k: _numpy(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        parts = [_numpy(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def is_whole(entry):
    """Whether the first point gives every parameter, and no argument mixes floats and data."""
    case = Case(entry.function, entry.points[0])
    mixed = [name for name in case.active if not all(map(is_active, leaves(case.arguments[name])))]
    return not mixed and source_of(entry.function).parameter_names() == list(case.arguments)


def of_mode(entry, mode):
    """The derivative program and its arguments."""
    case = Case(entry.function, entry.points[0])
    example = case.at(case.x.tolist())
    form = {"forward": "pair", "reverse": "vjp"}[mode]
    program = pg.transform(entry.function, mode, tuple(case.active), form, example).program
    seeds = iter(case.inputs_of(next(case.directions())) if mode == "forward" else [next(case.cotangents())])
    names = dict(zip(case.arguments, example, strict=True))
    return program, [names[p.name] if p.name in names else next(seeds) for p in program.parameters]


@EACH
def test_the_text_does_what_the_interpreter_does(entry):
    program, arguments = primal(entry)
    compare(program, arguments)


WHOLE = [entry for entry in PROGRAMS if is_whole(entry)]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("entry", WHOLE, ids=[entry.name for entry in WHOLE])
def test_the_derivative_text_does_what_the_interpreter_does(entry, mode):
    compare(*of_mode(entry, mode), exact=(entry.name, mode) not in LAST_BIT)


def test_nearly_every_program_has_its_derivatives_compared():
    assert len(WHOLE) > 0.9 * len(PROGRAMS)


@EACH
def test_leaving_out_what_is_dead_changes_no_result(entry):
    program, arguments = primal(entry)
    before = interpreted(program, arguments)
    count = sum(1 for _ in walk(program.body))
    remove_dead(program)
    assert sum(1 for _ in walk(program.body)) <= count
    check(program)
    assert interpreted(program, arguments) == before
    once = pretty(program)
    remove_dead(program)
    assert pretty(program) == once


def wasteful(x, n):
    unused = x * 3.0
    total, other, trail = 0.0, 1.0, x
    for i in range(n):
        total = total + x * i
        other = other * total
        trail = trail * x + unused
    if x > 0.0:
        kept, lost = total, other
    else:
        kept, lost = -total, other * 2.0  # noqa: F841
    return kept


def test_dead_statements_carried_values_and_branch_results_go():
    source = source_of(wasteful)
    arguments = {"x": 0.7, "n": 4}
    lengths = {}
    program = read(source, {k: spec_of(v, lengths, k) for k, v in arguments.items()}, arguments.__getitem__).program
    remove_dead(program)
    text = pretty(program)
    for name in ("unused", "other", "trail", "lost"):
        assert name not in text
    assert "total" in text
    assert evaluate(program, np.float64(0.7), 4) == [pytest.approx(0.7 * 6)]


def test_what_the_exit_of_a_loop_reads_is_not_dead():
    def f(x, limit):
        steps, size = 0.0, x
        while size > limit:
            size = size * 0.5
            steps = steps + 1.0
        return steps * x

    assert pg.grad(f)(8.0, 1.0) == 3.0
