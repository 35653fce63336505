"""Programs that can be called: native code, or the emitted Python where there is none (floor 4)."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NativeUnsupported, NativeWarning
from ..ir import ListType, Program
from ..options import Options
from .emit import Module, emit
from .load import load

if TYPE_CHECKING:
    from .native.c_interface import CFunction
    from .native.process.program import NativeProgram

__all__ = ["Executable", "Form"]

_STAGES = ("python", "llvm", "optimised", "asm")


@dataclass(frozen=True)
class Form:
    """How a program is called, and what it returns: all that a call needs to know besides the code.

    Attributes
    ----------
    parameters : tuple of (str, tree)
        As `Program.parameters`.
    result : tree
        As `Program.result`.
    inputs, outputs, consumed, handed_back : int
        How many of each there are.
    """

    parameters: tuple[tuple[str, Any], ...]
    result: Any
    inputs: int
    outputs: int
    consumed: int
    handed_back: int

    @classmethod
    def of(cls, program: Program) -> Form:
        """The form of a program."""
        parameters = tuple((p.name, p.tree) for p in program.parameters)
        inputs, outputs = len(program.inputs), len(program.outputs)
        return cls(parameters, program.result, inputs, outputs, len(program.consumed), len(program.handed_back))

    @property
    def returned(self) -> list[int]:
        """The positions that native code returns the values of: outputs, and inputs that are handed back."""
        return [*range(self.outputs - self.consumed), *range(self.outputs, self.outputs + self.handed_back)]

    @property
    def is_flat(self) -> bool:
        """Whether parameters are inputs, and results outputs, one by one."""
        outputs = self.returned
        whole = None if not outputs else outputs[0] if len(outputs) == 1 else tuple(outputs)
        return [tree for _, tree in self.parameters] == list(range(self.inputs)) and bool(self.result == whole)


class Executable:
    """A program and what runs it.

    Parameters
    ----------
    program : Program or callable
        The program, or what makes it when it is asked for: calls of kept code do not.
    options : Options
        How to compile and run it.
    description : str
        One sentence for the emitted Python module.
    weak : callable
        Whether the k-th input, if it is a number, is a Python number and not NumPy's.
    readable : callable, optional
        The program to emit as Python, where it is not the one that becomes native code: with calls of helpers, and for
        arrays of any length.
    kept : tuple of Form and NativeProgram, optional
        The program's form and code where they come from the disk.
    keep : callable, optional
        What is done with the executable once it is compiled.
    general : callable, optional
        The program for any arguments, where the given one supposes something of them.
    """

    def __init__(
        self,
        program: Program | Callable[[], Program],
        options: Options,
        description: str = "",
        weak: Callable[[int], bool] = lambda _: True,
        readable: Callable[[], Program] | None = None,
        kept: tuple[Form, NativeProgram] | None = None,
        keep: Callable[[Executable], None] | None = None,
        general: Callable[[], Program] | None = None,
    ) -> None:
        self._made = program
        self._general = general
        self._keep = keep
        self.options = options
        self.description = description
        self.weak = weak
        self.readable = readable
        self._native: NativeProgram | None = None
        self._compiling = threading.RLock()
        self._is_compiled = bool(kept) or options.backend != "native"
        if kept:
            self.form, self._native = kept
            self._native.make_checked = self._checked
            return
        self.form = Form.of(self.program)

    @property
    def native(self) -> NativeProgram | None:
        """The program as native code, compiled when it is first asked for; None where it runs as Python."""
        if not self._is_compiled:
            # another thread that asks meanwhile waits: the Python function would give it other bits
            with self._compiling:
                if not self._is_compiled:
                    self._native = self._compiled()
                    self._is_compiled = True
                    if self._native is not None and self._keep is not None:
                        self._keep(self)
        return self._native

    @cached_property
    def program(self) -> Program:
        """The program."""
        return self._made if isinstance(self._made, Program) else self._made()

    def general(self) -> Program:
        """The program for any arguments."""
        return self.program if self._general is None else self._general()

    def _compiled(self) -> NativeProgram | None:
        from .native.callable import compile_native

        try:
            for atom in [*self.program.inputs, *self.program.outputs]:
                if isinstance(atom.type, ListType):
                    raise NativeUnsupported("growing storage is no argument or result of native code")
            return compile_native(self.program, self.options, self.weak, self.general)
        except NativeUnsupported as reason:
            warnings.warn(f"{self.program.name} runs as Python: {reason}", NativeWarning, stacklevel=7)
            return None

    def _checked(self) -> NativeProgram:
        """The same program with every position checked where it is used."""
        from .native.callable import compile_native

        return compile_native(self.general(), self.options, self.weak)

    @cached_property
    def module(self) -> Module:
        """The emitted Python module."""
        native = self.options.backend == "native" and self.readable is not None
        return emit(self.readable() if native and self.readable else self.program, self.description)

    @cached_property
    def python(self) -> Callable[..., Any]:
        """The emitted Python function."""
        return load(self.module)

    @cached_property
    def c_function(self) -> CFunction:
        """The program as a C function.

        Raises
        ------
        NativeUnsupported
            The program has no native form.
        """
        from .native.c_interface import compile_c

        return compile_c(self.general(), self.options)

    def inspect(self, stage: str) -> str:
        """A stage as text: ``"python"``, ``"llvm"``, ``"optimised"`` (LLVM after optimisation) or ``"asm"``.

        Raises
        ------
        ValueError
            Another stage.
        NativeUnsupported
            The program has no native form.
        """
        if stage not in _STAGES:
            raise ValueError(f"inspect: stage is {stage!r}; use {', '.join(_STAGES)}, primal or ir")
        if stage == "python":
            return self.module.source
        if self._native is None or not self._native.text:
            from .native.callable import compile_native

            self._native = compile_native(self.program, self.options, self.weak, self.general)
            self._is_compiled = True
        return self._native.inspect(stage)

    def can_write(self, values: Sequence[Any]) -> bool:
        """Whether native code may write into the arguments that the program writes."""
        return self.native is not None and self.native.can_write(self._inputs(values))

    def _inputs(self, values: Sequence[Any]) -> list[Any]:
        """The program's inputs out of the values of its parameters."""
        leaves: dict[int, Any] = {}
        for (_, tree), value in zip(self.form.parameters, values, strict=True):
            _place(tree, value, leaves)
        return [leaves[k] for k in range(len(leaves))]

    def __call__(self, *values: Any) -> Any:
        """Run the program on the values of its parameters."""
        if self.native is None:
            return plain(self.python(*map(prepared, values)))
        found = self.native.call(*self._inputs(values))
        returned = self.form.returned
        values = found if len(returned) > 1 else (found,) * len(returned)
        return _built(self.form.result, dict(zip(returned, values, strict=True)))


