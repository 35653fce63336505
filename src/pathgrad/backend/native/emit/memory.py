"""Arrays in memory: allocated, filled, read, written, copied (floor 4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from ....errors import NativeUnsupported
from ....ir import Var
from .module import memory_type
from .scratch import Scratch
from .values import Owned, Splat, View
from .writer import SIZES, number
from .writing import Writing

__all__ = ["Memory"]

_TOO_MANY = 2**63 - 1


class Memory(Writing):
    """A function that has arrays."""

    def allocate(self, dtype: str, dims: Sequence[str], target: Var | None = None) -> View:
        """A new array; its block holds the reference."""
        dims = tuple(map(self.canonical, dims))
        if any(n.startswith("-") for n in dims):
            raise NativeUnsupported("an array of negative length")
        size = str(math.prod(int(n) for n in dims)) if all(n.isdigit() for n in dims) else ""
        if size.isdigit() and target in self.stack.arrays and int(size) <= 64:
            data = self.w.slot(f"[{max(int(size), 1)} x {memory_type(dtype)}]")
            owner = Owned(data, on_stack=True)
        else:
            scratch = self._scratch(dims) if target in self.stack.local else None
            if scratch is None:
                bytes_ = self._bytes(dims, SIZES[dtype])
                owner = self._allocated(bytes_)
            else:
                owner, bytes_ = self._reused(scratch, dtype, dims)
            data = owner.handle
            self.owned.append(owner)
            if self.module.options.poison:
                self.w.effect(f"call void @llvm.memset.p0.i64(ptr {data}, i8 -1, i64 {bytes_}, i1 false)")
        return View(dtype, data, tuple(dims), self.steps(dims), owner, True)

    def _allocated(self, bytes_: str) -> Owned:
        data = self.helper("pg_allocate", "noalias ptr", ["ptr %state", f"i64 {bytes_}"])
        self.check(self.w.compare("ne", data, "null", "ptr"), "memory", "{0} bytes cannot be allocated", [bytes_])
        return Owned(data)

    def _scratch(self, dims: Sequence[str]) -> Scratch | None:
        """The outermost loop before which storage of these lengths can be made."""
        return next((scratch for scratch in self.scratches if scratch.has(dims)), None)

    def _reused(self, scratch: Scratch, dtype: str, dims: Sequence[str]) -> tuple[Owned, str]:
        """Storage that a loop has for all its turns, and its bytes."""
        spare = scratch.spare.setdefault((str(SIZES[dtype]), *dims), [])
        if not spare:
            with scratch:
                bytes_ = self.w.select(scratch.runs, self._bytes(dims, SIZES[dtype]), "0")
                made = self._allocated(bytes_)
            scratch.owned.append(made)
            spare.append((made.handle, bytes_))
        data, bytes_ = spare.pop()
        return Owned(data, on_stack=True, spare=(spare, bytes_)), bytes_

    def _bytes(self, dims: Sequence[str], element: int) -> str:
        """The bytes of an array; more than there can be where the product does not fit into 64 bits."""
        known = math.prod([element, *(int(n) for n in dims if n.isdigit())])
        factors = [n for n in dims if not n.isdigit()]
        if not factors or known > _TOO_MANY:
            return str(min(known, _TOO_MANY))
        self.module.declare("declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)")
        total, over = factors[0], []
        for n in [*factors[1:], str(known)]:
            both = self.w.value(f"call {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64 {total}, i64 {n})")
            total = self.w.value(f"extractvalue {{ i64, i1 }} {both}, 0")
            over.append(self.w.value(f"extractvalue {{ i64, i1 }} {both}, 1"))
        any_over = over[0]
        for one in over[1:]:
            any_over = self.w.value(f"or i1 {any_over}, {one}")
        return self.w.select(any_over, str(_TOO_MANY), total)

    def steps(self, dims: Sequence[str]) -> tuple[str, ...]:
        """The strides of a C-contiguous array."""
        strides: list[str] = []
        step = "1"
        for n in reversed(dims):
            strides.append(step)
            step = self.w.multiply(step, n)
        return tuple(reversed(strides))

    def size(self, dims: Iterable[str]) -> str:
        """The number of elements."""
        total = "1"
        for n in dims:
            total = self.w.multiply(total, n)
        return total

    def fill(self, value: Splat, target: Var | None = None) -> View:
        """An array in memory for one number."""
        view = self.allocate(value.dtype, value.dims, target)
        self.set_all(view, value.value)
        return view

    def set_all(self, view: View, value: str) -> None:
        """Write one number to every element of a contiguous array."""
        zero = value in ("0", "false", number(0.0, "f64"))
        if zero and view.contiguous:
            bytes_ = self.w.multiply(self.size(view.dims), str(SIZES[view.dtype]))
            self.module.uses_helper("pg_allocate")
            self.w.effect(f"call void @llvm.memset.p0.i64(ptr {view.data}, i8 0, i64 {bytes_}, i1 false)")
            return
        self.for_each(view.dims, lambda index: self.put(view, index, value), flat=view.contiguous)

    def for_each(
        self, dims: Sequence[str], body: Callable[[Sequence[str]], None], flat: bool = False, once: bool = True
    ) -> None:
        """A nest of loops over an index space; one loop over all elements if the index is not needed."""
        if flat and len(dims) > 1:

            def each(k: str, _: list[str]) -> list[str]:
                body(["0"] * (len(dims) - 1) + [k])
                return []

            self.w.counted(self.size(dims), [], each, "fill", once)
            return
        if not dims:
            body([])
            return
        self._nest(list(dims), [], body, once)

    def _nest(self, dims: list[str], index: list[str], body: Callable[[Sequence[str]], None], once: bool) -> None:
        def inside(k: str, _: list[str]) -> list[str]:
            if len(dims) == 1:
                body([*index, k])
            else:
                self._nest(dims[1:], [*index, k], body, once)
            return []

        self.w.counted(dims[0], [], inside, "nest", once=once)

    def address(self, view: View, index: Sequence[str]) -> str:
        """The address of an element."""
        offset = "0"
        for k, step in zip(index, view.strides, strict=True):
            offset = self.w.add(offset, self.w.multiply(k, step))
        if offset == "0":
            return view.data
        return self.w.value(f"getelementptr inbounds {memory_type(view.dtype)}, ptr {view.data}, i64 {offset}")

    def get(self, view: View, index: Sequence[str]) -> str:
        """Read an element."""
        value = self.w.value(f"load {memory_type(view.dtype)}, ptr {self.address(view, index)}")
        return self.w.value(f"trunc i8 {value} to i1") if view.dtype == "bool" else value

    def put(self, view: View, index: Sequence[str], value: str) -> None:
        """Write an element."""
        at = self.address(view, index)
        if view.dtype == "bool":
            value = self.w.value(f"zext i1 {value} to i8")
        self.w.effect(f"store {memory_type(view.dtype)} {value}, ptr {at}")

    def copy_into(self, target: View, source: View) -> None:
        """Copy all elements between arrays of one shape and dtype."""
        if target.contiguous and source.contiguous:
            bytes_ = self.w.multiply(self.size(target.dims), str(SIZES[target.dtype]))
            self.module.uses_helper("pg_allocate")
            self.w.effect(
                f"call void @llvm.memcpy.p0.p0.i64(ptr {target.data}, ptr {source.data}, i64 {bytes_}, i1 false)"
            )
            return
        self.for_each(target.dims, lambda index: self.put(target, index, self.get(source, index)))

    def contiguous(self, view: View, target: Var | None = None) -> View:
        """The array itself where it is C-contiguous, otherwise a copy."""
        if view.contiguous:
            return view
        copied = self.allocate(view.dtype, view.dims, target)
        self.copy_into(copied, view)
        return copied
