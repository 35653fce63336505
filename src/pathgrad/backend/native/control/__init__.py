"""Loops, branches, calls, checks before loops, pauses (floor 4)."""

__all__: list[str] = []
