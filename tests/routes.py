"""The routes to one Jacobian, each in the same currency: a matrix of numbers (outputs by float inputs).

Every route takes a `Case` (a function at a point) and knows nothing of the others. `compare` runs them against each
other; the routes of the package must agree to 1e-10, finite differences to 1e-6, relative to the largest entry.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pathgrad as pg
from pathgrad.ir import evaluate

Matrix = NDArray[np.float64]

EXACT = 1e-10
APPROXIMATE = 1e-6


class DisagreementError(AssertionError):
    """Two routes to one number differ."""


def is_active(x: Any) -> bool:
    """Whether a leaf is differentiated: floats and float arrays are."""
    return isinstance(x, float | np.floating) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def leaves(tree: Any) -> Iterator[Any]:
    """The numbers and arrays in nested tuples, lists and dicts."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from leaves(part)
    elif tree is not None:
        yield tree


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure with every leaf changed."""
    if isinstance(tree, dict):
        return {key: mapped(part, change) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [mapped(part, change) for part in tree]
        return type(tree)._make(parts) if hasattr(tree, "_make") else type(tree)(parts)
    return None if tree is None else change(tree)


def filled(tree: Any, values: Sequence[Any]) -> Any:
    """A tree of positions with the values at them."""
    return mapped(tree, lambda position: values[position])


def numbers(trees: Iterable[Any], dtype: Any = np.float64) -> NDArray[Any]:
    """All numbers in order, in one vector."""
    parts = [np.asarray(leaf, dtype).ravel() for tree in trees for leaf in leaves(tree)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


class Case:
    """A function at a point, its floats laid out in one vector."""

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.function, self.arguments = function, arguments
        self.active = [name for name, value in arguments.items() if any(map(is_active, leaves(value)))]
        self.x = numbers(leaf for value in arguments.values() for leaf in leaves(value) if is_active(leaf))

    def at(self, x: Sequence[Any]) -> list[Any]:
        """The arguments with the numbers of the vector ``x`` in the places of the floats, arrays always new."""
        stock = iter(x)

        def one(leaf: Any) -> Any:
            if not is_active(leaf):
                return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
            if not isinstance(leaf, np.ndarray):
                return next(stock)
            parts = [next(stock) for _ in range(leaf.size)]
            plain = all(isinstance(part, float | np.floating) for part in parts)
            new = np.array(parts, leaf.dtype) if plain else _array_of(parts)
            return new.reshape(leaf.shape)

        return [mapped(value, one) for value in self.arguments.values()]

    def zeros(self) -> list[Any]:
        """A zero direction: one for each argument, in its structure."""
        return [mapped(value, lambda leaf: _zeros(leaf)) for value in self.arguments.values()]

    def directions(self) -> Iterator[list[Any]]:
        """Every unit direction of the inputs, one for each argument, in its structure."""
        for j in range(len(self.x)):
            unit = iter(float(k == j) for k in range(len(self.x)))

            def one(leaf: Any, unit: Iterator[float] = unit) -> Any:
                if not is_active(leaf):
                    return _zeros(leaf)
                if not isinstance(leaf, np.ndarray):
                    return next(unit)
                return np.array([next(unit) for _ in range(leaf.size)]).reshape(leaf.shape)

            yield [mapped(value, one) for value in self.arguments.values()]

    def cotangents(self) -> Iterator[Any]:
        """Every unit cotangent, in the structure of the value."""
        for i in range(len(self.value)):
            place = iter(range(len(self.value)))

            def one(leaf: Any, place: Iterator[int] = place, i: int = i) -> Any:
                if not isinstance(leaf, np.ndarray):
                    return float(next(place) == i)
                return np.array([float(next(place) == i) for _ in range(leaf.size)]).reshape(leaf.shape)

            yield mapped(self.result, one)

    @cached_property
    def result(self) -> Any:
        """What Python computes."""
        return self.function(*self.at(self.x.tolist()))

    @cached_property
    def value(self) -> NDArray[np.float64]:
        """The numbers of the result."""
        return numbers([self.result])

    def of_inputs(self) -> Callable[..., Any]:
        """The function of the float numbers alone; all else is data."""
        function, at = self.function, self.at

        def of_inputs(*x: Any) -> Any:
            return function(*at(x))

        return of_inputs

    def check_value(self, value: Any, route: str) -> None:
        """A route's value is Python's."""
        found = numbers([value])
        if found.shape != self.value.shape or not close(found, self.value, EXACT):
            raise DisagreementError(f"{route}: the value is {found}; Python computes {self.value}")

    def inputs_of(self, arguments: list[Any]) -> list[Any]:
        """The float leaves of the active arguments, those without floats left out."""
        return [a for a, name in zip(arguments, self.arguments, strict=True) if name in self.active]


def _zeros(leaf: Any) -> Any:
    return np.zeros(leaf.shape) if isinstance(leaf, np.ndarray) else 0.0


def _array_of(parts: list[Any]) -> NDArray[Any]:
    """An array of overloaded or complex numbers."""
    if all(isinstance(part, complex | float) for part in parts):
        return np.array(parts, complex)
    from pathgrad.arithmetic import Cells

    objects = np.empty(len(parts), object)
    objects[:] = parts
    return objects.view(Cells)


def close(a: Any, b: Any, tolerance: float, floor: float = 1e-30) -> bool:
    """Equal up to the tolerance, relative to the largest entry (or ``floor``); infinities and nans must match."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    finite = np.abs(b[np.isfinite(b)])
    scale = max(float(finite.max(initial=0.0)), floor)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True))


