"""Writing programs: types are inferred, broadcasting is made explicit, constants are folded (floor 1).

A `Builder` appends statements to the innermost open block. A `Term` is an atom that overloads Python's operators by
writing statements into its builder, so that the labels of the operator table, called with terms, write source code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import ProgramError, ShapeError
from ..ops import TABLE, Op, apply
from ..ops.broadcasting import broadcast_dims
from .program import Atom, Block, Const, Let, Origin, Statement, Var
from .types import BOOL, F64, I64, ListType, Type, ValueType, array, promote

__all__ = ["Builder", "Term", "constant"]


def constant(value: Any, dtype: str | None = None) -> Const:
    """A constant atom for a Python or NumPy number.

    Examples
    --------
    >>> constant(2.5).type, constant(3).type, constant(True).type
    (Type(dtype='f64', rank=0, dims=()), Type(dtype='i64', rank=0, dims=()), Type(dtype='bool', rank=0, dims=()))
    """
    if isinstance(value, bool | np.bool_):
        return Const(bool(value), BOOL)
    if isinstance(value, int | np.integer):
        return Const(float(value), Type(dtype)) if dtype in ("f64", "f32") else Const(int(value), I64)
    return Const(float(value), Type(dtype or "f64"))


#: Names that the reader and the transformations give to values without a name.
TEMPORARY_NAMES = frozenset({"t", "n", "k", "test", "left", "zero", "undefined", "going_on", "total"})


class Builder:
    """Appends statements to blocks.

    Attributes
    ----------
    origin : Origin or None
        The user's line, given to every statement that is written.
    role : str
        ``"primal"``, ``"tangent"``, ``"adjoint"`` or ``"kept"``, given to every statement that is written.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.origin: Origin | None = None
        self.role = "primal"

    @property
    def block(self) -> Block:
        """The innermost open block."""
        return self.blocks[-1]

    @contextmanager
    def open(self, block: Block | None = None) -> Iterator[Block]:
        """Append to ``block`` (a new one by default) for the duration of the context."""
        block = Block() if block is None else block
        self.blocks.append(block)
        try:
            yield block
        finally:
            self.blocks.pop()

    @contextmanager
    def at(self, origin: Origin | None, role: str) -> Iterator[None]:
        """Give ``origin`` and ``role`` to the statements written in the context."""
        before = self.origin, self.role
        self.origin, self.role = origin, role
        try:
            yield
        finally:
            self.origin, self.role = before

    def append(self, statement: Statement) -> None:
        """Append a finished statement."""
        self.block.statements.append(statement)

    def term(self, atom: Any) -> Term:
        """``atom`` (or a Python number) with overloaded operators."""
        return atom if isinstance(atom, Term) else Term(self, _atom(atom))

    def emit(self, op: Op, args: Sequence[Any], params: dict[str, Any] | None = None, name: str = "t") -> Atom:
        """Write ``name = op(args)`` and return the result.

        Constant operands are folded; elementwise operands of different shapes are broadcast by explicit operators.

        Raises
        ------
        ShapeError
            Ranks that the operator does not take.
        """
        params = dict(params or {})
        atoms = [_atom(arg) for arg in args]
        folded = _fold(op, atoms, params)
        if folded is not None:
            return folded
        if op.elementwise:
            atoms = self._broadcast(atoms)
        type_ = _settled(infer(op, atoms, params))
        target = Var(name, type_, temporary=name in TEMPORARY_NAMES)
        _give_dimension(target, op, atoms, params)
        if isinstance(target.dimension, Const):
            return target.dimension
        self.append(Let(target, op, tuple(atoms), params, self.origin, self.role))
        return target

    def _broadcast_at_run_time(self, atoms: list[Atom], arrays: list[Atom]) -> list[Atom]:
        """Lengths that may differ: the first array takes the common shape, the others take its shape."""
        whole = self.emit(TABLE["broadcast_with"], arrays, name=_name(arrays[0]))
        result: list[Atom] = []
        for atom in atoms:
            if atom is arrays[0]:
                result.append(whole)
            elif isinstance(atom, Const) and not atom.type.is_array:
                result.append(atom)
            else:
                type_ = array(atom.type.dtype, whole.type.dims)  # type: ignore[union-attr]
                target = Var(_name(atom), type_, temporary=_name(atom) in TEMPORARY_NAMES)
                self.append(Let(target, TABLE["broadcast_with"], (atom, whole), {}, self.origin, self.role))
                result.append(target)
        return result

    def _broadcast(self, atoms: list[Atom]) -> list[Atom]:
        arrays = [atom for atom in atoms if isinstance(atom.type, Type) and atom.type.is_array]
        if not arrays:
            return atoms
        dims = broadcast_dims(*(atom.type.dims for atom in arrays))  # type: ignore[union-attr]
        certain = None not in dims
        result: list[Atom] = []
        if not certain:
            return self._broadcast_at_run_time(atoms, arrays)
        for atom in atoms:
            fits = isinstance(atom.type, Type) and atom.type.is_array and atom.type.dims == dims and certain
            if fits or (isinstance(atom, Const) and not atom.type.is_array):
                result.append(atom)
                continue
            others = [other for other in arrays if other is not atom and not (certain and _covers(atom, other, dims))]
            if not others:
                result.append(atom)
                continue
            whole = [other for other in others if other.type.dims == dims and certain]  # type: ignore[union-attr]
            result.append(self.emit(TABLE["broadcast_with"], [atom, *(whole[:1] or others)], name=_name(atom)))
        return result


