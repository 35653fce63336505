"""The state of a call, where it begins (floor 4)."""

from __future__ import annotations

from .module import NativeModule
from .runtime import INTERRUPTIBLE_AT, PAUSED_AT, STACK_BYTES, STACK_LIMIT_AT, STATE, TEAM_AT
from .writer import Writer

__all__ = ["open_state"]


def open_state(module: NativeModule, w: Writer, state: str = "", interruptible: bool = False) -> str:
    """The address of a new state: nothing allocated, and so much stack.

    Parameters
    ----------
    module : NativeModule
        The module.
    w : Writer
        The function that the call comes from.
    state : str
        A slot for it; a new one by default.
    interruptible : bool
        Whether signals may end the call: only Python can be told.
    """
    state = state or w.slot(STATE)
    w.effect(f"store ptr null, ptr {state}")
    module.declare("declare ptr @llvm.frameaddress.p0(i32)")
    here = w.value("ptrtoint ptr {} to i64".format(w.value("call ptr @llvm.frameaddress.p0(i32 0)")))
    limit = w.value(f"sub i64 {here}, {STACK_BYTES}")
    fields = {STACK_LIMIT_AT: f"i64 {limit}", PAUSED_AT: "i64 0"}
    fields |= {INTERRUPTIBLE_AT: f"i64 {int(interruptible)}", TEAM_AT: "ptr null"}
    for offset, value in fields.items():
        at = w.value(f"getelementptr i8, ptr {state}, i64 {offset}")
        w.effect(f"store {value}, ptr {at}")
    return state
