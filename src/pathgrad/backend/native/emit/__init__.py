"""A function while it is written: its text, what its variables are, its memory and its references (floor 4)."""

__all__: list[str] = []
