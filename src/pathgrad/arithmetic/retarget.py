"""Ordinary functions made to work on overloaded numbers (floor 1).

`retarget` copies a function. The copy sees other globals and closure cells: where the original sees ``math``,
``numpy``, ``scipy.special`` or a function from them, the copy sees one that dispatches by the operator table; where it
sees another Python function, the copy sees that function's copy, made when it is first looked up. The function itself,
its module and its arrays are never changed.
"""

from __future__ import annotations

import builtins
import functools
import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..ops import SPELLINGS, TABLE
from .cells import Cells, is_constant, numbers
from .creation import CREATION, promote
from .functions import FUNCTIONS, MOVES, array_of
from .mathematics import BUILTINS, MATH
from .plain import is_overloaded
from .unsupported import unsupported

__all__ = ["replace", "retarget"]

_REPLACED: dict[Any, Any] = {**CREATION, **MATH}
_FOREIGN = frozenset({"numpy", "scipy", "pathgrad", "sympy", "matplotlib", "pandas", "sklearn"})
_LIBRARIES = ("numpy", "scipy", "math")
_PACKAGE = str(Path(__file__).parents[1])


def replace(original: Callable[..., Any], replacement: Callable[..., Any]) -> None:
    """Let retargeted functions call ``replacement`` where the user's function calls ``original``.

    Parameters
    ----------
    original, replacement : callable
        The function that the user's code names, and the one that also takes overloaded numbers.
    """
    _REPLACED[original] = replacement


