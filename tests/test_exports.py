"""Every ``__all__`` is honest: sorted, without repetition, without private names, and all of it exists."""

from __future__ import annotations

import importlib
import pkgutil
import types

import pytest

import pathgrad


def packages() -> list[str]:
    """The package and all packages in it."""
    inner = pkgutil.walk_packages(pathgrad.__path__, "pathgrad.")
    return ["pathgrad", *(module.name for module in inner if module.ispkg)]


def with_exports() -> list[str]:
    """All packages, and the modules that state ``__all__``; what starts a program when imported is not imported."""
    names = [module.name for module in pkgutil.walk_packages(pathgrad.__path__, "pathgrad.") if not module.ispkg]
    stated = [
        name for name in names if not name.endswith("__main__") and hasattr(importlib.import_module(name), "__all__")
    ]
    return [*packages(), *stated]


def order(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest: the order that ruff keeps."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def complaints(module: types.ModuleType) -> list[str]:
    """What is dishonest in a module's ``__all__``."""
    exported = getattr(module, "__all__", None)
    if exported is None:
        return ["__all__ is not stated"]
    found = [f"{name} does not exist" for name in exported if not hasattr(module, name)]
    found += [f"{name} is private" for name in exported if name.startswith("_") and name != "__version__"]
    if list(exported) != sorted(exported, key=order):
        found.append(f"__all__ is not sorted; expected {sorted(exported, key=order)}")
    if len(exported) != len(set(exported)):
        found.append("__all__ names something twice")
    return found


@pytest.mark.parametrize("name", with_exports())
def test_exports_are_honest(name: str) -> None:
    assert complaints(importlib.import_module(name)) == []


@pytest.mark.parametrize(
    ("exported", "complaint"),
    [
        (None, "__all__ is not stated"),
        (["missing"], "missing does not exist"),
        (["_private"], "_private is private"),
        (["b", "a"], "not sorted"),
        (["Class", "CONSTANT"], "not sorted"),
        (["a", "a"], "twice"),
    ],
)
def test_the_checker_objects(exported: list[str] | None, complaint: str) -> None:
    module = types.ModuleType("planted")
    module.__dict__.update(a=1, b=2, _private=3, Class=4, CONSTANT=5)
    assert complaints(module) == ["__all__ is not stated"]
    if exported is not None:
        module.__all__ = exported  # type: ignore[attr-defined]
    assert any(complaint in found for found in complaints(module))
