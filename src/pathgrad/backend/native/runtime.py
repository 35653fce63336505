"""What compiled programs carry with them: memory, growing storage, integer powers (floor 4).

Every array that a program creates lies behind a header of 64 bytes: two links, a count of references and the address
that ``malloc`` gave. The links run through everything that one call has allocated, so that a call that ends in an error
gives all of it back at once. Programs count references only where arrays cross the end of a block; who may write in
place was decided long before (`pathgrad.ir.ownership`).

Small blocks that a call gives up wait in the call's state for the next array of their size: loops make and drop the
same arrays in every iteration. Nobody else touches them, so this takes a third of the time of ``malloc`` and ``free``.

A call's state (``%state``) is ``{first allocation, number of the error's site, three numbers of the error's message,
the address below which the stack may not grow, the times of the last pause and of the last look for signals, whether
signals may end the call, what a team of threads shares, spare blocks by size}``.
"""

from __future__ import annotations

from .polygamma import POLYGAMMA

__all__ = [
    "DECLARATIONS",
    "FUNCTIONS",
    "INTERRUPTIBLE_AT",
    "PAUSED_AT",
    "SPARE_AT",
    "SPARE_COUNT",
    "STACK_BYTES",
    "STACK_LIMIT_AT",
    "STATE",
    "STATE_BYTES",
    "TEAM_AT",
]

