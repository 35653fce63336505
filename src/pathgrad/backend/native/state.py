"""The state of a call, where it begins (floor 4)."""

from __future__ import annotations

from .module import NativeModule
from .runtime import STACK_BYTES, STACK_LIMIT_AT, STATE
from .writer import Writer

__all__ = ["open_state"]


def open_state(module: NativeModule, w: Writer, state: str = "") -> str:
    """The address of a new state: nothing allocated, and so much stack.

    Parameters
    ----------
    module : NativeModule
        The module.
    w : Writer
        The function that the call comes from.
    state : str
        A slot for it; a new one by default.
    """
    state = state or w.slot(STATE)
    w.effect(f"store ptr null, ptr {state}")
    module.declare("declare ptr @llvm.frameaddress.p0(i32)")
    here = w.value("ptrtoint ptr {} to i64".format(w.value("call ptr @llvm.frameaddress.p0(i32 0)")))
    limit = w.value(f"sub i64 {here}, {STACK_BYTES}")
    at = w.value(f"getelementptr i8, ptr {state}, i64 {STACK_LIMIT_AT}")
    w.effect(f"store i64 {limit}, ptr {at}")
    return state
