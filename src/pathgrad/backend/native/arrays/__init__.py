"""Array statements: creation, views, positions, places, joining, growing storage (floor 4)."""

__all__: list[str] = []
