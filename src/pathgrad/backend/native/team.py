"""Threads for one loop: started, watched and joined (floor 4).

A team lives as long as one loop: nothing stays behind, so that forks and other Python threads meet nothing of it. The
calling thread runs the first part itself; a thread that cannot be started leaves its part to the caller. Each part has
a call's state of its own, whose allocations go to the caller's in the end. Of several parts that fail the first in the
order of the iterations counts. While it waits the caller still looks for signals, and stops the others.
"""

from __future__ import annotations

import os

from .runtime import INTERRUPTIBLE_AT, STACK_BYTES, STACK_LIMIT_AT, STATE_BYTES, TEAM_AT

__all__ = ["TEAM", "TEAM_DECLARATIONS", "thread_count"]

#: A part: function, arguments, first and last turn, results, shared counters, status, thread, whether it runs, state.
_STATE_AT = 72
_PART = _STATE_AT + STATE_BYTES


def thread_count(wanted: int) -> int:
    """How many threads to use: the number wanted, or as many as there are processors for this process."""
    if wanted:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


TEAM_DECLARATIONS = (
    "@pg_threads = external global i8",
    "declare i32 @pthread_create(ptr, ptr, ptr, ptr)",
    "declare i32 @pthread_join(i64, ptr)",
    "declare i32 @pthread_attr_init(ptr)",
    "declare i32 @pthread_attr_setstacksize(ptr, i64)",
    "declare i32 @pthread_attr_destroy(ptr)",
    "declare i32 @usleep(i32)",
    "declare i32 @llvm.umax.i32(i32, i32)",
    "declare ptr @llvm.frameaddress.p0(i32)",
)

