"""Products of matrices and vectors (floor 4)."""

__all__: list[str] = []