def _place(tree: Any, value: Any, leaves: dict[int, Any]) -> None:
    if isinstance(tree, int):
        leaves[tree] = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    elif isinstance(tree, dict):
        for key, part in tree.items():
            _place(part, value[key], leaves)
    elif tree is not None:
        for part, item in zip(tree, value, strict=True):
            _place(part, item, leaves)


def _built(tree: Any, leaves: Mapping[int, Any]) -> Any:
    if isinstance(tree, int):
        return leaves[tree]
    if isinstance(tree, tuple):
        return tuple(_built(t, leaves) for t in tree)
    if isinstance(tree, list):
        return [_built(t, leaves) for t in tree]
    return {k: _built(t, leaves) for k, t in tree.items()} if isinstance(tree, dict) else None


def plain(value: Any) -> Any:
    """NumPy's float64 numbers as Python floats, inside tuples, lists and dicts too."""
    if isinstance(value, np.float64):
        return float(value)
    if isinstance(value, np.int64 | np.bool_):
        return value.item()
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def prepared(value: Any) -> Any:
    """Python floats become NumPy's, so that division by zero gives inf and nan with NumPy's warning."""
    if isinstance(value, float):
        return np.float64(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    if isinstance(value, tuple):
        return tuple(prepared(v) for v in value)
    if isinstance(value, list):
        return [prepared(v) for v in value]
    if isinstance(value, dict):
        return {k: prepared(v) for k, v in value.items()}
    return value