#: Spare blocks have 128, 256, ... bytes; the state has the first of each size from here on.
SPARE_COUNT, SPARE_AT = 32, 80
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
    "pg_take_block": (
        (),
        """; memory of at least so many bytes, which begins with its own size; large blocks are used again, because
; new ones cost a page fault for every 4096 bytes
define internal ptr @pg_take_block(i64 %bytes) noinline {
  %large = icmp uge i64 %bytes, 131072
  br i1 %large, label %look, label %new
look:
  br label %next
next:
  %k = phi i64 [ 0, %look ], [ %k.next, %other ]
  %slot = getelementptr ptr, ptr @pg_blocks, i64 %k
  %block = atomicrmw xchg ptr %slot, ptr null acq_rel
  %empty = icmp eq ptr %block, null
  br i1 %empty, label %other, label %found
found:
  %size = load i64, ptr %block
  %enough = icmp uge i64 %size, %bytes
  %limit = shl i64 %bytes, 2
  %near = icmp ule i64 %size, %limit
  %fits = and i1 %enough, %near
  br i1 %fits, label %take, label %back
take:
  ret ptr %block
back:
  call void @pg_give_block(ptr %block)
  br label %other
other:
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, 8
  br i1 %more, label %next, label %new, !llvm.loop !once
new:
  %fresh = call ptr @malloc(i64 %bytes)
  %failed = icmp eq ptr %fresh, null
  br i1 %failed, label %done, label %sized
sized:
  store i64 %bytes, ptr %fresh
  br label %done
done:
  ret ptr %fresh
}

; give memory back: large blocks are kept in a free place, others are freed
define internal void @pg_give_block(ptr %block) noinline {
  %size = load i64, ptr %block
  %large = icmp uge i64 %size, 131072
  %bounded = icmp ule i64 %size, 134217728
  %kept = and i1 %large, %bounded
  br i1 %kept, label %look, label %free
look:
  br label %next
next:
  %k = phi i64 [ 0, %look ], [ %k.next, %other ]
  %slot = getelementptr ptr, ptr @pg_blocks, i64 %k
  %swapped = cmpxchg ptr %slot, ptr null, ptr %block acq_rel monotonic
  %done = extractvalue { ptr, i1 } %swapped, 1
  br i1 %done, label %end, label %other
other:
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, 8
  br i1 %more, label %next, label %free, !llvm.loop !once
free:
  call void @free(ptr %block)
  br label %end
end:
  ret void
}
""",
    ),
    "pg_spare": (
        ("pg_take_block",),
        f"""; memory of at least so many bytes, which begins with its own size: a spare block where there is one
define internal ptr @pg_take_spare(ptr %state, i64 %bytes) {{
  %more = add i64 %bytes, 127
  %rounded = and i64 %more, -128
  %small = icmp ule i64 %rounded, {128 * SPARE_COUNT}
  br i1 %small, label %look, label %large
large:
  %block = call ptr @pg_take_block(i64 %bytes)
  ret ptr %block
look:
  %offset = lshr i64 %rounded, 4
  %place = add i64 %offset, {SPARE_AT - 8}
  %first.at = getelementptr i8, ptr %state, i64 %place
  %first = load ptr, ptr %first.at
  %none = icmp eq ptr %first, null
  br i1 %none, label %new, label %take
take:
  %next.at = getelementptr i8, ptr %first, i64 8
  %next = load ptr, ptr %next.at
  store ptr %next, ptr %first.at
  ret ptr %first
new:
  %fresh = call ptr @pg_take_block(i64 %rounded)
  ret ptr %fresh
}}

; give a block up: small ones become spare
define internal void @pg_give_spare(ptr %state, ptr %block) {{
  %size = load i64, ptr %block
  %small = icmp ule i64 %size, {128 * SPARE_COUNT}
  br i1 %small, label %keep, label %large
large:
  call void @pg_give_block(ptr %block)
  ret void
keep:
  %offset = lshr i64 %size, 4
  %place = add i64 %offset, {SPARE_AT - 8}
  %first.at = getelementptr i8, ptr %state, i64 %place
  %first = load ptr, ptr %first.at
  %next.at = getelementptr i8, ptr %block, i64 8
  store ptr %first, ptr %next.at
  store ptr %block, ptr %first.at
  ret void
}}

; give all spare blocks back
define internal void @pg_free_spare(ptr %state) noinline {{
entry:
  %spare = getelementptr i8, ptr %state, i64 {SPARE_AT}
  br label %size
size:
  %k = phi i64 [ 0, %entry ], [ %k.next, %empty ]
  %first.at = getelementptr [{SPARE_COUNT} x ptr], ptr %spare, i64 0, i64 %k
  br label %next
next:
  %block = load ptr, ptr %first.at
  %none = icmp eq ptr %block, null
  br i1 %none, label %empty, label %one
one:
  %next.at = getelementptr i8, ptr %block, i64 8
  %after = load ptr, ptr %next.at
  store ptr %after, ptr %first.at
  call void @free(ptr %block)
  br label %next
empty:
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, {SPARE_COUNT}
  br i1 %more, label %size, label %done, !llvm.loop !once
done:
  ret void
}}
""",
    ),
    "pg_allocate": (
        ("pg_spare",),
        """; a new array of so many bytes with one reference, or null; aligned to a cache line
define internal noalias ptr @pg_allocate(ptr %state, i64 %bytes) noinline {
  %large = icmp ugt i64 %bytes, 281474976710656
  br i1 %large, label %none, label %try
try:
  %whole = add i64 %bytes, 192
  %raw = call ptr @pg_take_spare(ptr %state, i64 %whole)
  %failed = icmp eq ptr %raw, null
  br i1 %failed, label %none, label %link
none:
  ret ptr null
link:
  %address = ptrtoint ptr %raw to i64
  %after = add i64 %address, 191
  %aligned = and i64 %after, -64
  %data = inttoptr i64 %aligned to ptr
  %header = getelementptr i8, ptr %data, i64 -64
  %first = load ptr, ptr %state
  store ptr null, ptr %header
  %next = getelementptr i8, ptr %header, i64 8
  store ptr %first, ptr %next
  %count = getelementptr i8, ptr %header, i64 16
  store i64 1, ptr %count
  %origin = getelementptr i8, ptr %header, i64 24
  store ptr %raw, ptr %origin
  store ptr %header, ptr %state
  %alone = icmp eq ptr %first, null
  br i1 %alone, label %done, label %back
back:
  store ptr %header, ptr %first
  br label %done
done:
  ret ptr %data
}
""",
    ),
    "pg_unlink": (
        ("pg_spare",),
        """; take an allocation out of the call's chain; the address that malloc gave
define internal ptr @pg_unlink(ptr %state, ptr %data) {
  %header = getelementptr i8, ptr %data, i64 -64
  %before = load ptr, ptr %header
  %next.at = getelementptr i8, ptr %header, i64 8
  %after = load ptr, ptr %next.at
  %origin = getelementptr i8, ptr %header, i64 24
  %raw = load ptr, ptr %origin
  %head = icmp eq ptr %before, null
  %before.next = getelementptr i8, ptr %before, i64 8
  %place = select i1 %head, ptr %state, ptr %before.next
  store ptr %after, ptr %place
  %last = icmp eq ptr %after, null
  br i1 %last, label %done, label %back
back:
  store ptr %before, ptr %after
  br label %done
done:
  ret ptr %raw
}
""",
    ),
    "pg_detach": (
        ("pg_unlink",),
        """; give up a reference; the address that malloc gave if it was the last one, otherwise null
define internal ptr @pg_detach(ptr %state, ptr %data) {
  %borrowed = icmp eq ptr %data, null
  br i1 %borrowed, label %none, label %owned
owned:
  %count.at = getelementptr i8, ptr %data, i64 -48
  %count = load i64, ptr %count.at
  %less = sub i64 %count, 1
  store i64 %less, ptr %count.at
  %unused = icmp eq i64 %less, 0
  br i1 %unused, label %last, label %none
last:
  %raw = call ptr @pg_unlink(ptr %state, ptr %data)
  ret ptr %raw
none:
  ret ptr null
}
""",
    ),
    "pg_release": (
        ("pg_unlink",),
        """; one reference less; the last one frees
define internal void @pg_release(ptr %state, ptr %data) noinline {
  %borrowed = icmp eq ptr %data, null
  br i1 %borrowed, label %done, label %owned
owned:
  %count.at = getelementptr i8, ptr %data, i64 -48
  %count = load i64, ptr %count.at
  %less = sub i64 %count, 1
  store i64 %less, ptr %count.at
  %unused = icmp eq i64 %less, 0
  br i1 %unused, label %last, label %done
last:
  %raw = call ptr @pg_unlink(ptr %state, ptr %data)
  call void @pg_give_spare(ptr %state, ptr %raw)
  br label %done
done:
  ret void
}
""",
    ),
    "pg_retain": (
        (),
        """; one reference more
define internal void @pg_retain(ptr %data) {
  %borrowed = icmp eq ptr %data, null
  br i1 %borrowed, label %done, label %owned
owned:
  %count.at = getelementptr i8, ptr %data, i64 -48
  %count = load i64, ptr %count.at
  %more = add i64 %count, 1
  store i64 %more, ptr %count.at
  br label %done
done:
  ret void
}
""",
    ),
    "pg_release_all": (
        ("pg_spare",),
        """; free everything that a call has allocated
define internal void @pg_release_all(ptr %state) noinline optnone {
  br label %next
next:
  %header = load ptr, ptr %state
  %none = icmp eq ptr %header, null
  br i1 %none, label %done, label %one
one:
  %next.at = getelementptr i8, ptr %header, i64 8
  %after = load ptr, ptr %next.at
  store ptr %after, ptr %state
  %origin = getelementptr i8, ptr %header, i64 24
  %raw = load ptr, ptr %origin
  call void @pg_give_block(ptr %raw)
  br label %next
done:
  call void @pg_free_spare(ptr %state)
  ret void
}
""",
    ),
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
