"""Native code: a program as LLVM text, optimised, loaded, called (floor 4)."""

__all__: list[str] = []
