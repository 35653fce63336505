"""Gradients in the structure of their arguments, and signatures (floor 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..frontend import Spec
from ..ir import Program

__all__ = ["arranged", "same_shapes", "shaped_as"]


def shaped_as(spec: Spec, value: Any) -> Any:
    """A gradient in the structure of its argument: rank-0 arrays and named tuples again."""
    if spec.kind == "number":
        return np.asarray(value) if spec.value == "array" else value
    if spec.kind == "tuple":
        parts = [shaped_as(s, v) for s, v in zip(spec.parts, value, strict=True)]
        return spec.value(*parts) if spec.value is not None else tuple(parts)
    if spec.kind == "list":
        return [shaped_as(s, v) for s, v in zip(spec.parts, value, strict=True)]
    if spec.kind == "dict":
        return {k: shaped_as(s, value[k]) for k, s in zip(spec.keys, spec.parts, strict=True)}
    return value


def same_shapes(derivative: Any, value: Any) -> bool:
    """Whether a gradient has the shapes of its argument."""
    if isinstance(value, np.ndarray):
        return bool(np.shape(derivative) == value.shape)
    if isinstance(value, tuple | list):
        return all(map(same_shapes, derivative, value))
    if isinstance(value, dict):
        return all(same_shapes(derivative[k], v) for k, v in value.items())
    return True


def arranged(program: Program, parameters: Sequence[Any], result: Any) -> Program:
    """The same program with another signature and grouping of results."""
    kept = {k: v for k, v in program.derived.items() if k == "origin"}
    return replace(program, parameters=list(parameters), result=result, derived=kept)
