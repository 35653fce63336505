"""The threads of this process that run parts of loops: how they find work, wait and sleep (floor 4).

A *job* is a loop that some call has divided: ``{whether to stop, how many parts are done, the next part, how many there
are, parts, the next job}``. A *part* is ``{function, arguments, first and last turn, results, job, status, state}``.
Jobs that have parts left are in a list; who takes the last part of one takes it out. Threads that find nothing to do
look for a tenth of a millisecond and then sleep.
"""

from __future__ import annotations

import platform

from .runtime import STACK_BYTES, STACK_LIMIT_AT, STATE_BYTES

__all__ = [
    "BEGIN",
    "COUNT_AT",
    "DONE_AT",
    "JOB_WORDS",
    "MEMBERS",
    "MEMBER_DECLARATIONS",
    "NEXT_AT",
    "PARTS_AT",
    "PART_BYTES",
    "PATIENCE",
    "STATE_AT",
    "relax",
]

#: The function that leaves the process without a team.
BEGIN = "pg_team_begin"
#: Where a job and a part have what is not at their begin.
DONE_AT, NEXT_AT, COUNT_AT, PARTS_AT, _LINK_AT, JOB_WORDS = 8, 16, 24, 32, 40, 6
STATE_AT = 56
PART_BYTES = STATE_AT + STATE_BYTES
#: For how long threads wait awake, in ticks of the clock: a tenth of a millisecond, or some more.
PATIENCE = 1 << 18

MEMBER_DECLARATIONS = (
    "declare i32 @pthread_create(ptr, ptr, ptr, ptr)",
    "declare i32 @pthread_detach(i64)",
    "declare i32 @pthread_attr_init(ptr)",
    "declare i32 @pthread_attr_setstacksize(ptr, i64)",
    "declare i32 @pthread_attr_destroy(ptr)",
    "declare i32 @pthread_mutex_init(ptr, ptr)",
    "declare i32 @pthread_mutex_lock(ptr)",
    "declare i32 @pthread_mutex_unlock(ptr)",
    "declare i32 @pthread_cond_init(ptr, ptr)",
    "declare i32 @pthread_cond_wait(ptr, ptr)",
    "declare i32 @pthread_cond_broadcast(ptr)",
    "declare ptr @llvm.frameaddress.p0(i32)",
)

_SHARED = f"""; held while any of this changes; the jobs that have parts left; threads that were started, that sleep
@pg_lock = internal global [16 x i64] zeroinitializer, align 16
@pg_wake = internal global [16 x i64] zeroinitializer, align 16
@pg_jobs = internal global ptr null
@pg_members = internal global i64 0
@pg_sleepers = internal global i64 0

; a process begins without a team, and so does one that was forked from another
define void @{BEGIN}() {{
  %lock = call i32 @pthread_mutex_init(ptr @pg_lock, ptr null)
  %wake = call i32 @pthread_cond_init(ptr @pg_wake, ptr null)
  store ptr null, ptr @pg_jobs
  store i64 0, ptr @pg_members
  store i64 0, ptr @pg_sleepers
  ret void
}}"""

_CLAIM = f"""; the next part of a job, or of any job that there is; null where none is left
define internal ptr @pg_claim(ptr %wanted) noinline nounwind {{
entry:
  %locked = call i32 @pthread_mutex_lock(ptr @pg_lock)
  %waiting = load ptr, ptr @pg_jobs
  %any = icmp eq ptr %wanted, null
  %job = select i1 %any, ptr %waiting, ptr %wanted
  %idle = icmp eq ptr %job, null
  br i1 %idle, label %none, label %look
look:
  %next.at = getelementptr i8, ptr %job, i64 {NEXT_AT}
  %next = load i64, ptr %next.at
  %count.at = getelementptr i8, ptr %job, i64 {COUNT_AT}
  %count = load i64, ptr %count.at
  %left = icmp ult i64 %next, %count
  br i1 %left, label %take, label %none
take:
  %following = add i64 %next, 1
  store i64 %following, ptr %next.at
  %parts.at = getelementptr i8, ptr %job, i64 {PARTS_AT}
  %parts = load ptr, ptr %parts.at
  %offset = mul i64 %next, {PART_BYTES}
  %part = getelementptr i8, ptr %parts, i64 %offset
  %last = icmp eq i64 %following, %count
  br i1 %last, label %find, label %done
find:
  ; a job without parts leaves the list
  %at = phi ptr [ @pg_jobs, %take ], [ %link.at, %find.next ]
  %here = load ptr, ptr %at
  %link.at = getelementptr i8, ptr %here, i64 {_LINK_AT}
  %found = icmp eq ptr %here, %job
  br i1 %found, label %unlink, label %find.next
find.next:
  br label %find
unlink:
  %link = load ptr, ptr %link.at
  store atomic ptr %link, ptr %at release, align 8
  br label %done
none:
  %unlocked.none = call i32 @pthread_mutex_unlock(ptr @pg_lock)
  ret ptr null
done:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @pg_lock)
  ret ptr %part
}}"""