def retarget(f: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of ``f`` that also takes overloaded numbers, as `Dual` numbers and the arrays of them.

    Parameters
    ----------
    f : callable
        A Python function, lambda, bound method, ``functools.partial`` or built-in function.

    Returns
    -------
    callable
        The copy; helper functions that ``f`` finds in its globals or closure are copied when they are looked up.

    Notes
    -----
    Outside its domain a function of ``math`` gives nan, as NumPy's does. Writes to globals and nonlocals stay in the
    copy. Float arrays in globals and closures are copied when they are first looked up.

    Examples
    --------
    >>> import math
    >>> from pathgrad.arithmetic import Dual
    >>> retarget(lambda x: math.exp(2.0 * x))(Dual(0.0, 1.0))
    Dual(1.0, 2.0)
    """
    copy: Callable[..., Any] = _Copier().copy(f)
    return copy


class _Copier:
    """The copies made for one call of `retarget`: each function, cell and namespace once."""

    def __init__(self) -> None:
        # originals are kept beside their copies, so that no id is used twice
        self.made: dict[int, tuple[Any, Any]] = {}
        self.builtins = {**vars(builtins), **BUILTINS, "__import__": self._import}

    def _once(self, original: Any, copy: Any) -> Any:
        self.made[id(original)] = (original, copy)
        return copy

    def copy(self, x: Any) -> Any:
        """What the copy of a function sees where the function sees ``x``."""
        if id(x) in self.made:
            return self.made[id(x)][1]
        if isinstance(x, types.ModuleType):
            return self._once(x, _Namespace(x, self)) if _is_opened(x) else x
        if isinstance(x, np.ndarray):
            return self._once(x, promote(x)) if not isinstance(x, Cells) else x
        if not callable(x):
            return x
        replaced = _replacement(x)
        if replaced is not None:
            return replaced
        if isinstance(x, types.FunctionType):
            return self._function(x) if _is_own(x) else x
        if isinstance(x, types.MethodType):
            return types.MethodType(self.copy(x.__func__), x.__self__)
        if isinstance(x, functools.partial):
            arguments = {key: self.copy(value) for key, value in x.keywords.items()}
            return functools.partial(self.copy(x.func), *map(self.copy, x.args), **arguments)
        wrapped = getattr(x, "__wrapped__", None)
        if wrapped is not None and not isinstance(x, type):
            # a cache would take a dual for the number it is equal to
            return self.copy(wrapped)
        call = getattr(type(x), "__call__", None)  # noqa: B004
        if isinstance(call, types.FunctionType) and _is_own(call):
            return types.MethodType(self.copy(call), x)
        return x

    def _function(self, f: types.FunctionType) -> Any:
        space = f.__globals__
        if id(space) not in self.made:
            self._once(space, _Globals(space, self))
        cells = None if f.__closure__ is None else tuple(types.CellType() for _ in f.__closure__)
        if cells is not None:
            known = [self.made.get(id(cell)) for cell in f.__closure__ or ()]
            cells = tuple(mine if entry is None else entry[1] for mine, entry in zip(cells, known))
        copy = types.FunctionType(f.__code__, self.made[id(space)][1], f.__name__, None, cells)
        self._once(f, copy)
        for original, mine in zip(f.__closure__ or (), cells or ()):
            if id(original) not in self.made:
                self._once(original, mine)
                try:
                    mine.cell_contents = self.copy(original.cell_contents)
                except ValueError:  # the name is not bound yet, in the original as in the copy
                    continue
        copy.__defaults__ = None if f.__defaults__ is None else tuple(map(self.copy, f.__defaults__))
        copy.__kwdefaults__ = (
            None if f.__kwdefaults__ is None else {k: self.copy(v) for k, v in f.__kwdefaults__.items()}
        )
        copy.__doc__, copy.__module__, copy.__qualname__ = f.__doc__, f.__module__, f.__qualname__
        copy.__annotations__ = dict(f.__annotations__)
        copy.__dict__.update({key: value for key, value in f.__dict__.items() if key != "__wrapped__"})
        return copy

    def _import(self, *arguments: Any, **options: Any) -> Any:
        return self.copy(builtins.__import__(*arguments, **options))


class _Globals(dict[str, Any]):
    """The globals of a copied function: each name is copied from the original when it is first looked up."""

    def __init__(self, original: dict[str, Any], copier: _Copier) -> None:
        super().__init__({"__builtins__": copier.builtins, "__name__": original.get("__name__")})
        self._original, self._copier = original, copier

    def __missing__(self, name: str) -> Any:
        value = self._copier.copy(self._original[name])
        self[name] = value
        return value


class _Namespace:
    """A module as a copied function sees it."""

    def __init__(self, module: types.ModuleType, copier: _Copier) -> None:
        self.__dict__.update(_module=module, _copier=copier)

    def __getattr__(self, name: str) -> Any:
        return self._copier.copy(getattr(self._module, name))

    def __setattr__(self, name: str, value: Any) -> None:
        raise unsupported(f"setting {self._module.__name__}.{name}", "keep state in arguments and results")

    def __repr__(self) -> str:
        return f"<{self._module.__name__}, dispatching by the operator table>"


def _root(x: Any) -> str:
    name = x.__name__ if isinstance(x, types.ModuleType) else getattr(x, "__module__", None)
    return str(name or "").partition(".")[0]


def _is_opened(module: types.ModuleType) -> bool:
    root = _root(module)
    return root in (*_LIBRARIES, "pathgrad") or not (root in sys.stdlib_module_names or root in _FOREIGN)


def _is_own(f: types.FunctionType) -> bool:
    """Whether the function is the user's: not one of pathgrad, the standard library or a numerical library."""
    if f.__code__.co_filename.startswith(_PACKAGE):
        return False
    root = _root(f)
    return root in ("__main__", "pathgrad") or not (root in sys.stdlib_module_names or root in _FOREIGN)


def _replacement(x: Any) -> Any:
    """What stands for a library function; None for anything else."""
    if isinstance(x, type):
        return None
    try:
        if x in _REPLACED:
            return _REPLACED[x]
    except TypeError:  # a callable that cannot be hashed is no library function
        return None
    if isinstance(x, np.ufunc) or _root(x) not in _LIBRARIES:
        return None
    if isinstance(x, types.MethodType) or getattr(x, "__self__", None) not in (None, math):
        return None
    return _guarded(x)


@functools.cache
def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A library function that has no replacement by name: by its record, or on plain numbers only."""
    module, name = str(getattr(function, "__module__", "")), getattr(function, "__name__", "")
    record = SPELLINGS.get(f"scipy.special.{name}") if module.startswith("scipy.special") else None

    def call(*operands: Any, **options: Any) -> Any:
        if not any(map(is_overloaded, (*operands, *options.values()))):
            return promote(function(*operands, **options))
        if record is not None:
            return TABLE[record.name](*operands, **options)
        if function in FUNCTIONS:
            return FUNCTIONS[function](*operands, **options)
        if function in MOVES:
            return function(*(array_of(x) if is_overloaded(x) else x for x in operands), **options)
        plain = [_demoted(x) for x in operands]
        if any(map(is_overloaded, plain)):
            raise unsupported(f"{module}.{name}", "write it by functions of the operator table, or as a loop")
        return promote(function(*plain, **options))

    call.__name__, call.__doc__ = name, function.__doc__
    return call


def _demoted(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_demoted, x))
    return numbers(x) if isinstance(x, Cells) and is_constant(x) else x
