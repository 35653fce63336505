"""The exception tree of pathgrad (floor 0; imports nothing).

::

    PathgradError
    ├── SourceError (SyntaxError)      the user's source cannot be read; carries file, line, column
    │   ├── UnsupportedSyntax          a construct outside the language that the reader accepts
    │   ├── UnsupportedCall            a call of something that has neither a record nor readable source
    │   └── AliasError                 a write whose effect on another name cannot be decided when reading
    ├── SourceUnavailable (TypeError)  a function without source: built-in, ``exec``, interactive
    ├── ArgumentError (TypeError)      an argument has a type that cannot be differentiated
    ├── ArgnumsError (ValueError)      ``argnums`` names no argument
    ├── ScalarOutputError (TypeError)  ``grad`` of a function whose result is not one float
    ├── ShapeError (ValueError)        shapes that do not fit
    ├── PerturbationError (TypeError)  dual numbers of different levels were mixed
    ├── GraphError (ValueError)        an empty or cyclic graph, an unknown vertex
    ├── ProgramError (ValueError)      a program breaks the rules of the intermediate representation
    ├── NativeUnsupported (TypeError)  a program that native code cannot do; it runs as emitted Python
    ├── DataError (ValueError)         training data that cannot be used; carries file and line
    ├── NetworkError (ValueError)      a network whose sizes do not fit
    ├── CheckError (AssertionError)    two routes to one derivative disagree
    └── MissingPackageError (ImportError)  an optional package that is not installed

    NativeWarning (RuntimeWarning)     a program has no native form and runs as emitted Python

Every message says what failed, where, what was got, what was expected and what to do.
"""

from __future__ import annotations

__all__ = [
    "AliasError",
    "ArgnumsError",
    "ArgumentError",
    "CheckError",
    "DataError",
    "GraphError",
    "MissingPackageError",
    "NativeUnsupported",
    "NativeWarning",
    "NetworkError",
    "PathgradError",
    "PerturbationError",
    "ProgramError",
    "ScalarOutputError",
    "ShapeError",
    "SourceError",
    "SourceUnavailable",
    "UnsupportedCall",
    "UnsupportedSyntax",
]


class PathgradError(Exception):
    """Base of every exception that pathgrad raises on purpose."""


class SourceError(PathgradError, SyntaxError):
    """The user's source cannot be read.

    A ``SyntaxError`` too, so that Python prints the line and a caret below the column.

    Parameters
    ----------
    message : str
        What was got, what was expected and what to write instead.
    filename, line, column, text
        Where: the file, the line and column (both from 1), and the line's text.
    """

    def __init__(
        self,
        message: str,
        filename: str = "<unknown>",
        line: int = 1,
        column: int = 1,
        text: str | None = None,
    ) -> None:
        super().__init__(message, (filename, line, column, text))

    def __str__(self) -> str:
        return f"{self.filename}:{self.lineno}:{self.offset}: {self.msg}"


class UnsupportedSyntax(SourceError):  # noqa: N818  (the name says it)
    """A construct outside the language that the reader accepts."""


class UnsupportedCall(SourceError):  # noqa: N818  (the name says it)
    """A call of something that has neither an operator record nor readable source."""


class AliasError(SourceError):
    """An in-place write whose effect on another name cannot be decided when reading."""


class SourceUnavailable(PathgradError, TypeError):  # noqa: N818  (the name says it)
    """A function without source text."""


class ArgumentError(PathgradError, TypeError):
    """An argument whose type pathgrad cannot read or differentiate."""


class ArgnumsError(PathgradError, ValueError):
    """``argnums`` names no argument of the function."""


class ScalarOutputError(PathgradError, TypeError):
    """``grad`` was asked of a function whose result is not a single float."""


class ShapeError(PathgradError, ValueError):
    """Arrays whose shapes do not fit."""


class PerturbationError(PathgradError, TypeError):
    """Dual numbers of different differentiation levels were mixed."""


class GraphError(PathgradError, ValueError):
    """An empty or cyclic graph, or a vertex that the graph does not have."""


class ProgramError(PathgradError, ValueError):
    """A program that breaks the rules of the intermediate representation."""


class NativeUnsupported(PathgradError, TypeError):  # noqa: N818  (the name says it)
    """A program that has no native form; the emitted Python computes it."""


class DataError(PathgradError, ValueError):
    """Training data that cannot be used."""


class NetworkError(PathgradError, ValueError):
    """A network whose sizes do not fit."""


class CheckError(PathgradError, AssertionError):
    """Two routes to one derivative disagree."""


class MissingPackageError(PathgradError, ImportError):
    """A package that only some of pathgrad needs, and that is not installed."""


class NativeWarning(RuntimeWarning):
    """A program that has no native form runs as emitted Python."""
