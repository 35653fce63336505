"""Reading ``pathgrad.checkpoint`` (floor 2).

A loop over what it gives is the loop over its argument, with a mark for the loop's adjoint.
"""

from __future__ import annotations

import ast
from typing import Any

from ..ir import Const
from .context import Reader
from .iteration import Checkpointed, Zipped
from .values import Array, RangeValue, Scalar, describe

__all__ = ["read_checkpoint"]


def read_checkpoint(reader: Reader, node: ast.AST, arguments: list[Any], keywords: dict[str, Any], name: str) -> Any:
    """The value of ``checkpoint(iterable, snapshots=...)``.

    Parameters
    ----------
    reader, node, arguments, keywords, name
        The call.

    Raises
    ------
    UnsupportedSyntax
        Anything but one iterable with a run-time length; snapshots that are not known when reading, or fewer than 1.
    """
    unknown = [k for k in keywords if k not in ("iterable", "snapshots")]
    if unknown or len(arguments) > 1 or ("iterable" in keywords) == bool(arguments):
        reader.fail(node, "checkpoint takes what a loop runs over and snapshots=; write pg.checkpoint(range(n))")
    iterable = arguments[0] if arguments else keywords["iterable"]
    if not isinstance(iterable, Array | RangeValue | Zipped | range):
        reader.fail(
            node,
            f"checkpoint is for loops over ranges and arrays, and zips of them; got {describe(iterable)}: write "
            f"for k in pg.checkpoint(range(n)) and take the k-th item inside the loop",
        )
    return Checkpointed(iterable, _snapshots(reader, node, keywords.get("snapshots")))


def _snapshots(reader: Reader, node: ast.AST, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, Scalar) and isinstance(value.atom, Const):
        value = value.atom.value
    if isinstance(value, Scalar):
        reader.fail(
            node,
            "checkpoint: snapshots must be known when reading; write the number itself (snapshots=20) or the name of "
            "a module's constant, or leave it out",
        )
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        reader.fail(node, f"checkpoint: snapshots is a whole number from 1; got {describe(value)}")
    return value
