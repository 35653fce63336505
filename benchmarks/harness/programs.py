"""The programs: what ``programs/NAME.py`` has to say, by name. The contract is in README.md."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["PEERS", "Program", "load", "names"]

PEERS = ("jax", "torch", "autograd")
HERE = Path(__file__).resolve().parent.parent
REQUIRED = ("value", "inputs", "SIZES", "QUICK", "ARGNUMS", "c_value", "c_gradient")


@dataclass(frozen=True)
class Program:
    """One program to measure."""

    name: str
    module: ModuleType

    @property
    def title(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or self.name).strip().splitlines()[0]

    @property
    def value(self) -> Callable[..., Any]:
        """The function as the user writes it."""
        return self.module.value  # type: ignore[no-any-return]

    @property
    def argnums(self) -> tuple[int, ...]:
        """The positions that are differentiated."""
        return tuple(self.module.ARGNUMS)

    @property
    def sizes(self) -> tuple[Any, ...]:
        """The sizes, the main one first."""
        return tuple(self.module.SIZES)

    @property
    def quick(self) -> Any:
        """The size at which plain Python is fast enough."""
        return self.module.QUICK

    def inputs(self, size: Any) -> tuple[Any, ...]:
        """The arguments at a size."""
        return tuple(self.module.inputs(size))

    def work(self, size: Any) -> float:
        """What time should be proportional to."""
        return float(self.module.WORK(size) if hasattr(self.module, "WORK") else size)

    def has(self, name: str) -> bool:
        """Whether the module has something under a name."""
        return getattr(self.module, name, None) is not None

    def peer_size(self, peer: str, form: str, main: Any, quick: bool) -> Any:
        """The size at which a peer, or one form of it, is measured."""
        if quick:
            return main
        own = getattr(self.module, "PEER_SIZES", {})
        return own.get(f"{peer} {form}", own.get(peer, main))

    def absent(self, peer: str, form: str = "") -> str | None:
        """Why a peer has no program here, if it has none."""
        reasons = getattr(self.module, "ABSENT", {})
        return reasons.get(f"{peer} {form}", reasons.get(peer))


def names() -> list[str]:
    """The names of all programs."""
    return sorted(path.stem for path in (HERE / "programs").glob("*.py") if path.stem != "__init__")


def load(name: str) -> Program:
    """The program of this name; refuses a module that lacks a part of the contract."""
    module = importlib.import_module(f"programs.{name}")
    missing = [part for part in REQUIRED if not hasattr(module, part)]
    if missing:
        raise ValueError(f"programs/{name}.py lacks {', '.join(missing)}; README.md says what they are")
    return Program(name, module)
