"""Dual numbers: a value and its tangent, carried through every operation (floor 1).

The differentiation arithmetic of the lecture's Figure 1 (class FloatD), for scalars and arrays. The rule of an
operation is the operator table's: the tangent of the result is the sum over the operands of label times tangent
(forward path problem, lecture, section 4). Zero annihilates: 0 times any label is 0, also where the label is infinite
or not a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import PerturbationError, ShapeError
from ..ops import TABLE, LinearMap, Op, apply
from .levels import BY_HAND, fresh_tag, hand_level
from .overload import Overloaded
from .plain import checked, evaluable, is_overloaded, scalar, shown

__all__ = ["Dual", "constant", "extend", "level_of", "variable"]

_FLAT_RESULTS = frozenset({"argmax", "argmin", "any", "all", "count_like", "length"})


class Dual(Overloaded):
    """A value and the derivative of that value in one direction.

    Parameters
    ----------
    value : float or array
        The value; the caller's array is copied.
    tangent : float or array
        Its tangent; of the shape of ``value``, or a scalar.
    level : int, optional
        The differentiation that the tangent belongs to; by default the outermost one that is not yet in use.

    Raises
    ------
    ArgumentError
        If the value or tangent is not a number or an array of numbers.
    ShapeError
        If the tangent does not have the value's shape.
    PerturbationError
        If ``level`` is not above the levels in the value and tangent, and of the differentiations going on.

    Notes
    -----
    Source: lecture, section 2, Figure 1 and Example 2.3. Cost: each operation evaluates each operand's label once.

    Examples
    --------
    >>> x = Dual(3.0, 1.0)
    >>> x * x + 1.0
    Dual(10.0, 6.0)
    >>> np.sin(Dual(0.0, 2.0)).tangent
    2.0
    """

    __slots__ = ("_level", "_root", "_tag", "_tangent", "_value")

    _value: Any
    _tangent: Any
    _level: int
    _tag: int | None
    _root: Dual | None

    def __init__(self, value: Any, tangent: Any = 0.0, *, level: int | None = None) -> None:
        value, tangent = checked(value, "value"), checked(tangent, "tangent")
        if np.shape(tangent) != np.shape(value):
            if np.shape(tangent):
                raise ShapeError(
                    f"Dual: the value has shape {np.shape(value)} and the tangent {np.shape(tangent)}; "
                    "give the tangent the value's shape"
                )
            tangent = tangent * np.ones(np.shape(value))
        below = max(level_of(value), level_of(tangent))
        self._set(value, tangent, max(hand_level(), below + 1) if level is None else level, BY_HAND)
        if self._level <= below or self._level < hand_level():
            raise PerturbationError(
                f"Dual: level {level} was given, but level {max(below, hand_level() - 1)} is in use by the value or by "
                f"the differentiation going on; leave level out, or give a higher one"
            )
        if not is_overloaded(tangent) and not np.any(tangent):
            self._tag = None

    def _set(self, value: Any, tangent: Any, level: int, tag: int | None) -> None:
        self._value, self._tangent, self._level, self._tag, self._root = value, tangent, level, tag, None

    @classmethod
    def _of(cls, value: Any, tangent: Any, level: int, tag: int | None) -> Dual:
        dual = cls.__new__(cls)
        dual._set(scalar(value), scalar(tangent), level, tag)
        return dual

    @property
    def value(self) -> Any:
        """The value: a float, an array, or a dual of a lower level."""
        return self._value

    @property
    def tangent(self) -> Any:
        """The tangent: a float, an array, or a dual of a lower level."""
        if isinstance(self._value, Dual) and not is_overloaded(self._tangent):
            return Dual._of(self._tangent, np.zeros(np.shape(self._tangent))[()], self._value._level, None)
        return self._tangent

    @property
    def level(self) -> int:
        """The differentiation that the tangent belongs to."""
        return self._level

    @property
    def tag(self) -> int | None:
        """Which differentiation of that level; None for a constant."""
        return self._base()._tag

    @property
    def __pathgrad_priority__(self) -> int:
        return 100 + self._level

    def __pathgrad__(self, operator: Op, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        level, tag = _differentiation_of(operator, operands)
        mine = [isinstance(x, Dual) and (x._level == level or x.tag is None) for x in operands]
        values = [evaluable(operator, x._value if its else x) for x, its in zip(operands, mine)]
        value = apply(operator, *values, **parameters)
        if operator.result in ("bool", "int") or operator.name in _FLAT_RESULTS:
            return bool(value) if isinstance(value, np.bool_) else value
        # a view of a constant array shares the storage of its zero tangent too: it may be written through the view
        tangents = [
            x._tangent if its and (x.tag is not None or (operator.views and k == 0 and x.shape)) else None
            for k, (x, its) in enumerate(zip(operands, mine))
        ]
        tangent = _tangent(operator, value, values, tangents, parameters)
        if not is_overloaded(value) and isinstance(value, np.ndarray) and not operator.views:
            # an operator that hands its operand on (a copy) must not share the storage of writable tangents
            tangent = np.array(tangent) if not is_overloaded(tangent) else tangent
        result = Dual._of(value, tangent, level, tag)
        return result._view_of(operands[0]) if operator.views else result

    def _view_of(self, base: Any) -> Dual:
        """Self, with the tag kept at the array whose storage it shares: a write through one is seen by all."""
        if self.shape and isinstance(base, Dual) and base._level == self._level and base.tag in (None, self._tag):
            self._root = base._base()
        return self

    def _base(self) -> Dual:
        return self if self._root is None else self._root

    def __repr__(self) -> str:
        level = f", level={self._level}" if self._level else ""
        return f"Dual({shown(self._value)}, {shown(self._tangent)}{level})"

    def __hash__(self) -> int:
        return hash(self._value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if np.dtype(dtype).kind != "O" if dtype is not None else False:
            raise self._lost("conversion to an array of numbers", "write to an array dual or use pathgrad.box")
        objects = np.empty(self.shape, object)
        for index in np.ndindex(*self.shape):
            objects[index] = self[index] if self.shape else self
        return objects

    # ---- arrays ------------------------------------------------------------------------------------------------------
    def __getitem__(self, index: Any) -> Any:
        if not self.shape:
            raise TypeError(f"{self!r} is a scalar and cannot be indexed")
        return Dual._of(self._value[index], self._tangent[index], self._level, self.tag)._view_of(self)

    def __setitem__(self, index: Any, item: Any) -> None:
        value, tangent, tag = item, 0.0, None
        if isinstance(item, Dual) and item.tag is None:
            value = item._value
        elif isinstance(item, Dual):
            if item._level == self._level:
                value, tangent, tag = item._value, item._tangent, item.tag
            if item._level > self._level or (is_overloaded(value) and not is_overloaded(self._value)):
                raise PerturbationError(
                    f"a dual of level {item._level} was written into an array of level {self._level}, which cannot "
                    "hold it; use pathgrad.box or derivative, which make arrays for every level"
                )
        if tag is not None and self.tag not in (None, tag):
            raise _confused("a write", self._level)
        self._value[index] = value
        self._tangent[index] = tangent
        if tag is not None:
            self._base()._tag = tag

    def _in_place(self, operator: str, other: Any) -> Any:
        result = apply(TABLE[operator], self, other)
        if not self.shape:
            return result
        self[...] = result
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._in_place("add", other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place("subtract", other)

    def __imul__(self, other: Any) -> Any:
        return self._in_place("multiply", other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place("divide", other)

    def __ipow__(self, other: Any) -> Any:
        return self._in_place("power", other)

    def _move(self, function: Callable[..., Any], arguments: Any, keywords: dict[str, Any]) -> Any:
        # a function that moves data is linear: it moves the tangent as it moves the value
        level, tag = self._level, self.tag

        def part(which: str) -> Any:
            return function(*(getattr(x, which) if isinstance(x, Dual) else x for x in arguments), **keywords)

        values, tangents = part("_value"), part("_tangent")
        if isinstance(values, (list, tuple)):
            return [Dual._of(v, t, level, tag)._view_of(self) for v, t in zip(values, tangents)]
        return Dual._of(values, tangents, level, tag)._view_of(self)


def constant(c: Any, *, level: int | None = None) -> Dual:
    """The constant ``c``: a dual whose tangent is 0 (lecture, Figure 1, ``CONST``).

    Parameters
    ----------
    c : float or array
        The value.
    level : int, optional
        As for `Dual`; a constant fits every level.

    Returns
    -------
    Dual
        With tangent 0.

    Examples
    --------
    >>> constant(4.0)
    Dual(4.0, 0.0)
    """
    dual = Dual(c, 0.0, level=level)
    dual._tag = None
    return dual


def variable(x: Any, *, level: int | None = None) -> Dual:
    """The independent variable at ``x``: a dual whose tangent is 1 (lecture, Figure 1, ``VAR``).

    Each variable is a differentiation of its own. For the derivative along several inputs at once, state the
    direction: ``Dual(x, x_dot)``, ``Dual(y, y_dot)``.

    Parameters
    ----------
    x : float or array
        The value; a dual for a derivative of higher order.
    level : int, optional
        As for `Dual`. A variable of a derivative inside another one has a higher level than the outer variable.

    Returns
    -------
    Dual
        With tangent 1. Operations that mix two variables of one level raise `PerturbationError`.

    Examples
    --------
    >>> x = variable(3.0)
    >>> (x**2).tangent
    6.0
    >>> second = variable(variable(3.0)) ** 3
    >>> second.tangent.tangent
    18.0
    """
    dual = Dual(x, 1.0, level=level)
    dual._tag = fresh_tag()
    return dual


def level_of(x: Any) -> int:
    """The level of ``x``; -1 for a number.

    Examples
    --------
    >>> level_of(1.0), level_of(variable(1.0))
    (-1, 0)
    """
    return x.level if isinstance(x, Dual) else -1


def extend(label: Any, tangent: Any) -> Any:
    """``label`` times ``tangent``, where zero annihilates: 0 times infinity or nan is 0.

    Examples
    --------
    >>> float(extend(np.float64("inf"), 0.0)), float(extend(2.0, 3.0))
    (0.0, 6.0)
    """
    with np.errstate(all="ignore"):
        return _extend(label, tangent)


def _extend(label: Any, tangent: Any) -> Any:
    level = max(level_of(label), level_of(tangent))
    if level >= 0:
        tag = _differentiation_of(TABLE["multiply"], (label, tangent))[1]
        (v, v_dot), (t, t_dot) = _parts(label, level), _parts(tangent, level)
        return Dual._of(_extend(v, t), _extend(v_dot, t) + _extend(v, t_dot), level, tag)
    if is_overloaded(label) or is_overloaded(tangent):
        for factor, other in ((label, tangent), (tangent, label)):
            if not is_overloaded(factor) and np.ndim(factor) == 0 and factor in (0, 1):
                return other if factor == 1 else 0.0
        return label * tangent
    product = np.multiply(label, tangent)
    if np.all(np.isfinite(product)):
        return product
    return np.where(np.equal(label, 0) | np.equal(tangent, 0), 0.0, product)[()]


# ---- private ---------------------------------------------------------------------------------------------------------
def _parts(x: Any, level: int) -> tuple[Any, Any]:
    return (x._value, x._tangent) if isinstance(x, Dual) and x._level == level else (x, 0.0)


def _differentiation_of(operator: Op, operands: tuple[Any, ...]) -> tuple[int, int | None]:
    """The level of an operation and its tag; constants take part in any."""
    duals = [x for x in operands if isinstance(x, Dual)]
    active = [x for x in duals if x.tag is not None]
    if not active:
        return max(x._level for x in duals), None
    level = max(x._level for x in active)
    tags = {x.tag for x in active if x._level == level}
    if len(tags) > 1:
        raise _confused(operator.name, level)
    return level, tags.pop()


def _confused(what: str, level: int) -> PerturbationError:
    return PerturbationError(
        f"{what}: the operands belong to different differentiations of level {level}; their derivatives would be "
        "added. For partial derivatives make all but one constant(); for a directional derivative state the direction "
        "with Dual(value, tangent); for a derivative inside a derivative use pathgrad.arithmetic.derivative, or "
        f"variable(x, level={level + 1}) for the inner variable"
    )


def _tangent(operator: Op, value: Any, values: list[Any], tangents: list[Any], parameters: dict[str, Any]) -> Any:
    """The sum over the operands of label times tangent."""
    total: Any = None
    with np.errstate(all="ignore"):
        for position, tangent in enumerate(tangents):
            if tangent is None:
                continue
            label = _label(operator, position, value, values, parameters)
            if label is None:
                continue
            contribution = label.apply(tangent) if isinstance(label, LinearMap) else _extend(label, tangent)
            total = contribution if total is None else total + contribution
    if total is None:
        total = 0.0
    if np.shape(total) != np.shape(value):
        total = total * np.ones(np.shape(value))
    return total


def _label(operator: Op, position: int, value: Any, values: list[Any], parameters: dict[str, Any]) -> Any:
    of_position = operator.facts.get("label")
    if of_position is not None:
        return of_position(position, value, *values, **parameters)
    label = operator.labels[position] if position < operator.arity else None
    return None if label is None else label(value, *values, **parameters)
