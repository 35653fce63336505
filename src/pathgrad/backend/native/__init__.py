"""Native code: a program as LLVM text, optimised, loaded, called (floor 4).

A program is arranged for machines (`arrange`), written (`build`, statement by statement: `statements`), given an entry
point that Python calls (`entry`, `updates`) or a C function (`c_interface`), and compiled; `callable` does all of it.

==========  ============================================================================================
room        what is there
==========  ============================================================================================
`analysis`  what is found out of a program before it is written
`emit`      a function while it is written: text, values of variables, memory, references
`elements`  numbers: conversions and elementwise operators
`arrays`    array statements: creation, views, positions, places, joining, growing storage
`fused`     groups of elementwise statements and sums as one nest of loops
`products`  matrices and vectors
`control`   loops, branches, calls, checks before loops, pauses
`divided`   loops that are divided among threads
`support`   what programs carry with them, as LLVM text: memory, failures, signals, the team of threads
`process`   from text to code that this process calls: LLVM, the disk, the loader
==========  ============================================================================================

`mathematics` writes our own vectorised functions.
"""

__all__: list[str] = []
