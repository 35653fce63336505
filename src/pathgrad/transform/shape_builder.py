"""Writing expressions that read no more than they must: shapes come from arguments (floor 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Builder, Let, Type, Var
from ..ir.shapes import shape_only
from ..ops import Op

__all__ = ["ShapeBuilder", "same_lengths"]


class ShapeBuilder(Builder):
    """A builder that reads shapes from the arguments of the program where they have them.

    Transposes need the shape of an operand, not its content; taking it from an argument lets the operand go.
    """

    def __init__(self) -> None:
        super().__init__()
        self.representatives: dict[Any, Var] = {}

    def represent(self, variables: Sequence[Var]) -> None:
        """Let these variables stand for every array of their dtype and lengths."""
        for v in variables:
            if isinstance(v.type, Type) and v.type.rank and None not in v.type.dims:
                self.representatives.setdefault((v.type.dtype, v.type.dims), v)

    def represented(self, op: Op, args: Sequence[Any]) -> list[Any]:
        """The operands, those of which only the shape is read replaced by arguments of the program."""
        atoms = list(args)
        for k in shape_only(Let(Var("", Type("f64")), op, tuple(atoms))):
            if isinstance(atoms[k], Var) and isinstance(atoms[k].type, Type):
                key = (atoms[k].type.dtype, atoms[k].type.dims)
                atoms[k] = self.representatives.get(key, atoms[k])
        return atoms

    def emit(self, op: Op, args: Sequence[Any], params: dict[str, Any] | None = None, name: str = "t") -> Atom:
        """As `Builder.emit`."""
        atoms = self.represented(op, [arg.atom if hasattr(arg, "atom") else arg for arg in args])
        if op.name == "sum_to" and same_lengths(atoms[0], atoms[1]):
            found: Atom = atoms[0]
            return found
        return super().emit(op, atoms, params, name)


def same_lengths(a: Any, b: Any) -> bool:
    """Whether two arrays certainly have the same lengths."""
    types = getattr(a, "type", None), getattr(b, "type", None)
    if not (isinstance(types[0], Type) and isinstance(types[1], Type)):
        return False
    return types[0].rank == types[1].rank and types[0].dims == types[1].dims and None not in types[0].dims
