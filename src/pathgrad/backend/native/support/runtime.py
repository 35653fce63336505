"""What compiled programs carry with them: memory (`allocation`), growing storage, failures, integer powers (floor 4).

A call's state (``%state``) is ``{first allocation, number of the error's site, three numbers of the error's message,
the address below which the stack may not grow, the times of the last pause and of the last look for signals, whether
signals may end the call, what a team of threads shares, spare blocks by size}``.
"""

from __future__ import annotations

from .allocation import ALLOCATION, SPARE_AT, SPARE_COUNT
from .polygamma import POLYGAMMA

__all__ = [
    "DECLARATIONS",
    "FUNCTIONS",
    "INTERRUPTIBLE_AT",
    "PAUSED_AT",
    "STACK_BYTES",
    "STACK_LIMIT_AT",
    "STATE",
    "STATE_BYTES",
    "TEAM_AT",
]

STATE = f"{{ ptr, i64, i64, i64, i64, i64, i64, i64, i64, ptr, [{SPARE_COUNT} x ptr] }}"
STATE_BYTES = SPARE_AT + 8 * SPARE_COUNT
#: Bytes of stack that one call may take, and where the state keeps the address at which they end.
STACK_BYTES = 3 << 20
STACK_LIMIT_AT = 40
#: Where the state keeps the times of the last pause and look for signals, whether signals end the call, and the team.
PAUSED_AT, INTERRUPTIBLE_AT, TEAM_AT = 48, 64, 72

DECLARATIONS = (
    "declare noalias ptr @malloc(i64)",
    "@pg_blocks = external global [8 x ptr]",
    "declare void @free(ptr)",
    "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
    "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
)

