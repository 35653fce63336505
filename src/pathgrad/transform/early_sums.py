"""Sums over rows before products, not after them (floor 3).

``(a @ b)`` summed over its rows is the sum over the rows of ``a``, times ``b``: one row is multiplied in place of all.
Adjoints ask for it where a vector was subtracted from every row before a product, as for the means of a mixture. It is
another order of elimination, and sums of an adjoint may be taken in any order.
"""

from __future__ import annotations

from ..ir import Atom, Block, Builder, Let, Program, Statement, Type, Var, sub_blocks, walk
from ..ir.liveness import statement_reads
from ..ops import TABLE

__all__ = ["sum_before_products"]


def sum_before_products(program: Program) -> Program:
    """Sum over rows before they are multiplied; changes ``program`` in place.

    Parameters
    ----------
    program : Program
        A program; only its adjoint statements are changed.

    Returns
    -------
    Program
        ``program``.
    """
    reads: dict[Var, int] = {}
    for s in walk(program.body):
        for v in statement_reads(s):
            reads[v] = reads.get(v, 0) + 1
    _block(program.body, reads)
    return program


def _block(block: Block, reads: dict[Var, int]) -> None:
    made = {s.target: s for s in block.statements if isinstance(s, Let)}
    statements: list[Statement] = []
    for s in block.statements:
        for inner in sub_blocks(s):
            _block(inner, reads)
        signs = _chain(s, made, reads, block) if isinstance(s, Let) and _sums_rows(s) else None
        statements += _early(s, signs) if isinstance(s, Let) and signs else [s]
    block.statements = statements


def _sums_rows(s: Let) -> bool:
    """Whether a statement sums the rows of a matrix into a vector."""
    source, target = s.args[0].type if s.args else None, s.target.type
    if s.role != "adjoint" or not isinstance(source, Type) or not isinstance(target, Type):
        return False
    if (source.rank, target.rank) != (2, 1):
        return False
    return s.op.name == "sum_to" or (s.op.name == "sum" and s.params["axis"] == (0,))


def _chain(s: Let, made: dict[Var, Let], reads: dict[Var, int], block: Block) -> list[Let] | None:
    """The product whose rows are summed and the signs that are changed after it, if nothing else reads them."""
    found: list[Let] = []
    atom: Atom = s.args[0]
    while isinstance(atom, Var) and reads.get(atom) == 1 and atom not in block.yields:
        let = made.get(atom)
        if let is None or let.role != "adjoint" or let.op.name not in ("negative", "matmul"):
            return None
        found.append(let)
        if let.op.name == "matmul":
            ranks = [a.type.rank if isinstance(a.type, Type) else 0 for a in let.args]
            return found if ranks == [2, 2] else None
        atom = let.args[0]
    return None


def _early(s: Let, chain: list[Let]) -> list[Statement]:
    """The sum, then the product and its signs, of one row; then what of the sum is left for a vector."""
    product = chain[-1]
    builder = Builder()
    with builder.open() as new, builder.at(s.origin, s.role):
        rows, other = product.args
        one = builder.emit(TABLE["sum"], [rows], {"axis": (0,), "keepdims": False}, "t")
        one = builder.emit(TABLE["matmul"], [one, other], {}, "t")
        for _ in chain[:-1]:
            one = builder.emit(TABLE["negative"], [one], {}, "t")
        last = new.statements[-1]
        assert isinstance(last, Let)
        if s.op.name == "sum_to":
            builder.append(Let(s.target, s.op, (one, *s.args[1:]), s.params, s.origin, s.role))
        else:
            last.target = s.target
    return list(new.statements)
