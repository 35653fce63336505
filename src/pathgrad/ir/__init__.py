"""The program representation: types, statements, builder, check, evaluate, print (floor 1).

Reading order: `types`, `program` (the grammar), `builder`, `evaluate` (the meaning), `pretty`, `liveness`, `ownership`
(who may write in place), `check`.
"""

from __future__ import annotations

from .builder import Builder, Term, constant
from .check import check
from .dead import remove_dead
from .evaluate import evaluate
from .ownership import place_copies
from .pretty import pretty
from .program import (
    Atom,
    Block,
    Branch,
    Call,
    Const,
    Let,
    Loop,
    Origin,
    Parameter,
    Program,
    Statement,
    Var,
    While,
    bound_inside,
    defined,
    dims_of,
    dtype_of,
    operands,
    programs_called,
    sub_blocks,
    type_of,
    walk,
)
from .supposition import Supposition
from .types import BOOL, F32, F64, I64, ListType, Type, ValueType, array, is_float

__all__ = [
    "BOOL",
    "F32",
    "F64",
    "I64",
    "Atom",
    "Block",
    "Branch",
    "Builder",
    "Call",
    "Const",
    "Let",
    "ListType",
    "Loop",
    "Origin",
    "Parameter",
    "Program",
    "Statement",
    "Supposition",
    "Term",
    "Type",
    "ValueType",
    "Var",
    "While",
    "array",
    "bound_inside",
    "check",
    "constant",
    "defined",
    "dims_of",
    "dtype_of",
    "evaluate",
    "is_float",
    "operands",
    "place_copies",
    "pretty",
    "programs_called",
    "remove_dead",
    "sub_blocks",
    "type_of",
    "walk",
]
