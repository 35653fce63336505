"""What is found out of a program before it is written (floor 4)."""

__all__: list[str] = []
