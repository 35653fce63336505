"""The BLAS that SciPy carries, for the hand-written C: so that both sides multiply matrices with the same library."""

from __future__ import annotations

import ctypes

__all__ = ["dgemm_address"]


def dgemm_address() -> int:
    """The address of ``dgemm`` with Fortran's calling convention and 32-bit integers."""
    from scipy.linalg import cython_blas

    capsule = cython_blas.__pyx_capi__["dgemm"]
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, name(capsule)))
