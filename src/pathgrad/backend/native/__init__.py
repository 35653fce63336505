"""Native code: a program as LLVM text, optimised, loaded, called (floor 4)."""