def _columns(columns: list[Any], case: Case) -> Matrix:
    return np.stack(columns, axis=1) if columns else np.zeros((len(case.value), 0))


def _rows(rows: list[Any], case: Case) -> Matrix:
    return np.stack(rows) if rows else np.zeros((0, len(case.x)))


# ---- overloading -----------------------------------------------------------------------------------------------------
def duals(case: Case) -> Matrix:
    """Dual numbers: one run for each input."""
    columns = []
    for direction in np.eye(len(case.x)):
        if len(case.x) == 1:
            value, tangent = pg.box(case.of_inputs())(case.x.tolist()[0], 1.0)
        else:
            value, tangent = pg.box(case.of_inputs())(tuple(case.x.tolist()), tuple(direction.tolist()))
        case.check_value(value, "duals")
        columns.append(numbers([tangent]))
    return _columns(columns, case)


def _graph(case: Case) -> pg.Graph | None:
    """The computation graph; a function without float inputs has none."""
    if not len(case.x):
        return None
    graph = pg.trace(case.of_inputs(), *case.x.tolist())
    case.check_value([float(graph.values[k]) for k in graph.outputs], "trace")
    return graph


def graph_forward(case: Case) -> Matrix | None:
    """The path problem on the computation graph, from the leaves."""
    graph = _graph(case)
    return None if graph is None else np.asarray(graph.jacobian(order="forward").matrix, float)


def graph_backward(case: Case) -> Matrix | None:
    """The path problem on the computation graph, from the root."""
    graph = _graph(case)
    return None if graph is None else np.asarray(graph.jacobian(order="reverse").matrix, float)


def elimination(case: Case) -> Matrix | None:
    """Cross-country: vertices eliminated by least Markowitz degree."""
    graph = _graph(case)
    return None if graph is None else np.asarray(graph.eliminate("markowitz").matrix, float)


# ---- source transformation -------------------------------------------------------------------------------------------
def forward_source(case: Case) -> Matrix:
    """The emitted tangent program, once for each input."""
    columns = []
    for direction in case.directions():
        value, tangent = pg.jvp(case.function, case.at(case.x.tolist()), direction)
        case.check_value(value, "forward source")
        columns.append(numbers([tangent]))
    return _columns(columns, case)


def reverse_source(case: Case) -> Matrix:
    """The emitted adjoint program, once for each output."""
    value, pull = pg.vjp(case.function, *case.at(case.x.tolist()))
    case.check_value(value, "reverse source")
    return _rows([_input_row(case, pull(cotangent)) for cotangent in case.cotangents()], case)


def _input_row(case: Case, cotangents: Sequence[Any]) -> NDArray[np.float64]:
    """The cotangents of the float leaves, in one vector."""
    row = []
    for cotangent, value in zip(cotangents, case.arguments.values(), strict=True):
        row += list(_paired(cotangent, value))
    return numbers(row)


