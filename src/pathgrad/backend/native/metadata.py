"""What LLVM is told about loops (floor 4).

LLVM writes several iterations of a loop after one another: of a vectorised one, of what is left of it, of what is left
of that. Much of the time of a first call goes into these copies. They pay where one iteration waits for the one before,
as in a sum, and where a loop is so short that it disappears. Where iterations do no more than read, compute and write,
the processor itself has several of them in work; such loops end with `ONCE`.
"""

from __future__ import annotations

import re

__all__ = ["ONCE", "numbered"]

#: At the end of a loop: neither unroll nor interleave it. Vectors of iterations are allowed.
ONCE = ", !llvm.loop !once"

_NODES = """
!0 = !{!"branch_weights", i32 100000, i32 1}
!1 = !{!"branch_weights", i32 1, i32 100000}
!2 = !{!"llvm.loop.unroll.disable"}
"""
_FIRST = 3


def numbered(text: str) -> str:
    """A module with its metadata; each loop has a node of its own, because LLVM takes a node for the loop's name.

    Examples
    --------
    >>> print(numbered("br label %head, !llvm.loop !once"))
    br label %head, !llvm.loop !3
    !0 = !{!"branch_weights", i32 100000, i32 1}
    !1 = !{!"branch_weights", i32 1, i32 100000}
    !2 = !{!"llvm.loop.unroll.disable"}
    !3 = distinct !{!3, !2}
    """
    nodes: list[str] = []

    def name(_: re.Match[str]) -> str:
        own = f"!{_FIRST + len(nodes)}"
        nodes.append(f"{own} = distinct !{{{own}, !2}}")
        return f"{ONCE[:-4]}{own[1:]}"

    text = re.sub(re.escape(ONCE) + r"\b", name, text)
    return "\n".join([text + _NODES[:-1], *nodes])