_RUN = f"""; run a part, in whatever thread; afterwards the job may be gone
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
  %state = getelementptr i8, ptr %part, i64 {STATE_AT}
  %here = call ptr @llvm.frameaddress.p0(i32 0)
  %here.number = ptrtoint ptr %here to i64
  %limit = sub i64 %here.number, {STACK_BYTES}
  %limit.at = getelementptr i8, ptr %state, i64 {STACK_LIMIT_AT}
  store i64 %limit, ptr %limit.at
  %status = call i32 %function(ptr %state, ptr %args, i64 %first, i64 %last, ptr %results)
  %status.at = getelementptr i8, ptr %part, i64 48
  %status.wide = zext i32 %status to i64
  store i64 %status.wide, ptr %status.at
  %job.at = getelementptr i8, ptr %part, i64 40
  %job = load ptr, ptr %job.at
  %done.at = getelementptr i8, ptr %job, i64 {DONE_AT}
  %before = atomicrmw add ptr %done.at, i64 1 release
  ret void
}}"""

_MEMBER = f"""; what a thread of the team does all its life
define internal ptr @pg_member(ptr %nothing) nounwind {{
entry:
  br label %work
work:
  %part = call ptr @pg_claim(ptr null)
  %none = icmp eq ptr %part, null
  br i1 %none, label %idle, label %run
run:
  call void @pg_part_run(ptr %part)
  br label %work
idle:
  %since = call i64 @pg_clock()
  br label %look
look:
  %job = load atomic ptr, ptr @pg_jobs monotonic, align 8
  %nothing.yet = icmp eq ptr %job, null
  br i1 %nothing.yet, label %wait, label %work
wait:
  call void @pg_relax()
  %now = call i64 @pg_clock()
  %waited = sub i64 %now, %since
  %patient = icmp ult i64 %waited, {PATIENCE}
  br i1 %patient, label %look, label %tired
tired:
  %locked = call i32 @pthread_mutex_lock(ptr @pg_lock)
  br label %check
check:
  %waiting = load ptr, ptr @pg_jobs
  %still.nothing = icmp eq ptr %waiting, null
  br i1 %still.nothing, label %sleep, label %awake
sleep:
  %sleepers = load i64, ptr @pg_sleepers
  %more = add i64 %sleepers, 1
  store i64 %more, ptr @pg_sleepers
  %woken = call i32 @pthread_cond_wait(ptr @pg_wake, ptr @pg_lock)
  %sleepers.then = load i64, ptr @pg_sleepers
  %fewer = sub i64 %sleepers.then, 1
  store i64 %fewer, ptr @pg_sleepers
  br label %check
awake:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @pg_lock)
  br label %work
}}"""

_OFFER = f"""; tell the team of a job; start threads until there are enough beside the caller, wake those that sleep
define internal void @pg_offer(ptr %job, i64 %threads) noinline nounwind {{
entry:
  %attributes = alloca [8 x i64], align 16
  %thread = alloca i64, align 8
  %locked = call i32 @pthread_mutex_lock(ptr @pg_lock)
  br label %enough
enough:
  %members = load i64, ptr @pg_members
  %with.caller = add i64 %members, 1
  %few = icmp ult i64 %with.caller, %threads
  br i1 %few, label %start, label %list
start:
  %made = call i32 @pthread_attr_init(ptr %attributes)
  %sized = call i32 @pthread_attr_setstacksize(ptr %attributes, i64 8388608)
  %refused = call i32 @pthread_create(ptr %thread, ptr %attributes, ptr @pg_member, ptr null)
  %gone = call i32 @pthread_attr_destroy(ptr %attributes)
  %runs = icmp eq i32 %refused, 0
  br i1 %runs, label %started, label %list
started:
  %own = load i64, ptr %thread
  %detached = call i32 @pthread_detach(i64 %own)
  store i64 %with.caller, ptr @pg_members
  br label %enough
list:
  %others = load ptr, ptr @pg_jobs
  %link.at = getelementptr i8, ptr %job, i64 {_LINK_AT}
  store ptr %others, ptr %link.at
  store atomic ptr %job, ptr @pg_jobs release, align 8
  %sleepers = load i64, ptr @pg_sleepers
  %asleep = icmp ne i64 %sleepers, 0
  br i1 %asleep, label %wake, label %end
wake:
  %woken = call i32 @pthread_cond_broadcast(ptr @pg_wake)
  br label %end
end:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @pg_lock)
  ret void
}}"""

MEMBERS = (_SHARED, _CLAIM, _RUN, _MEMBER, _OFFER)


def relax() -> str:
    """Tell the processor that its thread waits for another one."""
    hints = {"x86_64": ("llvm.x86.sse2.pause", ""), "aarch64": ("llvm.aarch64.isb", "i32 15")}
    machine = platform.machine().lower()
    name, operand = hints.get({"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine), ("", ""))
    declared = f"declare void @{name}({operand.split(' ')[0]})\n" if name else ""
    called = f"  call void @{name}({operand})\n" if name else ""
    return f"{declared}define internal void @pg_relax() {{\n{called}  ret void\n}}"
