"""pathgrad, as everybody in the harness uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pathgrad as pg

from .programs import Program

__all__ = ["gradient", "use_threads", "value"]


def use_threads(count: int) -> None:
    """How many threads long loops may run on, from here on."""
    pg.options(threads=count)


def value(program: Program) -> Callable[..., Any]:
    """The compiled function."""
    return pg.compile(program.value)  # type: ignore[no-any-return]


def gradient(program: Program) -> Callable[..., Any]:
    """The compiled derivative that is measured."""
    own = program.module.gradient if program.has("gradient") else None
    return own(pg) if own else pg.grad(program.value, program.argnums)  # type: ignore[no-any-return]
