"""A function while it is being written: what is known of it, what it supposes, how it fails (floor 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ....ir import Loop, Origin, Program, Var
from ....transform.length_classes import LengthClasses
from ..analysis.chained import Chain
from ..analysis.definitions import Definitions
from ..analysis.escape import plan_stack
from ..analysis.ranges import Ranges
from .groups import Group
from .module import NativeModule
from .scratch import Scratch
from .values import Owned, Pending, Splat, Value, View
from .writer import Writer

__all__ = ["BAIL", "Writing"]

#: What a function returns where the call must start again in code that checks and supposes nothing.
BAIL = "2"


class Writing:
    """One function of a module, for one program.

    Parameters
    ----------
    module : NativeModule
        The module that the function belongs to.
    program : Program
        The program.
    names : dict
        The names of the functions of other programs, by identity.

    Attributes
    ----------
    w : Writer
        The instructions.
    env : dict
        What each variable is.
    group : Group or None
        Statements that wait to become one nest of loops.
    owned : list of Owned
        The references that the block being written holds.
    """

    def __init__(self, module: NativeModule, program: Program, names: dict[int, str]) -> None:
        self.module = module
        self.program = program
        self.names = names
        self.w = Writer()
        self.env: dict[Var, Value] = {}
        self.group: Group | None = None
        self.owned: list[Owned] = []
        self.origin: Origin | None = None
        self.stack = plan_stack(program)
        #: the caller may give up the arguments while it reads the results
        self.is_called = False
        self.ranges = Ranges()
        self.definitions = Definitions.of(program.body)
        #: results of statements that may be rounded otherwise than the program says
        self.loose: set[Var] = set()
        #: additions that are computed in another way, by their targets
        self.chains: dict[Var, Chain] = {}
        #: statements (by identity) and axes of positions that were checked before
        self.proven: set[tuple[int, int]] = set()
        self.classes = LengthClasses(program.body)
        #: one length of each class of axes that meet
        self.met: dict[tuple[Var, int], str] = {}
        #: lengths that were found equal to others
        self.same: dict[str, str] = {}
        #: the loop of which this function runs some of the turns
        self.part: Loop | None = None
        #: the loops around, if what is being written runs in each of their turns, outermost first
        self.scratches: list[Scratch] = []
        #: what the loop being written puts by for later
        self.gathering: Any = None
        #: how many loops are around what is being written, and the counted ones among them
        self.depth = 0
        self.loops: list[Loop] = []
        #: whether there are loops over elements inside others
        self.has_rows = False
        #: the text of each length that is visible, by dimension token
        self.lengths: dict[object, str] = {}
        #: variables of the block being written; what others were before they took another form in it
        self.local: set[Var] = set()
        self.shadowed: list[tuple[Var, Value]] = []
        self.ended: list[tuple[set[Var], list[tuple[Var, Value]]]] = []
        #: variables that statements after the open group read
        self.read_later: Callable[[Var], bool] = lambda _: True

    @property
    def attributes(self) -> str:
        """The attributes of the function: how wide its vectors are.

        Rows that a loop goes through are short and begin anywhere: half as many elements at once leave less of them
        over, and cross fewer cache lines.
        """
        return "#1" if self.has_rows else "#0"

    # ---- what is supposed --------------------------------------------------------------------------------------------
    def canonical(self, n: str) -> str:
        """One text for lengths that were found equal."""
        while n in self.same:
            n = self.same[n]
        return n

    def suppose_equal(self, a: str, b: str) -> bool:
        """Go on with two lengths as one; where they differ the call starts again in code that supposes nothing.

        False where no call may start again: then nothing is supposed.
        """
        a, b = self.canonical(a), self.canonical(b)
        if a == b:
            return True
        if not self.module.may_bail or (a.isdigit() and b.isdigit()):
            return False
        self.bail_unless(self.w.compare("eq", a, b))
        if a.isdigit():
            a, b = b, a
        self.same[a] = b
        return True

    @contextmanager
    def supposing(self) -> Iterator[None]:
        """What is supposed in the context holds in it alone: control may not come through it."""
        same, met = dict(self.same), dict(self.met)
        yield
        self.same, self.met = same, met

    def meet(self, variable: Var) -> None:
        """Suppose the lengths of a new array equal to those that it will meet."""
        value = self.env.get(variable)
        if not self.module.may_bail or not isinstance(value, View | Splat | Pending):
            return
        for axis, n in enumerate(reversed(value.dims), 1):
            if n != "1":
                known = self.met.setdefault(self.classes.of(variable, axis), n)
                self.suppose_equal(n, known)

    def bail_unless(self, holds: str) -> None:
        """Start the call again, in code that checks and supposes nothing, unless a condition holds."""
        on = self.w.new_label("supposed")
        self.w.branch(holds, on, self.w.end(f"ret i32 {BAIL}"), ", !prof !0")
        self.w.start(on)

    def length_of(self, token: object, n: str) -> str:
        """One text for one length; ``n`` where the token is new."""
        if token is None or n.isdigit():
            return n
        known = self.known_length(token)
        return self.lengths.setdefault(token, n) if known is None else known

    def known_length(self, token: object) -> str | None:
        """The length that a token is of, where it has been met."""
        if token == 1:
            return "1"
        if isinstance(token, tuple) and token[0] == "literal":
            return str(int(token[1]))
        return self.lengths.get(token)

    # ---- support, and failing ----------------------------------------------------------------------------------------
    def helper(self, name: str, kind: str, args: Sequence[str]) -> str:
        """Call the run-time support."""
        return self.module.helper_call(self.w, name, kind, args)

    def check(self, holds: str, kind: str, message: str, numbers: Sequence[str] = ()) -> None:
        """Go on if a condition holds; otherwise end the call and say what failed."""
        if holds == "true":
            return
        on, failed = self.w.new_label("on"), self.w.new_label("fail")
        self.w.branch(holds, on, failed, ", !prof !0")
        self.w.start(failed)
        self.fail(kind, message, numbers)
        self.w.start(on)

    def fail(self, kind: str, message: str, numbers: Sequence[str] = ()) -> None:
        """End the call with an error."""
        site = self.module.site(kind, message, self.origin, self.program.filename)
        told = [str(site), *numbers, "0", "0", "0"][:4]
        self.module.helper_effect(self.w, "pg_fail", ["ptr %state", *(f"i64 {number}" for number in told)])
        self.w.jump(self.w.end("ret i32 1"))
