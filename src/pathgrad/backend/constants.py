"""Arrays that a program holds, as Python source (floor 4)."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ..ir import Const

__all__ = ["array_text", "is_literal"]

_SHORT = 64


def is_literal(constant: Const) -> bool:
    """Whether an array stands in the user's function as numbers, and is written so again."""
    return not constant.name and constant.value.size <= _SHORT


def array_text(value: np.ndarray[Any, Any]) -> str:
    """An array as Python source: its numbers exactly."""
    if value.size <= _SHORT:
        dtype = "" if value.dtype.name in ("float64", "int64", "bool") else f", dtype=np.{value.dtype.name}"
        text = repr(value.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
        if not value.size:
            return f"np.zeros({value.shape}, dtype=np.{value.dtype.name})"
        return f"np.array({text}{dtype})"
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    chunks = "\n".join(f'    "{data[k : k + 100]}"' for k in range(0, len(data), 100))
    decoded = f'__import__("base64").b64decode(\n{chunks}\n)'
    return f"np.frombuffer({decoded}, dtype=np.{value.dtype.name}).reshape({value.shape}).copy()"
