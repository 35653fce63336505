"""The record of an operator: all its facts in one place (floor 0).

An operator is a value and its *labels*. The label of operand ``j`` is the partial derivative of the result with
respect to that operand (lecture, section 5), written as a function ``(v, *operands)`` of the result ``v`` and the
operands, in the *value algebra*: called with floats or arrays it gives numbers, with dual numbers second derivatives,
with symbols closed forms, with the values of a program builder source code.

Calling an operator dispatches: if an operand knows how to apply operators (it has ``__pathgrad__``), the operand does;
otherwise NumPy computes the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .domain import Interval

__all__ = ["TABLE", "Label", "LinearMap", "Op", "apply", "array_op", "op", "scipy_special"]

Label = Callable[..., Any]

#: Every operator by name, in the order of the table.
TABLE: dict[str, Op] = {}


def apply(operator: Op, *operands: Any, **parameters: Any) -> Any:
    """The value of ``operator`` at ``operands``, computed by whichever operand overloads operators.

    Among several overloading operands the one with the highest ``__pathgrad_priority__`` decides.

    Examples
    --------
    >>> float(apply(TABLE["multiply"], 3.0, 2.0))
    6.0
    """
    best, priority = None, -1
    for operand in operands:
        overload = getattr(operand, "__pathgrad__", None)
        if overload is not None:
            its_priority = getattr(operand, "__pathgrad_priority__", 0)
            if its_priority > priority:
                best, priority = overload, its_priority
    if best is not None:
        return best(operator, operands, parameters)
    return operator.value(*operands, **parameters)


@dataclass(frozen=True, eq=False)
class LinearMap:
    """The label of an array operator: a linear map that can be applied and transposed.

    Attributes
    ----------
    apply : callable
        Tangent of the operand to its contribution to the tangent of the result.
    transpose : callable
        Cotangent of the result to its contribution to the cotangent of the operand.
    """

    apply: Callable[[Any], Any]
    transpose: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Op:
    """One operator.

    Attributes
    ----------
    name : str
        Its name in the table, in programs and in graphs.
    value : callable
        The value, on floats and NumPy arrays.
    labels : tuple
        One label for each operand; ``None`` where the derivative is zero wherever it exists (a *flat* operand:
        conditions, indices, the argument of ``floor``). For array operators a label returns a `LinearMap`.
    domain : tuple of Interval
        For each operand, where tests may draw it.
    ref : str
        The source of the formula.
    spellings : tuple of str
        The Python callables that mean this operator, as ``"module.name"``.
    symbol : str
        What a drawing writes into the vertex.
    sympy : callable or None
        The operator on SymPy expressions.
    reference : callable or None
        The value by an independent library (mpmath), for tests.
    kinks : str
        The policy at points where the derivative does not exist; empty where it exists everywhere in the domain.
    result : str
        How the result's dtype follows: ``"float"`` (floats in, floats out), ``"number"`` (as NumPy promotes),
        ``"bool"``, ``"int"``, or ``"structural"`` (decided by the array operator's own rule).
    total : bool
        The result is finite whenever the operands are (overflow of ``+ - *`` aside).
    edge : bool
        A label can be infinite at a point where the value is finite (``sqrt`` at 0): there the product of a zero
        derivative and the label is always taken as zero.
    selects : bool
        A label is zero on a set of positive measure: derivatives behind it may be zero because a path was not taken.
    linear : tuple of int
        The operands in which the operator is linear (their label does not depend on them).
    consumes : bool
        The first operand's storage becomes the result's (in-place writes).
    views : bool
        The result may share the first operand's storage.
    elementwise : bool
        The operator acts on each element by itself and its labels are numbers; otherwise they are linear maps.
    facts : mapping
        What only some operators have: the ``"shape"`` rule, ``"variadic"`` operands and their ``"label"``,
        ``"integer"`` operands.

    Examples
    --------
    >>> square = TABLE["square"]
    >>> float(square(3.0)), float(square.labels[0](9.0, 3.0))
    (9.0, 6.0)
    """

    name: str
    value: Callable[..., Any]
    labels: tuple[Label | None, ...]
    domain: tuple[Interval, ...] = ()
    ref: str = ""
    spellings: tuple[str, ...] = ()
    symbol: str = ""
    sympy: Callable[..., Any] | None = None
    reference: Callable[..., Any] | None = None
    kinks: str = ""
    result: Literal["float", "number", "bool", "int", "structural"] = "float"
    total: bool = False
    edge: bool = False
    selects: bool = False
    linear: tuple[int, ...] = ()
    consumes: bool = False
    views: bool = False
    elementwise: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *operands: Any, **parameters: Any) -> Any:
        """The value at ``operands``; see `apply`."""
        return apply(self, *operands, **parameters)

    def __repr__(self) -> str:
        return f"<operator {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_named, (self.name,))

    @property
    def arity(self) -> int:
        """The number of operands."""
        return len(self.labels)


def _named(name: str) -> Op:
    return TABLE[name]


def _enter(record: Op) -> Op:
    if record.name in TABLE:
        raise ValueError(f"operator table: {record.name!r} is defined twice; choose another name")
    TABLE[record.name] = record
    return record


def op(name: str, value: Callable[..., Any], *labels: Label | None, **facts: Any) -> Op:
    """Enter an elementwise operator into the table and return its record.

    Parameters
    ----------
    name : str
        A name that the table does not have yet.
    value : callable
        The value, on floats and arrays.
    *labels : callable or None
        One for each operand: ``(v, *operands)`` to the partial derivative; None for a flat operand.
    **facts
        The other attributes of `Op`.

    Raises
    ------
    ValueError
        The name is taken.
    """
    facts.setdefault("symbol", name)
    return _enter(Op(name, value, labels, **facts))


def array_op(name: str, value: Callable[..., Any], *labels: Label | None, **facts: Any) -> Op:
    """Enter an operator that moves or sums data; its labels return a `LinearMap`.

    Parameters and errors are those of `op`.
    """
    facts.setdefault("symbol", name)
    facts.setdefault("result", "structural")
    return _enter(Op(name, value, labels, elementwise=False, **facts))


def scipy_special(name: str) -> Callable[..., Any]:
    """The function ``scipy.special.name``, imported at its first call: importing pathgrad stays cheap."""

    def value(*operands: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*operands)

    return value
