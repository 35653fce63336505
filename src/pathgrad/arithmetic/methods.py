"""The methods of arrays, by NumPy's functions (floor 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .functions import FUNCTIONS

__all__ = ["ArrayMethods"]


class ArrayMethods:
    """The methods of arrays that the operator table has: ``x.sum()``, ``x.T``, ``x.reshape(2, 3)``."""

    def _call(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        return FUNCTIONS[function](self, *arguments, **parameters)

    def sum(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.sum``."""
        return self._call(np.sum, *arguments, **parameters)

    def mean(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.mean``."""
        return self._call(np.mean, *arguments, **parameters)

    def prod(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.prod``."""
        return self._call(np.prod, *arguments, **parameters)

    def max(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.max``."""
        return self._call(np.max, *arguments, **parameters)

    def min(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.min``."""
        return self._call(np.min, *arguments, **parameters)

    def any(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.any``."""
        return self._call(np.any, *arguments, **parameters)

    def all(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.all``."""
        return self._call(np.all, *arguments, **parameters)

    def argmax(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.argmax``."""
        return self._call(np.argmax, *arguments, **parameters)

    def argmin(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.argmin``."""
        return self._call(np.argmin, *arguments, **parameters)

    def std(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.std``."""
        return self._call(np.std, *arguments, **parameters)

    def var(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.var``."""
        return self._call(np.var, *arguments, **parameters)

    def cumsum(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.cumsum``."""
        return self._call(np.cumsum, *arguments, **parameters)

    def dot(self, other: Any) -> Any:
        """As ``numpy.dot``."""
        return self._call(np.dot, other)

    def clip(self, *arguments: Any, **parameters: Any) -> Any:
        """As ``numpy.clip``."""
        return self._call(np.clip, *arguments, **parameters)

    def round(self, decimals: int = 0) -> Any:
        """As ``numpy.round``."""
        return self._call(np.round, decimals)

    def copy(self, order: str = "C") -> Any:
        """As ``numpy.copy``."""
        return self._call(np.copy)

    def ravel(self, order: str = "C") -> Any:
        """As ``numpy.ravel``."""
        return self._call(np.ravel, order)

    def flatten(self, order: str = "C") -> Any:
        """A copy in one row."""
        return FUNCTIONS[np.copy](self._call(np.ravel, order))

    def squeeze(self, axis: Any = None) -> Any:
        """As ``numpy.squeeze``."""
        return self._call(np.squeeze, axis)

    def reshape(self, *shape: Any, **parameters: Any) -> Any:
        """As ``numpy.reshape``."""
        return self._call(np.reshape, shape[0] if len(shape) == 1 else shape, **parameters)

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.transpose``."""
        return self._call(np.transpose, axes[0] if len(axes) == 1 else (axes or None))
