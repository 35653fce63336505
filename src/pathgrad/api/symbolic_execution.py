"""Executing a derivative program on SymPy expressions in place of numbers (floor 5).

Helper programs stay closed: a call of f with the loop index i is the symbolic function f1(x), f2(x), ..., and its
tangent is f1'(x) times the argument's. Sums and products stay grouped as they are computed, without zeros and ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..graph.symbolic import SymbolicValue, exact
from ..ir import Atom, Block, Branch, Call, Let, Loop, Program, Statement, Type, Var, While, is_float, walk
from ..ops import TABLE
from .tabulated import first_slot

__all__ = ["Array", "Enough", "Execution"]


class Enough(Exception):  # noqa: N818  (the end, not an error)
    """The rows that were asked for are recorded."""


class Array:
    """An array argument: its elements are symbols.

    Parameters
    ----------
    name : str
        The argument's name.
    shape : tuple of int, optional
        Its shape, where it is known.
    """

    def __init__(self, name: str, shape: tuple[int, ...] | None) -> None:
        self.name, self.shape = name, shape

    def element(self, indices: Sequence[Any]) -> Any:
        """The symbol of one element."""
        import sympy

        if self.shape is not None:
            for position, length in zip(indices, self.shape):
                if isinstance(position, int) and not -length <= position < length:
                    raise ShapeError(f"trace_table: {self.name}[{position}] is beyond the length {length}")
        return sympy.Symbol(f"{self.name}[{', '.join(map(str, indices))}]")

    def length(self, axis: int) -> Any:
        """The length of an axis; a symbol where it is not known."""
        import sympy

        return sympy.Symbol(f"len({self.name})", integer=True) if self.shape is None else self.shape[axis]


class Execution:
    """Executes a program on expressions until enough iterations are recorded.

    Parameters
    ----------
    what : str
        What messages begin with.
    variable : str or None
        The variable to follow; None for the only one that moves.
    iterations : int
        How many iterations of its loop to execute.
    originals : dict
        By the ``id`` of a tangent program: the program that it was derived from and the active inputs.

    Attributes
    ----------
    records : list of tuple
        The tangent and the value of the variable at the start of each iteration, grouped as computed.
    slots : dict
        The symbolic functions by name, numbered in the order of their first call.
    """

    def __init__(
        self, what: str, variable: str | None, iterations: int, originals: dict[int, tuple[Program, tuple[int, ...]]]
    ) -> None:
        self.what, self.variable, self.iterations, self.originals = what, variable, iterations, originals
        self.records: list[tuple[Any, Any]] = []
        self.slots: dict[str, int] = {}
        self.values: dict[Var, Any] = {}

    def program(self, program: Program, inputs: Sequence[Any]) -> None:
        """Execute a program; ends with `Enough` if it has the loop to follow."""
        self.values.update(zip(program.inputs, inputs, strict=True))
        self.block(program.body)

    def read(self, atom: Atom) -> Any:
        """The expression of an atom; whole numbers and truth values stay Python's."""
        if isinstance(atom, Var):
            return self.values[atom]
        return atom.value if isinstance(atom.value, bool | int) else exact(atom.value)

    def block(self, block: Block) -> list[Any]:
        """Execute a block; what it yields."""
        for statement in block.statements:
            self.statement(statement)
        return [self.read(atom) for atom in block.yields]

    def statement(self, s: Statement) -> None:
        """Execute a statement."""
        if isinstance(s, Let):
            self.values[s.target] = self.let(s)
            return
        if isinstance(s, Call):
            results = self.call(s)
        elif isinstance(s, Branch):
            results = self.branch(s)
        else:
            results = self.loop(s)
        self.values.update(zip(s.results, results, strict=True))

    def let(self, s: Let) -> Any:
        """The expression of one operation."""
        args = [self.read(a) for a in s.args]
        if s.op.name == "load" and isinstance(args[0], Array):
            return args[0].element(args[1:])
        if s.op.name == "length" and isinstance(args[0], Array):
            return args[0].length(s.params["axis"])
        if s.op.name == "cast":
            return args[0]
        if not s.op.elementwise:
            line = "" if s.origin is None else f" in line {s.origin.line}"
            raise ArgumentError(
                f"{self.what}: the array operation {s.op.name!r}{line} has no symbolic form; the table is about numbers"
            )
        if not is_float(s.target.type) and all(isinstance(a, bool | int) for a in args):
            value = s.op.value(*args)
            return bool(value) if s.target.type == Type("bool") else int(value)
        return self.combined(s.op.name, args)

    def combined(self, name: str, args: Sequence[Any]) -> Any:
        """An operator on expressions; sums and products stay grouped as computed, without zeros and ones."""
        import sympy

        a, b = (*map(exact, args), None)[:2]
        if name in ("add", "subtract"):
            if b == 0:
                return a
            other = b if name == "add" else -b
            return other if a == 0 else sympy.Add(a, other, evaluate=False)
        if name == "multiply":
            if a == 0 or b == 0:
                return sympy.S.Zero
            if a == 1 or b == 1:
                return b if a == 1 else a
            return sympy.Mul(*self.in_order(a, b), evaluate=False)
        if name == "divide" and a != 0:
            return a if b == 1 else sympy.Mul(a, sympy.Pow(b, -1, evaluate=False), evaluate=False)
        value = SymbolicValue(args[0]).__pathgrad__(TABLE[name], tuple(map(SymbolicValue, args)), {}).expression
        if value in (sympy.true, sympy.false):
            return bool(value)
        return value

    def in_order(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Factors in the order in which the helper programs in them were first called."""
        first, second = first_slot(a, self.slots), first_slot(b, self.slots)
        return (b, a) if first is not None and second is not None and second < first else (a, b)

    def call(self, s: Call) -> list[Any]:
        """A helper program as a symbolic function; a tangent program as the function and its derivative."""
        import sympy

        original, positions = self.originals.get(id(s.program), (s.program, ()))
        count = len(original.inputs)
        arguments, dots = [self.read(a) for a in s.args[:count]], [self.read(a) for a in s.args[count:]]
        for value in arguments:
            if isinstance(value, Array):
                raise ArgumentError(f"{self.what}: {original.name} is given the array {value.name}; give it numbers")
        whole = [str(a) for a in arguments if isinstance(a, int) and not isinstance(a, bool)]
        rest = [exact(a) for a in arguments if isinstance(a, bool) or not isinstance(a, int)]
        joint = "_" if original.name[-1].isdigit() else ""
        base = original.name + (joint + "_".join(whole) if whole else "")
        several = len(original.outputs) > 1
        values, tangents = [], []
        for k, output in enumerate(original.outputs):
            name = f"{base}[{k}]" if several else base
            self.slots.setdefault(name, len(self.slots))
            values.append(sympy.Function(name)(*rest))
            if not positions or not is_float(output.type):
                continue
            total: Any = sympy.S.Zero
            for position, dot in zip(positions, dots, strict=True):
                partial = f"{name}'" if len(rest) == 1 else f"∂{name}/∂{original.inputs[position].name}"
                self.slots[partial] = self.slots[name]
                total = self.combined("add", [total, self.combined("multiply", [sympy.Function(partial)(*rest), dot])])
            tangents.append(total)
        return [*values, *tangents]

    def branch(self, s: Branch) -> list[Any]:
        """The arm that is taken; a case distinction where that depends on values."""
        import sympy

        condition = self.read(s.condition)
        if isinstance(condition, bool):
            return self.block(s.then if condition else s.orelse)
        arms = [self.block(s.then), self.block(s.orelse)]
        results: list[Any] = []
        for result, then, orelse in zip(s.results, *arms, strict=True):
            if result.type == Type("bool"):
                results.append(sympy.ITE(condition, *(sympy.sympify(side) for side in (then, orelse))))
            else:
                results.append(sympy.Piecewise((exact(then), condition), (exact(orelse), True)))
        return results

    def loop(self, s: Loop | While) -> list[Any]:
        """Execute a loop; ends with `Enough` if it is the one to follow."""
        follow = None if self.records else self.followed(s)
        followed = follow is not None
        carried = [self.read(a) for a in s.inits]
        steps = self.indices(s, followed) if isinstance(s, Loop) else None
        going_on = True
        while True:
            self.values.update(zip(s.params, carried, strict=True))
            if follow is not None:
                self.record(follow)
            if isinstance(s, While):
                going_on = going_on and self.goes_on(self.block(s.condition)[0], followed, s)
            elif steps is not None:
                index = next(steps, None)
                going_on = going_on and index is not None
                self.values[s.index] = index
            if not going_on:
                break
            carried = self.block(s.body)
            if s.exits:
                going_on = self.goes_on(carried.pop(), followed, s)
        if followed:
            raise Enough
        return carried

    def record(self, follow: tuple[Var | None, Var]) -> None:
        """A row; after the last one that was asked for, the end."""
        dot, value = (0 if variable is None else self.values[variable] for variable in follow)
        self.records.append((exact(dot), exact(value)))
        if len(self.records) > self.iterations:
            raise Enough

    def indices(self, s: Loop, followed: bool) -> Iterator[int]:
        """The indices of a counted loop; of the followed loop as many as are wanted, where the end is not known."""
        start, stop, step = (self.read(a) for a in (s.start, s.stop, s.step))
        known = [isinstance(end, int) for end in (start, stop, step)]
        if all(known):
            return iter(range(start, stop, step))
        if followed and known[0] and known[2]:
            return iter(range(start, start + self.iterations * step, step))
        end = next(e for e, k in zip((start, stop, step), known, strict=True) if not k)
        raise ArgumentError(
            f"{self.what}: the loop{_where(s)} depends on {end}, which is not known; give its value as a keyword"
        )

    def goes_on(self, condition: Any, followed: bool, s: Statement) -> bool:
        """Whether a loop goes on; the followed loop is taken to where that depends on its values."""
        if isinstance(condition, bool):
            return condition
        if followed:
            return True
        raise ArgumentError(
            f"{self.what}: whether the loop{_where(s)} goes on depends on {condition}, which is not known; the table "
            f"can be about that loop, or give the values that it depends on as keywords"
        )

    def followed(self, s: Loop | While) -> tuple[Var | None, Var] | None:
        """The tangent and the variable among what the loop carries, if this is the loop to follow."""
        by_name = {p.name: p for p in s.params}
        if self.variable is None:
            moving = [name for name in by_name if f"{name}_dot" in by_name]
            if len(moving) > 1:
                raise ArgumentError(
                    f"{self.what}: the loop{_where(s)} carries {', '.join(moving)}; say which with variable=..."
                )
            self.variable = moving[0] if moving else None
        found = by_name.get(self.variable or "")
        if found is None or (isinstance(found.type, Type) and found.type.rank):
            return None
        return by_name.get(f"{found.name}_dot"), found

    def require_carried(self, program: Program) -> None:
        """Raise `ArgumentError` unless a loop carries the variable to follow."""
        loops = [s for s in walk(program.body) if isinstance(s, Loop | While)]
        if self.variable is None and loops:
            return
        if any(p.name == self.variable for s in loops for p in s.params):
            return
        raise self.nothing(program)

    def nothing(self, program: Program) -> ArgumentError:
        """Why nothing can be recorded."""
        loops = [s for s in walk(program.body) if isinstance(s, Loop | While)]
        if not loops:
            return ArgumentError(
                f"{self.what}: the function has no loop whose result depends on the argument; the table has a row for "
                f"each iteration of a loop"
            )
        carried = sorted({p.name for s in loops for p in s.params if not p.name.endswith("_dot")})
        return ArgumentError(
            f"{self.what}: no loop carries a number {self.variable!r} that the result depends on; "
            f"carried are {', '.join(carried) or 'none'}"
        )


def _where(s: Statement) -> str:
    return "" if s.origin is None else f" in line {s.origin.line}"
