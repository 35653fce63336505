"""Reading a Python function: its statements become a program (floor 2).

The reader walks the syntax tree with the types of the arguments and the function's own globals and closure. What is
known when reading is computed when reading; what depends on numbers becomes program. This module reads statements and
functions; `control` reads branches and loops, `expressions` expressions, `arrays` indexing, `calls` calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import PathgradError, ShapeError, SourceError, UnsupportedSyntax
from ..ir import Builder, Origin
from . import arrays, control, expressions
from .source import Source
from .state import State
from .values import UNBOUND, Array, DictValue, Frame, ListValue, LocalFunction

__all__ = ["NORMAL", "NeedsStatic", "Outcome", "Reader"]


class NeedsStatic(Exception):  # noqa: N818  (a request, not an error: the loop that owns the value unrolls)
    """A run-time number stands where reading must know its value."""

    def __init__(self, atom: Any, error: SourceError) -> None:
        super().__init__(str(error))
        self.atom = atom
        self.error = error


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a block ended: each flag is False, True, or a run-time truth value."""

    returned: Any = False
    value: Any = UNBOUND
    broke: Any = False
    continued: Any = False

    @property
    def flags(self) -> tuple[Any, Any, Any]:
        """The three flags."""
        return (self.returned, self.broke, self.continued)

    @property
    def is_normal(self) -> bool:
        """The block fell through its end."""
        return all(flag is False for flag in self.flags)

    @property
    def is_certain(self) -> bool:
        """The block certainly did not fall through its end."""
        return any(flag is True for flag in self.flags)


NORMAL = Outcome()


class Reader:
    """Reads one program.

    Parameters
    ----------
    source : Source
        The function.
    library : Library
        The helper programs that have been read, shared by all programs of one reading.
    """

    def __init__(self, source: Source, library: Any) -> None:
        self.source = source
        self.library = library
        self.builder = Builder()
        self.state = State()
        self.frame: Frame = Frame()
        self.depth = 0

    # ---- errors ------------------------------------------------------------------------------------------------------
    def fail(self, node: ast.AST, message: str, kind: type[SourceError] = UnsupportedSyntax) -> NoReturn:
        """Refuse ``node`` with the user's file, line and column."""
        raise self.error(node, message, kind)

    def error(self, node: ast.AST, message: str, kind: type[SourceError] = UnsupportedSyntax) -> SourceError:
        """The error for ``node``."""
        line = getattr(node, "lineno", 1)
        column = getattr(node, "col_offset", 0) + 1 + self.source.column_offset
        return kind(f"{self.source.name}: {message}", self.source.filename, line, column, self.source.line(line))

    @contextmanager
    def locating(self, node: ast.AST) -> Iterator[None]:
        """Give errors of lower floors the user's file, line and column."""
        try:
            yield
        except SourceError:
            raise
        except ShapeError as error:
            line = getattr(node, "lineno", 1)
            where = f"{self.source.filename}:{line}:{getattr(node, 'col_offset', 0) + 1 + self.source.column_offset}"
            raise ShapeError(f"{where}: {self.source.name}: {error}") from error
        except PathgradError:
            raise

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
                    outcome, took_rest = control.read_if(self, statement, rest)
                    if took_rest:
                        return outcome
                else:
                    outcome = self.statement(statement)
            if outcome.is_normal:
                continue
            if outcome.is_certain or not rest:
                return outcome
            return control.read_guarded(self, statement, outcome, rest)
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
        if not isinstance(node.value, ast.Constant):
            expressions.evaluate(self, node.value)

    def read_pass(self, node: ast.Pass) -> None:
        pass

    def read_return(self, node: ast.Return) -> Outcome:
        value = None if node.value is None else expressions.evaluate(self, node.value)
        return Outcome(returned=True, value=value)

    def read_break(self, node: ast.Break) -> Outcome:
        return Outcome(broke=True)

    def read_continue(self, node: ast.Continue) -> Outcome:
        return Outcome(continued=True)

    def read_for(self, node: ast.For) -> Outcome:
        return control.read_for(self, node)

    def read_while(self, node: ast.While) -> Outcome:
        return control.read_while(self, node)

    def read_import(self, node: ast.Import) -> None:
        self.library.read_import(self, node)

    def read_importfrom(self, node: ast.ImportFrom) -> None:
        self.library.read_import(self, node)

    def read_functiondef(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            self.fail(node, "a decorated inner function cannot be read; apply the decorator outside")
        self.frame.slots[node.name] = LocalFunction(node, self.frame, node.name, expressions.defaults(self, node.args))

    def read_assert(self, node: ast.Assert) -> None:
        test = expressions.evaluate(self, node.test)
        if not isinstance(test, bool):
            self.fail(node, "an assertion about run-time numbers cannot be differentiated; check before the call")
        if not test:
            self.fail(node, "this assertion fails for these argument types")

    def read_assign(self, node: ast.Assign) -> None:
        value = expressions.evaluate(self, node.value, name=_target_name(node.targets[0]))
        for target in node.targets:
            self.assign(target, value)

    def read_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, expressions.evaluate(self, node.value, name=_target_name(node.target)))

    def read_augassign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Subscript):
            arrays.augment_item(self, node, target)
            return
        if not isinstance(target, ast.Name):
            self.fail(node, "only names and items can be assigned; use a local variable")
        old = self.name(target, target.id)
        value = expressions.evaluate(self, node.value)
        if isinstance(old, Array):
            arrays.augment_array(self, node, old, value)
        elif isinstance(old, ListValue) and isinstance(node.op, ast.Add):
            expressions.extend_list(self, node, old, value)
        else:
            self.frame.slots[target.id] = expressions.binary(self, node, node.op, old, value, name=target.id)

    # ---- names -------------------------------------------------------------------------------------------------------
    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a target (a name, an item, a tuple of targets) to a value."""
        if isinstance(target, ast.Name):
            self.frame.slots[target.id] = expressions.named(value, target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            items = expressions.unpack(self, target, value, len(target.elts))
            for element, item in zip(target.elts, items, strict=True):
                if isinstance(element, ast.Starred):
                    self.fail(element, "a starred target has no fixed length; unpack by index")
                self.assign(element, item)
        elif isinstance(target, ast.Subscript):
            arrays.set_item(self, target, value)
        else:
            self.fail(target, "attributes cannot be assigned; use a local variable or an array")

    def name(self, node: ast.AST, name: str) -> Any:
        """The value of a name: local, of an enclosing reading, captured, global or built in."""
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.slots:
                value = frame.slots[name]
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
        return self.library.lookup(self, node, source, name)

    def dict_or_list(self, value: Any) -> bool:
        """Whether a value is a container that can be changed."""
        return isinstance(value, ListValue | DictValue)


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
