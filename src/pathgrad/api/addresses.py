"""Derived functions as C functions: addresses, signatures, what SciPy calls (floor 5)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from ..backend import Executable

__all__ = ["Addresses"]


class Addresses(ABC):
    """What a derived function offers to callers that are not Python."""

    __name__: str

    @abstractmethod
    def executable(self, arguments: Sequence[Any]) -> Executable:
        """What runs for arguments of these forms."""

    def address(self, *arguments: Any) -> int:
        """The address of a plain C function for arguments of these forms; `signature` is its type.

        Numbers are passed by value, arrays as an address and the lengths, C-contiguous. With one float as result the
        function returns it, or nan where it fails; any other returns 0, or 1 where it fails, and takes the address of
        each result behind its arguments, with room for the whole of it. The code stays until the process ends.

        Raises
        ------
        NativeUnsupported
            There is no native form.

        Examples
        --------
        >>> import ctypes, pathgrad as pg
        >>> d = pg.grad(lambda x: x * x)
        >>> d.signature(3.0)
        'double (double)'
        >>> ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(d.address(3.0))(3.0)
        6.0
        """
        return self.executable(arguments).c_function.address

    def signature(self, *arguments: Any) -> str:
        """The type of the C function at `address`, as C writes it."""
        return self.executable(arguments).c_function.signature

    def low_level(self, *arguments: Any, signature: str | None = None) -> Any:
        """A ``scipy.LowLevelCallable``, which SciPy calls without Python.

        Parameters
        ----------
        *arguments
            Examples: floats (or other numbers), or one vector; the result must be one float.
        signature : str, optional
            ``"double (double)"``, ``"double (int, double *)"`` (several numbers, or the vector) or
            ``"int (double *, intptr_t, double *, void *)"`` (``scipy.ndimage.generic_filter``); by default the first
            that fits.

        Raises
        ------
        ArgumentError
            The arguments or the result fit no such signature.
        NativeUnsupported
            There is no native form.

        Examples
        --------
        >>> import numpy as np, pathgrad as pg
        >>> from scipy.integrate import quad
        >>> slope = pg.grad(lambda x: np.sin(x))
        >>> round(quad(slope.low_level(0.0), 0.0, np.pi / 2)[0], 12)
        1.0
        """
        from scipy import LowLevelCallable

        capsule, form = self.executable(arguments).c_function.capsule(self.__name__, signature)
        return LowLevelCallable(capsule, signature=form)
