"""What the documents show is what happens, and what they link to exists.

In a document,

- a ``pycon`` block, or a ``python`` block with prompts, is run, and must print what it shows;
- a ``python`` block without prompts is a file: it is written (under the name that follows ``python``, if one
  does) and imported; the examples of the document know its names;
- a ``python shows EXPRESSION`` block is the text that the expression gives, there and then.

``python tests/test_docs.py`` writes the blocks of the last kind anew.
"""

from __future__ import annotations

import difflib
import doctest
import importlib.util
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EACH_DOCUMENT = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

_FENCE = re.compile(r"^( *)```(?:pycon|python)(?: +(?P<rest>[^\n]*))?\n(?P<text>.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


class Fence(NamedTuple):
    """A fenced block of Python: its place in the document, its text, and what stands after ``python`` on the fence."""

    start: int
    stop: int
    line: int
    text: str
    rest: str

    @property
    def is_session(self) -> bool:
        return bool(re.search(r"^ *>>> ", self.text, re.MULTILINE))

    @property
    def shown(self) -> str:
        """The expression of which the block is the text, or nothing."""
        return self.rest.removeprefix("shows ") if self.rest.startswith("shows ") else ""


def fences(document: str) -> Iterator[Fence]:
    """The blocks of Python of a document, in order."""
    for match in _FENCE.finditer(document):
        indent = match.group(1)
        text = "".join(line.removeprefix(indent) for line in match.group("text").splitlines(keepends=True))
        line = document[: match.start("text")].count("\n")
        yield Fence(match.start("text"), match.end("text"), line, text, (match.group("rest") or "").strip())


def names_of_file(path: Path, text: str) -> dict[str, object]:
    """Write a file, import it, and give what it defines."""
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}


def differs(given: str, fence: Fence) -> None:
    """Object to a block that is not the text that was given."""
    if given.strip() != fence.text.strip():
        lines = difflib.unified_diff(
            fence.text.strip().splitlines(), given.strip().splitlines(), "shown", "given", "", ""
        )
        raise AssertionError("\n".join(lines))


def failures(document: str, name: str, show: Callable[[str, Fence], None] = differs) -> list[str]:
    """Reports of the examples of a document that do not give what it shows."""
    found = list(fences(document))
    shown = [fence for fence in found if fence.shown]
    parser = doctest.DocTestParser()
    known: dict[str, object] = {"_show": lambda given, k: show(given, shown[k])}
    examples: list[doctest.Example] = []
    with tempfile.TemporaryDirectory() as directory:
        for k, fence in enumerate(found):
            if fence.shown:
                source = f"_show({fence.shown}, {shown.index(fence)})\n"
                examples.append(doctest.Example(source, "", lineno=fence.line))
            elif fence.is_session:
                for example in parser.get_examples(fence.text, name):
                    example.lineno += fence.line
                    examples.append(example)
            else:
                file = fence.rest if fence.rest.endswith(".py") else f"block_{k}.py"
                known.update(names_of_file(Path(directory, file), fence.text))
        test = doctest.DocTest(examples, known, name, name, 0, document)
        reports: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=reports.append)
    return reports


def refreshed(document: str, name: str) -> str:
    """The document with the text of every shown expression as it is now."""
    texts: dict[int, tuple[int, str]] = {}
    reports = failures(document, name, lambda given, fence: texts.update({fence.start: (fence.stop, given.strip())}))
    if reports:
        raise SystemExit("".join(reports))
    for start, (stop, text) in sorted(texts.items(), reverse=True):
        document = f"{document[:start]}{text}\n{document[stop:]}"
    return document


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


def test_functions_of_examples_and_of_files_can_be_read() -> None:
    session = "```pycon\n>>> import inspect\n>>> def two():\n...     return 2\n>>> print(inspect.getsource(two))\n"
    assert not failures(f"{session}def two():\n    return 2\n<BLANKLINE>\n```\n", "planted")
    file = "```python three.py\ndef three():\n    return 3\n```\n"
    asked = "```pycon\n>>> three(), three.__code__.co_filename.endswith('three.py')\n(3, True)\n```\n"
    assert not failures(file + asked, "planted")
    with pytest.raises(NameError, match="undefined"):
        failures("```python\nundefined\n```\n", "planted")


def test_a_shown_text_that_is_wrong_is_found_and_written_anew() -> None:
    right = "```pycon\n>>> word = 'seven'\n```\n\n```python shows word\nseven\n```\n"
    wrong = right.replace("\nseven\n", "\neight\n")
    assert not failures(right, "planted")
    assert "eight" in failures(wrong, "planted")[0]
    assert refreshed(wrong, "planted") == right
    with pytest.raises(SystemExit, match="undefined"):
        refreshed("```python shows undefined\n```\n", "planted")


if __name__ == "__main__":
    for document_path in [Path(given) for given in sys.argv[1:]] or DOCUMENTS:
        before = document_path.read_text(encoding="utf-8")
        document_path.write_text(refreshed(before, document_path.name), encoding="utf-8")
