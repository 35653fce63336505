"""The verbs: grad, value_and_grad, jvp, vjp, jacobian, hessian, hvp, transform (floor 5).

Spelled as in the JAX ecosystem. Each verb reads the user's function, derives a program, prints it as Python and runs
what it printed; ``transform`` gives the printed program itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .derived import Argnums, Derived, Primal, active_inputs, chosen_parameters, plain, require_scalar, shaped_as
from .errors import ArgumentError, ShapeError
from .frontend import Reading
from .frontend.read import tree_positions
from .ir import Program, is_float
from .transform import forward, reverse

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Derived:
    """The gradient of a function whose result is one float.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to, by position or name.

    Returns
    -------
    Derived
        Called like ``f``; returns the gradient in the structure of the argument (a tuple of gradients for a sequence
        of ``argnums``). ``.source_for(*arguments)`` is the program that it runs.

    Raises
    ------
    ScalarOutputError
        The result of ``f`` is not one float.
    ArgnumsError, ArgumentError
        ``argnums`` names no argument, or one that has no derivative.
    UnsupportedSyntax, UnsupportedCall, SourceUnavailable
        ``f`` cannot be read; the message names the place and the remedy.

    Notes
    -----
    Reverse mode: the cost is a small multiple of that of ``f``, whatever the number of inputs (lecture, section 4).

    Examples
    --------
    >>> import pathgrad as pg
    >>> def h(x, y):
    ...     return (x + 4 * y) * ((x + y) * y)
    >>> pg.grad(h)(3.0, 5.0), pg.grad(h, argnums=(0, "y"))(3.0, 5.0)
    (155.0, (155.0, 459.0))
    """
    return _Gradient(f, argnums, with_value=False)


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Derived:
    """The value of a function together with its gradient; one forward sweep serves both.

    Parameters, errors and cost are those of `grad`.

    Examples
    --------
    >>> import pathgrad as pg
    >>> pg.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return _Gradient(f, argnums, with_value=True)


class _Gradient(Derived):
    """A gradient, in the structure of its arguments."""

    def __init__(self, f: Callable[..., Any], argnums: Argnums, with_value: bool) -> None:
        name = getattr(f, "__name__", "f")
        self.argnums, self.with_value = argnums, with_value
        self.single = isinstance(argnums, int | str)
        verb = "value_and_grad" if with_value else "grad"
        super().__init__(f, f"{verb}_{name}" if name.isidentifier() else verb, self._derive)
        self.verb = f"{verb}({name})"
        if self.primal.derived is not None or callable(f):
            self.chosen = chosen_parameters(self.primal, argnums)

    def _derive(self, reading: Reading, bound: dict[str, Any]) -> Program:
        program = reading.program
        active = active_inputs(program, self.chosen, self.verb)
        require_scalar(program, self.verb)
        result = reverse(program, active, "gradient", self.with_value)
        base = len(program.outputs) if self.with_value else 0
        place = {k: base + j for j, k in enumerate(active)}
        trees = {p.name: p.tree for p in program.parameters}
        gradients = tuple(_moved(trees[name], place) for name in self.chosen)
        gradient = gradients[0] if self.single else gradients
        return arranged(result, program.parameters, (program.result, gradient) if self.with_value else gradient)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """The gradient (or the value and the gradient) at the arguments."""
        bound = self.primal.bind(arguments, keywords)
        entry = self.entry(bound)
        result = self.run(entry, bound)
        gradient = result[1] if self.with_value else result
        gradients = (gradient,) if self.single else gradient
        shaped = tuple(shaped_as(entry.specs[n], g) for n, g in zip(self.chosen, gradients, strict=True))
        final = shaped[0] if self.single else shaped
        return (result[0], final) if self.with_value else final


def arranged(program: Program, parameters: Sequence[Any], result: Any) -> Program:
    """The same program with another signature and grouping of results."""
    return replace(program, parameters=list(parameters), result=result, derived={})


def _moved(tree: Any, positions: dict[int, int]) -> Any:
    if isinstance(tree, int):
        return positions.get(tree)
    if isinstance(tree, tuple):
        return tuple(_moved(t, positions) for t in tree)
    if isinstance(tree, list):
        return [_moved(t, positions) for t in tree]
    return {k: _moved(t, positions) for k, t in tree.items()} if isinstance(tree, dict) else None


# ---- jvp and vjp -----------------------------------------------------------------------------------------------------
_CACHE_SIZE = 256
_cache: OrderedDict[Any, dict[Any, Derived]] = OrderedDict()


def _cached_derived(f: Callable[..., Any], key: Any, make: Callable[[], Derived]) -> Derived:
    """One derived function for each user's function and verb; the functions used last are kept."""
    try:
        found = _cache.setdefault(f, {})
    except TypeError:
        return make()
    _cache.move_to_end(f)
    while len(_cache) > _CACHE_SIZE:
        _cache.popitem(last=False)
    if key not in found:
        found[key] = make()
    return found[key]


