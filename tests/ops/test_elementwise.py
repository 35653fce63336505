"""Every elementwise record of the table, tested from its own facts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathgrad.ops import TABLE, Op

from . import checks

RECORDS = [record for record in TABLE.values() if record.elementwise]
LABELLED = [record for record in RECORDS if any(label is not None for label in record.labels)]
NAMED = {"ids": lambda record: record.name}
DRAWS = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_a_record_states_its_facts(record: Op) -> None:
    assert len(record.domain) == record.arity
    assert record.ref
    assert record.symbol
    assert record.reference is not None


@pytest.mark.parametrize("record", RECORDS, **NAMED)
@DRAWS
@given(data=st.data())
def test_value_and_labels(record: Op, data: st.DataObject) -> None:
    point = data.draw(checks.points(record))
    checks.check_value(record, point)
    checks.check_labels(record, point)


@pytest.mark.parametrize("record", LABELLED, **NAMED)
def test_complex_step(record: Op) -> None:
    for point in checks.sample(record, 8):
        checks.check_complex_step(record, point)


def test_complex_step_applies_to_most_records() -> None:
    applies = [record for record in LABELLED if checks.check_complex_step(record, checks.sample(record, 1)[0])]
    assert len(applies) > len(LABELLED) / 2


@pytest.mark.parametrize("record", LABELLED, **NAMED)
@DRAWS
@given(data=st.data())
def test_second_order(record: Op, data: st.DataObject) -> None:
    checks.check_second_order(record, data.draw(checks.points(record)))


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_special_values(record: Op) -> None:
    for point in checks.special_points(record):
        checks.check_special(record, point)


SPELLED = [(record, spelling) for record in RECORDS for spelling in record.spellings]


@pytest.mark.parametrize(("record", "spelling"), SPELLED, ids=[spelling for _, spelling in SPELLED])
def test_spellings(record: Op, spelling: str) -> None:
    taken = [checks.check_spelling(record, spelling, point) for point in checks.sample(record, 10)]
    assert all(taken)
    for point in checks.special_points(record):
        # at minus infinity NumPy and SciPy differ from C: pow(-inf, 0.5), lgamma(-inf)
        if spelling.startswith(("numpy.", "scipy.")) or -np.inf not in point:
            checks.check_spelling(record, spelling, point)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_precision_is_kept(record: Op, dtype: type) -> None:
    checks.check_precision(record, checks.sample(record, 5), dtype)


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_an_array_is_its_elements(record: Op) -> None:
    checks.check_vectorised(record, checks.sample(record, 17))


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_linear(record: Op) -> None:
    checks.check_linear(record, checks.sample(record, 12))


@pytest.mark.parametrize("record", [record for record in RECORDS if record.total], **NAMED)
@DRAWS
@given(data=st.data())
def test_total(record: Op, data: st.DataObject) -> None:
    wide = [st.booleans() if interval.boolean else st.floats(-1e6, 1e6) for interval in record.domain]
    checks.check_total(record, data.draw(st.tuples(*wide)))


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_edge(record: Op) -> None:
    checks.check_edge(record)


@pytest.mark.parametrize("record", RECORDS, **NAMED)
def test_selects(record: Op) -> None:
    checks.check_selects(record, checks.sample(record, 40))
