"""Growing storage: where a loop keeps what its backward sweep reads (floor 0).

A list holds one value for each iteration. Its operators are linear in the values, so programs that keep residuals can
be differentiated again.
"""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import numpy as np

from .record import array_op


def _add_at(values: list[Any], t: Any, k: Any) -> list[Any]:
    position = int(k)
    result = list(values)
    result[position] = t if result[position] is None else add_values(result[position], t)
    return result


def add_values(a: Any, b: Any) -> Any:
    """The sum of two kept values, which may be lists themselves."""
    if isinstance(a, list):
        return [y if x is None else x if y is None else add_values(x, y) for x, y in zip(a, b, strict=True)]
    return a + b


def zero_value(a: Any) -> Any:
    """Zero in the shape of a kept value."""
    return [zero_value(x) for x in a] if isinstance(a, list) else np.zeros_like(a)[()]


# fmt: off
new_list = array_op("new_list", lambda *, element: [], ref="storage", total=True, facts={"storage": True})
push = array_op("push", lambda values, v: [*values, v], None, None,
    ref="storage", linear=(0, 1), total=True, consumes=True, facts={"storage": True})
pop = array_op("pop", lambda values: values[:-1], None,
    ref="storage", linear=(0,), total=True, consumes=True, facts={"storage": True})
recall = array_op("recall", lambda values, k: values[int(k)], None, None,
    ref="storage", linear=(0,), total=True, views=True, facts={"storage": True})
add_at = array_op("add_at", _add_at, None, None, None,
    ref="storage", linear=(0, 1), total=True, consumes=True, facts={"storage": True})
add_lists = array_op("add_lists", lambda a, b: add_values(a, b), None, None,
    ref="storage", linear=(0, 1), total=True, facts={"storage": True})
zero_list = array_op("zero_list", lambda values: [zero_value(v) for v in values], None,
    ref="storage", total=True, facts={"storage": True})
last = array_op("last", lambda values: values[-1], None,
    ref="storage", linear=(0,), total=True, views=True, facts={"storage": True})
undefined = array_op("undefined", lambda **_: None, ref="a value that is never read", total=True, facts={"storage": True})
# fmt: on
