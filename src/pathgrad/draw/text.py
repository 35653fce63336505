"""Numbers and formulas as a picture writes them (floor 6; imports nothing of the package; SymPy when first used)."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

__all__ = ["written"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LONGEST = 48


def written(value: Any, digits: int = 4) -> str:
    """A label or value as short as a picture needs it.

    Parameters
    ----------
    value : float, bool, expression or anything with a ``str``
        What to write.
    digits : int
        Significant digits of a number that is not whole.

    Returns
    -------
    str

    Examples
    --------
    >>> written(40.0), written(-0.123456), written(1.5e-7), written(1 / 3, digits=2)
    ('40', '−0.1235', '1.5×10⁻⁷', '0.33')
    >>> import sympy
    >>> written(sympy.sympify("2*x**2*(1 - y)"))
    '2·x²·(1 − y)'
    >>> written(sympy.sympify("y - v"))
    'y − v'
    """
    if isinstance(value, (int, float)):
        return _number(float(value), digits)
    if isinstance(value, tuple) and hasattr(value, "_fields") and all(isinstance(v, float) for v in value):
        return "[" + ", ".join(_number(v, digits) for v in value) + "]"
    if hasattr(value, "magnitude"):
        return _number(float(value.magnitude), digits)
    return _formula(value)


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "nan")
    if value == round(value) and abs(value) < 1e6:
        return str(int(value)).replace("-", "−")
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    power = f"×10{str(int(exponent)).translate(_SUPERSCRIPT)}" if exponent else ""
    return mantissa.replace("-", "−") + power


def _formula(value: Any) -> str:
    text = _printer().doprint(value) if type(value).__module__.startswith("sympy") else str(value)
    text = re.sub(r"\*\*(-?\d+)\b(?!\.)", lambda found: found[1].translate(_SUPERSCRIPT), text)
    text = text.replace("**", "^").replace("*", "·").replace("sqrt(", "√(").replace("-", "−")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@cache
def _printer() -> Any:
    from sympy.printing.str import StrPrinter

    class PositiveFirst(StrPrinter):  # type: ignore[misc]
        """Sums with what is added before what is subtracted: y − v, not −v + y."""

        def _print_Add(self, expr: Any, order: Any = None) -> Any:  # noqa: N802  (SymPy's naming)
            terms = self._as_ordered_terms(expr, order=order)
            parts = [self._print(term) for term in sorted(terms, key=lambda term: term.could_extract_minus_sign())]
            return parts[0] + "".join(f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in parts[1:])

    return PositiveFirst()
