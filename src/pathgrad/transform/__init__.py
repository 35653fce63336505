"""From programs to derivative programs (floor 3).

`forward` is statement doubling, `reverse` the adjoint program; `activity` says what carries derivatives, `calculus`
writes derivative expressions, `cotangents` sums them, `storage_rules` transposes reads and writes of places,
`scope`, `keeper` and `residuals` keep or recompute what a backward sweep reads, and `totals` has sums added there;
`versions`, `affine`, `settled` and
`undo` find what need not be kept of arrays that are changed in place; `checkpoints` keeps few states by a binomial
`schedule`; `shape_builder`, `writes` and `simplify` help them.

`passes` says what is done to programs before (`privatise` by `coverage`, `induction`) and after (`fold`, `interchange`,
`sums`, `additions`, `first_sums`, `late`); `extents` finds the lengths of what is kept, `preaccumulate` carries the
derivative of a loop of one number; `inline`, `lanes` (with `strips`), `jam` (of `nests`) and `ahead` (with `recurrent`)
prepare programs for native code.
"""

from __future__ import annotations

from .forward import forward
from .reverse import reverse

__all__ = ["forward", "reverse"]