def _paired(cotangent: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _paired(None if cotangent is None else cotangent[key], part)
    elif isinstance(value, list | tuple):
        for k, part in enumerate(value):
            yield from _paired(None if cotangent is None else cotangent[k], part)
    elif is_active(value):
        yield np.zeros(np.shape(value)) if cotangent is None else cotangent


def gradient(case: Case) -> Matrix | None:
    """``value_and_grad`` and ``grad``; only for results of one float and arguments that hold nothing but floats."""
    single = isinstance(case.result, float) and not isinstance(case.result, bool)
    if not single or not all(all(map(is_active, leaves(case.arguments[name]))) for name in case.active):
        return None
    argnums = tuple(case.active)
    value, both = pg.value_and_grad(case.function, argnums)(*case.at(case.x.tolist()))
    case.check_value(value, "value_and_grad")
    alone = pg.grad(case.function, argnums)(*case.at(case.x.tolist()))
    if not close(numbers([alone]), numbers([both]), EXACT):
        raise DisagreementError(f"grad gives {alone}; value_and_grad gives {both}")
    return numbers([alone])[None, :]


def _evaluated(program: Any, case: Case, seeds: Iterator[Any]) -> Any:
    """The program run by the reference interpreter: arguments by their names, all other parameters from ``seeds``."""
    inputs: dict[int, Any] = {}
    arguments = {
        **{
            name: p.default
            for name, p in inspect.signature(case.function).parameters.items()
            if p.default is not p.empty
        },
        **dict(zip(case.arguments, case.at(case.x.tolist()), strict=True)),
    }

    def place(tree: Any, value: Any) -> None:
        if isinstance(tree, int):
            inputs[tree] = np.float64(value) if isinstance(value, float) else value
        elif isinstance(tree, dict):
            for key, part in tree.items():
                place(part, value[key])
        elif tree is not None:
            for part, item in zip(tree, value, strict=True):
                place(part, item)

    for parameter in program.parameters:
        place(parameter.tree, arguments[parameter.name] if parameter.name in arguments else next(seeds))
    return filled(program.result, evaluate(program, *(inputs[k] for k in range(len(program.inputs)))))


_TRANSFORMS: dict[Any, Any] = {}


def _transformed(case: Case, mode: str, form: str) -> Any:
    """The derivative program for arguments of these forms, derived once."""
    all_leaves = [leaf for value in case.arguments.values() for leaf in leaves(value)]
    forms = [(type(leaf), np.shape(leaf), None if is_active(leaf) else repr(leaf)) for leaf in all_leaves]
    key = (case.function, mode, form, *forms)
    if key not in _TRANSFORMS:
        example = case.at(case.x.tolist())
        _TRANSFORMS[key] = pg.transform(case.function, mode, tuple(case.active), form, example).program
    return _TRANSFORMS[key]


def _all_active(case: Case) -> bool:
    return all(all(map(is_active, leaves(case.arguments[name]))) for name in case.active)


def forward_evaluated(case: Case) -> Matrix | None:
    """The tangent program, interpreted."""
    if not _all_active(case):
        return None
    program = _transformed(case, "forward", "pair")
    columns = []
    for direction in case.directions():
        value, tangent = _evaluated(program, case, iter(case.inputs_of(direction)))
        case.check_value(value, "forward evaluated")
        columns.append(numbers([tangent]))
    return _columns(columns, case)


def reverse_evaluated(case: Case) -> Matrix | None:
    """The adjoint program, interpreted."""
    if not _all_active(case):
        return None
    program = _transformed(case, "reverse", "vjp")
    rows = []
    for cotangent in case.cotangents():
        rows.append(numbers([_evaluated(program, case, iter([cotangent]))]))
    return _rows(rows, case)


# ---- numerical differentiation ---------------------------------------------------------------------------------------
def complex_step(case: Case) -> Matrix | None:
    """The imaginary part at x + ih; None where the function does not take complex numbers."""
    columns = []
    for j in range(len(case.x)):
        x: list[Any] = [complex(each) for each in case.x]
        x[j] += 1e-30j
        try:
            columns.append(numbers([case.function(*case.at(x))], complex).imag / 1e-30)
        except TypeError:
            return None
    return _columns(columns, case)


def richardson(f: Callable[[list[float]], NDArray[np.float64]], x: NDArray[np.float64]) -> Matrix:
    """Central differences with steps h and h/2, extrapolated: the error is of order h**4."""
    columns = []
    for j in range(len(x)):
        slopes = []
        for h in (1e-3 * max(1.0, abs(x[j])), 0.5e-3 * max(1.0, abs(x[j]))):
            up, down = x.copy(), x.copy()
            up[j] += h
            down[j] -= h
            slopes.append((f(up.tolist()) - f(down.tolist())) / (up[j] - down[j]))
        columns.append((4 * slopes[1] - slopes[0]) / 3)
    return np.stack(columns, axis=1) if columns else np.zeros((len(f([])), 0))


def finite_differences(case: Case) -> Matrix:
    """Central differences, extrapolated."""
    return richardson(lambda x: numbers([case.function(*case.at(x))]), case.x)


# ---- all together ----------------------------------------------------------------------------------------------------
IMPLEMENTED: dict[str, Callable[[Case], Matrix | None]] = {
    "duals": duals,
    "forward source": forward_source,
    "reverse source": reverse_source,
    "gradient": gradient,
    "forward evaluated": forward_evaluated,
    "reverse evaluated": reverse_evaluated,
    "graph forward": graph_forward,
    "graph backward": graph_backward,
    "elimination": elimination,
    "complex step": complex_step,
    "finite differences": finite_differences,
}


def compare(
    case: Case, routes: Iterable[str] = tuple(IMPLEMENTED), exact: float = EXACT, floor: float = 1e-30
) -> dict[str, Matrix]:
    """Run the routes against each other, each to within ``exact`` of the first, relative to the largest entry.

    Returns
    -------
    dict
        The Jacobian by route, for those that apply.

    Raises
    ------
    DisagreementError
        Two routes differ, naming them, the point and both matrices.
    """
    found: dict[str, Matrix] = {}
    for route in routes:
        matrix = IMPLEMENTED[route](case)
        if matrix is None:
            continue
        found[route] = matrix
        first = next(iter(found))
        tolerance = APPROXIMATE if route == "finite differences" else exact
        if not close(matrix, found[first], tolerance, floor):
            raise DisagreementError(
                f"{case.function.__name__} at {case.arguments}: {route} and {first} differ\n"
                f"{route}:\n{matrix}\n{first}:\n{found[first]}"
            )
    return found


def second_order(case: Case) -> Matrix:
    """The Hessian by ``hessian``, by ``hvp`` and by differences of the gradient; raises where they differ."""
    argnums = tuple(case.active)

    def gradient_at(x: list[float]) -> NDArray[np.float64]:
        return numbers([pg.grad(case.function, argnums)(*case.at(x))])

    n = len(case.x)
    by_hvp = np.stack(
        [_input_row(case, _hvp(case, d)) for d in case.directions()],
        axis=1,
    )
    blocks = list(leaves(pg.hessian(case.function, argnums)(*case.at(case.x.tolist()))))
    sizes = [np.size(leaf) for name in case.active for leaf in leaves(case.arguments[name])]
    rows = [blocks[k : k + len(sizes)] for k in range(0, len(blocks), len(sizes))]
    hessian = np.block(
        [
            [np.reshape(block, (i, j)) for j, block in zip(sizes, row, strict=True)]
            for i, row in zip(sizes, rows, strict=True)
        ]
    )
    by_differences = richardson(gradient_at, case.x)
    for name, matrix, tolerance in (("hvp", by_hvp, EXACT), ("differences of grad", by_differences, APPROXIMATE)):
        if not close(matrix, hessian, tolerance):
            raise DisagreementError(
                f"{case.function.__name__} at {case.arguments}: {name} and hessian differ\n{matrix}\n{hessian}"
            )
    if not close(hessian, hessian.T, EXACT) or hessian.shape != (n, n):
        raise DisagreementError(f"{case.function.__name__}: the Hessian is not symmetric\n{hessian}")
    return hessian


def _hvp(case: Case, direction: list[Any]) -> Sequence[Any]:
    """The product, one part for each argument; where some are data, as the derivative of the gradient."""
    x = case.at(case.x.tolist())
    if len(case.active) < len(case.arguments):
        product = pg.jvp(pg.grad(case.function, tuple(case.active)), x, direction)[1]
        parts = dict(zip(case.active, product, strict=True))
        return [parts.get(name) for name in case.arguments]
    product = pg.hvp(case.function, x, direction)
    return (product,) if len(case.arguments) == 1 else product
