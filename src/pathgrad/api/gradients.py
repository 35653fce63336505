"""Gradients: grad and value_and_grad (floor 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..frontend import Reading
from ..ir import Program
from ..ir.trees import moved
from ..transform import reverse
from .argnums import Argnums, active_inputs, chosen_parameters, require_scalar
from .derived import Derived
from .entry import Entry
from .structure import arranged, same_shapes, shaped_as

__all__ = ["grad", "value_and_grad"]


def grad(f: Callable[..., Any], argnums: Argnums = 0, backend: str | None = None) -> Derived:
    """The gradient of a function whose result is one float.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to, by position or name.
    backend : str, optional
        ``"native"`` (machine code) or ``"python"`` (the emitted Python); by default what `pathgrad.options` says.

    Returns
    -------
    Derived
        Called like ``f``; returns the gradient in the structure of the argument (a tuple of gradients for a sequence
        of ``argnums``). ``.source_for(*arguments)`` is the program that it runs.

    Raises
    ------
    ScalarOutputError
        The result of ``f`` is not one float.
    ArgnumsError, ArgumentError
        ``argnums`` names no argument, or one that has no derivative.
    UnsupportedSyntax, UnsupportedCall, SourceUnavailable
        ``f`` cannot be read; the message names the place and the remedy.

    Notes
    -----
    Reverse mode: the cost is a small multiple of that of ``f``, whatever the number of inputs (lecture, section 4).

    Examples
    --------
    >>> import pathgrad as pg
    >>> def h(x, y):
    ...     return (x + 4 * y) * ((x + y) * y)
    >>> pg.grad(h)(3.0, 5.0), pg.grad(h, argnums=(0, "y"))(3.0, 5.0)
    (155.0, (155.0, 459.0))
    """
    return _Gradient(f, argnums, False, backend)


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, backend: str | None = None) -> Derived:
    """The value of a function together with its gradient; one forward sweep serves both.

    Parameters, errors and cost are those of `grad`.

    Examples
    --------
    >>> import pathgrad as pg
    >>> pg.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return _Gradient(f, argnums, True, backend)


class _Gradient(Derived):
    """A gradient, in the structure of its arguments."""

    def __init__(self, f: Callable[..., Any], argnums: Argnums, with_value: bool, backend: str | None) -> None:
        name = getattr(f, "__name__", "f")
        self.argnums, self.with_value = argnums, with_value
        self.single = isinstance(argnums, int | str)
        verb = "value_and_grad" if with_value else "grad"
        own = f"{verb}_{name}" if name.isidentifier() else verb
        super().__init__(f, own, self._derive, backend=backend)
        self.verb = f"{verb}({name})"
        self.chosen = chosen_parameters(self.primal, argnums)
        self.recipe = (verb, self.single, *self.chosen)

    def _derive(self, reading: Reading, bound: dict[str, Any]) -> Program:
        program = reading.program
        active = active_inputs(program, self.chosen, self.verb)
        require_scalar(program, self.verb)
        result = reverse(program, active, "gradient", self.with_value)
        base = len(program.outputs) if self.with_value else 0
        place = {k: base + j for j, k in enumerate(active)}
        trees = {p.name: p.tree for p in program.parameters}
        gradients = tuple(moved(trees[name], place) for name in self.chosen)
        gradient = gradients[0] if self.single else gradients
        return arranged(result, program.parameters, (program.result, gradient) if self.with_value else gradient)

    def finished(self, entry: Entry, bound: dict[str, Any], result: Any) -> Any:
        """The gradient (or the value and the gradient) in the structure of the arguments."""
        gradient = result[1] if self.with_value else result
        gradients = (gradient,) if self.single else gradient
        for name, part in zip(self.chosen, gradients, strict=True):
            if not same_shapes(part, bound[name]):
                # the program needs no value, so nothing in it met the shapes that do not fit
                error = ValueError(f"{self.verb}: the shapes of the arguments do not fit each other")
                raise self.primal.located(error, bound)
        shaped = tuple(shaped_as(entry.specs[n], g) for n, g in zip(self.chosen, gradients, strict=True))
        final = shaped[0] if self.single else shaped
        return (result[0], final) if self.with_value else final
