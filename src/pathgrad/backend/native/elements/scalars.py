"""Elementwise operators as instructions (floor 4)."""

from __future__ import annotations

from collections.abc import Sequence

from ....errors import NativeUnsupported
from ....ir.types import promote
from ....ops import TABLE
from ..emit.module import NativeModule
from ..emit.writer import Writer
from .conversion import convert
from .element import Element
from .scalar_arithmetic import ARITHMETIC
from .scalar_functions import FUNCTIONS

__all__ = ["Operand", "elementwise"]

#: A value and its dtype.
Operand = tuple[str, str]
_RULES = {**ARITHMETIC, **FUNCTIONS}


def elementwise(
    module: NativeModule, w: Writer, name: str, operands: Sequence[Operand], result: str, loose: bool = False
) -> str:
    """Write one element of an elementwise operator.

    Parameters
    ----------
    module : NativeModule
        Collects the functions that are called.
    w : Writer
        Where the instructions go.
    name : str
        The operator's name.
    operands : sequence of (value, dtype)
        The operands' elements.
    result : str
        The dtype of the result.
    loose : bool
        Whether products may go into sums unrounded, and divisions be products with reciprocals (`loose`).

    Returns
    -------
    str
        The value.

    Raises
    ------
    NativeUnsupported
        The operator has no rule.
    """
    rule = _RULES.get(name)
    if rule is None:
        raise NativeUnsupported(f"operator {name} has no native form")
    dtype = _own_dtype(name, [d for _, d in operands], result)
    skip = 1 if name == "where" else 0
    values = [v if k < skip else convert(w, v, d, dtype) for k, (v, d) in enumerate(operands)]
    if name == "where":
        values[0] = convert(w, operands[0][0], operands[0][1], "bool")
    value = rule(Element(module, w, loose), values, dtype)
    if name == "where":
        return value
    # numbers made of truth values are computed as integers
    return convert(w, value, dtype, "bool") if result == "bool" and TABLE[name].result != "bool" else value


def _own_dtype(name: str, dtypes: list[str], result: str) -> str:
    """The dtype in which an operator computes."""
    if name.startswith("logical_"):
        return "bool"
    if result != "bool" or name == "where":
        return result
    if TABLE[name].result != "bool":
        return "i64"
    own = promote(*dtypes)
    if name in ("isnan", "isinf", "isfinite") and own in ("i64", "bool"):
        return "f64"
    return "i64" if own == "bool" else own
