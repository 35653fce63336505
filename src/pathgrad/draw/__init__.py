"""Pictures of computation graphs (floor 6).

Reading order: `picture` (the entry, SVG and PNG), `scene` (shapes and texts), `layout` (coordinates), `dot`, `text`.
"""

from __future__ import annotations

from .dot import dot_source
from .layout import MissingPackageError
from .picture import draw

__all__ = ["MissingPackageError", "dot_source", "draw"]
