"""FILE.py:FUNCTION on the command line (floor 6; imports frontend)."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from ..frontend import Source, sources_of_file
from .report import BadInput, explained

__all__ = ["function_of", "source_of"]


def _parts(target: str) -> tuple[Path, str]:
    """The file and the function's name."""
    file, colon, name = target.rpartition(":")
    if not colon or not file or not name.isidentifier():
        raise BadInput(f"{target!r} names no function; write FILE.py:FUNCTION, as in model.py:loss")
    path = Path(file)
    if not path.is_file():
        raise BadInput(f"{file}: no such file" + ("" if path.suffix else "; the file is named with its .py"))
    if path.suffix != ".py":
        raise BadInput(f"{file}: not a Python file; functions are read from .py files")
    return path, name


def _missing(path: Path, name: str, known: Iterable[str]) -> NoReturn:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"its functions are {', '.join(names) or 'none'}"
    raise BadInput(f"{path}: there is no function {name!r} at the top level of the file; {hint}")


def source_of(target: str) -> Source:
    """The source of FILE.py:FUNCTION; the file is not run.

    Raises
    ------
    BadInput
        No such file or function.
    UnsupportedSyntax
        The file is not Python.
    """
    path, name = _parts(target)
    try:
        found = sources_of_file(path)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a text file in UTF-8 ({error.reason} at byte {error.start})") from error
    if name not in found:
        _missing(path, name, found)
    return found[name]


def function_of(target: str) -> Callable[..., Any]:
    """The function FILE.py:FUNCTION; the file is run as if it were imported.

    Raises
    ------
    BadInput
        No such file or function, or running the file raises.
    """
    path, name = _parts(target)
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        # What the file imports from beside itself is found, as when Python runs it.
        sys.path.insert(0, folder)
    shadowed = sys.modules.get(path.stem)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        text = (error.text or "").rstrip("\n")
        caret = " " * max(0, (error.offset or 1) - 1) + "^"
        raise BadInput(f"{path}:{error.lineno}:{error.offset}: not Python: {error.msg}\n{text}\n{caret}") from error
    except (Exception, SystemExit) as error:
        said = explained(error)[0] if isinstance(error, Exception) else f"the file ends the program ({error})"
        raise BadInput(f"importing {path} fails: {said}") from error
    finally:
        if shadowed is not None:
            sys.modules[path.stem] = shadowed
    found = getattr(module, name, None)
    if found is None or not callable(found) or inspect.isclass(found):
        functions = [n for n, v in vars(module).items() if callable(v) and not inspect.isclass(v) and n[0] != "_"]
        _missing(path, name, functions)
    function: Callable[..., Any] = found
    return function
