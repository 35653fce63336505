"""Array operators that create arrays (floor 0)."""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import Dims, broadcast_with, sum_, sum_to
from .elementary import where
from .record import LinearMap, Op, array_op
from .structural import cast_like, dims_of_atoms


def _fraction(v: Any, num: Any, endpoint: bool) -> Any:
    """The fraction k / (num - 1) for each position k of ``linspace`` (k / num without the end point)."""
    last = num - 1 if endpoint else num
    return iota_like(v) / cast_like(broadcast_with(where(last > 0, last, 1), v), v)


def _arange_dims(atoms: Any) -> Dims:
    start, _, step = (getattr(atom, "literal", atom) for atom in atoms)
    if start == 0 and step == 1:
        return dims_of_atoms(atoms[1:2])
    return (None,)


# fmt: off
# ---- creation --------------------------------------------------------------------------------------------------------
zeros = array_op("zeros", lambda *dims, dtype: np.zeros(dims, dtype), ref="constant", total=True,
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims_of_atoms(atoms)})
empty = array_op("empty", lambda *dims, dtype: np.empty(dims, dtype), ref="constant", total=True,
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims_of_atoms(atoms)})
full: Op = array_op("full", lambda value, *dims, dtype: np.full(dims, value, dtype),
    lambda v, value, *dims, dtype: LinearMap(lambda t: full(t, *dims, dtype=dtype), lambda s: cast_like(sum_(s, axis=None, keepdims=False), value)),
    ref="transpose of a copy is a sum", linear=(0,), total=True,
    facts={"variadic": "numbers", "shape": lambda dims, atoms, p: dims_of_atoms(atoms[1:])})
arange = array_op("arange", lambda start, stop, step, *, dtype: np.arange(start, stop, step, dtype=dtype),
    lambda v, start, stop, step, *, dtype: LinearMap(lambda t: broadcast_with(t, v), lambda s: sum_to(s, start)),
    None,
    lambda v, start, stop, step, *, dtype: LinearMap(lambda t: broadcast_with(t, v) * iota_like(v), lambda s: sum_to(s * iota_like(v), step)),
    ref="start + k step", total=True,
    facts={"shape": lambda dims, atoms, p: _arange_dims(atoms)})
linspace = array_op("linspace", lambda start, stop, num, *, endpoint: np.linspace(start, stop, int(num), endpoint=endpoint),
    lambda v, start, stop, num, *, endpoint: LinearMap(lambda t: broadcast_with(t, v) * (1.0 - _fraction(v, num, endpoint)), lambda s: sum_to(s * (1.0 - _fraction(v, num, endpoint)), start)),
    lambda v, start, stop, num, *, endpoint: LinearMap(lambda t: broadcast_with(t, v) * _fraction(v, num, endpoint), lambda s: sum_to(s * _fraction(v, num, endpoint), stop)),
    None,
    ref="start + (stop - start) k / (num - 1)", total=True,
    facts={"shape": lambda dims, atoms, p: dims_of_atoms(atoms[2:3])})
iota_like: Op = array_op("iota_like", lambda x: np.arange(np.shape(x)[0], dtype=np.result_type(x)), None, ref="0, 1, 2, ...", total=True,
    facts={"shape": lambda dims, atoms, p: dims[0]})
length = array_op("length", lambda x, *, axis: int(np.shape(x)[axis]), None, ref="the length of an axis", total=True,
    facts={"shape": lambda dims, atoms, p: ()})
trip_count = array_op("trip_count", lambda start, stop, step: len(range(int(start), int(stop), int(step))), None, None, None,
    ref="the number of iterations of a loop", total=True,
    facts={"shape": lambda dims, atoms, p: (), "dtype": "int"})
# fmt: on
