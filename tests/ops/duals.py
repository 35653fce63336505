"""A dual number of its own for the tests, so that labels are checked without the package's arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from pathgrad import ops
from pathgrad.ops import LinearMap, Op


def _primal(x: Any) -> Any:
    return x.value if isinstance(x, Dual) else x


class Dual:
    """A value and its tangent; operators of the table apply to it by their records."""

    __array_ufunc__ = None

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, tangent

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    def __pathgrad__(self, record: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        primals = [_primal(x) for x in operands]
        v = record.value(*primals, **parameters)
        tangent: Any = np.zeros(np.shape(v))
        for j, x in enumerate(operands):
            if not isinstance(x, Dual):
                continue
            variadic = record.facts.get("label")
            if variadic is None and (j >= len(record.labels) or record.labels[j] is None):
                continue
            entry = variadic(j, v, *primals, **parameters) if variadic else record.labels[j](v, *primals, **parameters)
            tangent = tangent + (entry.apply(x.tangent) if isinstance(entry, LinearMap) else entry * x.tangent)
        return Dual(v, tangent)

    def __add__(self, other: Any) -> Any:
        return ops.TABLE["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return ops.TABLE["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return ops.TABLE["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return ops.TABLE["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return ops.TABLE["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return ops.TABLE["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return ops.TABLE["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return ops.TABLE["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return ops.TABLE["floor_divide"](self, other)

    def __pow__(self, other: Any) -> Any:
        return ops.TABLE["power"](self, other)

    def __neg__(self) -> Any:
        return ops.TABLE["negative"](self)

    def __gt__(self, other: Any) -> Any:
        return self.value > _primal(other)

    def __lt__(self, other: Any) -> Any:
        return self.value < _primal(other)

    def __eq__(self, other: object) -> Any:
        return self.value == _primal(other)

    __hash__ = None  # type: ignore[assignment]
