"""What native code runs when it pauses: the clock, and Python's signals (floor 4).

It is text for LLVM alone, so that code from the disk has it without the modules that write programs.
"""

from __future__ import annotations

import platform

from .runtime import INTERRUPTIBLE_AT, PAUSED_AT, TEAM_AT

__all__ = ["PAUSE", "PAUSE_DECLARATIONS", "clock"]

PAUSE_DECLARATIONS = (
    "@pg_main_thread = external global i8",
    "declare i64 @PyThread_get_thread_ident()",
    "declare i32 @PyGILState_Ensure()",
    "declare void @PyGILState_Release(i32)",
    "declare i32 @PyErr_CheckSignals()",
)


def clock() -> str:
    """A clock that ticks about three times in a nanosecond, or once."""
    if platform.machine().lower() in ("x86_64", "amd64", "i686"):
        return """declare i64 @llvm.readcyclecounter()
define internal i64 @pg_clock() {
  %now = call i64 @llvm.readcyclecounter()
  ret i64 %now
}"""
    return """declare i32 @clock_gettime(i32, ptr)
define internal i64 @pg_clock() {
  %time = alloca { i64, i64 }
  %ok = call i32 @clock_gettime(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %at = getelementptr i64, ptr %time, i64 1
  %rest = load i64, ptr %at
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %rest
  ret i64 %now
}"""


# The attribute says what loops may rely on: a pause changes nothing that the program sees.
PAUSE = f"""; how many iterations to run before the next pause, or 0 to end the call
define internal i64 @pg_pause(ptr %state, i64 %block) cold noinline optnone nounwind
    memory(argmem: readwrite, inaccessiblemem: readwrite) {{
  %team.at = getelementptr i8, ptr %state, i64 {TEAM_AT}
  %team = load ptr, ptr %team.at
  %alone = icmp eq ptr %team, null
  br i1 %alone, label %time, label %look
look:
  %stop = load atomic i64, ptr %team monotonic, align 8
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %end, label %time
end:
  ret i64 0
time:
  %now = call i64 @pg_clock()
  %paused.at = getelementptr i8, ptr %state, i64 {PAUSED_AT}
  %checked.at = getelementptr i8, ptr %state, i64 {PAUSED_AT + 8}
  %paused = load i64, ptr %paused.at
  store i64 %now, ptr %paused.at
  %first = icmp eq i64 %paused, 0
  br i1 %first, label %begin, label %later
begin:
  store i64 %now, ptr %checked.at
  ret i64 %block
later:
  %elapsed = sub i64 %now, %paused
  %soon = icmp ult i64 %elapsed, 4194304
  %late = icmp ugt i64 %elapsed, 67108864
  %twice = shl i64 %block, 1
  %half = lshr i64 %block, 1
  %few = icmp ult i64 %block, 4294967296
  %grow = and i1 %soon, %few
  %larger = select i1 %grow, i64 %twice, i64 %block
  %adapted = select i1 %late, i64 %half, i64 %larger
  %next = call i64 @llvm.umax.i64(i64 %adapted, i64 1)
  %checked = load i64, ptr %checked.at
  %since = sub i64 %now, %checked
  %due = icmp ugt i64 %since, 268435456
  br i1 %due, label %ask, label %go
ask:
  store i64 %now, ptr %checked.at
  %allowed.at = getelementptr i8, ptr %state, i64 {INTERRUPTIBLE_AT}
  %allowed = load i64, ptr %allowed.at
  %can = icmp ne i64 %allowed, 0
  br i1 %can, label %who, label %go
who:
  %thread = call i64 @PyThread_get_thread_ident()
  %is.main = icmp eq i64 %thread, ptrtoint (ptr @pg_main_thread to i64)
  br i1 %is.main, label %lock, label %go
lock:
  %gil = call i32 @PyGILState_Ensure()
  %raised = call i32 @PyErr_CheckSignals()
  call void @PyGILState_Release(i32 %gil)
  %interrupted = icmp ne i32 %raised, 0
  br i1 %interrupted, label %tell, label %go
tell:
  br i1 %alone, label %end, label %all
all:
  store atomic i64 1, ptr %team monotonic, align 8
  br label %end
go:
  ret i64 %next
}}
declare i64 @llvm.umax.i64(i64, i64)"""
