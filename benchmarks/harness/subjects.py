"""Everybody who is measured, behind one form: a call for the value, a call for the gradient.

A subject is prepared outside of the clock (arguments on the device, functions jitted) and called inside of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .library import compiled
from .programs import Program

__all__ = ["SUBJECTS", "Subject", "forms"]


@dataclass(frozen=True)
class Subject:
    """Somebody's value and gradient of one program at one size."""

    value: Callable[[], Any]
    gradient: Callable[[], Any]
    numbers: Callable[[Any], Any] = lambda result: result


def ours(program: Program, size: Any, form: str) -> Subject:
    """pathgrad."""
    from . import ours as own

    arguments = program.inputs(size)
    value, gradient = own.value(program), own.gradient(program)
    return Subject(lambda: value(*arguments), lambda: gradient(*arguments))


def c(program: Program, size: Any, form: str) -> Subject:
    """Hand-written C."""
    library = compiled()
    arguments = program.inputs(size)
    value = program.module.c_value(library, *arguments)
    gradient = program.module.c_gradient(library, *arguments)
    return Subject(value, lambda: gradient()[1])


def jax(program: Program, size: Any, form: str) -> Subject:
    """JAX, jitted, in float64."""
    import jax as library
    import jax.numpy as jnp

    library.config.update("jax_enable_x64", True)
    module = program.module
    arguments = program.inputs(size)
    static = tuple(k for k, a in enumerate(arguments) if isinstance(a, int | str))
    function = module.jax_value(library, jnp)[form]
    derived = (
        module.jax_gradient(library, jnp)[form]
        if program.has("jax_gradient")
        else library.grad(function, program.argnums)
    )
    value = library.jit(function, static_argnums=static)
    gradient = library.jit(derived, static_argnums=static)
    on_device = [a if k in static else _mapped(jnp.asarray, a) for k, a in enumerate(arguments)]
    return Subject(
        lambda: library.block_until_ready(value(*on_device)),
        lambda: library.block_until_ready(gradient(*on_device)),
        lambda result: _mapped(np.asarray, result),
    )


def torch(program: Program, size: Any, form: str) -> Subject:
    """PyTorch, eager."""
    import torch as library

    module = program.module
    function = module.torch_value(library)

    def tensor(active: bool) -> Callable[[Any], Any]:
        def convert(a: Any) -> Any:
            if isinstance(a, int | str):
                return a
            return library.tensor(a, dtype=None if _integers(a) else library.float64, requires_grad=active)

        return convert

    arguments = [_mapped(tensor(k in program.argnums), a) for k, a in enumerate(program.inputs(size))]
    active = [leaf for k in program.argnums for leaf in _leaves(arguments[k])]

    def value() -> Any:
        with library.no_grad():
            return function(*arguments)

    if program.has("torch_gradient"):
        derived = module.torch_gradient(library)
        return Subject(value, lambda: derived(*arguments), lambda result: _mapped(_detached, result))
    return Subject(
        value,
        lambda: library.autograd.grad(function(*arguments), active),
        lambda result: _mapped(_detached, result),
    )


def autograd(program: Program, size: Any, form: str) -> Subject:
    """HIPS autograd."""
    import autograd as library
    import autograd.numpy as anp

    module = program.module
    arguments = program.inputs(size)
    function = module.autograd_value(anp)
    gradient = (
        module.autograd_gradient(anp) if program.has("autograd_gradient") else library.grad(function, program.argnums)
    )
    return Subject(lambda: function(*arguments), lambda: gradient(*arguments))


SUBJECTS: dict[str, Callable[[Program, Any, str], Subject]] = {
    "ours": ours,
    "c": c,
    "jax": jax,
    "torch": torch,
    "autograd": autograd,
}


def forms(program: Program, peer: str) -> list[str]:
    """The forms in which a peer has the program; loads the peer."""
    if program.absent(peer) or not program.has(f"{peer}_value"):
        return []
    if peer == "jax":
        import jax as library
        import jax.numpy as jnp

        return [form for form in program.module.jax_value(library, jnp) if not program.absent(peer, form)]
    return [""]


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_mapped(function, item) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(function, item) for key, item in value.items()}
    return function(value)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in _leaves(value[key])]
    return [value]


def _integers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "bi"


def _detached(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else value