def _float_inputs(program: Program) -> list[int]:
    return [k for k, v in enumerate(program.inputs) if is_float(v.type)]


def _forward_of(f: Callable[..., Any]) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        return forward(reading.program, _float_inputs(reading.program), "pair", masked=True)

    return _cached_derived(f, "jvp", lambda: Derived(f, "jvp", derive))


def _reverse_of(f: Callable[..., Any]) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = reading.program
        active = _float_inputs(program)
        result = reverse(program, active, "vjp", masked=True)
        place = {k: j for j, k in enumerate(active)}
        return arranged(result, result.parameters, tuple(_moved(p.tree, place) for p in program.parameters))

    return _cached_derived(f, "vjp", lambda: Derived(f, "vjp", derive))


def _primal_of(f: Callable[..., Any]) -> Derived:
    return _cached_derived(f, "primal", lambda: Derived(f, "primal", lambda reading, bound: reading.program))


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of a function and its derivative in a direction: a Jacobian-vector product.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    primals : sequence
        Its arguments.
    tangents : sequence
        One direction for each argument, in its structure and shapes (units: those of the argument per unit of the
        parameter that moves it).

    Returns
    -------
    value, tangent
        The result of ``f`` and its derivative along ``tangents``.

    Raises
    ------
    ShapeError
        A tangent whose shape or structure is not its primal's.

    Notes
    -----
    Forward mode (lecture, section 2): at most about three times the cost of ``f``.

    Examples
    --------
    >>> import pathgrad as pg
    >>> pg.jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    primals, tangents = tuple(primals), tuple(tangents)
    if len(primals) != len(tangents):
        raise ShapeError(f"jvp: {len(primals)} primals and {len(tangents)} tangents; give one tangent for each primal")
    derived = _forward_of(f)
    bound = derived.primal.bind(primals, {})
    entry = derived.entry(bound)
    names = list(bound)[: len(primals)] if not derived.primal.bound else list(bound)[1 : len(primals) + 1]
    given = dict(zip(names, tangents, strict=True))
    seeds = []
    for parameter in entry.program.parameters:
        name = parameter.name.removesuffix("_dot")
        if parameter.name.endswith("_dot") and name in bound and parameter.name not in entry.specs:
            tangent = given[name] if name in given else _zeros(bound[name])
            seeds.append(_matching(tangent, bound[name], f"jvp: the tangent of {name!r}"))
    value, tangent = derived.run(entry, bound, seeds)
    return value, tangent


def _zeros(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_zeros(v) for v in value)
    if isinstance(value, dict):
        return {k: _zeros(v) for k, v in value.items()}
    return np.zeros_like(value) if isinstance(value, np.ndarray) else 0.0


def _matching(derivative: Any, value: Any, what: str) -> Any:
    """A tangent or cotangent in the structure and shape of its value."""
    if isinstance(value, tuple | list):
        if not isinstance(derivative, tuple | list) or len(derivative) != len(value):
            raise ShapeError(f"{what} has another structure than its value: expected {len(value)} parts")
        return [_matching(d, v, f"{what}[{k}]") for k, (d, v) in enumerate(zip(derivative, value, strict=True))]
    if isinstance(value, dict):
        if not isinstance(derivative, dict) or set(derivative) != set(value):
            raise ShapeError(f"{what} has other keys than its value: expected {list(value)}")
        return {k: _matching(derivative[k], v, f"{what}[{k!r}]") for k, v in value.items()}
    if isinstance(value, np.ndarray) and value.ndim:
        array = np.asarray(derivative, value.dtype if value.dtype.kind == "f" else np.float64)
        if array.shape != value.shape:
            raise ShapeError(f"{what} has shape {array.shape}; expected {value.shape}, the shape of its value")
        return array
    if np.ndim(derivative):
        raise ShapeError(f"{what} has shape {np.shape(derivative)}; expected a number")
    return np.float32(derivative) if isinstance(value, np.float32) else float(derivative)


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function and its vector-Jacobian product.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    *primals
        Its arguments.

    Returns
    -------
    value
        The result of ``f``.
    pull : callable
        From a cotangent in the structure of the result to a tuple of cotangents, one for each argument (None for
        arguments without floats). May be called again.

    Raises
    ------
    ShapeError
        By ``pull``: a cotangent whose shape or structure is not the result's.

    Notes
    -----
    Reverse mode (lecture, section 4); each call of ``pull`` runs the forward and the backward sweep.

    Examples
    --------
    >>> import pathgrad as pg
    >>> value, pull = pg.vjp(lambda x, y: x * y, 3.0, 5.0)
    >>> value, pull(1.0)
    (15.0, (5.0, 3.0))
    """
    derived = _reverse_of(f)
    bound = derived.primal.bind(primals, {})
    kept = {name: _copied(value) for name, value in bound.items()}
    value = _primal_of(f)(*primals)
    entry = derived.entry(kept)
    names = derived.primal.parameter_names()
    first = len(derived.primal.bound)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments."""
        seed = _matching(cotangent, value, "vjp: the cotangent")
        has_seed = len(entry.program.parameters) > sum(p.name in entry.specs for p in entry.program.parameters)
        results = derived.run(entry, kept, [seed] if has_seed else [])
        present = [p.name for p in entry.program.parameters if p.name in entry.specs]
        by_name = dict(zip(present, results, strict=True))
        wanted = names[first : first + len(primals)]
        return tuple(
            None if by_name.get(n) is None else shaped_as(entry.specs[n], by_name[n]) for n in wanted
        )

    return value, pull


