"""``compile``: a function's own program as native code (floor 5)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..backend import emit
from ..errors import NativeUnsupported, NativeWarning
from ..frontend import Reading, Spec
from ..ir import Block, Program
from ..options import current
from .derived import Derived, Primal

__all__ = ["Compiled", "compile"]


def compile(f: Callable[..., Any], backend: str | None = None) -> Derived:  # noqa: A001  (pg.compile)
    """The function itself as native code.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function. A function derived by pathgrad is native already and is given back.
    backend : str, optional
        ``"python"`` runs the plain function; by default what `pathgrad.options` says.

    Returns
    -------
    Derived
        Called like ``f``, with the same meaning: arrays that ``f`` writes are written, an argument that it returns is
        that very object. ``.inspect(stage, *arguments)`` shows each stage, ``.address(*arguments)`` is the address of
        the C function, ``.low_level(*arguments)`` a ``scipy.LowLevelCallable``.

    Raises
    ------
    UnsupportedSyntax, UnsupportedCall, SourceUnavailable
        ``f`` cannot be read; the message names the place and the remedy.
    ValueError
        Another ``backend``.

    Warns
    -----
    NativeWarning
        Once, where calls run as plain Python: the function changes a list that it is given, an array that it writes
        shares its storage with another argument, or an operator has no native form.

    Notes
    -----
    Numbers come back as Python numbers, whole ones have 64 bits.

    Examples
    --------
    >>> import numpy as np, pathgrad as pg
    >>> def running(a):
    ...     for i in range(1, len(a)):
    ...         a[i] += a[i - 1]
    >>> a = np.array([1.0, 2.0, 3.0])
    >>> pg.compile(running)(a)
    >>> a
    array([1., 3., 6.])
    """
    if isinstance(f, Derived) and backend in (None, f.backend):
        return f
    return Compiled(f, backend)


class Compiled(Derived):
    """A function whose own program runs."""

    def __init__(self, f: Callable[..., Any], backend: str | None) -> None:
        name = getattr(f, "__name__", "f")
        own = name if name.isidentifier() else "compiled"
        super().__init__(f, own, lambda reading, bound: reading.program, backend=backend, recipe=("compile",))
        self.values = self.primal
        self.primal = Primal(f, in_place=True)
        self._warned = False

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the function."""
        if self._fast is not None and not keywords and self._under is current():
            for look_up, value in self._guards:
                if look_up() is not value:
                    return self._call(*arguments)
            return self._fast(*arguments)
        return self._call(*arguments, **keywords)

    def _call(self, *arguments: Any, **keywords: Any) -> Any:
        bound = self.primal.bind(arguments, keywords)
        try:
            entry = self.entry(bound)
        except NativeUnsupported as reason:
            return self._plainly(str(reason), arguments, keywords)
        executable = entry.executable
        if executable.native is None:
            return self.primal.function(*arguments, **keywords)
        if entry.original is not None:
            return self._plainly("it may read a name that has no value yet", arguments, keywords)
        if any(isinstance(v, np.ndarray) and not v.ndim for v in _leaves(list(bound.values()))):
            return self._plainly("an array without axes is an argument", arguments, keywords)
        values = [bound[name] for name in entry.names]
        if not executable.can_write(values):
            why = "an array that it writes is read-only, or shares its storage with another"
            return self._plainly(why, arguments, keywords)
        result = executable(*values)
        self._shorten(entry, keywords)
        return result

    def _plainly(self, reason: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """Run the function itself, and say so once."""
        if not self._warned:
            self._warned = True
            warnings.warn(f"{self.__name__} runs as plain Python: {reason}", NativeWarning, stacklevel=4)
        return self.primal.function(*arguments, **keywords)

    # ---- derivatives of it are those of the function -----------------------------------------------------------------
    def reading(self, specs: dict[str, Spec], values: Callable[[str], Any]) -> Reading:
        """The program by values, which writes nothing of the caller's."""
        return self.values.read(specs, values)

    def inspect(self, stage: str, *arguments: Any, **keywords: Any) -> str:
        """A stage of the function as text; ``"python"`` is the program that was read, written as Python."""
        entry = self.example_entry(stage, arguments, keywords)
        return (
            emit(_shown(entry.program)).source if stage == "python" else super().inspect(stage, *arguments, **keywords)
        )

    def source_for(self, *arguments: Any, **keywords: Any) -> str:
        """The program that was read as an emitted module, for arguments of these forms."""
        return self.inspect("python", *arguments, **keywords)

    def __pathgrad_call__(
        self, reader: Any, node: Any, arguments: list[Any], keywords: dict[str, Any], name: str
    ) -> Any:
        from ..frontend.calls import call

        return call(reader, node, self.primal.function, arguments, keywords, name)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list | tuple) else [value]


def _shown(program: Program) -> Program:
    """A program that gives back the present contents of the arguments that it hands back."""
    contents = dict(zip(sorted(program.consumed), program.outputs[len(program.outputs) - len(program.consumed) :]))
    handed = [contents.get(k, program.inputs[k]) for k in program.handed_back]
    body = Block(program.body.statements, [*program.outputs, *handed])
    return replace(program, body=body, handed_back=(), derived={})
