"""From LLVM text to machine code in this process (floor 4).

`object_code` optimises and translates; `link` makes the code callable. The two are apart so that object code can be
kept on disk, and what comes from there is linked without LLVM where `loader` can do that: loading LLVM takes longer
than all the rest of a call whose code is there.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import importlib.machinery
import importlib.util
import os
import platform
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .cache import digest, store
from .loader import CannotLoad, load

__all__ = ["assembly", "host", "link", "object_code", "prepare", "versions"]

_LOCK = threading.RLock()


def _binding() -> Any:
    with _LOCK:
        return _loaded()


@functools.cache
def _loaded() -> Any:
    import llvmlite.binding as binding

    # straight-line code is searched for parallel operations no deeper than where it was ever found to pay: the search
    # takes time that grows exponentially, four fifths of the first call for a short loop over long formulas
    for option in _SHALLOW:
        binding.set_option("pathgrad", option)
    # checks that arrays do not overlap, hoisted out of a loop that runs backward, fail always: adjoints run backward
    binding.set_option("pathgrad", "-hoist-runtime-checks=false")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def prepare() -> None:
    """Load LLVM on another core, if one is idle, while the caller reads and differentiates what is to be compiled.

    It takes forty milliseconds, most of them in the system's linker, without Python's lock.
    """
    if "llvmlite.binding" in sys.modules:
        return

    def run() -> None:
        # who compiles meets the same error, and can tell the caller
        with contextlib.suppress(Exception):
            _target()

    with contextlib.suppress(RuntimeError):
        threading.Thread(target=run, name="pathgrad loads LLVM").start()


@functools.cache
def host() -> tuple[str, str, str]:
    """The machine that code is made for: triple, processor, features."""
    binding = _binding()
    features = binding.get_host_cpu_features().flatten()
    return binding.get_process_triple(), binding.get_host_cpu_name(), features


def _target(level: int = 3) -> Any:
    with _LOCK:
        return _made_target(3 if level else 0)


@functools.cache
def _made_target(level: int) -> Any:
    binding = _binding()
    triple, cpu, features = host()
    target = binding.Target.from_triple(triple)
    return target.create_target_machine(cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True)


@contextlib.contextmanager
def _plain_addresses() -> Iterator[None]:
    """Within this, LLVM leaves the addresses in loops as they are written.

    Its pass for them (loop strength reduction) and what follows from its results take up to half of code generation,
    and none of the benchmark's programs is faster for it: a processor adds base and index for nothing. The setting is
    the process's own; others who compile with LLVM should not find it changed.
    """
    _binding().set_option("pathgrad", "-disable-lsr")
    try:
        yield
    finally:
        _binding().set_option("pathgrad", "-disable-lsr=false")


#: The first line of a module whose straight-line code is searched as deeply as LLVM would by itself.
SEARCHED = "; numbers of small matrices: parallel operations are worth a search\n"
_DEEP = ("-slp-recursion-max-depth=12", "-slp-max-look-ahead-depth=2")
_SHALLOW = ("-slp-recursion-max-depth=6", "-slp-max-look-ahead-depth=1")


@contextlib.contextmanager
def _search(text: str) -> Iterator[None]:
    """Within this, parallel operations are searched as the text asks for."""
    if text.startswith(SEARCHED):
        for option in _DEEP:
            _binding().set_option("pathgrad", option)
    try:
        yield
    finally:
        for option in _SHALLOW:
            _binding().set_option("pathgrad", option)


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
        with _search(text):
            builder.getModulePassManager().run(parsed, builder)
    return parsed


@functools.cache
def versions() -> str:
    """What code depends on besides the text that it is made from: the machine, LLVM, Python, NumPy, pathgrad itself."""
    found = importlib.util.find_spec("llvmlite")
    places = (found and found.submodule_search_locations) or [""]
    llvm = _content(os.path.join(places[0], "_version.py"))
    return digest(_processor(), llvm, sys.version, np.__version__, str(os.cpu_count()), _own_files())


def _processor() -> str:
    """The machine, without asking LLVM where the system says it."""
    facts = [sys.platform, platform.machine()]
    if sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            first = file.read(16384).split("\n\n")[0]
        wanted = ("flags", "Features", "model", "cpu family", "stepping", "vendor_id", "CPU ")
        return "\n".join([*facts, *(line for line in first.splitlines() if line.startswith(wanted))])
    return "\n".join([*facts, *host()])


def _content(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _own_files() -> str:
    """Names, sizes and times of the package's modules: its version says too little while it is being worked on."""
    root = os.path.dirname(os.path.abspath(sys.modules[__name__.split(".")[0]].__file__ or ""))
    facts = []
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.endswith(".py"):
                    found = entry.stat()
                    facts.append(f"{entry.path[len(root) :]} {found.st_size} {found.st_mtime_ns}")
    return "\n".join(sorted(facts))


