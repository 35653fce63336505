"""``pathgrad demo``: the lecture's examples, a fitted equation, a trained network (floor 6)."""

from .tour import main

__all__ = ["main"]
