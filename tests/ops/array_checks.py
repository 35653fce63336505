"""What must hold for an array operator at an example; each checker raises AssertionError where it does not."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pathgrad.ops import LinearMap, Op

from .duals import Dual
from .examples import Example


def direction(like: Any, seed: int) -> Any:
    """A random array in the shape and precision of ``like``."""
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, np.shape(like)).astype(np.result_type(like))[()]


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.floating) and np.asarray(x).dtype.kind == "f"


def is_double(x: Any) -> bool:
    """Whether difference quotients of the operand or value mean something."""
    return is_float(x) and x.dtype == np.float64


def label_map(record: Op, j: int, v: Any, operands: tuple[Any, ...], parameters: Any) -> LinearMap | None:
    """The label of operand ``j``, also of a variadic operator; None where the operand is flat."""
    variadic = record.facts.get("label")
    if variadic is not None:
        entry = variadic(j, v, *operands, **parameters)
    else:
        label = record.labels[j] if j < len(record.labels) else None
        entry = None if label is None else label(v, *operands, **parameters)
    assert entry is None or isinstance(entry, LinearMap), f"{record.name}: label {j} is {entry!r}, expected a LinearMap"
    return entry


def _moved(operands: tuple[Any, ...], j: int, by: Any) -> tuple[Any, ...]:
    return (*operands[:j], operands[j] + by, *operands[j + 1 :])


def _difference(f: Any, step: float = 2.0**-6) -> Any:
    """Richardson's extrapolation of the central difference of ``f`` at 0."""
    rows = [(f(h) - f(-h)) / (2 * h) for h in (step, step / 2, step / 4)]
    first = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(rows)]
    return (16 * first[1] - first[0]) / 15


def _same(got: Any, wanted: Any, relative: float, what: str) -> None:
    assert np.shape(got) == np.shape(wanted), f"{what}: shape {np.shape(got)}, expected {np.shape(wanted)}"
    np.testing.assert_allclose(got, wanted, rtol=relative, atol=relative, err_msg=what)


def check_example_value(record: Op, example: Example) -> None:
    """The value, its shape and its dtype are the expected ones; the operands are as they were."""
    before = [np.copy(x) if isinstance(x, np.ndarray) else x for x in example.operands]
    got = record.value(*example.operands, **example.parameters)
    for x, was in zip(example.operands, before, strict=True):
        assert not isinstance(x, np.ndarray) or np.array_equal(x, was), f"{record.name} changed an operand"
    if example.value is None or isinstance(example.value, list):
        assert got == example.value, f"{record.name}: got {got!r}, expected {example.value!r}"
        return
    _same(got, example.value, 1e-14, f"value of {record.name}")
    assert np.asarray(got).dtype == np.asarray(example.value).dtype, f"{record.name}: dtype {np.asarray(got).dtype}"


def check_map(record: Op, example: Example) -> int:
    """Labels are the difference quotients of the value, and transposes are transposed; returns how many there were."""
    operands, parameters = example.operands, example.parameters
    v = record.value(*operands, **parameters)
    checked = 0
    for j, x in enumerate(operands):
        if not (is_double(x) and is_double(v)):
            continue
        t, s = direction(x, 2 * j), direction(v, 2 * j + 1)
        entry = label_map(record, j, v, operands, parameters)
        quotient = _difference(lambda h, j=j, t=t: record.value(*_moved(operands, j, h * t), **parameters))
        if entry is None:
            _same(quotient, np.zeros(np.shape(v)), 0.0, f"{record.name}, flat operand {j}")
            continue
        applied, pulled = entry.apply(t), entry.transpose(s)
        _same(applied, quotient, 1e-9, f"{record.name}, label {j} against differences")
        assert np.shape(pulled) == np.shape(x), (
            f"{record.name}, transpose {j}: shape {np.shape(pulled)}, operand {np.shape(x)}"
        )
        _same(np.sum(pulled * t), np.sum(s * applied), 1e-13, f"{record.name}, operand {j}: <s, A t> against <A' s, t>")
        checked += 1
    return checked


def check_map_linear(record: Op, example: Example) -> None:
    """A linear operand's label does not depend on it, and is what the value adds for it."""
    operands, parameters = example.operands, example.parameters
    v = record.value(*operands, **parameters)
    for j in record.linear:
        x = operands[j]
        if not (is_double(x) and is_double(v)):
            continue
        t, u = direction(x, 5), direction(x, 6)
        moved = _moved(operands, j, u)
        w = record.value(*moved, **parameters)
        here, there = (label_map(record, j, *at, parameters) for at in ((v, operands), (w, moved)))
        assert here is not None and there is not None, f"{record.name}: operand {j} is flat and flagged linear"
        _same(here.apply(t), there.apply(t), 1e-14, f"{record.name}: label of linear operand {j} depends on it")
        _same(here.apply(u), w - v, 1e-13, f"{record.name}: not linear in operand {j}")


def check_map_second_order(record: Op, example: Example) -> None:
    """Linear maps made of dual operands carry the derivative of the map, applied and transposed."""
    operands, parameters = example.operands, example.parameters
    v = record.value(*operands, **parameters)
    floats = [k for k, x in enumerate(operands) if is_double(x) and is_double(v)]
    for k in floats:
        u = direction(operands[k], 7)
        seeded = tuple(Dual(x, u) if i == k else x for i, x in enumerate(operands))
        lifted = record(*seeded, **parameters)
        for j in floats:
            entry = label_map(record, j, lifted, seeded, parameters)
            if entry is None:
                continue
            for way, at in (("apply", direction(operands[j], 8)), ("transpose", direction(v, 9))):

                def moved(h: float, j: int = j, k: int = k, u: Any = u, way: str = way, at: Any = at) -> Any:
                    nearby = _moved(operands, k, h * u)
                    there = label_map(record, j, record.value(*nearby, **parameters), nearby, parameters)
                    return getattr(there, way)(at)

                result = getattr(entry, way)(at)
                got = result.tangent if isinstance(result, Dual) else np.zeros(np.shape(result))
                what = f"{record.name}: d label {j} / d operand {k}, {way}"
                np.testing.assert_allclose(got, _difference(moved), rtol=1e-8, atol=1e-8, err_msg=what)


def check_map_precision(record: Op, example: Example) -> None:
    """Operands of single precision give value, tangents and cotangents of single precision."""
    if "dtype" in example.parameters:
        return
    operands = tuple(x.astype(np.float32) if is_float(x) else x for x in example.operands)
    v = record.value(*operands, **example.parameters)
    for j, x in enumerate(operands):
        if not (is_float(x) and is_float(v)):
            continue
        assert v.dtype == np.float32, f"{record.name}: value of float32 operands is {v.dtype}"
        entry = label_map(record, j, v, operands, example.parameters)
        if entry is not None:
            for way, at in (("apply", direction(x, 1)), ("transpose", direction(v, 2))):
                got = getattr(entry, way)(at)
                assert got.dtype == np.float32, f"{record.name}: label {j}, {way} of float32 is {got.dtype}"
