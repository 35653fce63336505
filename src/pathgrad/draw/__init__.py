"""Pictures of computation graphs (floor 6).

Reading order: `picture` (the entry, SVG and PNG), `scene` (shapes and texts), `layout` (coordinates), `dot`, `text`.
"""

from __future__ import annotations

from .dot import dot_source
from .picture import draw

__all__ = ["dot_source", "draw"]
