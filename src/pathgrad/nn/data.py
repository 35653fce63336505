"""Training data from comma-separated text (floor 5; imports errors).

The first line may name the columns; every other line is one example, every field a number.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, NetworkError

__all__ = ["Table", "one_hot", "read_csv"]


@dataclass(frozen=True)
class Table:
    """Rows of numbers.

    Attributes
    ----------
    columns : tuple of str
        The names of the columns; empty where the file gives none.
    values : array, shape (rows, columns)
        The numbers.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]

    def examples(self, sizes: tuple[int, ...] | list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Inputs and desired outputs for a network of these sizes.

        The first ``sizes[0]`` columns are the inputs. What follows is a column for each output, or one column with the
        number of the output that should be 1 (a class, from 0) while the others are 0.

        Parameters
        ----------
        sizes : sequence of int
            The sizes of the network's layers.

        Returns
        -------
        X, V : array, shape (rows, sizes[0]) and (rows, sizes[-1])

        Raises
        ------
        NetworkError
            The number of columns fits neither, or a class has no output.

        Examples
        --------
        >>> inputs, desired = Table((), np.array([[0.5, 0.25, 2.0]])).examples([2, 4, 3])
        >>> inputs, desired
        (array([[0.5 , 0.25]]), array([[0., 0., 1.]]))
        """
        inputs, count = sizes[0], sizes[-1]
        width = self.values.shape[1]
        if width == inputs + count:
            return self.values[:, :inputs], self.values[:, inputs:]
        if width == inputs + 1:
            return self.values[:, :inputs], one_hot(self.values[:, inputs], count)
        raise NetworkError(
            f"data: {width} columns do not fit a network of {inputs} inputs and {count} outputs; expected "
            f"{inputs} + {count} (inputs, desired outputs) or {inputs} + 1 (inputs, class from 0 to {count - 1})"
        )


def read_csv(path: str | Path) -> Table:
    r"""Read a table of numbers.

    Parameters
    ----------
    path : str or Path
        A text file in UTF-8, fields separated by commas. If no field of its first line is a number, that line names the
        columns. Empty lines are passed over.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        A field is missing or no finite number, a line has more or fewer fields than the first, there is no line of
        numbers, or the file is no such text. The message names file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "xor.csv").write_text("a,b,wanted\n0,1,1\n1,1,0\n")
    ...     read_csv(Path(folder, "xor.csv"))
    Table(columns=('a', 'b', 'wanted'), values=array([[0., 1., 1.],
           [1., 1., 0.]]))
    """
    lines = _lines(path)
    columns: tuple[str, ...] = ()
    if lines and not any(_is_number(field) for field in lines[0][1]):
        columns = tuple(field.strip() for field in lines.pop(0)[1])
    if not lines:
        raise DataError(f"{path}: there is no line of numbers; expected one example in each line")
    width = len(columns) or len(lines[0][1])
    rows = []
    for number, fields in lines:
        if len(fields) != width:
            raise DataError(
                f"{path}:{number}: this line has {len(fields)} fields, expected {width} as in the first line; "
                f"give every example the same number of fields"
            )
        rows.append([_number(field, f"{path}:{number}", k, columns) for k, field in enumerate(fields)])
    return Table(columns, np.array(rows, dtype=np.float64))


def _lines(path: str | Path) -> list[tuple[int, list[str]]]:
    """The fields of every line that has some, with its number."""
    refused = "this is no comma-separated text in UTF-8"
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{number}: {refused} ({error.reason}); save it as CSV") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: {refused} ({error}); save it as CSV") from error


def one_hot(classes: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Desired outputs for classes: 1 for the class, 0 for the others.

    Parameters
    ----------
    classes : array, shape (examples,)
        Whole numbers from 0 to ``count - 1``.
    count : int
        How many classes there are.

    Returns
    -------
    array, shape (examples, count)

    Raises
    ------
    NetworkError
        Something that is no such number.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    wrong = [k for k, each in enumerate(classes.tolist()) if each not in range(count)]
    if wrong:
        raise NetworkError(
            f"data: example {wrong[0] + 1} has class {classes[wrong[0]]}; a network with {count} outputs tells classes "
            f"0 to {count - 1} apart. Give it more outputs, or number the classes from 0"
        )
    desired = np.zeros((len(classes), count))
    desired[np.arange(len(classes)), classes.astype(int)] = 1.0
    return desired


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _number(field: str, where: str, k: int, columns: tuple[str, ...]) -> float:
    place = f"{where}: column {k + 1}" + (f" ({columns[k]})" if columns else "")
    if not field.strip():
        raise DataError(f"{place} is missing; fill it in or leave the whole line out")
    if not _is_number(field):
        raise DataError(f"{place} holds {field!r}, expected a number")
    if not math.isfinite(float(field)):
        raise DataError(f"{place} holds {field!r}, expected a finite number; fill it in or leave the whole line out")
    return float(field)
