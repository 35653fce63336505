"""A loop divided among the team of threads of this process (floor 4).

All compiled programs share one team, and this text is compiled once. A call that divides a loop puts a job on its stack
and offers it to the team (`members`); its own thread runs the first part and then whatever parts nobody has taken, so a
team that is late, busy or cannot be started costs time only. Which thread runs a part says nothing about its result.

Each part has a call's state of its own, whose allocations go to the caller's in the end. Of several parts that fail the
first in the order of the iterations counts. While it waits the caller still looks for signals, and stops the others.
"""

from __future__ import annotations

from .allocation import ALLOCATION
from .interrupts import PAUSE, PAUSE_DECLARATIONS, clock
from .members import (
    COUNT_AT,
    DONE_AT,
    JOB_WORDS,
    MEMBER_DECLARATIONS,
    MEMBERS,
    NEXT_AT,
    PART_BYTES,
    PARTS_AT,
    PATIENCE,
    STATE_AT,
    relax,
)
from .metadata import numbered
from .runtime import DECLARATIONS, INTERRUPTIBLE_AT, STATE_BYTES, TEAM_AT

__all__ = ["RUN", "RUN_DECLARATION", "team_text"]

#: The function that divides a loop, and how programs declare it.
RUN = "pg_team"
RUN_DECLARATION = f"declare i32 @{RUN}(ptr, ptr, ptr, i64, i64, i64, ptr, i64)"

_DECLARATIONS = (
    "declare i32 @usleep(i32)",
    "declare i32 @llvm.umax.i32(i32, i32)",
)

_COLLECT = f"""; the status of a job that is done; the allocations of its parts become the caller's
define internal i32 @pg_collect(ptr %state, ptr %parts, i64 %count) noinline nounwind {{
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k.next, %collected ]
  %failed = phi i32 [ 0, %entry ], [ %failed.next, %collected ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %one, label %end
one:
  %k.next = add nuw nsw i64 %k, 1
  %offset = mul i64 %k, {PART_BYTES}
  %part = getelementptr i8, ptr %parts, i64 %offset
  %own = getelementptr i8, ptr %part, i64 {STATE_AT}
  call void @pg_free_spare(ptr %own)
  %head = load ptr, ptr %own
  %empty = icmp eq ptr %head, null
  br i1 %empty, label %status, label %tail
tail:
  %t = phi ptr [ %head, %one ], [ %t.next, %tail ]
  %t.next.at = getelementptr i8, ptr %t, i64 8
  %t.next = load ptr, ptr %t.next.at
  %t.last = icmp eq ptr %t.next, null
  br i1 %t.last, label %splice, label %tail
splice:
  %mine = load ptr, ptr %state
  store ptr %mine, ptr %t.next.at
  store ptr %head, ptr %state
  %none = icmp eq ptr %mine, null
  br i1 %none, label %status, label %back
back:
  store ptr %t, ptr %mine
  br label %status
status:
  %status.at = getelementptr i8, ptr %part, i64 48
  %status.wide = load i64, ptr %status.at
  %status.own = trunc i64 %status.wide to i32
  %has.failed = icmp ne i32 %status.own, 0
  %none.before = icmp eq i32 %failed, 0
  %is.earliest = and i1 %has.failed, %none.before
  ; 2 asks for a new start, whatever else failed
  %failed.next = call i32 @llvm.umax.i32(i32 %failed, i32 %status.own)
  br i1 %is.earliest, label %say, label %collected
say:
  %said = getelementptr i8, ptr %own, i64 8
  %says = getelementptr i8, ptr %state, i64 8
  call void @llvm.memcpy.p0.p0.i64(ptr %says, ptr %said, i64 32, i1 false)
  br label %collected
collected:
  br label %next
end:
  ret i32 %failed
}}"""

