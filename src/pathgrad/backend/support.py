"""Definitions that emitted modules carry with them, so that they need nothing but NumPy (floor 4).

Each is printed into a module that uses it. They are text: what is tested is what is printed.
"""

from __future__ import annotations

__all__ = ["SUPPORT", "required"]

#: Name to the names that it uses and its source.
SUPPORT: dict[str, tuple[tuple[str, ...], str]] = {
    "_extend": (
        (),
        '''def _extend(t, label):
    """t times a label; zero times anything is zero, because that path was not taken."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = np.multiply(t, label)
    return np.where(np.equal(t, 0), np.zeros_like(product), product)[()]
''',
    ),
    "_sum_to": (
        (),
        '''def _sum_to(t, like):
    """t summed over the axes along which an array of the shape of like was broadcast."""
    shape = np.shape(like)
    if np.shape(t) == shape:
        return t
    t = np.sum(t, axis=tuple(range(np.ndim(t) - len(shape))))
    axes = tuple(k for k, length in enumerate(shape) if length == 1 and np.shape(t)[k] != 1)
    return np.sum(t, axis=axes, keepdims=True) if axes else t
''',
    ),
    "_sigmoid": (
        (),
        '''def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))[()]
''',
    ),
    "_erf": (("import math",), "_erf = np.vectorize(math.erf, otypes=[float])\n"),
    "_erfc": (("import math",), "_erfc = np.vectorize(math.erfc, otypes=[float])\n"),
    "_ndtr": (
        ("_erfc",),
        '''def _ndtr(x):
    """The normal distribution function."""
    return 0.5 * _erfc(-x / 1.4142135623730951)
''',
    ),
    "_gammaln": (
        ("import math",),
        '''def _log_gamma(x):
    """log |gamma(x)| of one number; infinite at the poles."""
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


_gammaln = np.vectorize(_log_gamma, otypes=[float])
''',
    ),
    "_polygamma": (
        ("import math",),
        '''def _polygamma_one(n, x):
    """The n-th derivative of digamma at one number (DLMF 5.15): recurrence, then the asymptotic series."""
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798)
    if x <= 0 and x == math.floor(x):
        return math.nan
    if x < 0 and n == 0:
        return _polygamma_one(0, 1.0 - x) - math.pi / math.tan(math.pi * x)
    total = 0.0
    sign = 1.0 if n % 2 else -1.0
    while x < 20.0 + n:
        total += sign * math.factorial(n) / x ** (n + 1)
        x += 1.0
    if n == 0:
        series = math.log(x) - 0.5 / x
        return total + series - sum(b / (2 * k * x ** (2 * k)) for k, b in enumerate(bernoulli, 1))
    series = math.factorial(n - 1) / x**n + math.factorial(n) / (2 * x ** (n + 1))
    for k, b in enumerate(bernoulli, 1):
        series += b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * x ** (2 * k + n))
    return total + sign * series


def _polygamma(n, x):
    """The n-th derivative of digamma."""
    return np.vectorize(lambda order, at: _polygamma_one(int(order), float(at)), otypes=[float])(n, x)[()]
''',
    ),
    "_xlogy": (
        (),
        '''def _xlogy(x, y):
    """x log y, and 0 where x is 0."""
    return np.where(np.equal(x, 0), 0.0, x * np.log(np.where(np.equal(x, 0), 1.0, y)))[()]
''',
    ),
    "_section": (
        (),
        '''def _section(t, parts, axis, position):
    """The part of t that came from one of the joined arrays."""
    start = sum(np.shape(part)[axis] for part in parts[:position])
    stop = start + np.shape(parts[position])[axis]
    return t[(slice(None),) * (axis % np.ndim(t)) + (slice(start, stop),)]
''',
    ),
    "_place": (
        (),
        '''def _place(s, parts, axis, position):
    """s in its place among zeros in the shapes of the other parts."""
    return np.concatenate([s if k == position else np.zeros_like(part) for k, part in enumerate(parts)], axis=axis)
''',
    ),
    "_scatter": (
        (),
        '''def _scatter(value, like, index):
    """Zeros in the shape of like, with value at index."""
    result = np.zeros(np.shape(like), np.result_type(value))
    result[index] = value
    return result
''',
    ),
    "_zero_list": (
        (),
        '''def _zero_list(values):
    """Zeros in the shapes of kept values."""
    return [_zero_list(v) if isinstance(v, list) else np.zeros_like(v)[()] for v in values]
''',
    ),
    "_add_lists": (
        (),
        '''def _add_lists(a, b):
    """The sum of two lists of kept values."""
    return [_add_lists(x, y) if isinstance(x, list) else x + y for x, y in zip(a, b, strict=True)]
''',
    ),
    "_add_at": (
        ("_add_lists",),
        '''def _add_at(values, t, k):
    """Add t to one of the kept values."""
    values[k] = _add_lists(values[k], t) if isinstance(t, list) else values[k] + t
''',
    ),
}


def required(used: set[str]) -> list[str]:
    """The imports and definitions that ``used`` needs, in order."""
    wanted: set[str] = set()

    def visit(name: str) -> None:
        if name in wanted:
            return
        wanted.add(name)
        if name in SUPPORT:
            for other in SUPPORT[name][0]:
                visit(other)

    for name in sorted(used):
        visit(name)
    imports = sorted(name for name in wanted if name.startswith("import "))
    return [*imports, *(SUPPORT[name][1] for name in SUPPORT if name in wanted)]
