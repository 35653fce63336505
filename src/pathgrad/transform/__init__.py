"""From programs to derivative programs (floor 3).

`forward` is statement doubling, `reverse` the adjoint program: `backward` writes its statements.

- *What is differentiated*: `activity` says what carries derivatives, `calculus` writes derivative expressions,
  `cotangents` sums them, `storage_rules` transposes reads and writes of places, `preaccumulate` carries the derivative
  of a loop of one number along; `shape_builder` helps them.
- *What a backward sweep reads*: `residuals` keeps or computes again, by `scope` and `costly`; `keeper` and `extents`
  say how and how much is kept, `totals` has sums added there; `versions`, `affine`, `settled`, `undo` and `writes` find
  what need not be kept of arrays that are changed in place; `checkpoints` keeps few states by a binomial `schedule`.
- *Before and after* (`passes`): `privatise` by `coverage`, `induction`; `fold`, `simplify`, `interchange`, `sums`,
  `early_sums`, `additions`, `first_sums`, `resets`, `late`, `reuse`.
- *For native code*: `inline`, `lengths`, `length_classes`, `slices` and `supposed`; `components` (`elements`, `finite`,
  `unroll`); `lanes` (`strips`), `jam` (`nests`), `ahead` (`recurrent`), `beside`, `apart`; `rebuilt` helps them.
"""

from __future__ import annotations

from .forward import forward
from .reverse import reverse

__all__ = ["forward", "reverse"]
