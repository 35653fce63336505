"""Errors of emitted programs, with the user's file and line (floor 5).

An emitted program computes what the user's function computes, so where it raises the function raises too. Only then is
the function itself run once more, on copies of the arguments, to learn the line.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError

__all__ = ["located"]


def located(error: Exception, function: Callable[..., Any], filename: str, bound: dict[str, Any]) -> Exception:
    """What the user's own function raises at these arguments, with its place; ``error`` where it raises nothing.

    Parameters
    ----------
    error : Exception
        What the emitted program raised.
    function : callable
        The user's function.
    filename : str
        Its file.
    bound : dict
        The arguments by name, in order.

    Returns
    -------
    Exception
        A `ShapeError` naming the user's file and line for shapes that do not fit, otherwise the function's own
        exception; an ``IndexError`` of native code, which names the place already, stays as it is.
    """
    if isinstance(error, IndexError) and f"{filename}:" in str(error):
        return error
    kind = ValueError if isinstance(error, ShapeError) else type(error)
    arguments = copy.deepcopy(list(bound.values()))
    try:
        with np.errstate(all="ignore"):
            function(*arguments)
    except kind as own:
        places = [frame for frame in traceback.extract_tb(own.__traceback__) if frame.filename == filename]
        if type(own) is ValueError and places:
            last = places[-1]
            forms = ", ".join(f"{name}: {_form(value)}" for name, value in bound.items())
            return ShapeError(f"{last.filename}:{last.lineno}: {own}, in `{last.line}`; the arguments are {forms}")
        return own
    except Exception:  # the program and the function differ in how they fail: what was asked for is the program's error
        return error
    return error


def _form(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)
