"""From programs to derivative programs (floor 3).

`forward` is statement doubling, `reverse` the adjoint program; `activity` says what carries derivatives, `calculus`
writes derivative expressions, `cotangents` sums them, `storage_rules` transposes reads and writes of places,
`residuals` keeps or recomputes, `checkpoints` keeps few states by a binomial `schedule`, `simplify` cleans up.
"""

from __future__ import annotations

from .forward import forward
from .reverse import reverse

__all__ = ["forward", "reverse"]
