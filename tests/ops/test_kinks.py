"""The policy at kinks: each record's `kinks` is what `docs/kinks.md` prints and what its labels do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathgrad.ops import TABLE, Op

from .array_checks import label_map

DOCUMENT = Path(__file__).parents[2] / "docs" / "kinks.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
INF, NAN = float("inf"), float("nan")
KINKED = [record for record in TABLE.values() if record.kinks]

#: Operator to pairs of a kink and the labels there (a flat operand's label is 0).
AT_KINKS: dict[str, list[tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "power": [
        ((0.0, 0.5), (INF, 0.0)),
        ((0.0, 2.0), (0.0, 0.0)),
        ((0.0, 0.0), (0.0, -INF)),
        ((2.0, 0.0), (0.0, np.log(2))),
    ],
    "sqrt": [((0.0,), (INF,))],
    "cbrt": [((0.0,), (INF,))],
    "hypot": [((0.0, 0.0), (0.0, 0.0))],
    "extend": [((0.0, 3.0), (3.0, 0.0))],
    "maximum": [((1.5, 1.5), (0.5, 0.5))],
    "minimum": [((1.5, 1.5), (0.5, 0.5))],
    "absolute": [((0.0,), (0.0,)), ((-0.0,), (0.0,))],
    "relu": [((0.0,), (0.0,)), ((-0.0,), (0.0,))],
    "xlogy": [((2.0, 0.0), (-INF, INF)), ((0.0, 0.0), (-INF, NAN))],
    "sign": [((0.0,), (0.0,))],
    "floor": [((1.0,), (0.0,))],
    "ceil": [((1.0,), (0.0,))],
    "rint": [((0.5,), (0.0,))],
    "trunc": [((1.0,), (0.0,))],
    "remainder": [((4.0, 2.0), (1.0, -2.0))],
    "floor_divide": [((4.0, 2.0), (0.0, 0.0))],
    "arccosh": [((1.0,), (INF,))],
    "arcsin": [((1.0,), (INF,)), ((-1.0,), (INF,))],
    "arccos": [((1.0,), (-INF,)), ((-1.0,), (-INF,))],
    "arctan2": [((0.0, 0.0), (NAN, NAN))],
}

#: Array operator to an operand with a kink and its cotangent for a cotangent of 1.
ARRAYS_AT_KINKS: dict[str, tuple[list[float], list[float]]] = {
    "amax": ([2.0, -1.0, 2.0], [0.5, 0.0, 0.5]),
    "amin": ([-1.0, 2.0, -1.0, -1.0], [1 / 3, 0.0, 1 / 3, 1 / 3]),
    "norm": ([0.0, 0.0], [0.0, 0.0]),
}


def table() -> str:
    """The table that the document must contain."""
    rows = [f"| `{record.name}` | {record.kinks.replace('|', chr(92) + '|')} |\n" for record in KINKED]
    return "".join(["| operator | policy |\n", "|---|---|\n", *rows])


def test_the_document_states_the_policy_of_every_record() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    printed = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert printed == table(), f"docs/kinks.md is not up to date; between its markers belongs\n\n{table()}"


@pytest.mark.parametrize("record", KINKED, ids=lambda record: record.name)
def test_a_stated_policy_is_shown_by_numbers(record: Op) -> None:
    shown = AT_KINKS if record.elementwise else ARRAYS_AT_KINKS
    assert record.name in shown, f"{record.name} states a policy at kinks; add a kink and its labels to this module"


@pytest.mark.parametrize("name", AT_KINKS)
def test_labels_at_kinks(name: str) -> None:
    record = TABLE[name]
    assert record.kinks
    for point, wanted in AT_KINKS[name]:
        operands = [np.float64(x) for x in point]
        with np.errstate(all="ignore"):
            v = record.value(*operands)
            got = [0.0 if label is None else label(v, *operands) for label in record.labels]
        np.testing.assert_allclose(got, wanted, rtol=1e-15, err_msg=f"{name} at {point}")


@pytest.mark.parametrize("name", ARRAYS_AT_KINKS)
def test_linear_maps_at_kinks(name: str) -> None:
    record = TABLE[name]
    assert record.kinks
    operand, wanted = ARRAYS_AT_KINKS[name]
    x = np.array(operand)
    parameters: dict[str, Any] = {"axis": None, "keepdims": False}
    v = record.value(x, **parameters)
    entry = label_map(record, 0, v, (x,), parameters)
    assert entry is not None
    np.testing.assert_allclose(entry.transpose(np.float64(1.0)), wanted, rtol=1e-15)
    assert entry.apply(x * 0 + 1.0) == pytest.approx(sum(wanted))


def test_an_operator_that_chooses_or_has_infinite_labels_states_its_policy() -> None:
    # where has no kink of its own: its condition is an operand
    silent = [record.name for record in TABLE.values() if (record.edge or record.selects) and not record.kinks]
    assert silent == ["where"]
