"""The types of program values (floor 1).

A value is a scalar or an array of one of four dtypes; the rank of an array is static, its lengths are run-time values.
Each length carries a *dimension token*: equal tokens are equal lengths, 1 is the length that broadcasts, ``None`` is a
length known at run time only. Tokens guide broadcasting and are no part of a type's identity. A `ListType` is the
growing storage in which a loop keeps residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["BOOL", "F32", "F64", "I64", "ListType", "Type", "ValueType", "array", "is_float", "promote"]

_RANK_OF_DTYPE = {"bool": 0, "i64": 1, "f32": 2, "f64": 3}
NUMPY_NAMES = {"bool": "bool", "i64": "int64", "f32": "float32", "f64": "float64"}
_FROM_NUMPY = {"bool": "bool", "int64": "i64", "float32": "f32", "float64": "f64"}


@dataclass(frozen=True)
class Type:
    """A scalar (rank 0) or an array.

    Attributes
    ----------
    dtype : str
        ``"f64"``, ``"f32"``, ``"i64"`` or ``"bool"``.
    rank : int
        The number of axes.
    dims : tuple
        One token for each axis; see the module's docstring.
    """

    dtype: str
    rank: int = 0
    dims: tuple[Any, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return self.dtype if not self.rank else f"{self.dtype}[{','.join(':' * self.rank)}]"

    @property
    def is_array(self) -> bool:
        """Whether the value is an array."""
        return self.rank > 0

    def with_dtype(self, dtype: str) -> Type:
        """The same shape with another dtype."""
        return Type(dtype, self.rank, self.dims)


@dataclass(frozen=True)
class ListType:
    """Growing storage: one value for each iteration of a loop."""

    element: ValueType

    def __str__(self) -> str:
        return f"list of {self.element}"

    @property
    def is_array(self) -> bool:
        """Lists share storage as arrays do."""
        return True

    @property
    def rank(self) -> int:
        """A list is read by one number."""
        return 1


ValueType = Type | ListType

F64, F32, I64, BOOL = Type("f64"), Type("f32"), Type("i64"), Type("bool")


def array(dtype: str, dims: tuple[Any, ...]) -> Type:
    """The type of an array (a scalar for no dimensions)."""
    return Type(dtype, len(dims), dims)


def is_float(t: ValueType) -> bool:
    """Whether values of this type carry derivatives."""
    while isinstance(t, ListType):
        t = t.element
    return t.dtype in ("f64", "f32")


def promote(*dtypes: str) -> str:
    """NumPy's promotion of dtypes.

    Examples
    --------
    >>> promote("i64", "f32"), promote("bool", "i64"), promote("f32", "f32")
    ('f64', 'i64', 'f32')
    """
    kinds = set(dtypes)
    if "f32" in kinds and "i64" in kinds:
        return "f64"
    return max(kinds, key=_RANK_OF_DTYPE.__getitem__)


def dtype_of_numpy(name: str) -> str | None:
    """The dtype for NumPy's name of it, ``None`` where programs have none."""
    return _FROM_NUMPY.get(name)
