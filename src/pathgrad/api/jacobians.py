"""Matrices of derivatives: jacobian and hessian (floor 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend.executable import plain
from ..errors import ArgumentError
from ..frontend import Reading
from ..ir import Parameter, Program, is_float
from ..ir.trees import moved
from ..transform import forward, reverse
from .argnums import Argnums, active_inputs, chosen_parameters
from .derived import Derived, Primal
from .products import cached, gradient_of, primal_of
from .structure import arranged

__all__ = ["hessian", "jacobian"]


def jacobian(
    f: Callable[..., Any], argnums: Argnums = 0, mode: str = "auto", backend: str | None = None
) -> Callable[..., Any]:
    """The Jacobian of a function.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to.
    mode : str
        ``"forward"``: one sweep for each input number. ``"reverse"``: one for each output number. ``"auto"``: the
        fewer (lecture, Figure 5; forward if they are equally many).
    backend : str, optional
        As for `grad`.

    Returns
    -------
    callable
        Called like ``f``; returns arrays of shape (shape of the result, shape of the argument), in the structure of
        the result and within it of the arguments.

    Raises
    ------
    ValueError
        Another ``mode`` or ``backend``.
    ArgnumsError, ArgumentError
        As for `grad`.

    Examples
    --------
    >>> import numpy as np, pathgrad as pg
    >>> pg.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f'jacobian: mode is {mode!r}; use "auto", "forward" or "reverse"')
    primal_of(f, backend)
    chosen = chosen_parameters(Primal(f), argnums)
    single = isinstance(argnums, int | str)
    name = getattr(f, "__name__", "f")

    def jacobian_of_f(*arguments: Any, **keywords: Any) -> Any:
        """The Jacobian at the arguments."""
        return _jacobian(f, name, chosen, single, mode, backend, arguments, keywords)

    jacobian_of_f.__name__ = f"jacobian_{name}" if name.isidentifier() else "jacobian"
    return jacobian_of_f


def _jacobian(
    f: Callable[..., Any],
    name: str,
    chosen: list[str],
    single: bool,
    mode: str,
    backend: str | None,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
) -> Any:
    primal = primal_of(f, backend)
    bound = primal.primal.bind(arguments, keywords)
    reading = primal.entry(bound).reading
    active = active_inputs(reading.program, chosen, f"jacobian({name})")
    outputs = reading.program.outputs
    for atom in outputs:
        if not is_float(atom.type):
            raise ArgumentError(
                f"jacobian({name}): the function returns a value of dtype {atom.type}, which has no derivative; "
                f"return floats"
            )
    inputs = _leaf_values(bound, reading.program)
    sizes = [int(np.size(inputs[k])) for k in active]
    derived_forward = cached(f, ("pair", tuple(active), backend), lambda: _pair(f, active, backend))
    if mode == "auto":
        value = primal.run(primal.entry(bound), bound)
        out_sizes = [int(np.size(v)) for v in _flat(value)]
        mode = "forward" if sum(sizes) <= sum(out_sizes) else "reverse"
    if mode == "forward":
        blocks = _columns(derived_forward, bound, inputs, active)
    else:
        bars = cached(f, ("bars", tuple(active), backend), lambda: _bars(f, active, backend))
        blocks = _rows(bars, bound, inputs, active, primal)
    trees = {p.name: p.tree for p in reading.program.parameters}
    place = {k: j for j, k in enumerate(active)}

    def inner(row: list[Any]) -> Any:
        per_parameter = [_filled(moved(trees[n], place), row) for n in chosen]
        return per_parameter[0] if single else tuple(per_parameter)

    return _filled(reading.program.result, [inner(row) for row in blocks])


def _pair(f: Callable[..., Any], active: list[int], backend: str | None) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = forward(reading.program, active, "pair", masked=True)
        count = len(reading.program.outputs)
        flat = tuple(range(count, len(program.outputs)))
        return arranged(program, _flat_parameters(reading.program, program), flat)

    return Derived(f, "pair", derive, backend=backend)


def _bars(f: Callable[..., Any], active: list[int], backend: str | None) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = reverse(reading.program, active, "vjp", masked=True)
        return arranged(program, _flat_parameters(reading.program, program), tuple(range(len(active))))

    return Derived(f, "bars", derive, backend=backend)


