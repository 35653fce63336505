"""The program: structured single assignment (floor 1).

Grammar::

    program   = name(input, ...) block
    block     = statement ... yield atom, ...
    atom      = variable | constant
    statement = variable = operator(atom, ...; static parameters)                             Let
              | variable, ... = for i in start:stop:step with (variable = atom, ...) block    Loop
              | variable, ... = while with (variable = atom, ...) {block -> bool} block       While
              | variable, ... = if atom block else block                                      Branch
              | variable, ... = program(atom, ...)                                            Call

Every variable is assigned once, before its uses, and is visible in the blocks inside its own. A block ends by yielding
atoms: the next values of what a loop carries, the results of a branch, the results of a program. A loop whose
``exits`` is set yields one more atom, a bool: False ends the loop after this iteration. ``reversed`` runs the same
indices the other way. ``trips``, where present, is bound to the number of iterations that were executed.

The operators ``store``, ``accumulate`` and ``push`` *consume* their first operand: its storage becomes the result's, so
nothing may read the operand, or an alias of it, afterwards (`pathgrad.ir.ownership` places copies where needed and
`pathgrad.ir.check` proves it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from ..ops import Op
from .supposition import Supposition
from .types import Type, ValueType

__all__ = [
    "Atom",
    "Block",
    "Branch",
    "Call",
    "Const",
    "Let",
    "Loop",
    "Origin",
    "Parameter",
    "Program",
    "Statement",
    "Var",
    "While",
    "bound_inside",
    "defined",
    "dims_of",
    "dtype_of",
    "operands",
    "sub_blocks",
    "type_of",
    "walk",
]


@dataclass(frozen=True)
class Origin:
    """Where a statement comes from: the user's line and its text."""

    line: int
    text: str


class Var:
    """A variable: assigned once; compared by identity.

    Attributes
    ----------
    name : str
        The user's name, or one made from it.
    type : ValueType
        Its type.
    dimension : object
        The token of an axis that has this length.
    temporary : bool
        Whether the user gave it no name: emitted source may write its value where it is read.
    """

    __slots__ = ("dimension", "name", "temporary", "type")

    def __init__(self, name: str, type_: ValueType, dimension: Any = None, temporary: bool = False) -> None:
        self.name = name
        self.type = type_
        self.dimension = self if dimension is None else dimension
        self.temporary = temporary

    def __repr__(self) -> str:
        return f"{self.name}:{self.type}"


@dataclass(frozen=True, eq=False)
class Const:
    """A constant: a Python number, or an array held by reference (``name`` is then its name in the emitted module)."""

    value: Any
    type: Type
    name: str = ""

    @property
    def literal(self) -> Any:
        """The number itself (arrays have none)."""
        return None if self.type.is_array else self.value

    @property
    def dimension(self) -> Any:
        """The token of an axis with this length."""
        return 1 if self.value == 1 else ("literal", self.value)

    def __repr__(self) -> str:
        return self.name or repr(self.value)


Atom = Var | Const


def type_of(atom: Atom) -> Type:
    """The type of a number or an array; an atom that is a list is an error of the caller."""
    assert isinstance(atom.type, Type), f"{atom!r} is a list"
    return atom.type


def dims_of(atom: Atom) -> tuple[Any, ...]:
    """The dimension tokens of an array; none for numbers and lists."""
    return atom.type.dims if isinstance(atom.type, Type) else ()


def dtype_of(atom: Atom) -> str:
    """The dtype of a number or an array."""
    return type_of(atom).dtype