def _settled(type_: ValueType) -> ValueType:
    """A length that is known at run time only gets a token of its own, so that it equals itself later."""
    if not isinstance(type_, Type) or None not in type_.dims:
        return type_
    return array(type_.dtype, tuple(object() if d is None else d for d in type_.dims))


def _covers(atom: Atom, other: Atom, dims: tuple[Any, ...]) -> bool:
    """Whether ``atom`` already has every dimension that ``other`` would give it."""
    mine, its = atom.type.dims, other.type.dims  # type: ignore[union-attr]
    if len(mine) < len(dims):
        return False
    padded = (1,) * (len(dims) - len(its)) + its
    return all(token == 1 or token == own for token, own in zip(padded, mine, strict=True))


def _name(atom: Atom) -> str:
    return atom.name or "t"


def _atom(value: Any) -> Atom:
    if isinstance(value, Term):
        return value.atom
    if isinstance(value, Var | Const):
        return value
    if isinstance(value, np.ndarray) and value.ndim:
        raise ProgramError(f"a builder takes atoms and numbers as operands; got an array of shape {value.shape}")
    return constant(value)


_FOLDED_EXACTLY = {"length"}


def _fold(op: Op, atoms: list[Atom], params: dict[str, Any]) -> Atom | None:
    """The result where it is known without running: constant operands, and choices by a constant."""
    if op.name == "where" and isinstance(atoms[0], Const) and not atoms[0].type.is_array:
        chosen, other = (atoms[1], atoms[2]) if atoms[0].value else (atoms[2], atoms[1])
        if isinstance(chosen, Const) or chosen.type.rank >= other.type.rank:
            return chosen
        return None
    if op.name == "power" and isinstance(atoms[1], Const) and atoms[1].value == 1 and _is_float(atoms[0]):
        return atoms[0]
    if op.name == "negative" and isinstance(atoms[0], Const) and not atoms[0].type.is_array:
        return Const(-atoms[0].value, atoms[0].type)
    if not op.elementwise or not atoms or op.name == "extend":
        return None
    if not all(isinstance(atom, Const) and not atom.type.is_array for atom in atoms):
        return None
    with np.errstate(all="ignore"):
        value = op.value(*(atom.value for atom in atoms))  # type: ignore[union-attr]
    if not np.isfinite(value):
        return None
    dtype = "f32" if any(atom.type == Type("f32") for atom in atoms) else None
    return constant(value.item() if hasattr(value, "item") else value, dtype)


def _is_float(atom: Atom) -> bool:
    return isinstance(atom.type, Type) and atom.type.dtype in ("f64", "f32")


def _give_dimension(target: Var, op: Op, atoms: list[Atom], params: dict[str, Any]) -> None:
    """Lengths, and lengths plus or minus a literal, keep the token of the axis that they measure."""
    if op.name == "length":
        token = atoms[0].type.dims[params["axis"]]  # type: ignore[union-attr]
        if token == 1:
            target.dimension = constant(1)
        elif isinstance(token, tuple) and token[0] == "literal":
            target.dimension = constant(token[1])
        elif token is not None:
            target.dimension = token
    elif op.name in ("subtract", "add") and target.type == I64 and isinstance(atoms[1], Const):
        base, already = target_base(atoms[0].dimension)
        by = atoms[1].value if op.name == "subtract" else -atoms[1].value
        target.dimension = shortened(base, already + by)


def target_base(token: Any) -> tuple[Any, int]:
    """A token as a base token and how much shorter than it."""
    if isinstance(token, tuple) and token and token[0] == "shorter":
        return token[1], token[2]
    return token, 0


def shortened(base: Any, by: int) -> Any:
    """The token of a length that is ``by`` shorter than ``base``."""
    return ("shorter", base, by) if by else base


def infer(op: Op, atoms: Sequence[Atom], params: dict[str, Any]) -> ValueType:
    """The type of a result.

    Raises
    ------
    ShapeError
        Operands whose ranks the operator does not take.
    """
    if op.facts.get("storage"):
        return _infer_storage(op, atoms, params)
    if op.name == "copy":
        return atoms[0].type
    for atom in atoms:
        if not isinstance(atom.type, Type):
            raise ProgramError(f"{op.name} takes scalars and arrays; got {atom!r}")
    types: list[Type] = [atom.type for atom in atoms]  # type: ignore[misc]
    if op.elementwise:
        return array(_elementwise_dtype(op, atoms), broadcast_dims(*(t.dims for t in types)))
    rule: Callable[..., Any] = op.facts["shape"]
    try:
        dims = rule([t.dims for t in types], atoms, params)
    except (IndexError, ValueError) as error:
        shapes = ", ".join(map(str, types))
        raise ShapeError(f"{op.name} does not take operands of type {shapes} with {params}: {error}") from error
    return array(_array_dtype(op, types, params), dims)


