"""Writing LLVM functions as formulas: Python's operators on `Value` append instructions (floor 4).

Owns the text of one function under construction. Arithmetic is IEEE arithmetic, one rounding for each operator; a
fused multiply-add is written where it is meant and nowhere else, so that a result does not depend on what a compiler
contracts.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["Function", "Value", "polynomial", "spelled"]

_REAL = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
_INTEGER = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor", "<<": "shl", ">>": "lshr"}


def spelled(number: float) -> str:
    """A number as an LLVM literal of type double, exact.

    Examples
    --------
    >>> spelled(1.0)
    '0x3FF0000000000000'
    """
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


class Value:
    """A value of a function under construction.

    Attributes
    ----------
    function : Function
        Where its instruction stands.
    name : str
        The name or literal as LLVM spells it.
    type : str
        Its LLVM type: ``"double"``, ``"float"``, ``"i1"``, or an integer's.
    """

    __slots__ = ("function", "name", "type")

    def __init__(self, function: Function, name: str, kind: str) -> None:
        self.function, self.name, self.type = function, name, kind

    def _binary(self, sign: str, other: Value | float, swapped: bool = False) -> Value:
        code = (_REAL if self.type == "double" else _INTEGER)[sign]
        left, right = self.name, self.function.literal(other, self.type)
        if swapped:
            left, right = right, left
        return self.function.append(f"{code} {self.type} {left}, {right}", self.type)

    def __add__(self, other: Value | float) -> Value:
        return self._binary("+", other)

    def __sub__(self, other: Value | float) -> Value:
        return self._binary("-", other)

    def __rsub__(self, other: Value | float) -> Value:
        return self._binary("-", other, swapped=True)

    def __mul__(self, other: Value | float) -> Value:
        return self._binary("*", other)

    def __truediv__(self, other: Value | float) -> Value:
        return self._binary("/", other)

    def __rtruediv__(self, other: Value | float) -> Value:
        return self._binary("/", other, swapped=True)

    def __and__(self, other: Value | int) -> Value:
        return self._binary("&", other)

    def __or__(self, other: Value | int) -> Value:
        return self._binary("|", other)

    def __xor__(self, other: Value | int) -> Value:
        return self._binary("^", other)

    def __lshift__(self, other: Value | int) -> Value:
        return self._binary("<<", other)

    def __rshift__(self, other: Value | int) -> Value:
        """Logical: zeros come in from the left."""
        return self._binary(">>", other)

    def __neg__(self) -> Value:
        return self.function.append(f"fneg double {self.name}", self.type)

    def compare(self, relation: str, other: Value | float) -> Value:
        """One bit: ``relation`` is LLVM's, such as ``"olt"`` (ordered: false for nan) or ``"eq"``."""
        code = "fcmp" if self.type == "double" else "icmp"
        return self.function.append(
            f"{code} {relation} {self.type} {self.name}, {self.function.literal(other, self.type)}", "i1"
        )

    def cast(self, code: str, kind: str) -> Value:
        """The conversion instruction ``code`` to type ``kind``."""
        return self.function.append(f"{code} {self.type} {self.name} to {kind}", kind)

    @property
    def bits(self) -> Value:
        """The representation of a double as an integer."""
        return self.cast("bitcast", "i64")

    @property
    def real(self) -> Value:
        """The double that an integer represents."""
        return self.cast("bitcast", "double")

    def __abs__(self) -> Value:
        return self.function.intrinsic("llvm.fabs.f64", self)


class Function:
    """The text of one function.

    Parameters
    ----------
    name : str
        Its name, without ``@``.
    meaning : str
        The comment above it.
    arguments : tuple of str
        Their types and names.
    result : str
        The type of the result.
    attributes : str
        Function attributes.

    Examples
    --------
    >>> square = Function("square", "x²", attributes="alwaysinline")
    >>> x, = square.arguments
    >>> square.give(x * x)
    >>> print(square.text())
    ; x²
    define internal double @square(double %x) alwaysinline {
    entry:
      %v0 = fmul double %x, %x
      ret double %v0
    }
    <BLANKLINE>
    """

    def __init__(
        self,
        name: str,
        meaning: str,
        *,
        arguments: tuple[str, ...] = ("double %x",),
        result: str = "double",
        attributes: str = "",
    ) -> None:
        self.arguments = tuple(Value(self, *each.split()[::-1]) for each in arguments)
        self.declarations: set[str] = set()
        self._lines = [
            *(f"; {line}" for line in meaning.splitlines()),
            f"define internal {result} @{name}({', '.join(arguments)}) {attributes} {{".replace("  ", " "),
            "entry:",
        ]
        self._count = 0

    def append(self, instruction: str, kind: str) -> Value:
        """Append an instruction and return its value."""
        value = Value(self, f"%v{self._count}", kind)
        self._count += 1
        self._lines.append(f"  {value.name} = {instruction}")
        return value

    def write(self, line: str) -> None:
        """Append a line that has no value: a label, a branch, a comment."""
        self._lines.append(line if line.endswith(":") else f"  {line}")

    def note(self, comment: str) -> None:
        """Append a comment: what the next instructions compute."""
        self._lines.append(f"  ; {comment}")

    def literal(self, operand: Value | float, kind: str) -> str:
        """An operand as LLVM spells it; numbers become literals of type ``kind``."""
        if isinstance(operand, Value):
            return operand.name
        return spelled(operand) if kind == "double" else str(int(operand))

    def number(self, number: float, kind: str = "double") -> Value:
        """A literal as a value."""
        return Value(self, self.literal(number, kind), kind)

    def intrinsic(self, name: str, *operands: Value | float) -> Value:
        """A call of an LLVM function of doubles, which is declared."""
        self.declarations.add(f"declare double @{name}({', '.join(['double'] * len(operands))})")
        written = ", ".join(f"double {self.literal(each, 'double')}" for each in operands)
        return self.append(f"call double @{name}({written})", "double")

    def fma(self, a: Value | float, b: Value | float, c: Value | float) -> Value:
        """``a * b + c`` with one rounding."""
        return self.intrinsic("llvm.fma.f64", a, b, c)

    def select(self, condition: Value, yes: Value | float, no: Value | float) -> Value:
        """``yes`` where the condition holds, ``no`` elsewhere; at least one is a value."""
        kind = yes.type if isinstance(yes, Value) else no.type if isinstance(no, Value) else "double"
        return self.append(
            f"select i1 {condition.name}, {kind} {self.literal(yes, kind)}, {kind} {self.literal(no, kind)}", kind
        )

    def give(self, value: Value) -> None:
        """Return from the function."""
        self._lines.append(f"  ret {value.type} {value.name}")

    def text(self) -> str:
        """The function as LLVM text."""
        return "\n".join((*self._lines, "}", ""))


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """The polynomial with these coefficients, lowest first: pairs, pairs of pairs, and Horner for the last three.

    As shallow as Estrin's scheme, with fewer products: the powers ``x``, ``x²``, ``x⁴`` once each.
    """
    fma = x.function.fma
    terms: list[Value | float] = list(coefficients)
    while len(terms) > 3:
        pairs: list[Value | float] = [fma(high, x, low) for low, high in zip(terms[::2], terms[1::2])]
        terms = pairs + terms[len(terms) // 2 * 2 :]
        x = x * x
    value = terms[-1]
    for term in terms[-2::-1]:
        value = fma(value, x, term)
    return value if isinstance(value, Value) else x.function.number(value)
