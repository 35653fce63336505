"""Groups of elementwise statements and sums as one nest of loops (floor 4)."""

__all__: list[str] = []
