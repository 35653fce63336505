"""The table as a whole: the operators that must be there, and the behaviour of a record."""

from __future__ import annotations

import pickle

import pytest

from pathgrad import ops
from pathgrad.ops import SPELLINGS, TABLE, Op
from pathgrad.ops.record import op

ELEMENTWISE = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "negative",
    "absolute",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "cbrt",
    "square",
    "reciprocal",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "arctan2",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "hypot",
    "sinc",
    "maximum",
    "minimum",
    "where",
    "sign",
    "floor",
    "ceil",
    "rint",
    "trunc",
    "remainder",
    "floor_divide",
    "logaddexp",
    "sigmoid",
    "softplus",
    "relu",
    "erf",
    "erfc",
    "ndtr",
    "gammaln",
    "digamma",
    "xlogy",
    "half_squared_difference",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "logical_xor",
]

#: What users write, and the operators of the table that it becomes.
ARRAY = {
    "sum": ["sum"],
    "mean": ["mean"],
    "prod": ["multiply"],
    "max": ["amax"],
    "min": ["amin"],
    "dot": ["matmul"],
    "matmul": ["matmul"],
    "outer": ["outer"],
    "transpose": ["transpose"],
    "reshape": ["reshape"],
    "ravel": ["reshape"],
    "broadcasting": ["broadcast_with", "sum_to"],
    "reading": ["load"],
    "writing": ["store", "accumulate"],
    "concatenate": ["concatenate"],
    "stack": ["stack"],
    "zeros": ["zeros"],
    "ones": ["full"],
    "empty": ["empty"],
    "full": ["full"],
    "arange": ["arange"],
    "linspace": ["linspace"],
    "copy": ["copy"],
    "zeros_like": ["zeros_like"],
    "cumsum": ["cumsum"],
    "clip": ["maximum", "minimum"],
    "norm": ["norm"],
}

SPELLED = [
    "numpy.exp",
    "math.exp",
    "numpy.log",
    "math.log",
    "numpy.sqrt",
    "math.sqrt",
    "numpy.sin",
    "math.sin",
    "numpy.arctan2",
    "math.atan2",
    "numpy.tanh",
    "math.tanh",
    "numpy.power",
    "math.pow",
    "operator.pow",
    "operator.truediv",
    "operator.mod",
    "operator.floordiv",
    "numpy.hypot",
    "math.hypot",
    "scipy.special.expit",
    "scipy.special.erf",
    "math.erf",
    "math.lgamma",
    "scipy.special.gammaln",
    "numpy.cbrt",
    "math.cbrt",
    "numpy.log1p",
    "math.log1p",
    "numpy.arcsinh",
    "math.asinh",
    "numpy.absolute",
    "math.fabs",
    "numpy.exp2",
    "math.exp2",
    "numpy.log2",
    "math.log2",
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_operator_is_there(name: str) -> None:
    assert TABLE[name].elementwise


@pytest.mark.parametrize("written", ARRAY)
def test_array_operator_is_there(written: str) -> None:
    assert set(ARRAY[written]) <= set(TABLE)


@pytest.mark.parametrize("spelling", SPELLED)
def test_spelling_is_recognised(spelling: str) -> None:
    assert spelling in SPELLINGS


def test_a_spelling_means_one_operator() -> None:
    spellings = [spelling for record in TABLE.values() for spelling in record.spellings]
    assert len(spellings) == len(set(spellings))


def test_names_are_those_of_the_table() -> None:
    assert all(name == record.name for name, record in TABLE.items())
    assert all(len(record.labels) == record.arity for record in TABLE.values())


def test_a_name_is_entered_once() -> None:
    with pytest.raises(ValueError, match="'sin' is defined twice; choose another name"):
        op("sin", abs, None)


def test_a_record_is_itself_after_pickling() -> None:
    record = TABLE["tanh"]
    assert pickle.loads(pickle.dumps(record)) is record
    assert repr(record) == "<operator tanh>"


class Recorder:
    """An operand that overloads operators and says which operator reached it."""

    def __init__(self, name: str, priority: int) -> None:
        self.name, self.__pathgrad_priority__ = name, priority

    def __pathgrad__(self, record: Op, operands: tuple[object, ...], parameters: dict[str, object]) -> tuple[str, str]:
        return self.name, record.name


def test_numbers_are_computed_and_overloading_operands_decide() -> None:
    assert TABLE["multiply"](3.0, 2.0) == 6.0
    assert TABLE["sum"]([1.0, 2.0], axis=None, keepdims=False) == 3.0
    low, high = Recorder("low", 0), Recorder("high", 1)
    assert TABLE["multiply"](3.0, low) == ("low", "multiply")
    assert TABLE["multiply"](low, high) == ("high", "multiply")
    assert ops.apply(TABLE["sum"], high, axis=None, keepdims=False) == ("high", "sum")
