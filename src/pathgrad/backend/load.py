"""Loading an emitted module so that debuggers step into it (floor 4)."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable
from typing import Any

from .emit import Module

__all__ = ["load"]


def load(module: Module) -> Callable[..., Any]:
    """The function of an emitted module.

    The text is entered in `linecache`, so that tracebacks show it, debuggers step through it and ``inspect.getsource``
    prints it. The module's constants are the user's arrays themselves: what is written to them later is seen.
    """
    digest = hashlib.sha256(module.source.encode()).hexdigest()[:12]
    filename = f"<pathgrad {module.name} {digest}>"
    linecache.cache[filename] = (len(module.source), None, module.source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": f"pathgrad.emitted.{module.name}"}
    exec(compile(module.source, filename, "exec"), namespace)
    namespace.update(module.constants)
    function: Callable[..., Any] = namespace[module.name]
    return function