def _copied(value: Any) -> Any:
    """Arguments as they are now: ``pull`` must not see later writes."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_copied(v) for v in value))
    if isinstance(value, tuple | list):
        return type(value)(_copied(v) for v in value)
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return value


# ---- Jacobians -------------------------------------------------------------------------------------------------------
def jacobian(f: Callable[..., Any], argnums: Argnums = 0, mode: str = "auto") -> Callable[..., Any]:
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

    Returns
    -------
    callable
        Called like ``f``; returns arrays of shape (shape of the result, shape of the argument), in the structure of
        the result and within it of the arguments.

    Raises
    ------
    ValueError
        Another ``mode``.
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
    chosen = chosen_parameters(Primal(f), argnums)
    single = isinstance(argnums, int | str)
    name = getattr(f, "__name__", "f")

    def jacobian_of_f(*arguments: Any, **keywords: Any) -> Any:
        """The Jacobian at the arguments."""
        return _jacobian(f, name, chosen, single, mode, arguments, keywords)

    jacobian_of_f.__name__ = f"jacobian_{name}" if name.isidentifier() else "jacobian"
    return jacobian_of_f


def _jacobian(
    f: Callable[..., Any],
    name: str,
    chosen: list[str],
    single: bool,
    mode: str,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
) -> Any:
    primal = _primal_of(f)
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
    derived_forward = _cached_derived(f, ("pair", tuple(active)), lambda: _pair(f, active))
    if mode == "auto":
        value = primal.run(primal.entry(bound), bound)
        out_sizes = [int(np.size(v)) for v in _flat(value)]
        mode = "forward" if sum(sizes) <= sum(out_sizes) else "reverse"
    if mode == "forward":
        blocks = _columns(derived_forward, bound, inputs, active)
    else:
        blocks = _rows(_cached_derived(f, ("bars", tuple(active)), lambda: _bars(f, active)), bound, inputs, active, primal)
    trees = {p.name: p.tree for p in reading.program.parameters}
    place = {k: j for j, k in enumerate(active)}

    def inner(row: list[Any]) -> Any:
        per_parameter = [_filled(_moved(trees[n], place), row) for n in chosen]
        return per_parameter[0] if single else tuple(per_parameter)

    return _filled(reading.program.result, [inner(row) for row in blocks])


def _pair(f: Callable[..., Any], active: list[int]) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = forward(reading.program, active, "pair", masked=True)
        count = len(reading.program.outputs)
        flat = tuple(range(count, len(program.outputs)))
        return arranged(program, _flat_parameters(reading.program, program), flat)

    return Derived(f, "pair", derive)


def _bars(f: Callable[..., Any], active: list[int]) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = reverse(reading.program, active, "vjp", masked=True)
        return arranged(program, _flat_parameters(reading.program, program), tuple(range(len(active))))

    return Derived(f, "bars", derive)


def _flat_parameters(primal: Program, program: Program) -> list[Any]:
    from .ir import Parameter

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


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The matrix of second derivatives of a function whose result is one float.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to.

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
    return jacobian(_cached_derived(f, ("grad", _hashable(argnums)), lambda: grad(f, argnums)), argnums, mode="forward")


def _hashable(argnums: Argnums) -> Any:
    return argnums if isinstance(argnums, int | str) else tuple(argnums)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """A Hessian-vector product: the derivative of the gradient in a direction.

    Parameters
    ----------
    f : callable
        A function whose result is one float.
    primals : sequence
        Its arguments; the gradient is taken with respect to all of them.
    tangents : sequence
        One direction for each argument.

    Returns
    -------
    array, or tuple of arrays
        The product, in the structure of the argument (of all arguments if there are several).

    Notes
    -----
    Forward over reverse: a small multiple of the cost of ``f``, whatever the number of inputs.

    Examples
    --------
    >>> import numpy as np, pathgrad as pg
    >>> pg.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])
    """
    primals = tuple(primals)
    argnums = 0 if len(primals) == 1 else tuple(range(len(primals)))
    gradient = _cached_derived(f, ("grad", argnums), lambda: grad(f, argnums))
    return jvp(gradient, primals, tangents)[1]
