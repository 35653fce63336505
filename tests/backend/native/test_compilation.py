"""What LLVM is given to do: loops of which one iteration is written once, and settings that are put back."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.backend.native.process import machine
from pathgrad.backend.native.support.metadata import numbered


def scaled(x):
    return np.exp(x) * 2.0 + 1.0


def total(x):
    return np.sum(x * x)


def indexed(x):
    y = x + 0.0 * x[0]
    for k in range(len(x)):
        y[k] = 2.0 * x[k] + y[k]
    return y


def summed(x):
    total = 0.0
    for k in range(len(x)):
        total += x[k]
    return total


def marked(function, *arguments) -> int:
    """How many loops of the program's own function LLVM is told to write once."""
    with pg.options(threads=1):
        text = pg.compile(function).inspect("llvm", *arguments)
    own = text[text.index("define i32 @pg_main") :]
    return own[: own.index("\n}")].count("!llvm.loop")


LONG = np.arange(100.0)


def test_iterations_that_wait_for_nothing_are_written_once() -> None:
    assert marked(scaled, LONG) == 1
    # its first statement is a loop, too
    assert marked(indexed, LONG) == 2


@pytest.mark.parametrize("function", [total, summed])
def test_iterations_of_a_sum_are_written_side_by_side(function) -> None:
    assert marked(function, LONG) == 0


def test_each_loop_has_a_node_of_its_own() -> None:
    text = numbered("br label %a, !llvm.loop !once\nbr label %b, !llvm.loop !once")
    nodes = re.findall(r"br label %\w, !llvm.loop (!\d+)", text)
    assert len(set(nodes)) == 2
    for node in nodes:
        assert f"{node} = distinct !{{{node}, !2}}" in text


def test_text_without_such_loops_stays_as_it_is() -> None:
    assert numbered("br label %a").startswith("br label %a\n")
    assert "distinct" not in numbered("br label %a")


def test_the_setting_for_addresses_is_put_back() -> None:
    text = """
define void @f(ptr %x, i64 %n, i64 %stride) {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %head ]
  %place = mul i64 %i, %stride
  %at = getelementptr double, ptr %x, i64 %place
  store volatile double 0.0, ptr %at
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %head, label %done
done:
  ret void
}
"""

    def by_others() -> bytes:
        return bytes(machine._target().emit_object(machine._optimised(text, 1)))

    before = by_others()
    machine.object_code(text)
    assert by_others() == before


def test_llvm_is_loaded_once_by_several_threads() -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(machine._target())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(target) for target in found}) == 1


def test_failures_tell_their_place_and_numbers() -> None:
    def shifted(x, k):
        return x[k] + x[k + 1]

    with pytest.raises(IndexError, match="index 7"):
        pg.compile(shifted)(np.arange(5.0), 7)
