"""The error for a call that has no record, with the user's own line (floor 1)."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

import numpy as np

from ..errors import UnsupportedCall

__all__ = ["unsupported"]

_INNER = (str(Path(__file__).parents[1]), str(Path(np.__file__).parent))


def unsupported(what: str, remedy: str) -> UnsupportedCall:
    """The exception for ``what``, located at the caller outside pathgrad and NumPy.

    Parameters
    ----------
    what : str
        The call, as the user knows it.
    remedy : str
        What to do instead.

    Returns
    -------
    UnsupportedCall
        To be raised.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INNER):
        frame = frame.f_back
    filename, line = frame.f_code.co_filename, frame.f_lineno
    message = f"{what} was called with overloaded values, and no operator record stands for it; {remedy}"
    return UnsupportedCall(message, filename, line, 1, linecache.getline(filename, line) or None)
