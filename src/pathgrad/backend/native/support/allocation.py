"""Memory of compiled programs: blocks, references, what is used again (floor 4).

Every array that a program creates lies behind a header of 64 bytes: two links, a count of references and the address
that ``malloc`` gave. The links run through everything that one call has allocated, so that a call that ends in an error
gives all of it back at once. Programs count references only where arrays cross the end of a block; who may write in
place was decided long before (`pathgrad.ir.ownership`).

Small blocks that a call gives up wait in the call's state for the next array of their size: loops make and drop the
same arrays in every iteration. Nobody else touches them, so this takes a third of the time of ``malloc`` and ``free``.
"""

from __future__ import annotations

__all__ = ["ALLOCATION", "SPARE_AT", "SPARE_COUNT"]

#: Spare blocks have 128, 256, ... bytes; a call's state has the first of each size from here on.
SPARE_COUNT, SPARE_AT = 32, 80

#: Name to the names that it uses and its text.
ALLOCATION: dict[str, tuple[tuple[str, ...], str]] = {
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
        ("pg_detach",),
        """; one reference less; the last one frees
define internal void @pg_release(ptr %state, ptr %data) noinline {
  %raw = call ptr @pg_detach(ptr %state, ptr %data)
  %kept = icmp eq ptr %raw, null
  br i1 %kept, label %done, label %last
last:
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
}
