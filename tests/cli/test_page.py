"""The page on the command line shows what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
MODEL = re.search(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
BLOCKS = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
SHOWN = [
    (shlex.split(command)[1:], text) for command, text in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", BLOCKS, re.M)
]


def matches(shown: str, got: str) -> bool:
    """Whether ``got`` is what is shown, ``...`` standing for any text."""
    return re.fullmatch(".*?".join(map(re.escape, shown.split("..."))), got, re.DOTALL) is not None


@pytest.mark.parametrize(("arguments", "shown"), SHOWN, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_commands_print_what_is_shown(run: Run, tmp_path: Path, arguments: list[str], shown: str) -> None:
    assert MODEL is not None
    (tmp_path / "model.py").write_text(MODEL[1], encoding="utf-8")
    result = run(*arguments)
    assert matches(shown, result.out + result.err), result.out + result.err


def test_the_page_has_its_examples() -> None:
    assert {arguments[0] for arguments, _ in SHOWN} == {"transform", "grad", "graph", "check"}
    assert matches("a...c\n", "abc\n") and not matches("a...c\n", "ab\n") and not matches("a.c", "abc")
