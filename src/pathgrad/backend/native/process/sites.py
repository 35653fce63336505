"""Places in the user's program that can fail (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass

from ....ir import Origin

__all__ = ["Site"]


@dataclass(frozen=True)
class Site:
    """A place that can fail: what is said, and the user's line.

    Attributes
    ----------
    kind : str
        ``"index"``, ``"shape"``, ``"memory"``, ``"value"`` or ``"zero"``.
    message : str
        With ``{0}``, ``{1}``, ``{2}`` for the numbers that the program reports.
    origin : Origin or None
        The user's line.
    """

    kind: str
    message: str
    origin: Origin | None
    filename: str = ""
