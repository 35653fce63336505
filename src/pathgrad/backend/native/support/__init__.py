"""What compiled programs carry with them, as LLVM text: memory, failures, signals, the team of threads (floor 4)."""

__all__: list[str] = []
