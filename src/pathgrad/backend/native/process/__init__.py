"""From LLVM text to code that this process calls: compiled, kept on disk, loaded, called (floor 4)."""

__all__: list[str] = []
