"""Loops that are divided among threads (floor 4)."""

__all__: list[str] = []
