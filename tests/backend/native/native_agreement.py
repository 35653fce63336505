"""One program natively, as emitted Python and interpreted: three independent executions of the same statements."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from routes import Case, is_active, leaves

import pathgrad as pg
from pathgrad.api.derived import Primal
from pathgrad.backend import Executable
from pathgrad.frontend import spec_of
from pathgrad.ir import Program, evaluate
from pathgrad.options import Options

#: Storage is poisoned, and a call that leaves an allocation behind fails.
TESTED = Options(optimize=1, cache=False, poison=True, threads=1)
RELATIVE = 1e-12


@dataclass(frozen=True)
class Run:
    """A program and the values of its parameters."""

    what: str
    program: Program
    values: tuple[Any, ...]
    smallest: float = 0.0


def copied(tree: Any) -> Any:
    """The same values in arrays of their own; layout is kept."""
    if isinstance(tree, np.ndarray):
        return tree.copy(order="K")
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return type(tree)._make(map(copied, tree))
    if isinstance(tree, list | tuple):
        return type(tree)(map(copied, tree))
    return {key: copied(part) for key, part in tree.items()} if isinstance(tree, dict) else tree


def same(a: Any, b: Any, relative: float = RELATIVE, smallest: float = 0.0) -> bool:
    """Equal dtypes, shapes and, up to rounding in sums and library functions, numbers; infinities and nans match.

    Differences count relative to the largest number of all: a number that is only cancellation is compared with what
    it was the difference of.
    """
    mine, others = list(leaves(a)), list(leaves(b))
    if len(mine) != len(others):
        return False
    finite = [np.abs(x[np.isfinite(x)]) for x in (np.atleast_1d(np.asarray(y, float)) for y in others)]
    scale = max((float(x.max(initial=0.0)) for x in finite), default=0.0)
    single = any(np.asarray(x).dtype == np.float32 for x in others)
    close = 2e-6 if single else relative
    floor = close * max(scale, smallest)
    for x, y in zip(map(np.asarray, mine), map(np.asarray, others), strict=True):
        if x.shape != y.shape or x.dtype != y.dtype:
            return False
        if not np.allclose(x.astype(float), y.astype(float), rtol=close, atol=floor, equal_nan=True):
            return False
    return True


def executed(run: Run, options: Options = TESTED) -> Any:
    """What the native program gives; the arguments must come out as they went in."""
    executable = Executable(run.program, options)
    assert executable.native is not None, f"{run.what}: no native form"
    given = copied(run.values)
    found = executable(*given)
    again = executable(*given)
    for x, y in zip(leaves(list(found if isinstance(found, tuple) else [found])), leaves([again]), strict=True):
        assert np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f"), f"{run.what}: a second call differs"
    for x, y in zip(leaves(list(given)), leaves(list(run.values)), strict=True):
        assert np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f"), f"{run.what}: an argument was changed"
    return found


def interpreted(run: Run) -> Any:
    """What the reference interpreter gives, in the structure of the result."""
    inputs: dict[int, Any] = {}

    def place(tree: Any, value: Any) -> None:
        if isinstance(tree, int):
            inputs[tree] = np.float64(value) if isinstance(value, float) else value
        elif isinstance(tree, dict):
            for key, part in tree.items():
                place(part, value[key])
        elif tree is not None:
            for part, item in zip(tree, value, strict=True):
                place(part, item)

    for parameter, value in zip(run.program.parameters, copied(run.values), strict=True):
        place(parameter.tree, value)
    found = evaluate(run.program, *(inputs[k] for k in range(len(inputs))))

    def built(tree: Any) -> Any:
        if isinstance(tree, int):
            return found[tree]
        if isinstance(tree, list | tuple):
            return [built(t) for t in tree]
        return [built(t) for t in tree.values()] if isinstance(tree, dict) else None

    return built(run.program.result)


def disagreement(run: Run, options: Options = TESTED) -> str:
    """How native code differs from the emitted Python or the interpreter; empty where it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        python = Executable(run.program, Options(backend="python"))(*copied(run.values))
        meant = interpreted(run)
        found = executed(run, options)
    for name, other in (("the emitted Python", python), ("the interpreter", meant)):
        plain = name == "the interpreter"
        if not same(_plain(found) if plain else found, _plain(other) if plain else other, smallest=run.smallest):
            return f"{run.what} at {run.values}: native gives\n{found}\n{name} gives\n{other}"
    return ""


def _plain(tree: Any) -> list[Any]:
    """Leaves without the distinction between Python's numbers and NumPy's."""
    return [np.asarray(leaf) for leaf in leaves(tree)]


# ---- the programs of a case ------------------------------------------------------------------------------------------
def programs_of(case: Case) -> Iterator[Run]:
    """A function, its tangent and adjoint programs, and the tangent program of the adjoint one."""
    values = case.at(case.x.tolist())
    primal = Primal(case.function)
    bound = primal.bind(tuple(values), {})
    lengths: dict[int, int] = {}
    specs = {name: spec_of(value, lengths, name) for name, value in bound.items()}
    reading = primal.read(specs, bound.__getitem__)
    given = tuple(bound[p.name] for p in reading.program.parameters)
    scale = float(np.abs(case.x).max(initial=1.0))
    yield Run("the value", reading.program, given, scale)
    if not len(case.x):
        return
    present = {p.name for p in reading.program.parameters}
    active = tuple(name for name in case.active if name in present)
    if not active:
        return
    generator = np.random.default_rng(7)
    with pg.options(backend="python"):
        forward = pg.transform(case.function, "forward", active, "pair", values).program
        reverse = pg.transform(case.function, "reverse", active, "vjp", values).program
    directions = tuple(_random(bound[name], generator) for name in active)
    yield Run("the tangent program", forward, _values(forward, bound, directions), scale)
    cotangent = _random(case.result, generator)
    yield Run("the adjoint program", reverse, _values(reverse, bound, (cotangent,)), scale)
    if all(all(map(is_active, leaves(bound[name]))) for name in active):
        yield from second_order(case, active, bound, generator, scale)


def _values(program: Program, bound: dict[str, Any], seeds: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of a program's parameters: arguments by their names, all others from ``seeds``."""
    remaining = iter(seeds)
    return tuple(bound[p.name] if p.name in bound else next(remaining) for p in program.parameters)


def second_order(
    case: Case, active: tuple[str, ...], bound: dict[str, Any], generator: Any, scale: float
) -> Iterator[Run]:
    """The tangent program of the gradient, where the result is one float."""
    if not isinstance(case.result, float) or math.isnan(case.result):
        return
    gradient = pg.grad(case.function, active, backend="python")
    values = case.at(case.x.tolist())
    with pg.options(backend="python"):
        program = pg.transform(gradient, "forward", active, "pair", values).program
    directions = tuple(_random(bound[name], generator) for name in active)
    yield Run("the tangent program of the gradient", program, _values(program, bound, directions), scale)


def _random(tree: Any, generator: np.random.Generator) -> Any:
    if isinstance(tree, dict):
        return {key: _random(part, generator) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [_random(part, generator) for part in tree]
        return type(tree)._make(parts) if hasattr(tree, "_make") else type(tree)(parts)
    if tree is None or not isinstance(tree, np.ndarray):
        return None if tree is None else float(generator.normal())
    return np.asarray(generator.normal(size=tree.shape), tree.dtype if tree.dtype.kind == "f" else float)


def changed(**changes: Any) -> Options:
    """The tested options with changes."""
    return replace(TESTED, **changes)