def object_code(text: str, level: int = 3, kept: bool = False) -> bytes:
    """The object code of a module.

    Parameters
    ----------
    text : str
        The module.
    level : int
        LLVM's level of optimisation.
    kept : bool
        Whether the code may come from the disk, and is kept there.
    """
    place = store() if kept else None
    key = digest("object", text, str(level), versions()) if place else ""
    code = place.get(key) if place else None
    if code is None:
        with _LOCK, _plain_addresses():
            code = bytes(_target(level).emit_object(_optimised(text, level)))
        if place:
            place.put(key, code)
    return code


def optimised_text(text: str, level: int = 3) -> str:
    """The module after LLVM's optimisations."""
    with _LOCK:
        return str(_optimised(text, level))


def assembly(text: str, level: int = 3) -> str:
    """The module in assembly language."""
    with _LOCK, _plain_addresses():
        written: str = _target(level).emit_assembly(_optimised(text, level))
    return written


@functools.cache
def _compiler() -> Any:
    return _binding().create_lljit_compiler(_target())


@functools.cache
def _scipy(module: str) -> Any:
    """A module of SciPy's; extension modules alone, without the package around them, where they can be had so."""
    if module not in sys.modules and module in ("scipy.linalg.cython_blas", "scipy.linalg.cython_lapack"):
        import scipy

        folder = os.path.join(scipy.__path__[0], "linalg")
        loaders = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
        found = importlib.machinery.FileFinder(folder, loaders).find_spec(module)
        if found is not None and found.loader is not None:
            made = importlib.util.module_from_spec(found)
            found.loader.exec_module(made)
            return made
    return importlib.import_module(module)


def scipy_address(module: str, name: str) -> int:
    """The address of a function that SciPy offers to C."""
    capsule = _scipy(module).__pyx_capi__[name]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address: int = get_pointer(capsule, get_name(capsule))
    return address


@functools.cache
def _process() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _process_address(symbol: str) -> int:
    """The address of something in this process."""
    try:
        return ctypes.cast(getattr(_process(), symbol), ctypes.c_void_p).value or 0
    except AttributeError:
        raise CannotLoad(f"{symbol} is not in this process") from None


def link(
    code: bytes, name: str, scipy: dict[str, tuple[str, str]], symbols: dict[str, int], exported: Sequence[str]
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
    exported : sequence of str
        The symbols wanted.

    Returns
    -------
    kept, addresses
        What keeps the code loaded, and the address of each wanted symbol.
    """
    known = {**symbols, **{symbol: scipy_address(module, own) for symbol, (module, own) in scipy.items()}}
    try:
        return load(code, lambda symbol: known.get(symbol) or _process_address(symbol), exported)
    except CannotLoad:
        return _linked_by_llvm(code, name, known, exported)


def _linked_by_llvm(
    code: bytes, name: str, known: dict[str, int], exported: Sequence[str]
) -> tuple[Any, dict[str, int]]:
    with _LOCK:
        builder = _binding().JITLibraryBuilder()
        builder.add_object_img(code)
        builder.add_current_process()
        for symbol, address in known.items():
            builder.import_symbol(symbol, address)
        for symbol in exported:
            builder.export_symbol(symbol)
        tracker = builder.link(_compiler(), name)
        return tracker, {symbol: int(tracker[symbol]) for symbol in exported}