_TEAM = f"""; run a loop of so many turns in so many parts; 0, or the status of a part that has failed
define i32 @{RUN}(ptr %state, ptr %function, ptr %args, i64 %trips, i64 %threads, i64 %count, ptr %results,
                    i64 %words) noinline nounwind {{
entry:
  %job = alloca [{JOB_WORDS} x i64], align 8
  %bytes = mul i64 %count, {PART_BYTES}
  %parts = alloca i8, i64 %bytes, align 8
  store i64 0, ptr %job
  %done.at = getelementptr i8, ptr %job, i64 {DONE_AT}
  store i64 0, ptr %done.at
  %next.at = getelementptr i8, ptr %job, i64 {NEXT_AT}
  store i64 1, ptr %next.at
  %count.at = getelementptr i8, ptr %job, i64 {COUNT_AT}
  store i64 %count, ptr %count.at
  %parts.at = getelementptr i8, ptr %job, i64 {PARTS_AT}
  store ptr %parts, ptr %parts.at
  %may.at = getelementptr i8, ptr %state, i64 {INTERRUPTIBLE_AT}
  %may = load i64, ptr %may.at
  br label %prepare
prepare:
  %k = phi i64 [ 0, %entry ], [ %k.next, %prepare ]
  %k.next = add nuw nsw i64 %k, 1
  %offset = mul i64 %k, {PART_BYTES}
  %part = getelementptr i8, ptr %parts, i64 %offset
  %turns = mul i64 %k, %trips
  %first = udiv i64 %turns, %count
  %turns.next = mul i64 %k.next, %trips
  %last = udiv i64 %turns.next, %count
  %place = mul i64 %k, %words
  %own.results = getelementptr i64, ptr %results, i64 %place
  %part.args = getelementptr i8, ptr %part, i64 8
  %part.first = getelementptr i8, ptr %part, i64 16
  %part.last = getelementptr i8, ptr %part, i64 24
  %part.results = getelementptr i8, ptr %part, i64 32
  %part.job = getelementptr i8, ptr %part, i64 40
  %part.state = getelementptr i8, ptr %part, i64 {STATE_AT}
  store ptr %function, ptr %part
  store ptr %args, ptr %part.args
  store i64 %first, ptr %part.first
  store i64 %last, ptr %part.last
  store ptr %own.results, ptr %part.results
  store ptr %job, ptr %part.job
  call void @llvm.memset.p0.i64(ptr %part.state, i8 0, i64 {STATE_BYTES}, i1 false)
  ; the first part runs in the caller's thread, which may ask for signals
  %is.first = icmp eq i64 %k, 0
  %own.may = select i1 %is.first, i64 %may, i64 0
  %own.may.at = getelementptr i8, ptr %part.state, i64 {INTERRUPTIBLE_AT}
  store i64 %own.may, ptr %own.may.at
  %team.at = getelementptr i8, ptr %part.state, i64 {TEAM_AT}
  store ptr %job, ptr %team.at
  %more = icmp ult i64 %k.next, %count
  br i1 %more, label %prepare, label %prepared
prepared:
  %several = icmp ugt i64 %count, 1
  br i1 %several, label %offer, label %own
offer:
  call void @pg_offer(ptr %job, i64 %threads)
  br label %own
own:
  call void @pg_part_run(ptr %parts)
  br label %others
others:
  %other = call ptr @pg_claim(ptr %job)
  %none = icmp eq ptr %other, null
  br i1 %none, label %begin, label %help
help:
  %other.may.at = getelementptr i8, ptr %other, i64 {STATE_AT + INTERRUPTIBLE_AT}
  store i64 %may, ptr %other.may.at
  call void @pg_part_run(ptr %other)
  br label %others
begin:
  %since = call i64 @pg_clock()
  br label %wait
wait:
  %done = load atomic i64, ptr %done.at acquire, align 8
  %all = icmp eq i64 %done, %count
  br i1 %all, label %collect, label %patient
patient:
  call void @pg_relax()
  %now = call i64 @pg_clock()
  %waited = sub i64 %now, %since
  %long = icmp ugt i64 %waited, {PATIENCE}
  br i1 %long, label %sleep, label %wait
sleep:
  %slept = call i32 @usleep(i32 50)
  %first.state = getelementptr i8, ptr %parts, i64 {STATE_AT}
  %paused = call i64 @pg_pause(ptr %first.state, i64 1)
  %stopped = icmp eq i64 %paused, 0
  br i1 %stopped, label %mark, label %wait
mark:
  %status0.at = getelementptr i8, ptr %parts, i64 48
  store i64 1, ptr %status0.at
  br label %wait
collect:
  %failed = call i32 @pg_collect(ptr %state, ptr %parts, i64 %count)
  ret i32 %failed
}}"""


def team_text() -> str:
    """The module."""
    memory = [ALLOCATION[name][1] for name in ("pg_take_block", "pg_spare")]
    declarations = sorted({*DECLARATIONS, *PAUSE_DECLARATIONS, *MEMBER_DECLARATIONS, *_DECLARATIONS})
    functions = [clock(), PAUSE, relax(), *MEMBERS, _COLLECT, _TEAM]
    return numbered("\n\n".join(["\n".join(declarations), *memory, *functions]))
