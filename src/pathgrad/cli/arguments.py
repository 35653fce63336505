"""Values and choices of arguments on the command line (floor 6; imports errors; nn.data when a file is named).

``--at x=3``, ``--at w=[1,2,3]``, ``--at n:int=5``, ``--at X=@data.csv``; ``--arg x=f64[:]``; ``--argnums x,y``.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError
from ..frontend.source import MISSING, literal
from .report import BadInput

__all__ = ["bound_values", "chosen", "float_parameters", "types_of"]

_KINDS: dict[str, type] = {"int": int, "float": float, "bool": bool}
_CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


def _pairs(items: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals or not name.partition(":")[0].strip().isidentifier() or not text.strip():
            raise BadInput(
                f"{option} {item!r}: write NAME=VALUE, as in {option} x={'3' if option == '--at' else 'f64[:]'}"
            )
        if name.strip() in found:
            raise BadInput(f"{option}: {name.strip()!r} is given twice")
        found[name.strip()] = text.strip()
    return found


def types_of(items: Sequence[str]) -> dict[str, str]:
    """The types given by ``--arg``, by parameter."""
    return _pairs(items, "--arg")


def chosen(text: str | None) -> int | str | tuple[int | str, ...] | None:
    """The arguments named by ``--argnums``: one, or several separated by commas.

    Examples
    --------
    >>> chosen("0"), chosen("x,1"), chosen(None)
    (0, ('x', 1), None)
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise BadInput(f"--argnums {text!r}: write positions or names, separated by commas, as in x,y or 0,1")
    picked: list[int | str] = [int(part) if part.lstrip("-").isdigit() else part for part in parts]
    return picked[0] if len(picked) == 1 and "," not in text else tuple(picked)


def bound_values(function: Callable[..., Any], items: Sequence[str]) -> dict[str, Any]:
    """The arguments given by ``--at``, by parameter and in the function's order.

    Parameters
    ----------
    function : callable
        The function, whose annotations and defaults say which arguments are whole numbers.
    items : sequence of str
        ``NAME=VALUE``: a Python literal or a formula of numbers, pi, e, inf and nan. Numbers become floats and lists
        arrays of floats; ``NAME:int=VALUE`` keeps whole numbers whole. ``NAME=@FILE`` reads a .npy or .csv file.

    Raises
    ------
    BadInput, ArgumentError, DataError
        An unknown or missing parameter, a value that cannot be read.
    """
    signature = inspect.signature(function)
    name_of_function = getattr(function, "__name__", "the function")
    names = list(signature.parameters)
    given: dict[str, Any] = {}
    for key, text in _pairs(items, "--at").items():
        name, _, kind = key.partition(":")
        name = name.strip()
        if name not in names:
            raise BadInput(f"--at {name}: {name_of_function} has no argument {name!r}; it has {', '.join(names)}")
        if kind and kind not in _KINDS:
            raise BadInput(f"--at {key}={text}: {kind!r} is no kind of number; use int, float or bool")
        given[name] = _value(text, name, kind or _kind_of(signature.parameters[name]))
    required = [n for n, p in signature.parameters.items() if p.default is p.empty and p.kind.value not in (2, 4)]
    missing = [n for n in required if n not in given]
    if missing:
        raise BadInput(
            f"{name_of_function}: no value for {', '.join(missing)}; add {' '.join(f'--at {n}=VALUE' for n in missing)}"
        )
    return {
        n: given.get(n, p.default) for n, p in signature.parameters.items() if n in given or p.default is not p.empty
    }


def _kind_of(parameter: inspect.Parameter) -> str:
    """``"int"``, ``"bool"`` or ``"float"``: what numbers become for this parameter."""
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if text in _KINDS:
        return str(text)
    if text.startswith("i64"):
        return "int"
    default = parameter.default
    return "int" if isinstance(default, int) and not isinstance(default, bool) else "float"


def _value(text: str, name: str, kind: str) -> Any:
    if text.startswith("@"):
        return _from_file(Path(text[1:]), name)
    try:
        value = literal(ast.parse(text, mode="eval").body, lambda key: _CONSTANTS.get(key, MISSING))
    except (SyntaxError, ValueError, ArithmeticError):
        value = MISSING
    if value is MISSING:
        raise BadInput(
            f"--at {name}={text}: not a value; write a number, a list of numbers such as [1, 2, 3], "
            f"or @FILE.npy, @FILE.csv"
        )
    return _converted(value, name, kind)


def _converted(value: Any, name: str, kind: str) -> Any:
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, float)):
        if kind == "int" and not float(value).is_integer():
            raise BadInput(f"--at {name}={value}: a whole number is expected; write {name}:float={value} if it is none")
        return _KINDS[kind](value)
    if isinstance(value, tuple):
        return tuple(_converted(part, f"{name}[{k}]", kind) for k, part in enumerate(value))
    if isinstance(value, dict):
        return {key: _converted(part, f"{name}[{key!r}]", kind) for key, part in value.items()}
    if isinstance(value, list):
        try:
            return np.array(value, dtype=np.int64 if kind == "int" else np.float64)
        except (TypeError, ValueError) as error:
            raise BadInput(
                f"--at {name}={value}: a list becomes an array, so its rows must be equally long and hold numbers; "
                f"for a structure write a tuple, as in ([1, 2], [3])"
            ) from error
    raise BadInput(
        f"--at {name}: a {type(value).__name__} cannot be an argument; write numbers, lists, tuples or dicts"
    )


def _from_file(path: Path, name: str) -> Any:
    if path.suffix not in (".npy", ".csv"):
        raise BadInput(f"--at {name}=@{path}: files are .npy or .csv, got {path.suffix or 'no suffix'}")
    if path.suffix == ".csv":
        from ..nn.data import read_csv

        values = read_csv(path).values
        return values[:, 0].copy() if values.shape[1] == 1 else values
    try:
        loaded = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{path}: not an array in NumPy's format ({error})") from error
    if loaded.dtype.kind not in "fiu":
        raise ArgumentError(f"{path}: an array of dtype {loaded.dtype}; numbers are needed")
    return loaded.astype(np.float64) if loaded.dtype != np.float32 else loaded


def float_parameters(values: dict[str, Any]) -> tuple[str, ...]:
    """The arguments that hold floats, which is what derivatives are taken by unless ``--argnums`` says otherwise."""

    def holds(value: Any) -> bool:
        if isinstance(value, dict):
            return bool(value) and all(map(holds, value.values()))
        if isinstance(value, (tuple, list)):
            return bool(value) and all(map(holds, value))
        return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")

    found = tuple(name for name, value in values.items() if holds(value))
    if not found:
        raise BadInput("no argument is a float, so there is nothing to differentiate by; write --at x:float=3")
    return found
