"""Imports point to the same floor or down, and never in a circle.

The floors are those of CONTRIBUTING.md. Every import counts: those inside functions too, and those that only type
checkers see.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pathgrad

ROOT = Path(pathgrad.__file__).parent
FLOORS = {
    "errors": 0,
    "options": 0,
    "ops": 0,
    "ir": 1,
    "arithmetic": 1,
    "graph": 2,
    "frontend": 2,
    "transform": 3,
    "backend": 4,
    "api": 5,
    "nn": 5,
    "cli": 6,
    "demo": 6,
    "draw": 6,
    "testing": 6,
    "__init__": 7,
    "__main__": 7,
}


# ---- the checker -----------------------------------------------------------------------------------------------------
def modules(root: Path) -> dict[str, Path]:
    """Dotted name of every module below the package ``root``, to its file."""
    names = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        names[".".join((root.name, *(parts[:-1] if parts[-1] == "__init__" else parts)))] = path
    return names


def room(module: str) -> str:
    """The room of a module: the part of its name that has a floor."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(module: str, path: Path, known: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """The modules of the package that a module imports, with the line.

    ``from package import name`` is an import of ``package.name`` where that is a module, and of ``package`` otherwise.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    top = module.split(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == top:
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join((*parent, base)).rstrip(".")
            if base.split(".")[0] != top:
                continue
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                yield (submodule if submodule in known else base), node.lineno


def edges(root: Path) -> list[tuple[str, str, int]]:
    """Every import inside the package: importer, imported, line."""
    known = modules(root)
    return [
        (module, target, line)
        for module, path in known.items()
        for target, line in imported(module, path, known)
        if target != module
    ]


def upward_imports(root: Path) -> list[str]:
    """Imports of a module on a higher floor."""
    return [
        f"{module} (floor {FLOORS[room(module)]}) imports {target} (floor {FLOORS[room(target)]}) in line {line}"
        for module, target, line in edges(root)
        if FLOORS[room(target)] > FLOORS[room(module)]
    ]


def circles(root: Path) -> list[list[str]]:
    """Sets of modules that import each other in a circle (strongly connected components, Tarjan 1972)."""
    successors: dict[str, list[str]] = {module: [] for module in modules(root)}
    for module, target, _ in edges(root):
        # a package's own module may be named through the package; it is not the package that it waits for
        successors[module].append(target)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in successors.get(module, []):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            component = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(component) > 1:
                found.append(sorted(component))

    for module in successors:
        if module not in index:
            visit(module)
    return found


# ---- the tests -------------------------------------------------------------------------------------------------------
def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in modules(ROOT)} <= set(FLOORS)


def test_imports_point_down() -> None:
    assert upward_imports(ROOT) == []


def test_imports_have_no_circle() -> None:
    assert circles(ROOT) == []


def test_the_checker_sees_the_imports() -> None:
    found = {(module, target) for module, target, _ in edges(ROOT)}
    assert ("pathgrad.ops", "pathgrad.ops.record") in found
    assert ("pathgrad.ops.record", "pathgrad.ops.domain") in found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package to plant imports in."""
    return Path(shutil.copytree(ROOT, tmp_path / "pathgrad", ignore=shutil.ignore_patterns("__pycache__")))


def plant(root: Path, module: str, line: str) -> None:
    path = root / module
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + f"\n{line}\n", encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "import pathgrad.planted_above",
        "from pathgrad.planted_above import name",
        "from pathgrad import planted_above",
        "from .. import planted_above",
        "from ..planted_above import name as other",
        "def f():\n    from ..planted_above import name",
        "if TYPE_CHECKING:\n    from pathgrad import planted_above",
    ],
)
def test_the_checker_objects_to_an_upward_import(copy: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setitem(FLOORS, "planted_above", 5)
    plant(copy, "planted_above.py", "name = 1")
    assert upward_imports(copy) == []
    plant(copy, "ops/domain.py", line)
    (objection,) = upward_imports(copy)
    assert "pathgrad.ops.domain (floor 0) imports pathgrad.planted_above (floor 5)" in objection


@pytest.mark.parametrize("line", ["from .. import name", "import pathgrad", "from pathgrad import name"])
def test_the_checker_objects_to_an_import_of_the_whole_package(copy: Path, line: str) -> None:
    plant(copy, "ops/domain.py", line)
    assert any("imports pathgrad (floor 7)" in objection for objection in upward_imports(copy))


@pytest.mark.parametrize("line", ["from .first import b", "def f():\n    from . import first"])
def test_the_checker_objects_to_a_circle(copy: Path, line: str) -> None:
    plant(copy, "ops/first.py", "from .second import a")
    plant(copy, "ops/second.py", "a = 1")
    assert circles(copy) == circles(ROOT)
    plant(copy, "ops/second.py", line)
    assert ["pathgrad.ops.first", "pathgrad.ops.second"] in circles(copy)


def test_the_checker_objects_to_a_circle_through_a_package(copy: Path) -> None:
    plant(copy, "ops/domain.py", "from . import TABLE")
    assert any({"pathgrad.ops", "pathgrad.ops.domain"} <= set(circle) for circle in circles(copy))
