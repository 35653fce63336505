"""Reading a Python function: its statements become a program (floor 2).

The reader walks the syntax tree with the types of the arguments and the function's own globals and closure. What is
known when reading is computed when reading; what depends on numbers becomes program. This module reads functions and
statements, and binds what lower modules ask of a `Reader` to the modules that do it: `expressions`, `branches`, `loops`
and `helpers`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..ir import Origin
from . import loops
from .branches import branch, guarded, read_if
from .containers import extend_list, items_of, unpack
from .context import NORMAL, Outcome, Reader
from .expressions import default_values, evaluate
from .helpers import call_helper
from .names import lookup, read_import
from .operands import named
from .operators import binary
from .source import Source
from .values import UNBOUND, Array, Frame, ListValue, LocalFunction, Scalar
from .writing import augment_array, augment_item, set_item

__all__ = ["ProgramReader"]


class ProgramReader(Reader):
    """Reads one program."""

    # ---- what lower modules ask for ----------------------------------------------------------------------------------
    def evaluate(self, node: ast.expr, name: str = "t") -> Any:
        """The value of an expression; what it writes is named ``name``."""
        return evaluate(self, node, name)

    def branch(
        self, node: ast.AST, test: Scalar, then: Callable[[], Outcome], orelse: Callable[[], Outcome]
    ) -> Outcome:
        """Read two arms from one state and join what they made of it."""
        return branch(self, node, test, then, orelse)

    def call_source(
        self, node: ast.AST, source: Source, arguments: Sequence[Any], keywords: dict[str, Any], name: str
    ) -> Any:
        """Call a function that has source: a helper program, or its text in place."""
        return call_helper(self, node, source, arguments, keywords, name)

    def for_helper(self, source: Source) -> Reader:
        """A reader for a helper program, one call deeper."""
        inner = ProgramReader(source, self.library)
        inner.depth = self.depth + 1
        return inner

    # ---- functions ---------------------------------------------------------------------------------------------------
    def run_function(self, source: Source, bound: dict[str, Any], parent: Frame | None = None) -> Any:
        """Read a function's body in place, its parameters bound to values; return its result."""
        if self.depth > 60:
            raise self.error(source.node, "calls itself more than 60 deep while reading; give the recursion a test")
        outer_frame, outer_source = self.frame, self.source
        self.frame = self.state.add(Frame(dict(bound), source=source, parent=parent))
        self.source = source
        self.depth += 1
        try:
            outcome = self.run_block(source.body)
            if outcome.returned is False:
                return None
            if outcome.returned is not True:
                self.fail(
                    source.node,
                    "returns a value on some paths and falls off its end on others; end it with a return",
                )
            return outcome.value
        finally:
            self.frame, self.source = outer_frame, outer_source
            self.depth -= 1

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def run_block(self, statements: Sequence[ast.stmt]) -> Outcome:
        """Read statements in order; stop where they certainly leave the block."""
        for k, statement in enumerate(statements):
            rest = statements[k + 1 :]
            with self.builder.at(self.origin(statement), "primal"), self.locating(statement):
                if isinstance(statement, ast.If):
                    outcome, took_rest = read_if(self, statement, rest)
                    if took_rest:
                        return outcome
                else:
                    outcome = self.statement(statement)
            if outcome.is_normal:
                continue
            if outcome.is_certain or not rest:
                return outcome
            return guarded(self, statement, outcome, partial(self.run_block, rest))
        return NORMAL

    def origin(self, node: ast.stmt) -> Origin:
        """The user's line of a statement."""
        return Origin(node.lineno, self.source.text(node))

    def statement(self, node: ast.stmt) -> Outcome:
        """Read one statement."""
        method = getattr(self, f"read_{type(node).__name__.lower()}", None)
        if method is None:
            self.fail(node, f"{_article(node)} cannot be differentiated; {_remedy(node)}")
        outcome = method(node)
        return NORMAL if outcome is None else outcome

    def read_expr(self, node: ast.Expr) -> None:
        """A call for its effect, or a docstring."""
        if not isinstance(node.value, ast.Constant):
            self.evaluate(node.value)

    def read_pass(self, node: ast.Pass) -> None:
        """Nothing."""

    def read_return(self, node: ast.Return) -> Outcome:
        """``return value``."""
        value = None if node.value is None else self.evaluate(node.value)
        return Outcome(returned=True, value=value)

    def read_break(self, node: ast.Break) -> Outcome:
        """``break``."""
        return Outcome(broke=True)

    def read_continue(self, node: ast.Continue) -> Outcome:
        """``continue``."""
        return Outcome(continued=True)

    def read_for(self, node: ast.For) -> Outcome:
        """A ``for`` loop."""
        return loops.read_for(self, node)

    def read_while(self, node: ast.While) -> Outcome:
        """A ``while`` loop."""
        return loops.read_while(self, node)

    def read_import(self, node: ast.Import) -> None:
        """``import module``."""
        read_import(self, node)

    def read_importfrom(self, node: ast.ImportFrom) -> None:
        """``from module import name``."""
        read_import(self, node)

    def read_functiondef(self, node: ast.FunctionDef) -> None:
        """A function inside the function."""
        if node.decorator_list:
            self.fail(node, "a decorated inner function cannot be read; apply the decorator outside")
        self.frame.slots[node.name] = LocalFunction(node, self.frame, node.name, default_values(self, node.args))

    def read_assert(self, node: ast.Assert) -> None:
        """An assertion that is decided when reading."""
        test = self.evaluate(node.test)
        if not isinstance(test, bool):
            self.fail(node, "an assertion about run-time numbers cannot be differentiated; check before the call")
        if not test:
            self.fail(node, "this assertion fails for these argument types")

    def read_assign(self, node: ast.Assign) -> None:
        """``target = value``."""
        value = self.evaluate(node.value, name=_target_name(node.targets[0]))
        for target in node.targets:
            self.assign(target, value)

    def read_annassign(self, node: ast.AnnAssign) -> None:
        """``target: type = value``."""
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, name=_target_name(node.target)))

    def read_augassign(self, node: ast.AugAssign) -> None:
        """``target op= value``."""
        target = node.target
        if isinstance(target, ast.Subscript):
            augment_item(self, node, target)
            return
        if not isinstance(target, ast.Name):
            self.fail(node, "only names and items can be assigned; use a local variable")
        old = self.name(target, target.id)
        value = self.evaluate(node.value)
        if isinstance(old, Array):
            augment_array(self, node, old, value)
        elif isinstance(old, ListValue) and isinstance(node.op, ast.Add):
            extend_list(self, node, old, value)
        else:
            self.frame.slots[target.id] = binary(self, node, node.op, old, value, name=target.id)

    # ---- names -------------------------------------------------------------------------------------------------------
    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a target (a name, an item, a tuple of targets) to a value."""
        if isinstance(target, ast.Name):
            self.frame.slots[target.id] = named(value, target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            starred = [k for k, element in enumerate(target.elts) if isinstance(element, ast.Starred)]
            if starred:
                self._assign_starred(target, value, starred[0])
                return
            items = unpack(self, target, value, len(target.elts))
            for element, item in zip(target.elts, items, strict=True):
                self.assign(element, item)
        elif isinstance(target, ast.Subscript):
            set_item(self, target, value)
        else:
            self.fail(target, "attributes cannot be assigned; use a local variable or an array")

    def _assign_starred(self, target: ast.Tuple | ast.List, value: Any, position: int) -> None:
        """``first, *rest = value``, for a value whose length is known when reading."""
        if isinstance(value, Array | Scalar):
            self.fail(target, "a starred target takes a list or tuple; slice the array instead")
        items = items_of(self, target, value)
        after = len(target.elts) - position - 1
        if len(items) < position + after:
            self.fail(target, f"{len(items)} values cannot be unpacked into at least {position + after} names")
        starred = target.elts[position]
        assert isinstance(starred, ast.Starred)
        for element, item in zip(target.elts[:position], items, strict=False):
            self.assign(element, item)
        rest = items[position : len(items) - after]
        self.assign(starred.value, self.state.add(ListValue.of(list(rest))))
        for element, item in zip(target.elts[position + 1 :], items[len(items) - after :], strict=True):
            self.assign(element, item)

    def name(self, node: ast.AST, name: str) -> Any:
        """The value of a name: local, of an enclosing reading, captured, global or built in."""
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.slots:
                value = frame.slots[name]
                if value is UNBOUND and name in self.mismatches:
                    raise self.mismatches[name]
                if value is UNBOUND:
                    self.fail(
                        node,
                        f"{name!r} may be read before it has a value: it is assigned only inside a loop or on one "
                        f"path; assign it before",
                    )
                return value
            if frame.parent is None:
                break
            frame = frame.parent
        source = self.source if frame is None or frame.source is None else frame.source
        return lookup(self, node, source, name)


def _target_name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "t"


_NAMES = {
    ast.With: "a with statement",
    ast.Try: "a try statement",
    ast.Raise: "a raise statement",
    ast.ClassDef: "a class",
    ast.Global: "a global statement",
    ast.Nonlocal: "a nonlocal statement",
    ast.Delete: "a del statement",
    ast.Match: "a match statement",
    ast.AsyncFor: "an async loop",
    ast.AsyncWith: "an async with statement",
    ast.AsyncFunctionDef: "an async function",
}
_REMEDIES = {
    ast.With: "move it outside the function",
    ast.Try: "test the condition with if instead",
    ast.Raise: "check the arguments before the call, or return nan",
    ast.ClassDef: "define it outside the function",
    ast.Global: "pass the value as an argument and return it",
    ast.Nonlocal: "pass the value as an argument and return it",
    ast.Delete: "leave the name alone",
    ast.Match: "write if/elif",
}


def _article(node: ast.AST) -> str:
    return _NAMES.get(type(node), f"the construct {type(node).__name__}")


def _remedy(node: ast.AST) -> str:
    return _REMEDIES.get(type(node), "write it with assignments, loops, branches and calls")
