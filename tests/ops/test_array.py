"""Every array operator of the table at its examples."""

from __future__ import annotations

import pytest

from pathgrad.ops import TABLE, Op

from . import array_checks as checks
from .examples import EXAMPLES, Example

RECORDS = [record for record in TABLE.values() if not record.elementwise]
CASES = [(record, case) for record in RECORDS for case in EXAMPLES.get(record.name, [])]
EACH_CASE = pytest.mark.parametrize(("record", "case"), CASES, ids=[record.name for record, _ in CASES])


def test_every_array_operator_has_an_example() -> None:
    missing = [record.name for record in RECORDS if record.name not in EXAMPLES]
    assert not missing, (
        f"array operators without an example: {missing}; add operands and value to tests/ops/examples.py"
    )


def test_every_example_is_of_an_array_operator() -> None:
    unknown = sorted(set(EXAMPLES) - {record.name for record in RECORDS})
    assert not unknown, f"examples of operators that the table does not have: {unknown}"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_label_is_checked_by_some_example(record: Op) -> None:
    assert record.ref
    assert record.symbol
    labelled = "label" in record.facts or any(label is not None for label in record.labels)
    if labelled:
        assert any(checks.check_map(record, case) for case in EXAMPLES[record.name])


@EACH_CASE
def test_value(record: Op, case: Example) -> None:
    checks.check_example_value(record, case)


@EACH_CASE
def test_labels_and_transposes(record: Op, case: Example) -> None:
    checks.check_map(record, case)


@EACH_CASE
def test_linear(record: Op, case: Example) -> None:
    checks.check_map_linear(record, case)


@EACH_CASE
def test_second_order(record: Op, case: Example) -> None:
    checks.check_map_second_order(record, case)


@EACH_CASE
def test_single_precision_is_kept(record: Op, case: Example) -> None:
    checks.check_map_precision(record, case)
