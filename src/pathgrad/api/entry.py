"""What serves all calls of a derived function with the same forms of arguments (floor 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..backend import Executable
from ..frontend import Reading, Spec
from ..frontend.context import Dependency
from ..frontend.read import unchanged
from ..ir import Program

__all__ = ["Entry", "same", "weakness"]


@dataclass
class Entry:
    """What serves all calls with the same forms of arguments.

    Attributes
    ----------
    specs : dict
        The forms.
    executable : Executable
        What runs.
    names : list of str
        The parameters that the executable takes, in order.
    fixed : dict
        Parameters whose value was known when reading, and the value.
    dependencies : list
        What was looked up outside the function.
    read : callable
        The reading; done when it is asked for where the code came from the disk.
    original : callable, optional
        What raises where the function reads a name without a value.
    """

    specs: dict[str, Spec]
    executable: Executable
    names: list[str]
    fixed: dict[str, Any]
    dependencies: list[Dependency]
    read: Callable[[], Reading]
    original: Callable[..., Any] | None = None

    @cached_property
    def reading(self) -> Reading:
        """The reading of the function."""
        return self.read()

    @property
    def program(self) -> Program:
        """The derived program."""
        return self.executable.program

    def serves(self, bound: dict[str, Any]) -> bool:
        """Whether everything that was known when reading is still so."""
        return unchanged(self.dependencies) and all(same(bound[n], v) for n, v in self.fixed.items())


def weakness(parameters: Sequence[tuple[str, Any]], specs: dict[str, Spec]) -> Callable[[int], bool]:
    """Which inputs of a program are Python's own numbers."""
    strong: set[int] = set()

    def visit(tree: Any, spec: Spec) -> None:
        if isinstance(tree, int):
            if not spec.weak and spec.value is None:
                strong.add(tree)
        elif isinstance(tree, dict):
            for key, part in zip(spec.keys, spec.parts, strict=True):
                visit(tree[key], part)
        elif tree is not None:
            for part, its in zip(tree, spec.parts, strict=True):
                visit(part, its)

    for name, tree in parameters:
        if name in specs:
            visit(tree, specs[name])
    return lambda k: k not in strong


def same(a: Any, b: Any) -> bool:
    """Whether a value that was known when reading is what it was."""
    return type(a) is type(b) and bool(a == b)
