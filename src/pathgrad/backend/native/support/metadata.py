"""What LLVM is told about loops (floor 4).

LLVM writes several iterations of a loop after one another: of a vectorised one, of what is left of it, of what is left
of that. Much of the time of a first call goes into these copies. They pay where one iteration waits for the one before,
as in a sum, and where a loop is so short that it disappears. Where iterations do no more than read, compute and write,
the processor itself has several of them in work; such loops end with `ONCE`. Loops of a few iterations, whose number
is not known before, end with `FEW`.
"""

from __future__ import annotations

import re

__all__ = ["FEW", "ONCE", "numbered"]

#: At the end of a loop: neither unroll nor interleave it. Vectors of iterations are allowed.
ONCE = ", !llvm.loop !once"
#: At the end of a loop: leave it as it is.
FEW = ", !llvm.loop !few"

_NODES = """
!0 = !{!"branch_weights", i32 100000, i32 1}
!1 = !{!"branch_weights", i32 1, i32 100000}
!2 = !{!"llvm.loop.unroll.disable"}
!3 = !{!"llvm.loop.vectorize.enable", i1 false}
"""
_FIRST = 4
_MEANING = {ONCE: "!2", FEW: "!2, !3"}


def numbered(text: str) -> str:
    """A module with its metadata; each loop has a node of its own, because LLVM takes a node for the loop's name.

    Examples
    --------
    >>> print(numbered("br label %head, !llvm.loop !once"))
    br label %head, !llvm.loop !4
    !0 = !{!"branch_weights", i32 100000, i32 1}
    !1 = !{!"branch_weights", i32 1, i32 100000}
    !2 = !{!"llvm.loop.unroll.disable"}
    !3 = !{!"llvm.loop.vectorize.enable", i1 false}
    !4 = distinct !{!4, !2}
    """
    nodes: list[str] = []

    def name(mark: re.Match[str]) -> str:
        own = f"!{_FIRST + len(nodes)}"
        nodes.append(f"{own} = distinct !{{{own}, {_MEANING[mark[0]]}}}")
        return f", !llvm.loop {own}"

    text = re.sub(rf"(?:{ONCE}|{FEW})\b", name, text)
    return "\n".join([text + _NODES[:-1], *nodes])