TEAM = f"""; one part of a loop, in whatever thread
define internal void @pg_part_run(ptr %part) noinline nounwind {{
  %function = load ptr, ptr %part
  %args.at = getelementptr i8, ptr %part, i64 8
  %args = load ptr, ptr %args.at
  %first.at = getelementptr i8, ptr %part, i64 16
  %first = load i64, ptr %first.at
  %last.at = getelementptr i8, ptr %part, i64 24
  %last = load i64, ptr %last.at
  %results.at = getelementptr i8, ptr %part, i64 32
  %results = load ptr, ptr %results.at
  %state = getelementptr i8, ptr %part, i64 {_STATE_AT}
  %here = call ptr @llvm.frameaddress.p0(i32 0)
  %here.number = ptrtoint ptr %here to i64
  %limit = sub i64 %here.number, {STACK_BYTES}
  %limit.at = getelementptr i8, ptr %state, i64 {STACK_LIMIT_AT}
  store i64 %limit, ptr %limit.at
  %status = call i32 %function(ptr %state, ptr %args, i64 %first, i64 %last, ptr %results)
  %status.at = getelementptr i8, ptr %part, i64 48
  %status.wide = zext i32 %status to i64
  store i64 %status.wide, ptr %status.at
  %shared.at = getelementptr i8, ptr %part, i64 40
  %shared = load ptr, ptr %shared.at
  %done.at = getelementptr i8, ptr %shared, i64 8
  %before = atomicrmw add ptr %done.at, i64 1 release
  ret void
}}

define internal ptr @pg_part_thread(ptr %part) nounwind {{
  call void @pg_part_run(ptr %part)
  ret ptr null
}}

; run a loop of so many turns on so many threads; 0, or the status of a part that has failed
define internal i32 @pg_team(ptr %state, ptr %function, ptr %args, i64 %trips, i64 %count, ptr %results, i64 %words)
    noinline nounwind {{
entry:
  ; whether to stop, how many parts are done
  %shared = alloca [2 x i64], align 8
  %attributes = alloca [8 x i64], align 16
  %bytes = mul i64 %count, {_PART}
  %parts = alloca i8, i64 %bytes, align 8
  store i64 0, ptr %shared
  %done.at = getelementptr i8, ptr %shared, i64 8
  store i64 0, ptr %done.at
  %may.at = getelementptr i8, ptr %state, i64 {INTERRUPTIBLE_AT}
  %may = load i64, ptr %may.at
  br label %prepare
prepare:
  %k = phi i64 [ 0, %entry ], [ %k.next, %prepare ]
  %k.next = add nuw nsw i64 %k, 1
  %offset = mul i64 %k, {_PART}
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
  %part.shared = getelementptr i8, ptr %part, i64 40
  %part.running = getelementptr i8, ptr %part, i64 64
  %part.state = getelementptr i8, ptr %part, i64 {_STATE_AT}
  store ptr %function, ptr %part
  store ptr %args, ptr %part.args
  store i64 %first, ptr %part.first
  store i64 %last, ptr %part.last
  store ptr %own.results, ptr %part.results
  store ptr %shared, ptr %part.shared
  store i64 0, ptr %part.running
  call void @llvm.memset.p0.i64(ptr %part.state, i8 0, i64 {STATE_BYTES}, i1 false)
  %is.first = icmp eq i64 %k, 0
  %own.may = select i1 %is.first, i64 %may, i64 0
  %own.may.at = getelementptr i8, ptr %part.state, i64 {INTERRUPTIBLE_AT}
  store i64 %own.may, ptr %own.may.at
  %team.at = getelementptr i8, ptr %part.state, i64 {TEAM_AT}
  store ptr %shared, ptr %team.at
  %more = icmp ult i64 %k.next, %count
  br i1 %more, label %prepare, label %start
start:
  %made = call i32 @pthread_attr_init(ptr %attributes)
  %sized = call i32 @pthread_attr_setstacksize(ptr %attributes, i64 8388608)
  br label %create
create:
  %c = phi i64 [ 1, %start ], [ %c.next, %created ]
  %creating = icmp ult i64 %c, %count
  br i1 %creating, label %one, label %own
one:
  %c.next = add nuw nsw i64 %c, 1
  %c.offset = mul i64 %c, {_PART}
  %c.part = getelementptr i8, ptr %parts, i64 %c.offset
  %thread.at = getelementptr i8, ptr %c.part, i64 56
  %refused = call i32 @pthread_create(ptr %thread.at, ptr %attributes, ptr @pg_part_thread, ptr %c.part)
  %runs = icmp eq i32 %refused, 0
  %runs.wide = zext i1 %runs to i64
  %running.at = getelementptr i8, ptr %c.part, i64 64
  store i64 %runs.wide, ptr %running.at
  br label %created
created:
  br label %create
own:
  %gone = call i32 @pthread_attr_destroy(ptr %attributes)
  call void @pg_part_run(ptr %parts)
  br label %rest
rest:
  %r = phi i64 [ 1, %own ], [ %r.next, %rest.next ]
  %left = icmp ult i64 %r, %count
  br i1 %left, label %rest.one, label %wait
rest.one:
  %r.next = add nuw nsw i64 %r, 1
  %r.offset = mul i64 %r, {_PART}
  %r.part = getelementptr i8, ptr %parts, i64 %r.offset
  %r.running.at = getelementptr i8, ptr %r.part, i64 64
  %r.running = load i64, ptr %r.running.at
  %r.runs = icmp ne i64 %r.running, 0
  br i1 %r.runs, label %rest.next, label %rest.run
rest.run:
  call void @pg_part_run(ptr %r.part)
  br label %rest.next
rest.next:
  br label %rest
wait:
  %w = phi i64 [ 0, %rest ], [ %w.next, %again ]
  %w.next = add i64 %w, 1
  %done = load atomic i64, ptr %done.at acquire, align 8
  %all = icmp eq i64 %done, %count
  br i1 %all, label %join, label %patient
patient:
  %long = icmp ugt i64 %w, 20000
  br i1 %long, label %sleep, label %again
sleep:
  %slept = call i32 @usleep(i32 100)
  %first.state = getelementptr i8, ptr %parts, i64 {_STATE_AT}
  %paused = call i64 @pg_pause(ptr %first.state, i64 1)
  %stopped = icmp eq i64 %paused, 0
  br i1 %stopped, label %mark, label %again
mark:
  %status0.at = getelementptr i8, ptr %parts, i64 48
  store i64 1, ptr %status0.at
  br label %again
again:
  br label %wait
join:
  br label %collect
collect:
  %j = phi i64 [ 0, %join ], [ %j.next, %collected ]
  %failed = phi i32 [ 0, %join ], [ %failed.next, %collected ]
  %joining = icmp ult i64 %j, %count
  br i1 %joining, label %collect.one, label %end
collect.one:
  %j.next = add nuw nsw i64 %j, 1
  %j.offset = mul i64 %j, {_PART}
  %j.part = getelementptr i8, ptr %parts, i64 %j.offset
  %j.running.at = getelementptr i8, ptr %j.part, i64 64
  %j.running = load i64, ptr %j.running.at
  %j.runs = icmp ne i64 %j.running, 0
  br i1 %j.runs, label %collect.join, label %collect.chain
collect.join:
  %j.thread.at = getelementptr i8, ptr %j.part, i64 56
  %j.thread = load i64, ptr %j.thread.at
  %joined = call i32 @pthread_join(i64 %j.thread, ptr null)
  br label %collect.chain
collect.chain:
  ; its allocations become the caller's
  %j.state = getelementptr i8, ptr %j.part, i64 {_STATE_AT}
  call void @pg_free_spare(ptr %j.state)
  %head = load ptr, ptr %j.state
  %empty = icmp eq ptr %head, null
  br i1 %empty, label %collect.status, label %tail
tail:
  %t = phi ptr [ %head, %collect.chain ], [ %t.next, %tail ]
  %t.next.at = getelementptr i8, ptr %t, i64 8
  %t.next = load ptr, ptr %t.next.at
  %t.last = icmp eq ptr %t.next, null
  br i1 %t.last, label %splice, label %tail
splice:
  %mine = load ptr, ptr %state
  store ptr %mine, ptr %t.next.at
  store ptr %head, ptr %state
  %none = icmp eq ptr %mine, null
  br i1 %none, label %collect.status, label %back
back:
  store ptr %t, ptr %mine
  br label %collect.status
collect.status:
  %j.status.at = getelementptr i8, ptr %j.part, i64 48
  %j.status = load i64, ptr %j.status.at
  %j.failed = icmp ne i64 %j.status, 0
  %none.before = icmp eq i32 %failed, 0
  %is.earliest = and i1 %j.failed, %none.before
  ; 2 asks for a new start, whatever else failed
  %j.status.narrow = trunc i64 %j.status to i32
  %failed.next = call i32 @llvm.umax.i32(i32 %failed, i32 %j.status.narrow)
  br i1 %is.earliest, label %say, label %collected
say:
  %said = getelementptr i8, ptr %j.state, i64 8
  %says = getelementptr i8, ptr %state, i64 8
  call void @llvm.memcpy.p0.p0.i64(ptr %says, ptr %said, i64 32, i1 false)
  br label %collected
collected:
  br label %collect
end:
  ret i32 %failed
}}"""
