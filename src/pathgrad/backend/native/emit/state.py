"""The state of a call, where it begins and where it ends (floor 4)."""

from __future__ import annotations

from ..support.allocation import SPARE_AT, SPARE_COUNT
from ..support.runtime import INTERRUPTIBLE_AT, PAUSED_AT, STACK_BYTES, STACK_LIMIT_AT, STATE, TEAM_AT
from .module import NativeModule
from .writer import Writer

__all__ = ["close_state", "open_state"]


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
    spare = w.value(f"getelementptr i8, ptr {state}, i64 {SPARE_AT}")
    module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
    w.effect(f"call void @llvm.memset.p0.i64(ptr {spare}, i8 0, i64 {8 * SPARE_COUNT}, i1 false)")
    return state


def close_state(module: NativeModule, w: Writer, state: str) -> None:
    """End a state of which nothing is allocated any more: give its spare blocks back."""
    if module.has_helper("pg_allocate"):
        w.effect(f"call void @pg_free_spare(ptr {state})")
