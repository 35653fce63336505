"""Sizes, examples and files that do not fit are refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathgrad.errors import DataError, NetworkError
from pathgrad.nn import Network, Table, one_hot, read_csv

NETWORK = Network([2, 3, 1], seed=0)
TWO = [[0.0, 1.0], [1.0, 1.0]]


# ---- networks --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sizes", [[], [3], [2, 0, 1], [2, -1], [2, 2.5], [2, True], "64"])
def test_impossible_sizes(sizes: Any) -> None:
    with pytest.raises(NetworkError, match=r"sizes is \[.*expected two or more positive whole numbers"):
        Network(sizes)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NETWORK.predict([1.0]), r"x has shape \(1,\), expected \(2,\) or \(examples, 2\)"),
        (lambda: NETWORK.predict(np.ones((2, 2, 2))), r"x has shape \(2, 2, 2\)"),
        (lambda: NETWORK.predict(1.0), r"x has shape \(\)"),
        (lambda: NETWORK.gradient(TWO, [1.0]), r"x has shape \(2, 2\), expected \(2,\)"),
        (lambda: NETWORK.gradient([1.0, 2.0], [1.0, 2.0]), r"v has shape \(2,\), expected \(1,\)"),
        (lambda: NETWORK.graph([1.0, 2.0, 3.0], [1.0]), r"x has shape \(3,\)"),
        (lambda: NETWORK.cost(TWO, [[1.0]]), r"examples: 2 in rows, their desired outputs: 1 in rows"),
        (lambda: NETWORK.cost(TWO, [1.0]), r"2 in rows, their desired outputs: a single one"),
        (lambda: NETWORK.fit(np.ones((4, 3)), np.ones(4)), r"X has shape \(4, 3\), expected \(examples, 2\)"),
        (lambda: NETWORK.fit(TWO, np.ones((2, 2))), r"V has shape \(2, 2\), expected \(examples, 1\)"),
        (lambda: Network([2, 2]).fit(TWO, np.ones(2)), r"V has shape \(2,\), expected \(examples, 2\)"),
        (lambda: NETWORK.fit(TWO, np.ones(3)), "examples: 2 in rows, their desired outputs: 3 in rows"),
        (lambda: NETWORK.score(TWO, np.ones(3)), "examples: 2 in rows"),
        (lambda: NETWORK.fit(TWO, [0, 1], rate=0.0), "rate is 0.0, expected|rate is 0.0; expected"),
        (lambda: NETWORK.fit(TWO, [0, 1], rate=float("inf")), "rate is inf"),
        (lambda: NETWORK.fit(TWO, [0, 1], epochs=0), "epochs is 0"),
        (lambda: NETWORK.fit(TWO, [0, 1], epochs=1.5), "epochs is 1.5"),
        (lambda: NETWORK.fit(TWO, [0, 1], threshold=-1.0), "threshold is -1.0"),
        (lambda: NETWORK.fit(TWO, [0, 1], threshold=float("nan")), "threshold is nan"),
    ],
)
def test_what_does_not_fit_the_network(call: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NETWORK.predict(["a", "b"]), "x is no array of numbers"),
        (lambda: NETWORK.fit([[1.0, 2.0], [3.0]], [0, 1]), "X is no array of numbers"),
        (lambda: NETWORK.fit(np.ones((0, 2)), np.ones((0, 1))), "X holds no example"),
        (lambda: NETWORK.fit([[0.0, 1.0], [1.0, np.nan]], [0, 1]), r"X\[1, 1\] is nan, expected a finite number"),
        (lambda: NETWORK.gradient([1.0, 2.0], [np.inf]), r"v\[0\] is inf"),
    ],
)
def test_what_no_network_can_learn_from(call: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()


def test_a_refused_fit_leaves_the_network_as_it_was() -> None:
    network = Network([2, 1], seed=0)
    before = network.weights[0].copy()
    with pytest.raises(NetworkError):
        network.fit(TWO, [0, 1], rate=0.0)
    assert (network.weights[0] == before).all() and network.history == []


# ---- saved networks --------------------------------------------------------------------------------------------------
def test_a_file_that_holds_no_network(tmp_path: Path) -> None:
    text = tmp_path / "text.npz"
    text.write_text("no network", encoding="utf-8")
    other = tmp_path / "other.npz"
    np.savez(other, something=np.ones(3))
    single = tmp_path / "single.npy"
    np.save(single, np.ones(3))
    broken = tmp_path / "broken.npz"
    broken.write_bytes(other.read_bytes()[:40])
    for path in (text, other, single, broken):
        with pytest.raises(DataError, match=rf"{path.name}: this file holds no network"):
            Network.load(path)


def test_weights_that_do_not_fit_their_sizes(tmp_path: Path) -> None:
    network = Network([2, 3, 1], seed=0)
    network.weights[1] = np.ones((1, 4))
    with pytest.raises(DataError, match=r"weights_1 has shape \(1, 4\), expected \(1, 3\)"):
        Network.load(network.save(tmp_path / "wrong"))


# ---- tables ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,\n", "2: column 2 is missing"),
        ("1,2\n3,  \n", "2: column 2 is missing"),
        ("a,b\n1,\n", r"2: column 2 \(b\) is missing"),
        ("1,2\n3,x\n", "2: column 2 holds 'x', expected a number"),
        ("a,b\n1,2\n\nq,4\n", r"4: column 1 \(a\) holds 'q'"),
        ("a,2\n1,2\n", "1: column 1 holds 'a'"),
        ("1,2\n3,nan\n", "2: column 2 holds 'nan', expected a finite number"),
        ("1,2\n-inf,1\n", "2: column 1 holds '-inf'"),
        ("1,2\n3\n", "2: this line has 1 fields, expected 2"),
        ("1,2\n3,4,5\n", "2: this line has 3 fields, expected 2"),
        ("a,b\n1,2,3\n", "2: this line has 3 fields, expected 2"),
        ("", "there is no line of numbers"),
        ("a,b\n", "there is no line of numbers"),
        ('1,"2\n', "1: this is no comma-separated text"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"table\.csv:\s?{message}"):
        read_csv(path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"1,2\n\xff\xfe,\x00\n")
    with pytest.raises(DataError, match=r"picture\.csv:2: this is no comma-separated text in UTF-8"):
        read_csv(path)
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "absent.csv")


def test_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('\ufeffwidth, height,"class, from 0"\r\n1, 2.5,0\r\n\r\n-3e2,"4",1\r\n', encoding="utf-8")
    table = read_csv(path)
    assert table.columns == ("width", "height", "class, from 0")
    assert table.values.tolist() == [[1.0, 2.5, 0.0], [-300.0, 4.0, 1.0]]
    path.write_text("1\n2\n", encoding="utf-8")
    assert read_csv(path).columns == ()


def test_tables_become_examples() -> None:
    table = Table((), np.array([[0.5, 0.25, 2.0], [0.75, 1.0, 0.0]]))
    X, V = table.examples([2, 5, 3])
    assert (X.tolist(), V.tolist()) == ([[0.5, 0.25], [0.75, 1.0]], [[0, 0, 1], [1, 0, 0]])
    X, V = table.examples([1, 2])
    assert (X.tolist(), V.tolist()) == ([[0.5], [0.75]], [[0.25, 2.0], [1.0, 0.0]])
    # one output is a number, never a class
    assert table.examples([2, 1])[1].tolist() == [[2.0], [0.0]]


def test_columns_that_do_not_fit_the_network() -> None:
    with pytest.raises(NetworkError, match=r"3 columns do not fit a network of 4 inputs and 2 outputs"):
        Table((), np.ones((1, 3))).examples([4, 2])


@pytest.mark.parametrize("wrong", [3.0, -1.0, 0.5])
def test_classes_without_an_output(wrong: float) -> None:
    with pytest.raises(NetworkError, match=rf"example 2 has class {wrong}"):
        one_hot(np.array([0.0, wrong]), 3)