@dataclass(eq=False)
class Let:
    """One operator applied to atoms."""

    target: Var
    op: Op
    args: tuple[Atom, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    role: str = "primal"


@dataclass(eq=False)
class Loop:
    """A counted loop over ``range(start, stop, step)``.

    ``checkpoints`` is about the loop's adjoint, not its meaning: how many states it may keep at once (0: by the number
    of iterations); None where it keeps what it reads of every iteration.
    """

    index: Var
    start: Atom
    stop: Atom
    step: Atom
    params: list[Var]
    inits: list[Atom]
    body: Block
    results: list[Var]
    exits: bool = False
    reversed: bool = False
    trips: Var | None = None
    origin: Origin | None = None
    role: str = "primal"
    checkpoints: int | None = None


@dataclass(eq=False)
class While:
    """A loop that runs as long as the condition block yields True."""

    params: list[Var]
    inits: list[Atom]
    condition: Block
    body: Block
    results: list[Var]
    exits: bool = False
    trips: Var | None = None
    origin: Origin | None = None
    role: str = "primal"


@dataclass(eq=False)
class Branch:
    """A choice of one of two blocks."""

    condition: Atom
    then: Block
    orelse: Block
    results: list[Var]
    origin: Origin | None = None
    role: str = "primal"


@dataclass(eq=False)
class Call:
    """A call of another program."""

    program: Program
    args: list[Atom]
    results: list[Var]
    origin: Origin | None = None
    role: str = "primal"


Statement = Union[Let, Loop, While, Branch, Call]


@dataclass(eq=False)
class Block:
    """Statements and the atoms that the block yields."""

    statements: list[Statement] = field(default_factory=list)
    yields: list[Atom] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter of the user's function: its name, and how it is made of inputs (a tree as for results)."""

    name: str
    tree: Any


@dataclass(eq=False)
class Program:
    """A program.

    Attributes
    ----------
    name : str
        Its name in emitted source.
    inputs : list of Var
        The arguments.
    body : Block
        The statements; its yields are the results.
    consumed : frozenset of int
        Positions of inputs whose storage the program takes over; all others are never written.
    filename : str
        The user's file.
    doc : str
        One sentence for the emitted docstring.
    parameters : list of Parameter
        How the inputs are grouped into the user's parameters.
    result : tree
        How the outputs are grouped: a position of ``outputs``, or a tuple, list or dict of trees.
    handed_back : tuple of int
        Inputs that are results themselves; in ``result`` their positions follow those of the outputs.
    supposed : tuple of Supposition
        What must hold of the arguments; for others the program may give anything.
    derived : dict
        Programs that were derived from this one, by what was asked.
    """

    name: str
    inputs: list[Var]
    body: Block
    consumed: frozenset[int] = frozenset()
    filename: str = ""
    doc: str = ""
    parameters: list[Parameter] = field(default_factory=list)
    result: Any = None
    handed_back: tuple[int, ...] = ()
    supposed: tuple[Supposition, ...] = ()
    derived: dict[Any, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> list[Atom]:
        """The results."""
        return self.body.yields


def operands(statement: Statement) -> list[Atom]:
    """The atoms that a statement itself reads (those inside its blocks excluded)."""
    if isinstance(statement, Let):
        return list(statement.args)
    if isinstance(statement, Loop):
        return [statement.start, statement.stop, statement.step, *statement.inits]
    if isinstance(statement, While):
        return list(statement.inits)
    if isinstance(statement, Branch):
        return [statement.condition]
    return list(statement.args)


def defined(statement: Statement) -> list[Var]:
    """The variables that a statement assigns in its own block."""
    if isinstance(statement, Let):
        return [statement.target]
    if isinstance(statement, Loop | While) and statement.trips is not None:
        return [*statement.results, statement.trips]
    return list(statement.results)


def bound_inside(statement: Statement) -> set[Var]:
    """The variables that are assigned inside a statement: in its blocks, as what a loop carries, as its index."""
    found: set[Var] = set()
    for s in [statement, *(s for block in sub_blocks(statement) for s in walk(block))]:
        if s is not statement:
            found.update(defined(s))
        if isinstance(s, Loop | While):
            found.update(s.params)
        if isinstance(s, Loop):
            found.add(s.index)
    return found


def sub_blocks(statement: Statement) -> list[Block]:
    """The blocks inside a statement."""
    if isinstance(statement, Let):
        return []
    if isinstance(statement, Loop):
        return [statement.body]
    if isinstance(statement, While):
        return [statement.condition, statement.body]
    if isinstance(statement, Branch):
        return [statement.then, statement.orelse]
    return []


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of a block and of the blocks inside it, outer first."""
    for statement in block.statements:
        yield statement
        if not isinstance(statement, Let):
            for inner in sub_blocks(statement):
                yield from walk(inner)


def programs_called(program: Program) -> list[Program]:
    """``program`` and every program that it calls, callees first, each once."""
    order: list[Program] = []
    seen: set[int] = set()

    def visit(p: Program) -> None:
        if id(p) in seen:
            return
        seen.add(id(p))
        for statement in walk(p.body):
            if isinstance(statement, Call):
                visit(statement.program)
        order.append(p)

    visit(program)
    return order


AtomMap = Callable[[Atom], Atom]
