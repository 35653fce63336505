"""Compiled programs kept between processes (floor 5).

The first call in a new process reads nothing and derives nothing if the same was asked before: the machine code and the
form of the program are looked up under a digest of everything that decides them. That is the user's function by
content (`pathgrad.frontend.content`), how it is derived, the forms of the arguments, the options, and the versions of
what compiles. Parameters whose value must be known when reading belong to the key too; which these are is known only
after reading, so their names are kept under a key of their own.

The function itself is read when somebody asks for it: `inspect`, errors, derivatives of derivatives.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from ..backend.executable import Executable, Form
from ..frontend import Reading, Spec
from ..frontend.content import Content, content_of, described
from ..frontend.context import Dependency
from ..options import Options

if TYPE_CHECKING:
    from ..backend.native.process.cache import Store
    from ..backend.native.process.program import NativeProgram

__all__ = ["Keeping", "Kept", "keeping"]

#: So many sets of parameters whose value must be known are remembered for one function and form of arguments.
_SETS = 8


@dataclass(frozen=True)
class Kept:
    """A program that was kept.

    Attributes
    ----------
    fixed : tuple of str
        The parameters whose values decided it.
    form : Form
        How it is called.
    names : list of str
        The parameters that it takes.
    native : NativeProgram
        Its code.
    dependencies : list
        What must stay as it is for the program to stay right.
    """

    fixed: tuple[str, ...]
    form: Form
    names: list[str]
    native: NativeProgram
    dependencies: list[Dependency]


class Keeping:
    """The place of one derived function, for arguments of some forms.

    Attributes
    ----------
    content : Content
        What the function is now.
    """

    def __init__(self, place: Store, content: Content, again: Callable[[], Content | None]) -> None:
        from ..backend.native.process.cache import digest
        from ..backend.native.process.machine import versions

        self.place = place
        self.content = content
        self._again = again
        self._digest = digest
        self._key = digest("program", versions(), *content.parts)

    def found(self, bound: dict[str, Any]) -> Kept | None:
        """What is kept for these arguments; None where nothing is."""
        for fixed in self._sets():
            key = self._key_of(fixed, bound)
            data = self.place.get(key) if key else None
            if data is not None:
                from ..backend.native.process.program import NativeProgram

                form, names, packed = marshal.loads(data)
                return Kept(fixed, Form(*form), names, NativeProgram.unpacked(packed), self.content.dependencies)
        return None

    def keeper(self, names: list[str], reading: Reading) -> Callable[[Executable], None]:
        """What keeps a program that was read, once it is compiled."""
        return lambda executable: self._keep(executable, names, reading)

    def _keep(self, executable: Executable, names: list[str], reading: Reading) -> None:
        """Keep what was compiled, if nothing but content decided it."""
        native = executable.native
        packed = native.packed() if native else None
        key = self._key_of(tuple(reading.fixed), reading.fixed)
        if packed is None or key is None or not self.content.covers(reading.dependencies):
            return
        after = self._again()
        if after is None or after.parts != self.content.parts:
            # something was changed while the function was read
            return
        form = executable.form
        try:
            data = marshal.dumps(((form.parameters, form.result, *astuple(form)[2:]), names, packed))
        except ValueError:  # a key of a dict among the arguments that is no plain data
            return
        if self.place.put(key, data) and reading.fixed:
            known = list(self._sets())
            if tuple(reading.fixed) not in known:
                self.place.put(
                    self._digest("sets", self._key), marshal.dumps([*known[1:], tuple(reading.fixed)][-_SETS:])
                )

    def _sets(self) -> Iterator[tuple[str, ...]]:
        """The sets of parameters whose value decided a program that is kept."""
        yield ()
        data = self.place.get(self._digest("sets", self._key))
        if data is not None:
            yield from marshal.loads(data)

    def _key_of(self, fixed: tuple[str, ...], values: dict[str, Any]) -> str | None:
        parts = described([(name, values[name]) for name in fixed])
        return None if parts is None else self._digest("variant", self._key, *parts)


def keeping(
    function: Callable[..., Any], recipe: tuple[Any, ...] | None, specs: dict[str, Spec], options: Options
) -> Keeping | None:
    """Where the programs of a derived function are kept; None where they are not.

    Parameters
    ----------
    function : callable
        What is derived.
    recipe : tuple or None
        How, as plain data.
    specs : dict
        The forms of the arguments.
    options : Options
        How programs are compiled.
    """
    if recipe is None or options.backend != "native" or not options.cache:
        return None
    from ..backend.native.process.cache import store

    place = store()
    more = [recipe, list(astuple(options)), [(name, _plain(spec)) for name, spec in specs.items()]]

    def content() -> Content | None:
        return content_of(function, more)

    now = content() if place else None
    return Keeping(place, now, content) if place and now else None


def _plain(spec: Spec) -> list[Any]:
    """A form as data."""
    parts = [_plain(part) for part in spec.parts]
    return [spec.kind, repr(spec.type), spec.weak, parts, spec.keys, spec.value, spec.lengths]
