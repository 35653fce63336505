"""What every part of the reader works with: the `Reader`, how a block ends, and what must be known (floor 2).

The modules of the reader import each other downwards only. What a lower one needs of a higher one (an index is an
expression, a loop has statements) it asks of the reader: the abstract methods of `Reader`, which `reader` binds to the
modules above.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ..errors import ShapeError, SourceError, UnsupportedSyntax
from ..ir import Builder
from .source import Source
from .state import State
from .values import NOT_TAKEN, Frame, Scalar, frozen

__all__ = ["NORMAL", "Dependency", "Library", "NeedsStatic", "Outcome", "Reader"]


#: How to look something up outside the functions, and what it was when they were read.
Dependency = tuple[Callable[[], Any], Any]


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
    value: Any = NOT_TAKEN
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


@dataclass
class Library:
    """What the readings of one program and its helpers share.

    Attributes
    ----------
    helpers : dict
        Helper programs that have been read, by function and form of the arguments.
    guesses : dict
        Recursive helpers that are being read, with what their result is taken to be.
    in_place : set
        Helpers that cannot be programs of their own.
    dependencies : list
        What was looked up outside the functions: how to look it up again, and what it was then (`values.frozen`).
    """

    helpers: dict[Any, Any] = field(default_factory=dict)
    guesses: dict[Any, Any] = field(default_factory=dict)
    in_place: set[Any] = field(default_factory=set)
    dependencies: list[Dependency] = field(default_factory=list)
    _noted: set[Any] = field(default_factory=set)

    def depend(self, key: Any, look_up: Callable[[], Any], value: Any) -> None:
        """Note, once for each key, that the reading holds only while ``look_up()`` gives what it gave."""
        if key not in self._noted:
            self._noted.add(key)
            self.dependencies.append((look_up, frozen(value)))


class Reader(ABC):
    """The reading of one program: where it writes, what it knows, and its place in the user's file.

    Parameters
    ----------
    source : Source
        The function.
    library : Library
        The helper programs that have been read, shared by all programs of one reading.
    """

    def __init__(self, source: Source, library: Library) -> None:
        self.source = source
        self.library = library
        self.builder = Builder()
        self.state = State()
        self.frame: Frame = Frame()
        self.depth = 0
        self.mismatches: dict[str, SourceError] = {}

    # ---- errors ------------------------------------------------------------------------------------------------------
    def fail(self, node: ast.AST, message: str, kind: type[SourceError] = UnsupportedSyntax) -> NoReturn:
        """Refuse ``node`` with the user's file, line and column."""
        raise self.error(node, message, kind)

    def error(self, node: ast.AST, message: str, kind: type[SourceError] = UnsupportedSyntax) -> SourceError:
        """The error for ``node``."""
        line = getattr(node, "lineno", 1)
        column = getattr(node, "col_offset", 0) + 1
        return kind(f"{self.source.name}: {message}", self.source.filename, line, column, self.source.line(line))

    @contextmanager
    def locating(self, node: ast.AST) -> Iterator[None]:
        """Give errors of lower floors the user's file, line and column."""
        try:
            yield
        except ShapeError as error:
            line = getattr(node, "lineno", 1)
            where = f"{self.source.filename}:{line}:{getattr(node, 'col_offset', 0) + 1}"
            raise ShapeError(f"{where}: {self.source.name}: {error}") from error

    # ---- what the modules above do -----------------------------------------------------------------------------------
    @abstractmethod
    def evaluate(self, node: ast.expr, name: str = "t") -> Any:
        """The value of an expression; what it writes is named ``name``."""

    @abstractmethod
    def name(self, node: ast.AST, name: str) -> Any:
        """The value of a name."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a target (a name, an item, a tuple of targets) to a value."""

    @abstractmethod
    def statement(self, node: ast.stmt) -> Outcome:
        """Read one statement."""

    @abstractmethod
    def run_block(self, statements: Sequence[ast.stmt]) -> Outcome:
        """Read statements in order; stop where they certainly leave the block."""

    @abstractmethod
    def run_function(self, source: Source, bound: dict[str, Any], parent: Frame | None = None) -> Any:
        """Read a function's body in place, its parameters bound to values; return its result."""

    @abstractmethod
    def branch(
        self, node: ast.AST, test: Scalar, then: Callable[[], Outcome], orelse: Callable[[], Outcome]
    ) -> Outcome:
        """Read two arms from one state and join what they made of it."""

    @abstractmethod
    def call_source(
        self, node: ast.AST, source: Source, arguments: Sequence[Any], keywords: dict[str, Any], name: str
    ) -> Any:
        """Call a function that has source: a helper program, or its text in place."""

    @abstractmethod
    def for_helper(self, source: Source) -> Reader:
        """A reader for a helper program, one call deeper."""
