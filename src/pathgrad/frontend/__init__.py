"""From Python to programs and graphs (floor 2).

`read` reads a function's source into a program (`source`, `reader`, `control`, `expressions`, `arrays`, `calls`,
`numpy_calls`, `library`); `trace` runs a function once and records its computation graph.
"""

from __future__ import annotations

from .read import Reading, Spec, read, spec_of
from .source import Source, source_of, sources_of_file
from .trace import trace

__all__ = ["Reading", "Source", "Spec", "read", "source_of", "sources_of_file", "spec_of", "trace"]
