"""The public gradient checker, and every route to one derivative side by side (floor 6).

Reading order: `gradients` (`check_grads`), `compare` (`compare_routes`), `routes`, `references`, `problem`.
"""

from __future__ import annotations

from .compare import Comparison, Route, compare_routes
from .gradients import check_grads

__all__ = ["Comparison", "Route", "check_grads", "compare_routes"]
