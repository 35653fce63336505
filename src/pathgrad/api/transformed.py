"""``transform``: the derivative program itself (floor 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..backend import Executable
from ..errors import ArgumentError
from ..frontend import Reading, Source, Spec, spec_of
from ..ir import Program, is_float, pretty, programs_called
from ..ir.trees import moved
from ..transform import forward, reverse
from .annotations import specs_from_annotations
from .argnums import Argnums, active_inputs, chosen_parameters, require_scalar
from .derived import Primal, options_for
from .structure import arranged

__all__ = ["Transformed", "transform"]

_FORMS = {"forward": ("pair", "derivative"), "reverse": ("gradient", "value_and_gradient", "vjp")}


def transform(
    f: Callable[..., Any],
    mode: str = "reverse",
    argnums: Argnums = 0,
    form: str | None = None,
    example: Sequence[Any] | None = None,
    backend: str | None = None,
) -> Transformed:
    """The derivative program of a function, as readable Python.

    Parameters
    ----------
    f : callable
        An ordinary Python/NumPy function.
    mode : str
        ``"forward"`` (statement doubling; lecture, Example 2.1) or ``"reverse"``.
    argnums : int, str, or a sequence of them
        Which arguments to differentiate with respect to.
    form : str, optional
        Forward: ``"pair"`` (the default), called as ``d(x, x_dot)``, returns ``(v, v_dot)`` and composes with other
        pairs; ``"derivative"``, called as ``f``, returns the derivative only (lecture's Prod'). Reverse:
        ``"gradient"`` (the default), ``"value_and_gradient"``, or ``"vjp"``, called with the cotangents of the result
        after the arguments.
    example : sequence, optional
        Arguments of the types that ``.source`` is wanted for. Without it, annotations decide (``float``, ``int``,
        ``bool``, ``"f64[:]"`` for a vector, ``"f64[:, :]"`` for a matrix, and ``f32``, ``i64``), float where there are
        none.
    backend : str, optional
        What runs when the result is called, as for `grad`.

    Returns
    -------
    Transformed
        ``.source`` is a complete Python module that needs only NumPy; the object is callable, with arguments of any
        types.

    Raises
    ------
    ValueError
        Another mode or form.
    ArgumentError, ArgnumsError, ScalarOutputError, UnsupportedSyntax, UnsupportedCall, SourceUnavailable
        As for `grad`.

    Examples
    --------
    >>> import pathgrad as pg
    >>> def cube(x):
    ...     return x * x * x
    >>> d = pg.transform(cube, mode="forward", form="derivative")
    >>> d(2.0)
    12.0
    >>> pg.transform(cube, mode="forward")(2.0, 1.0)
    (8.0, 12.0)
    """
    return Transformed(f, mode, argnums, form, example, backend=backend)


class Transformed:
    """A derivative program and what it was derived from.

    Attributes
    ----------
    source : str
        The emitted module for the annotated types, for the example, or for the latest call.
    """

    def __init__(
        self,
        f: Callable[..., Any] | Source,
        mode: str,
        argnums: Argnums,
        form: str | None,
        example: Sequence[Any] | None = None,
        specs: Mapping[str, Spec] | None = None,
        backend: str | None = None,
    ) -> None:
        self._options = options_for(backend, "transform")
        if mode not in _FORMS:
            raise ValueError(f'transform: mode is {mode!r}; use "forward" or "reverse"')
        self.form = form or _FORMS[mode][0]
        if self.form not in _FORMS[mode]:
            raise ValueError(f"transform: form is {form!r}; in {mode} mode use one of {', '.join(_FORMS[mode])}")
        self.mode = mode
        self.primal = _FilePrimal(f) if isinstance(f, Source) else Primal(f)
        self.chosen = chosen_parameters(self.primal, argnums)
        self.single = isinstance(argnums, int | str)
        self.__name__ = self.primal.name
        self._given = None if specs is None else dict(specs)
        self._built_for: dict[Any, tuple[Reading, Executable]] = {}
        self._latest: tuple[Reading, Executable] | None = None
        if example is not None:
            self._latest = self._for(self.primal.bind(tuple(example), {}))

    @property
    def source(self) -> str:
        """The emitted Python module."""
        return self._present()[1].module.source

    @property
    def program(self) -> Program:
        """The derivative program in the intermediate representation."""
        return self._present()[1].program

    def inspect(self, stage: str = "python") -> str:
        """A stage as text.

        ``"primal"`` or ``"ir"`` (the program before and after derivation), ``"python"`` (the emitted module),
        ``"llvm"``, ``"optimised"`` or ``"asm"``.

        Raises
        ------
        ValueError
            Another stage.
        """
        reading, executable = self._present()
        if stage in ("ir", "primal"):
            program = executable.program if stage == "ir" else reading.program
            return "\n\n".join(map(pretty, programs_called(program)))
        return executable.inspect(stage)

    def _present(self) -> tuple[Reading, Executable]:
        if self._latest is None:
            source = self.primal.original_source()
            specs = self._given or specs_from_annotations(source)
            self._latest = self._built(self.primal.read(specs, source.defaults))
        return self._latest

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Run the derivative program."""
        names = self.primal.parameter_names()[len(self.primal.bound) :]
        own, seeds = arguments, ()
        if self.form in ("pair", "vjp"):
            count = len(self.chosen) if self.form == "pair" else 1
            if len(arguments) <= count:
                wanted = f"{', '.join(names)}, {', '.join(f'{n}_dot' for n in self.chosen)}"
                wanted = wanted if self.form == "pair" else f"{', '.join(names)}, result_bar"
                raise TypeError(f"{self.__name__}: the {self.form} form is called with ({wanted})")
            own, seeds = arguments[:-count], arguments[-count:]
        bound = self.primal.bind(own, keywords)
        self._latest = reading, executable = self._for(bound)
        present = [p.name for p in reading.program.parameters]
        try:
            return executable(*(bound[name] for name in present), *seeds)
        except (ValueError, IndexError) as error:
            raise self.primal.located(error, bound) from error

    def _for(self, bound: dict[str, Any]) -> tuple[Reading, Executable]:
        lengths: dict[int, int] = {}
        specs = {name: spec_of(value, lengths, name) for name, value in bound.items()}
        reading = self.primal.read(specs, bound.__getitem__)
        key = (id(reading), self._options())
        if key not in self._built_for:
            self._built_for[key] = self._built(reading)
        return self._built_for[key]

    def _built(self, reading: Reading) -> tuple[Reading, Executable]:
        return reading, Executable(self._derived(reading), self._options(), self._sentence())

    def _sentence(self) -> str:
        from pathlib import PurePath

        where = PurePath(self.primal.original_source().filename).name
        what = "Tangent" if self.mode == "forward" else "Adjoint"
        return (
            f"{what} program of {self.__name__} ({where}) with respect to {', '.join(self.chosen)}, "
            f"written by pathgrad. Needs only NumPy."
        )

    def _derived(self, reading: Reading) -> Program:
        program = reading.program
        what = f"transform({self.__name__})"
        active = active_inputs(program, self.chosen, what)
        if self.mode == "forward":
            if self.form == "derivative":
                scalar = len(active) == 1 and not program.inputs[active[0]].type.rank
                if not scalar:
                    raise ArgumentError(
                        f'{what}: form="derivative" needs one float argument, which has one direction; got '
                        f'{", ".join(str(program.inputs[k].type) for k in active)}: use form="pair" and give the '
                        f"direction"
                    )
            if not any(is_float(a.type) for a in program.outputs):
                require_scalar(program, what)
            return forward(program, active, self.form)
        if self.form != "vjp":
            require_scalar(program, what, 'form="vjp"')
        elif not any(is_float(a.type) for a in program.outputs):
            require_scalar(program, what)
        kind = "vjp" if self.form == "vjp" else "gradient"
        with_value = self.form == "value_and_gradient"
        result = reverse(program, active, kind, with_value)
        base = len(program.outputs) if with_value else 0
        place = {k: base + j for j, k in enumerate(active)}
        trees = {p.name: p.tree for p in program.parameters}
        gradients = tuple(moved(trees[name], place) for name in self.chosen)
        gradient = gradients[0] if self.single else gradients
        return arranged(result, result.parameters, (program.result, gradient) if with_value else gradient)


class _FilePrimal(Primal):
    """A function of a file that is never run."""

    def __init__(self, source: Source) -> None:
        super().__init__(lambda: None)
        self._source = source
        self.name = source.name
