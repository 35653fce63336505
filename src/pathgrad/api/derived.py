"""Functions that are derived from a user's function: read, transformed, emitted, called (floor 5).

A `Derived` function reads its original for each new form of arguments, derives the program that was asked for, prints
it and runs what was printed. It can itself be derived again, and called inside functions that are differentiated.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from ..backend import Executable, emit, load
from ..backend.executable import prepared
from ..frontend import Reading, Source, Spec, read, source_of, spec_of
from ..frontend.read import guards
from ..frontend.source import MISSING, default_of, parameters_of
from ..ir import Program, pretty, programs_called
from ..options import Options, current
from ..transform.inline import inlined
from ..transform.lengths import settle_lengths
from ..transform.slices import carried_over, suppose_slices
from .addresses import Addresses
from .entry import Entry, same, weakness
from .keeping import keeping
from .located import located

__all__ = ["Derived", "Primal", "options_for"]


class Primal:
    """The programs of one user's function.

    Parameters
    ----------
    function : callable
        A Python function with source, a bound method, or a function derived by pathgrad.
    in_place : bool
        Whether the programs write into the arguments that the function writes.
    """

    def __init__(self, function: Callable[..., Any], in_place: bool = False) -> None:
        self.function = function
        self.in_place = in_place
        self.derived = function if isinstance(function, Derived) else None
        self.bound: tuple[Any, ...] = (function.__self__,) if inspect.ismethod(function) else ()
        self._itself: Derived | None = None
        self._source: Source | None = None
        self._names: list[str] | None = None
        self.name = getattr(function, "__name__", type(function).__name__)
        self.readings: dict[Any, list[Reading]] = {}

    @property
    def source(self) -> Source:
        """The function's source; raises where there is none."""
        if self._source is None:
            self._source = source_of(self.function)
        return self._source

    def located(self, error: Exception, bound: dict[str, Any]) -> Exception:
        """An error of an emitted program, with the place in the user's function where it belongs."""
        if self.derived is not None:
            return self.derived.primal.located(error, bound)
        if isinstance(error, IndexError) and f"{self.source.filename}:" in str(error):
            return self._first_outside(error, bound)
        own = {name: value for k, (name, value) in enumerate(bound.items()) if k >= len(self.bound)}
        return located(error, self.function, self.source.filename, own)

    def _first_outside(self, error: IndexError, bound: dict[str, Any]) -> Exception:
        """The position outside an array that the function itself meets first; a derivative may meet another one."""
        if self._itself is None:
            self._itself = Derived(self.function, self.name, lambda reading, _: reading.program)
        entry = self._itself.entry(bound)
        try:
            entry.executable(*(bound[name] for name in entry.names))
        except IndexError as own:
            return own
        return error

    def original_source(self) -> Source:
        """The source of the function that everything was derived from."""
        return self.source if self.derived is None else self.derived.primal.original_source()

    def parameter_names(self) -> list[str]:
        """The names of the parameters."""
        if self._names is None:
            own = parameters_of(self.function) if self._source is None else None
            self._names = self.derived.parameter_names() if self.derived else own or self.source.parameter_names()
        return self._names

    def bind(self, arguments: Sequence[Any], keywords: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name; numeric defaults too, so that they stay arguments of the derived program."""
        names = self.parameter_names()
        arguments = (*self.bound, *arguments)
        if len(arguments) > len(names):
            raise TypeError(f"{self.name}() takes {len(names)} arguments; got {len(arguments)}")
        bound = dict(zip(names, arguments, strict=False))
        for name, value in keywords.items():
            if name not in names:
                raise TypeError(f"{self.name}() has no parameter {name!r}; it has {', '.join(names)}")
            if name in bound:
                raise TypeError(f"{self.name}() got multiple values for argument {name!r}")
            bound[name] = value
        if self.derived is None:
            for name in names:
                if name not in bound:
                    value = self.default(name)
                    if value is MISSING:
                        raise TypeError(f"{self.name}() missing the argument {name!r}")
                    bound[name] = value
        return {name: bound[name] for name in names if name in bound}

    def default(self, name: str) -> Any:
        """The default of a parameter, or `MISSING`."""
        if isinstance(self.function, FunctionType):
            return default_of(self.function, name)
        return self.source.defaults(name)

    def read(self, specs: dict[str, Spec], values: Callable[[str], Any]) -> Reading:
        """The program for arguments of these forms."""
        if self.derived is not None:
            return self.derived.reading(specs, values)
        key = tuple(specs.items())
        for reading in self.readings.get(key, []):
            if reading.is_current() and all(same(values(n), v) for n, v in reading.fixed.items()):
                return reading
        reading = read(self.source, specs, values, in_place=self.in_place)
        self.readings.setdefault(key, []).append(reading)
        return reading


#: Native code is made for each of these lengths: its loops over so few numbers are unrolled.
_KNOWN_LENGTHS = 8


def _forms(bound: dict[str, Any], known: int) -> dict[str, Spec]:
    """The forms of arguments."""
    lengths: dict[int, int] = {}
    return {name: spec_of(value, lengths, name, known) for name, value in bound.items()}


class Derived(Addresses):
    """A function derived from a user's function.

    Parameters
    ----------
    function : callable
        The original.
    name : str
        The derived function's name.
    derive : callable
        From a reading and the forms of the arguments to the derived program.
    describe : str
        One sentence for the emitted module.
    backend : str, optional
        ``"native"`` or ``"python"``; by default the one of `pathgrad.options`.
    recipe : tuple, optional
        All that `derive` depends on besides the reading, as plain data: programs with a recipe are kept on disk.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        derive: Callable[[Reading, dict[str, Any]], Program],
        describe: str = "",
        backend: str | None = None,
        recipe: tuple[Any, ...] | None = None,
    ) -> None:
        self.recipe = recipe
        self._options = options_for(backend, name)
        self.primal = Primal(function)
        self.derive = derive
        self.describe = describe
        self.backend = backend
        self._fast: Callable[..., Any] | None = None
        self._guards: list[tuple[Callable[[], Any], Any]] = []
        self._under: Options | None = None
        self.entries: dict[Any, list[Entry]] = {}
        self._of_any_length: dict[Any, list[tuple[Reading, Executable]]] = {}
        functools.update_wrapper(self, function, updated=())
        self.__name__ = name
        self.__qualname__ = name

    def parameter_names(self) -> list[str]:
        """The names of the parameters: the original's."""
        return self.primal.parameter_names()

    def executable(self, arguments: Sequence[Any]) -> Executable:
        """What runs for arguments of these forms, whatever their lengths."""
        bound = self.primal.bind(arguments, {})
        options, specs = self._options(), _forms(bound, 0)
        key = (options, *specs.items())
        for reading, executable in self._of_any_length.get(key, []):
            if reading.is_current() and all(same(bound[n], v) for n, v in reading.fixed.items()):
                return executable
        reading = self.primal.read(specs, bound.__getitem__)
        program = self._derived(reading, bound, options, supposing=False)
        executable = Executable(program, options, self.describe)
        self._of_any_length.setdefault(key, []).append((reading, executable))
        return executable

    # ---- calling -----------------------------------------------------------------------------------------------------
    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the derived function."""
        if self._fast is not None and not keywords and self._under is current():
            for look_up, value in self._guards:
                if look_up() is not value:
                    return self._call(*arguments)
            try:
                return self._fast(*arguments)
            except (ValueError, IndexError) as error:
                raise self.primal.located(error, self.primal.bind(arguments, {})) from error
        return self._call(*arguments, **keywords)

    def _call(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the program for these arguments, whatever their types."""
        bound = self.primal.bind(arguments, keywords)
        entry = self.entry(bound)
        result = self.finished(entry, bound, self.run(entry, bound))
        self._shorten(entry, keywords)
        return result

    def finished(self, entry: Entry, bound: dict[str, Any], result: Any) -> Any:
        """The result as the user sees it."""
        return result

    def _shorten(self, entry: Entry, keywords: dict[str, Any]) -> None:
        """Let the next calls with arguments of the same types go straight to native code."""
        native, guarded = entry.executable.native, guards(entry.dependencies)
        if native is None or guarded is None or keywords or entry.original is not None or self.primal.bound:
            return
        names = [name for name, _ in entry.executable.form.parameters]
        plain = all(spec.kind in ("number", "array") and spec.value is None for spec in entry.specs.values())
        if plain and entry.executable.form.is_flat and names == list(entry.specs):
            self._guards, self._under = guarded, current()
            self._fast = native.entry(self._call)

    def run(self, entry: Entry, bound: dict[str, Any], seeds: Sequence[Any] = ()) -> Any:
        """Call the derived program."""
        values = [bound[name] for name in entry.names]
        if entry.original is not None:
            entry.original(*map(prepared, values))
        try:
            return entry.executable(*values, *seeds)
        except (ValueError, IndexError) as error:
            raise self.primal.located(error, bound) from error

    def entry(self, bound: dict[str, Any]) -> Entry:
        """What serves a call with these arguments; read, derived and compiled at the first such call."""
        options = self._options()
        specs = _forms(bound, _KNOWN_LENGTHS if options.backend == "native" else 0)
        key = (options, *specs.items())
        for entry in self.entries.get(key, []):
            if entry.serves(bound):
                return entry
        kept = keeping(self.primal.function, self.recipe, specs, options)
        found = kept.found(bound) if kept else None
        if found is not None:
            known = {name: bound[name] for name in found.fixed}
            read_later = functools.cache(lambda: self.primal.read(specs, known.__getitem__))
            executable = Executable(
                lambda: self._derived(read_later(), known, options),
                options,
                self.describe,
                weakness(found.form.parameters, specs),
                self._readable(bound, known),
                (found.form, found.native),
                general=lambda: self._derived(read_later(), known, options, supposing=False),
            )
            entry = Entry(specs, executable, found.names, known, found.dependencies, read_later)
        else:
            if options.backend == "native" and (kept or not options.cache):
                from ..backend.native.process.machine import prepare

                prepare()
            reading = self.primal.read(specs, bound.__getitem__)
            program = self._derived(reading, bound, options)
            weak = weakness([(p.name, p.tree) for p in program.parameters], specs)
            known = {n: v for n, v in bound.items() if n in reading.fixed or specs[n].kind == "fixed"}
            # a derivative program may have no use for a value that Python cannot give: the function itself says so
            original = load(emit(reading.program)) if reading.may_be_unbound() else None
            names = [p.name for p in reading.program.parameters]
            keep = kept.keeper(names, reading) if kept and original is None else None
            general = functools.partial(self._derived, reading, known, options, supposing=False)
            readable = self._readable(bound, known)
            executable = Executable(program, options, self.describe, weak, readable, keep=keep, general=general)
            entry = Entry(specs, executable, names, reading.fixed, reading.dependencies, lambda: reading, original)
        self.entries.setdefault(key, []).append(entry)
        return entry

    def _derived(self, reading: Reading, bound: dict[str, Any], options: Options, supposing: bool = True) -> Program:
        """The derived program for a back end.

        Native code has helpers' statements in place of their calls, and may suppose something of the arguments, because
        it looks at them first.
        """
        if options.backend != "native":
            return self.derive(reading, bound)
        flat = inlined(reading.program)
        primal = suppose_slices(flat) if supposing else flat
        program = self.derive(replace(reading, program=primal), bound)
        if program is reading.program:
            return program
        supposed = carried_over(primal, program)
        if supposed is None:
            return self._derived(reading, bound, options, supposing=False)
        return replace(settle_lengths(program), supposed=supposed)

    def _readable(self, bound: dict[str, Any], known: dict[str, Any]) -> Callable[[], Program]:
        """How to make the program that is emitted as Python."""
        specs = _forms(bound, 0)
        return lambda: self.derive(self.primal.read(specs, known.__getitem__), known)

    def __pathgrad_content__(self) -> tuple[Any, ...] | None:
        """What it is by content: how it was derived, and from what."""
        return self.recipe and (self.recipe, self.primal.function)

    def inspect(self, stage: str, *arguments: Any, **keywords: Any) -> str:
        """A stage of the derived function as text, for arguments of these forms.

        Parameters
        ----------
        stage : str
            ``"primal"`` or ``"ir"`` (the program before and after derivation), ``"python"``, ``"llvm"``,
            ``"optimised"`` or ``"asm"``.
        *arguments, **keywords
            Arguments; may be left out if the function was called before.

        Raises
        ------
        ValueError
            Another stage, or no arguments and no call before.
        """
        entry = self.example_entry(stage, arguments, keywords)
        if stage in ("primal", "ir"):
            program = entry.reading.program if stage == "primal" else entry.program
            return "\n\n".join(map(pretty, programs_called(program)))
        return entry.executable.inspect(stage)

    def example_entry(self, stage: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Entry:
        """What serves arguments of these forms; without arguments, what served last."""
        if arguments or keywords:
            return self.entry(self.primal.bind(arguments, keywords))
        if not self.entries:
            raise ValueError(f"{self.__name__}: inspect needs example arguments, as in f.inspect({stage!r}, x)")
        return list(self.entries.values())[-1][-1]

    def source_for(self, *arguments: Any, **keywords: Any) -> str:
        """The emitted module for arguments of these forms."""
        return self.entry(self.primal.bind(arguments, keywords)).executable.module.source

    # ---- being derived again, and being called inside differentiated functions ---------------------------------------
    def reading(self, specs: dict[str, Spec], values: Callable[[str], Any]) -> Reading:
        """The derived program as something to derive from."""
        inner = self.primal.read(specs, values)
        program = self.derive(inner, {name: values(name) for name in specs})
        return Reading(program, inner.fixed, inner.dependencies)

    def __pathgrad_call__(
        self, reader: Any, node: Any, arguments: list[Any], keywords: dict[str, Any], name: str
    ) -> Any:
        from ..frontend.nested import read_derived_call

        return read_derived_call(self, reader, node, arguments, keywords, name)


def options_for(backend: str | None, name: str) -> Callable[[], Options]:
    """How to ask for the options that hold, with another back end if one is given.

    Raises
    ------
    ValueError
        A back end that does not exist.
    """
    if backend is None:
        return current
    if backend not in ("native", "python"):
        raise ValueError(f'{name}: backend is {backend!r}; use "native" or "python"')
    return lambda: replace(current(), backend=backend)
