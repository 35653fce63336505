"""Numbers: conversions and elementwise operators as instructions (floor 4)."""

__all__: list[str] = []
