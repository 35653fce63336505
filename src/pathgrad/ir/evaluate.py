"""The reference interpreter: what a program means (floor 1).

Values are never changed in place here: ``store`` copies. A program and its emitted source must agree; where a copy is
missing in the emitted source, they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ProgramError
from .program import Atom, Block, Branch, Call, Let, Loop, Program, Statement, Var
from .types import NUMPY_NAMES, ListType, Type

__all__ = ["evaluate"]

Environment = dict[Var, Any]


def evaluate(program: Program, *arguments: Any) -> list[Any]:
    """The results of ``program`` at ``arguments``.

    Parameters
    ----------
    program : Program
        The program.
    *arguments
        One value for each input.

    Returns
    -------
    list
        One value for each output.

    Raises
    ------
    ProgramError
        Arguments that are not what the program supposes.
    """
    for supposition in program.supposed:
        if not supposition.holds(arguments):
            text = supposition.text([v.name for v in program.inputs])
            raise ProgramError(f"{program.name} supposes that {text}; use the program for any arguments")
    environment = dict(zip(program.inputs, arguments, strict=True))
    return _block(program.body, environment)


def _read(atom: Atom, environment: Environment) -> Any:
    return environment[atom] if isinstance(atom, Var) else atom.value


def _block(block: Block, environment: Environment) -> list[Any]:
    for statement in block.statements:
        _execute(statement, environment)
    return [_read(atom, environment) for atom in block.yields]


def _let(statement: Let, environment: Environment) -> Any:
    kind = statement.target.type
    if statement.op.name == "undefined" and isinstance(kind, Type):
        return np.zeros((), NUMPY_NAMES[kind.dtype])[()]
    params: dict[str, Any] = dict(statement.params)
    if "dtype" in params:
        params["dtype"] = NUMPY_NAMES[params["dtype"]]
    values = [_read(atom, environment) for atom in statement.args]
    value = statement.op.value(*values, **params)
    if isinstance(kind, Type) and not kind.rank and isinstance(value, np.ndarray):
        return value[()]
    if isinstance(kind, ListType) and value is not None:
        return list(value)
    return value


def _execute(statement: Statement, environment: Environment) -> None:
    if isinstance(statement, Let):
        environment[statement.target] = _let(statement, environment)
        return
    if isinstance(statement, Call):
        arguments = [_read(atom, environment) for atom in statement.args]
        results: Sequence[Any] = evaluate(statement.program, *arguments)
    elif isinstance(statement, Branch):
        chosen = statement.then if _read(statement.condition, environment) else statement.orelse
        results = _block(chosen, environment)
    else:
        carried = [_read(atom, environment) for atom in statement.inits]
        trips = 0
        if isinstance(statement, Loop):
            ends = (_read(atom, environment) for atom in (statement.start, statement.stop, statement.step))
            indices = range(*map(int, ends))
            for k in reversed(indices) if statement.reversed else indices:
                environment[statement.index] = k
                environment.update(zip(statement.params, carried, strict=True))
                carried = _block(statement.body, environment)
                trips += 1
                if statement.exits and not carried.pop():
                    break
        else:
            while True:
                environment.update(zip(statement.params, carried, strict=True))
                if not _block(statement.condition, environment)[0]:
                    break
                carried = _block(statement.body, environment)
                trips += 1
                if statement.exits and not carried.pop():
                    break
        if statement.trips is not None:
            environment[statement.trips] = trips
        results = carried
    environment.update(zip(statement.results, results, strict=True))
