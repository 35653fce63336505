"""What the documents show is what happens, and what they link to exists."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EACH_DOCUMENT = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

_FENCE = re.compile(r"^( *)```(?:pycon|python)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def examples(text: str) -> str:
    """The fenced Python of a document; the rest is blank, so that line numbers stay and no fence is read as output."""
    kept = [""] * len(text.splitlines())
    for match in _FENCE.finditer(text):
        first = text[: match.start(2)].count("\n")
        for k, line in enumerate(match.group(2).splitlines()):
            kept[first + k] = line.removeprefix(match.group(1))
    return "\n".join(kept) + "\n"


def failures(text: str, name: str) -> list[str]:
    """Reports of the examples of a document that do not give what it shows."""
    test = doctest.DocTestParser().get_doctest(examples(text), {}, name, name, 0)
    reports: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=reports.append)
    return reports


@EACH_DOCUMENT
def test_examples_give_what_is_shown(path: Path) -> None:
    reports = failures(path.read_text(encoding="utf-8"), path.name)
    assert not reports, "".join(reports)


@EACH_DOCUMENT
def test_links_lead_somewhere(path: Path) -> None:
    targets = [target for target in _LINK.findall(path.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing


def test_an_example_that_is_wrong_is_found() -> None:
    assert failures("text\n\n```pycon\n>>> 1 + 1\n3\n```\n", "planted")
    assert failures("- item\n\n  ```pycon\n  >>> 1 + 1\n  3\n  ```\n", "planted")
    assert failures("```python\n>>> 1 + 1\n2\n>>> undefined\n```\n", "planted")
    assert not failures("```pycon\n>>> 1 + 1\n2\n```\n\n```sh\n>>> 1\n2\n```\n", "planted")