def _elementwise_dtype(op: Op, atoms: Sequence[Atom]) -> str:
    if op.result == "bool":
        return "bool"
    counted = list(atoms[1:]) if op.name == "where" else list(atoms)
    strong = [a.type.dtype for a in counted if isinstance(a, Var) or a.type.is_array]  # type: ignore[union-attr]
    weak = [a.type.dtype for a in counted if isinstance(a, Const) and not a.type.is_array]
    if strong:
        dtype = promote(*strong)
        for other in weak:
            if _FLOATNESS[other] > _FLOATNESS[dtype]:
                dtype = "f64" if dtype in ("i64", "bool") and other in ("f64", "f32") else other
    else:
        dtype = promote(*weak)
    if op.result == "float" and dtype in ("i64", "bool"):
        return "f64"
    if op.name in ("add", "subtract", "multiply", "negative", "power") and dtype == "bool":
        return "i64"
    return dtype


_FLOATNESS = {"bool": 0, "i64": 1, "f32": 2, "f64": 2}


def _array_dtype(op: Op, types: Sequence[Type], params: dict[str, Any]) -> str:
    if "dtype" in params:
        return str(params["dtype"])
    fixed = op.facts.get("dtype")
    if fixed is not None:
        return {"bool": "bool", "int": "i64", "float": "f64"}[fixed]
    if op.name == "length":
        return "i64"
    if op.name in ("mean", "norm", "linspace") and types[0].dtype in ("i64", "bool"):
        return "f64"
    if op.name in ("sum", "cumsum") and types[0].dtype == "bool":
        return "i64"
    if op.name in ("matmul", "outer"):
        return promote(types[0].dtype, types[1].dtype)
    if op.name in ("concatenate", "stack", "pack"):
        return promote(*(t.dtype for t in types))
    if op.name in ("cast_like",):
        return types[1].dtype
    return types[0].dtype


def _infer_storage(op: Op, atoms: Sequence[Atom], params: dict[str, Any]) -> ValueType:
    if op.name == "new_list":
        return ListType(params["element"])
    if op.name == "undefined":
        type_: ValueType = params["type"]
        return type_
    kept = atoms[0].type
    if not isinstance(kept, ListType):
        raise ProgramError(f"{op.name} takes a list; got {atoms[0]!r}")
    return kept.element if op.name in ("recall", "last") else kept


class Term:
    """An atom whose operators write statements."""

    __slots__ = ("atom", "builder")
    __pathgrad_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, builder: Builder, atom: Atom) -> None:
        self.builder = builder
        self.atom = atom

    @property
    def ndim(self) -> int:
        """The rank."""
        return self.atom.type.rank

    def __pathgrad__(self, op: Op, operands: Sequence[Any], parameters: dict[str, Any]) -> Term:
        return Term(self.builder, self.builder.emit(op, operands, parameters))

    def __add__(self, other: Any) -> Any:
        return apply(TABLE["add"], self, other)

    def __radd__(self, other: Any) -> Any:
        return apply(TABLE["add"], other, self)

    def __sub__(self, other: Any) -> Any:
        return apply(TABLE["subtract"], self, other)

    def __rsub__(self, other: Any) -> Any:
        return apply(TABLE["subtract"], other, self)

    def __mul__(self, other: Any) -> Any:
        return apply(TABLE["multiply"], self, other)

    def __rmul__(self, other: Any) -> Any:
        return apply(TABLE["multiply"], other, self)

    def __truediv__(self, other: Any) -> Any:
        return apply(TABLE["divide"], self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return apply(TABLE["divide"], other, self)

    def __floordiv__(self, other: Any) -> Any:
        return apply(TABLE["floor_divide"], self, other)

    def __pow__(self, other: Any) -> Any:
        return apply(TABLE["power"], self, other)

    def __neg__(self) -> Any:
        return apply(TABLE["negative"], self)

    def __lt__(self, other: Any) -> Any:
        return apply(TABLE["less"], self, other)

    def __le__(self, other: Any) -> Any:
        return apply(TABLE["less_equal"], self, other)

    def __gt__(self, other: Any) -> Any:
        return apply(TABLE["greater"], self, other)

    def __ge__(self, other: Any) -> Any:
        return apply(TABLE["greater_equal"], self, other)

    def __eq__(self, other: Any) -> Any:
        return apply(TABLE["equal"], self, other)

    def __ne__(self, other: Any) -> Any:
        return apply(TABLE["not_equal"], self, other)


assert F64.rank == 0