def _flat_parameters(primal: Program, program: Program) -> list[Any]:
    extra = range(len(primal.inputs), len(program.inputs))
    return [*primal.parameters, *(Parameter(program.inputs[k].name, k) for k in extra)]


def _leaf_values(bound: dict[str, Any], program: Program) -> dict[int, Any]:
    values: dict[int, Any] = {}

    def visit(tree: Any, value: Any) -> None:
        if isinstance(tree, int):
            values[tree] = value
        elif isinstance(tree, tuple | list):
            for t, v in zip(tree, value, strict=True):
                visit(t, v)
        elif isinstance(tree, dict):
            for k, t in tree.items():
                visit(t, value[k])

    for p in program.parameters:
        visit(p.tree, bound[p.name])
    return values


def _flat(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for v in value for leaf in _flat(v)]
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in _flat(v)]
    return [] if value is None else [value]


def _filled(tree: Any, values: Sequence[Any]) -> Any:
    """A tree of positions with the values at them."""
    if isinstance(tree, int):
        return values[tree]
    if isinstance(tree, tuple):
        return tuple(_filled(t, values) for t in tree)
    if isinstance(tree, list):
        return [_filled(t, values) for t in tree]
    return {k: _filled(t, values) for k, t in tree.items()} if isinstance(tree, dict) else None


def _columns(pair: Derived, bound: dict[str, Any], inputs: dict[int, Any], active: list[int]) -> list[list[Any]]:
    """Forward: one sweep for each input number gives a column of every block."""
    entry = pair.entry(bound)
    seeds = [_float_zeros(inputs[k]) for k in active]
    columns: list[list[list[Any]]] = []
    for j, k in enumerate(active):
        of_input = []
        for position in np.ndindex(np.shape(inputs[k])):
            ones = list(seeds)
            ones[j] = _unit(inputs[k], position)
            of_input.append(pair.run(entry, bound, ones))
        columns.append(of_input)
    count = len(entry.program.result)
    blocks = []
    for out in range(count):
        row = []
        for j, k in enumerate(active):
            parts = [np.asarray(sweep[out]) for sweep in columns[j]]
            shape = np.shape(inputs[k])
            block = np.stack(parts, axis=-1) if parts else np.zeros((0,))
            row.append(plain(np.reshape(block, (*parts[0].shape, *shape))[()]) if parts else block)
        blocks.append(row)
    return blocks


def _rows(
    bars: Derived, bound: dict[str, Any], inputs: dict[int, Any], active: list[int], primal: Derived
) -> list[list[Any]]:
    """Reverse: one sweep for each output number gives a row of every block."""
    entry = bars.entry(bound)
    outputs = _flat(primal.run(primal.entry(bound), bound))
    seeds = [_float_zeros(v) for v in outputs]
    blocks = []
    for out, value in enumerate(outputs):
        rows = []
        for position in np.ndindex(np.shape(value)):
            ones = list(seeds)
            ones[out] = _unit(value, position)
            rows.append(bars.run(entry, bound, ones))
        row = []
        for j, k in enumerate(active):
            parts = [np.asarray(r[j]) for r in rows]
            block = np.stack(parts) if parts else np.zeros((0,))
            row.append(plain(np.reshape(block, (*np.shape(value), *np.shape(inputs[k])))[()]))
        blocks.append(row)
    return blocks


def _float_zeros(value: Any) -> Any:
    return np.zeros_like(value) if np.ndim(value) else np.float64(0.0)


def _unit(value: Any, position: tuple[int, ...]) -> Any:
    if not np.ndim(value):
        return np.float64(1.0)
    unit = np.zeros_like(value)
    unit[position] = 1.0
    return unit


def hessian(f: Callable[..., Any], argnums: Argnums = 0, backend: str | None = None) -> Callable[..., Any]:
    """The matrix of second derivatives of a function whose result is one float.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to.
    backend : str, optional
        As for `grad`.

    Returns
    -------
    callable
        Called like ``f``; returns arrays of shape (shape of the argument, shape of the argument); for a sequence of
        ``argnums`` a tuple of tuples of blocks.

    Notes
    -----
    Forward over reverse: n forward sweeps over the gradient's program.

    Examples
    --------
    >>> import pathgrad as pg
    >>> pg.hessian(lambda x: x**3)(2.0)
    12.0
    """
    return jacobian(gradient_of(f, argnums, backend), argnums, mode="forward", backend=backend)
