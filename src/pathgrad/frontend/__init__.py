"""From Python to programs and graphs (floor 2).

`read` reads a function's source into a program; `trace` runs a function once and records its computation graph.

The modules of the reader in the order in which they import each other: `source` finds a function's text; `values` and
`state` say what the reader knows; `context` is what all parts share, and how lower parts reach higher ones. Then come
`names` and `storage`; `operands`, `operators` and `containers`; `indexing`, `writing` and `iteration`; NumPy
(`numpy_register`, `numpy_shaping`, `numpy_reductions`, `numpy_creation`, `numpy_calls`; `composites`); `attributes`,
`comprehensions`, `builtin_calls` and `calls` (`checkpointing` for one of them); `expressions`; `branches` and `loops`;
`helpers`; `reader`, which puts them together; `read` and `nested`.
"""

from __future__ import annotations

from .read import Reading, Spec, read, spec_of
from .source import Source, source_of, sources_of_file
from .trace import trace

__all__ = ["Reading", "Source", "Spec", "read", "source_of", "sources_of_file", "spec_of", "trace"]
