"""Jacobian-vector and vector-Jacobian products: jvp, vjp and hvp (floor 5)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..frontend import Reading
from ..frontend.read import tree_positions
from ..ir import Program, is_float
from ..ir.trees import moved
from ..transform import forward, reverse
from .argnums import Argnums
from .derived import Derived
from .gradients import grad
from .structure import arranged, shaped_as

__all__ = ["cached", "gradient_of", "hvp", "jvp", "primal_of", "vjp"]

_CACHE_SIZE = 256
_cache: OrderedDict[Any, dict[Any, Derived]] = OrderedDict()


def cached(f: Callable[..., Any], key: Any, make: Callable[[], Derived]) -> Derived:
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


def _forward_of(f: Callable[..., Any], backend: str | None) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        return forward(reading.program, _float_inputs(reading.program), "pair", masked=True)

    return cached(f, ("jvp", backend), lambda: Derived(f, "jvp", derive, backend=backend))


def _reverse_of(f: Callable[..., Any], backend: str | None) -> Derived:
    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        program = reading.program
        active = _float_inputs(program)
        result = reverse(program, active, "vjp", masked=True)
        place = {k: j for j, k in enumerate(active)}
        return arranged(result, result.parameters, tuple(moved(p.tree, place) for p in program.parameters))

    return cached(f, ("vjp", backend), lambda: Derived(f, "vjp", derive, backend=backend))


def primal_of(f: Callable[..., Any], backend: str | None = None) -> Derived:
    """The program of ``f`` itself, made once."""

    def derive(reading: Reading, bound: dict[str, Any]) -> Program:
        return reading.program

    return cached(f, ("primal", backend), lambda: Derived(f, "primal", derive, backend=backend))


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], backend: str | None = None
) -> tuple[Any, Any]:
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
    backend : str, optional
        As for `grad`.

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
    derived = _forward_of(f, backend)
    bound = derived.primal.bind(primals, {})
    entry = derived.entry(bound)
    names = list(bound)[len(derived.primal.bound) :][: len(primals)]
    given = dict(zip(names, tangents, strict=True))
    program = entry.reading.program
    seeds = []
    for parameter in program.parameters:
        if any(is_float(program.inputs[k].type) for k in tree_positions(parameter.tree)):
            name = parameter.name
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


def vjp(
    f: Callable[..., Any], *primals: Any, backend: str | None = None
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function and its vector-Jacobian product.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    *primals
        Its arguments.
    backend : str, optional
        As for `grad`.

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
    derived = _reverse_of(f, backend)
    bound = derived.primal.bind(primals, {})
    kept = {name: _copied(value) for name, value in bound.items()}
    value = primal_of(f, backend)(*primals)
    entry = derived.entry(kept)
    names = derived.primal.parameter_names()
    first = len(derived.primal.bound)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments."""
        seed = _matching(cotangent, value, "vjp: the cotangent")
        own = entry.reading.program.parameters
        has_seed = len(entry.program.parameters) > len(own)
        results = derived.run(entry, kept, [seed] if has_seed else [])
        by_name = dict(zip((p.name for p in own), results, strict=True))
        wanted = names[first : first + len(primals)]
        return tuple(None if by_name.get(n) is None else shaped_as(entry.specs[n], by_name[n]) for n in wanted)

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


def gradient_of(f: Callable[..., Any], argnums: Argnums, backend: str | None = None) -> Derived:
    """The gradient of ``f``, made once."""
    key = argnums if isinstance(argnums, int | str) else tuple(argnums)
    return cached(f, ("grad", key, backend), lambda: grad(f, argnums, backend))


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], backend: str | None = None) -> Any:
    """A Hessian-vector product: the derivative of the gradient in a direction.

    Parameters
    ----------
    f : callable
        A function whose result is one float.
    primals : sequence
        Its arguments; the gradient is taken with respect to all of them.
    tangents : sequence
        One direction for each argument.
    backend : str, optional
        As for `grad`.

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
    gradient = gradient_of(f, argnums, backend)
    return jvp(gradient, primals, tangents, backend)[1]
