"""From LLVM text to machine code in this process (floor 4).

`object_code` optimises and translates; `link` makes the code callable. The two are apart so that object code can be
kept on disk.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import threading
from typing import Any

__all__ = ["assembly", "host", "link", "object_code"]

_LOCK = threading.RLock()


@functools.cache
def _binding() -> Any:
    import llvmlite.binding as binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


@functools.cache
def host() -> tuple[str, str, str]:
    """The machine that code is made for: triple, processor, features."""
    binding = _binding()
    features = binding.get_host_cpu_features().flatten()
    return binding.get_process_triple(), binding.get_host_cpu_name(), features


@functools.cache
def _target() -> Any:
    binding = _binding()
    triple, cpu, features = host()
    target = binding.Target.from_triple(triple)
    return target.create_target_machine(cpu=cpu, features=features, opt=3, reloc="pic", codemodel="small", jit=True)


def _optimised(text: str, level: int) -> Any:
    binding = _binding()
    machine = _target()
    parsed = binding.parse_assembly(text)
    parsed.verify()
    parsed.triple = host()[0]
    parsed.data_layout = str(machine.target_data)
    if level:
        options = binding.create_pipeline_tuning_options(speed_level=level)
        options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = level > 1
        options.loop_unrolling = level > 1
        builder = binding.create_pass_builder(machine, options)
        builder.getModulePassManager().run(parsed, builder)
    return parsed


def object_code(text: str, level: int = 3) -> bytes:
    """The object code of a module."""
    with _LOCK:
        code: bytes = _target().emit_object(_optimised(text, level))
    return code


def optimised_text(text: str, level: int = 3) -> str:
    """The module after LLVM's optimisations."""
    with _LOCK:
        return str(_optimised(text, level))


def assembly(text: str, level: int = 3) -> str:
    """The module in assembly language."""
    with _LOCK:
        written: str = _target().emit_assembly(_optimised(text, level))
    return written


@functools.cache
def _compiler() -> Any:
    return _binding().create_lljit_compiler(_target())


def scipy_address(module: str, name: str) -> int:
    """The address of a function that SciPy offers to C."""
    capsule = importlib.import_module(module).__pyx_capi__[name]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address: int = get_pointer(capsule, get_name(capsule))
    return address


def link(
    code: bytes, name: str, scipy: dict[str, tuple[str, str]], symbols: dict[str, int], exported: list[str]
) -> tuple[Any, dict[str, int]]:
    """Load object code into the process.

    Parameters
    ----------
    code : bytes
        Object code.
    name : str
        A name that no other loaded code has.
    scipy : dict
        Symbols and where SciPy has them.
    symbols : dict
        Other symbols and their addresses.
    exported : list of str
        The symbols wanted.

    Returns
    -------
    tracker, addresses
        What keeps the code loaded, and the address of each wanted symbol.
    """
    with _LOCK:
        builder = _binding().JITLibraryBuilder()
        builder.add_object_img(code)
        builder.add_current_process()
        for symbol, (module, own) in scipy.items():
            builder.import_symbol(symbol, scipy_address(module, own))
        for symbol, address in symbols.items():
            builder.import_symbol(symbol, address)
        for symbol in exported:
            builder.export_symbol(symbol)
        tracker = builder.link(_compiler(), name)
        return tracker, {symbol: int(tracker[symbol]) for symbol in exported}