#: Name to the names that it uses and its text.
FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    **ALLOCATION,
    "pg_fail": (
        (),
        """; what failed: the number of its place, and numbers for the message
define internal void @pg_fail(ptr %state, i64 %site, i64 %a, i64 %b, i64 %c) cold noinline optnone nounwind {
  %site.at = getelementptr i8, ptr %state, i64 8
  store i64 %site, ptr %site.at
  %a.at = getelementptr i8, ptr %state, i64 16
  store i64 %a, ptr %a.at
  %b.at = getelementptr i8, ptr %state, i64 24
  store i64 %b, ptr %b.at
  %c.at = getelementptr i8, ptr %state, i64 32
  store i64 %c, ptr %c.at
  ret void
}
""",
    ),
    "pg_list_new": (
        ("pg_allocate",),
        """; an empty list: { elements, count, capacity }
define internal ptr @pg_list_new(ptr %state) noinline {
  %list = call ptr @pg_allocate(ptr %state, i64 24)
  %failed = icmp eq ptr %list, null
  br i1 %failed, label %done, label %fill
fill:
  call void @llvm.memset.p0.i64(ptr %list, i8 0, i64 24, i1 false)
  br label %done
done:
  ret ptr %list
}
""",
    ),
    "pg_list_push": (
        ("pg_allocate", "pg_release"),
        """; room for one more element of so many bytes, or null
define internal ptr @pg_list_push(ptr %state, ptr %list, i64 %bytes) {
  %count.at = getelementptr i8, ptr %list, i64 8
  %capacity.at = getelementptr i8, ptr %list, i64 16
  %count = load i64, ptr %count.at
  %capacity = load i64, ptr %capacity.at
  %full = icmp eq i64 %count, %capacity
  br i1 %full, label %grow, label %room
grow:
  %ok = call i1 @pg_list_grow(ptr %state, ptr %list, i64 %bytes)
  br i1 %ok, label %room, label %none
none:
  ret ptr null
room:
  %data = load ptr, ptr %list
  %offset = mul i64 %count, %bytes
  %slot = getelementptr i8, ptr %data, i64 %offset
  %more = add i64 %count, 1
  store i64 %more, ptr %count.at
  ret ptr %slot
}

define internal i1 @pg_list_grow(ptr %state, ptr %list, i64 %bytes) noinline cold {
  %capacity.at = getelementptr i8, ptr %list, i64 16
  %capacity = load i64, ptr %capacity.at
  %half = lshr i64 %capacity, 1
  %half.more = add i64 %half, 16
  %larger = add i64 %capacity, %half.more
  %size = mul i64 %larger, %bytes
  %new = call ptr @pg_allocate(ptr %state, i64 %size)
  %failed = icmp eq ptr %new, null
  br i1 %failed, label %none, label %move
none:
  ret i1 false
move:
  %old = load ptr, ptr %list
  %used = mul i64 %capacity, %bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %new, ptr %old, i64 %used, i1 false)
  call void @pg_release(ptr %state, ptr %old)
  store ptr %new, ptr %list
  store i64 %larger, ptr %capacity.at
  ret i1 true
}
""",
    ),
    "pg_power_i64": (
        (),
        """; integer power by squaring; 0 for negative exponents of numbers beyond 1
define internal i64 @pg_power_i64(i64 %base, i64 %exponent) {
entry:
  %negative = icmp slt i64 %exponent, 0
  br i1 %negative, label %inverse, label %next
inverse:
  %odd.exponent = and i64 %exponent, 1
  %is.odd = icmp ne i64 %odd.exponent, 0
  %is.one = icmp eq i64 %base, 1
  %is.minus = icmp eq i64 %base, -1
  %sign = select i1 %is.odd, i64 -1, i64 1
  %units = select i1 %is.minus, i64 %sign, i64 0
  %result.inverse = select i1 %is.one, i64 1, i64 %units
  ret i64 %result.inverse
next:
  %b = phi i64 [ %base, %entry ], [ %square, %next.body ]
  %e = phi i64 [ %exponent, %entry ], [ %half, %next.body ]
  %r = phi i64 [ 1, %entry ], [ %r.next, %next.body ]
  %done = icmp eq i64 %e, 0
  br i1 %done, label %out, label %next.body
next.body:
  %bit = and i64 %e, 1
  %odd = icmp ne i64 %bit, 0
  %product = mul i64 %r, %b
  %r.next = select i1 %odd, i64 %product, i64 %r
  %square = mul i64 %b, %b
  %half = lshr i64 %e, 1
  br label %next
out:
  ret i64 %r
}
""",
    ),
    "pg_polygamma": ((), POLYGAMMA),
    "pg_remainder": (
        (),
        """; the remainder with the divisor's sign
define internal double @pg_remainder(double %a, double %b) {
  %mod = frem double %a, %b
  %zero = fcmp oeq double %mod, 0.0
  br i1 %zero, label %exact, label %rest
exact:
  %signed = call double @llvm.copysign.f64(double 0.0, double %b)
  ret double %signed
rest:
  %negative = fcmp olt double %b, 0.0
  %mod.negative = fcmp olt double %mod, 0.0
  %differ = xor i1 %negative, %mod.negative
  %moved = fadd double %mod, %b
  %known = fcmp ord double %mod, %b
  %adjust = and i1 %differ, %known
  %result = select i1 %adjust, double %moved, double %mod
  ret double %result
}
""",
    ),
    "pg_floor_divide": (
        ("pg_remainder",),
        """; the quotient towards minus infinity, as NumPy rounds it
define internal double @pg_floor_divide(double %a, double %b) {
  %by.zero = fcmp oeq double %b, 0.0
  br i1 %by.zero, label %infinite, label %finite
infinite:
  %plain = fdiv double %a, %b
  ret double %plain
finite:
  %mod = frem double %a, %b
  %difference = fsub double %a, %mod
  %quotient = fdiv double %difference, %b
  %nonzero = fcmp one double %mod, 0.0
  %negative = fcmp olt double %b, 0.0
  %mod.negative = fcmp olt double %mod, 0.0
  %differ = xor i1 %negative, %mod.negative
  %adjust = and i1 %nonzero, %differ
  %less = fsub double %quotient, 1.0
  %adjusted = select i1 %adjust, double %less, double %quotient
  %floor = call double @llvm.floor.f64(double %adjusted)
  %apart = fsub double %adjusted, %floor
  %up = fcmp ogt double %apart, 0.5
  %floor.more = fadd double %floor, 1.0
  %rounded = select i1 %up, double %floor.more, double %floor
  %is.zero = fcmp oeq double %adjusted, 0.0
  %ratio = fdiv double %a, %b
  %signed = call double @llvm.copysign.f64(double 0.0, double %ratio)
  %result = select i1 %is.zero, double %signed, double %rounded
  ret double %result
}
""",
    ),
}
