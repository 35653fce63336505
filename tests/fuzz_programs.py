"""Random programs: loops, branches, early exits, arrays, views, writes in place, growing lists, calls, recursion.

Floats are small multiples of 1/8, so that sums are exact in every order and results can be compared bit by bit:
whatever could leave that set is clipped and rounded back. Positions are sometimes outside, lengths sometimes 0.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from random import Random
from typing import Any

import numpy as np

from pathgrad.errors import PathgradError
from pathgrad.ir import (
    Atom,
    Block,
    Branch,
    Builder,
    Call,
    Const,
    ListType,
    Loop,
    Origin,
    Parameter,
    Program,
    Type,
    Var,
    While,
    check,
)
from pathgrad.ir.ownership import place_copies
from pathgrad.ir.types import array
from pathgrad.ops import TABLE, Index, Integer, NewAxis, Slice

__all__ = ["arguments_for", "random_program"]

F64, I64, BOOL = Type("f64"), Type("i64"), Type("bool")
LENGTHS = (("length", 0), ("length", 1))
FLOAT_VALUES = (0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 7.125, -0.125, 64.0)

TAMED_UNARY = ("sin", "tanh", "exp", "sqrt", "square", "reciprocal", "expm1", "sigmoid", "cos")
EXACT_UNARY = ("negative", "absolute", "floor", "ceil", "rint", "trunc", "sign", "relu", "positive")
TAMED_BINARY = ("multiply", "divide", "extend", "add", "subtract", "remainder", "floor_divide", "power")
EXACT_BINARY = ("maximum", "minimum")
COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
INTEGER_BINARY = ("add", "subtract", "multiply", "remainder", "floor_divide", "maximum", "minimum")


class Maker:
    """Writes one program at random."""

    def __init__(self, random: Random, name: str, helpers: list[Program], depth: int = 3) -> None:
        self.random = random
        self.name = name
        self.helpers = helpers
        self.depth = depth
        self.b = Builder()
        self.scope: list[Atom] = []
        self.budget = random.randint(6, 22)

    # ---- choices -----------------------------------------------------------------------------------------------------
    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def of(self, wanted: Callable[[Any], bool]) -> list[Atom]:
        return [a for a in self.scope if wanted(a.type)]

    def one(self, wanted: Callable[[Any], bool]) -> Atom | None:
        found = self.of(wanted)
        # what was made last is read most
        return found[-1 - int(len(found) * self.random.random() ** 2)] if found else None

    def float(self) -> Any:
        found = self.one(lambda t: t == F64)
        return self.random.choice(FLOAT_VALUES) if found is None or self.chance(0.2) else found

    def integer(self) -> Any:
        found = self.one(lambda t: t == I64)
        return self.random.randint(-3, 6) if found is None or self.chance(0.4) else found

    def truth(self) -> Any:
        found = self.one(lambda t: t == BOOL)
        if found is None or self.chance(0.6):
            a, b = (self.float(), self.float()) if self.chance(0.6) else (self.integer(), self.integer())
            found = self.emit(self.random.choice(COMPARISONS), a, b)
        return found

    def length(self) -> Any:
        """The length of a new array: seldom what is given at run time, sometimes negative."""
        if self.chance(0.5):
            return self.random.choice((0, 1, 2, 3, 4, 5, 70))
        found = self.one(lambda t: t == I64)
        if found is None:
            return 3
        return found if self.chance(0.05) else self.emit("remainder", found, 6)

    def array(self, rank: int | None = None, dtype: str | None = "f64") -> Atom | None:
        def wanted(t: Any) -> bool:
            fits = isinstance(t, Type) and t.rank > 0
            return fits and (rank is None or t.rank == rank) and (dtype is None or t.dtype == dtype)

        return self.one(wanted)

    def position(self, a: Atom, axis: int) -> Any:
        """A position, mostly inside."""
        if self.chance(0.1):
            return self.integer()
        n = self.emit("length", a, axis=axis)
        k = self.emit("remainder", self.integer(), n)
        return self.emit("subtract", k, n) if self.chance(0.3) else k

    # ---- statements --------------------------------------------------------------------------------------------------
    def emit(self, name: str, *operands: Any, **parameters: Any) -> Any:
        return self.b.emit(TABLE[name], list(operands), parameters)

    def tame(self, a: Any) -> Any:
        """Back to small multiples of 1/8; nan stays."""
        clipped = self.emit("minimum", self.emit("maximum", a, -64.0), 64.0)
        halved = self.emit("add", self.emit("multiply", clipped, 8.0), 0.5)
        # the sum makes -0.0, which sums in another order need not give, to 0.0
        return self.emit("add", self.emit("multiply", self.emit("floor", halved), 0.125), 0.0)

    def keep(self, atom: Any) -> None:
        if isinstance(atom, Var):
            self.scope.append(atom)

    def statement(self) -> None:
        self.budget -= 1
        kinds: list[tuple[Callable[[], None], float]] = [
            (self.number, 4), (self.whole, 2), (self.elementwise, 5), (self.created, 2), (self.load, 3), (self.view, 3),
            (self.store, 5), (self.reduce, 3), (self.reshaped, 2), (self.joined, 1.5), (self.listed, 1.5),
            (self.call, 1.5), (self.cast, 1), (self.product, 1),
        ]  # fmt: skip
        if self.depth:
            kinds += [(self.loop, 3), (self.branch, 3), (self.repeat, 1.5)]
        chosen = self.random.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        try:
            chosen()
        except PathgradError:
            # ranks that do not fit: another statement instead
            return

    def number(self) -> None:
        if self.chance(0.4):
            name = self.random.choice(TAMED_UNARY + EXACT_UNARY)
            value = self.emit(name, self.float())
        elif self.chance(0.15):
            value = self.emit("where", self.truth(), self.float(), self.float())
        else:
            name = self.random.choice(TAMED_BINARY + EXACT_BINARY)
            value = self.emit(name, self.float(), self.random.choice((2, 3)) if name == "power" else self.float())
        self.keep(self.tame(value))

    def whole(self) -> None:
        value = self.emit(self.random.choice(INTEGER_BINARY), self.integer(), self.integer())
        self.keep(self.emit("remainder", value, self.random.choice((5, 7, -6))))

    def elementwise(self) -> None:
        a = self.array()
        if a is None:
            return self.created()
        if self.chance(0.35):
            value = self.emit(self.random.choice(TAMED_UNARY + EXACT_UNARY), a)
        else:
            same = self.of(lambda t: isinstance(t, Type) and t.rank > 0 and t.dims == a.type.dims and t.dtype != "bool")  # type: ignore[union-attr]
            other: Any = self.random.choice(same) if self.chance(0.6) else self.array()
            other = self.float() if self.chance(0.25) else other
            pair = (a, other) if self.chance(0.5) else (other, a)
            if self.chance(0.15):
                test = self.emit(self.random.choice(COMPARISONS), *pair)
                value = self.emit("where", test, *pair)
            else:
                name = self.random.choice(TAMED_BINARY + EXACT_BINARY)
                value = self.emit(name, a, 2) if name == "power" else self.emit(name, *pair)
        return self.keep(self.tame(value))

    def created(self) -> None:
        kind = self.random.choice(("zeros", "full", "arange", "zeros_like", "copy", "pack", "iota_like", "linspace"))
        a = self.array()
        if kind in ("zeros_like", "copy", "iota_like") and a is not None:
            if kind == "iota_like" and a.type.rank != 1:  # type: ignore[union-attr]
                return None
            return self.keep(self.emit(kind, a))
        if kind == "pack":
            return self.keep(self.emit("pack", *(self.float() for _ in range(self.random.randint(1, 4)))))
        if kind == "arange":
            return self.keep(self.emit("arange", 0.0, self.emit("cast", self.length(), dtype="f64"), 1.0, dtype="f64"))
        lengths = [self.length() for _ in range(self.random.choice((1, 1, 1, 2, 2, 3)))]
        if kind == "full":
            return self.keep(self.emit("full", self.float(), *lengths, dtype="f64"))
        dtype = self.random.choice(("f64", "f64", "f64", "i64", "f32"))
        return self.keep(self.emit("zeros", *lengths, dtype=dtype))

    def index(self, a: Atom, full: bool) -> tuple[Index, list[Any]]:
        items: list[Any] = []
        numbers: list[Any] = []
        rank = a.type.rank
        for axis in range(rank if full else self.random.randint(0, rank)):
            if not full and self.chance(0.15):
                items.append(NewAxis())
            if full or self.chance(0.4):
                items.append(Integer())
                numbers.append(self.position(a, axis))
                continue
            ends = [self.chance(0.4), self.chance(0.4), self.chance(0.3)]
            items.append(Slice(*ends))
            numbers += [self.integer() for present in ends[:2] if present]
            numbers += [self.random.choice((1, 2, -1, -2, 3))] if ends[2] else []
        return Index(tuple(items)), numbers

    def load(self) -> None:
        a = self.array(dtype=None)
        if a is None:
            return
        index, numbers = self.index(a, full=True)
        value = self.emit("load", a, *numbers, index=index)
        self.keep(self.emit("cast", value, dtype="f64") if value.type.dtype == "f32" else value)

    def view(self) -> None:
        a = self.array()
        if a is None:
            return
        index, numbers = self.index(a, full=False)
        value = self.emit("load", a, *numbers, index=index)
        if isinstance(value.type, Type) and value.type.rank <= 3:
            self.keep(value)

    def store(self) -> None:
        a = self.array(dtype=None)
        if a is None:
            return
        name = self.random.choice(("store", "accumulate")) if a.type.dtype == "f64" else "store"  # type: ignore[union-attr]
        index, numbers = self.index(a, full=self.chance(0.6))
        value: Any = self.float() if a.type.dtype != "i64" else self.integer()  # type: ignore[union-attr]
        slices = [i for i in index.items if not isinstance(i, Integer)]
        rank = a.type.rank - sum(isinstance(i, Integer) for i in index.items)
        if (slices or rank) and self.chance(0.6):
            part = self.emit("load", a, *numbers, index=index)
            other = self.array(self.random.randint(1, max(part.type.rank, 1)), a.type.dtype)  # type: ignore[union-attr]
            value = other if other is not None and self.chance(0.7) else value
        stored = self.emit(name, a, value, *numbers, index=index)
        if name == "accumulate":
            stored = self.tame(stored)
        self.scope = [x for x in self.scope if x is not a or self.chance(0.5)]
        self.keep(stored)

    def reduce(self) -> None:
        a = self.array(dtype=self.random.choice(("f64", "f64", "f64", None)))
        if a is None:
            return
        rank = a.type.rank
        name = self.random.choice(
            ("sum", "sum", "sum", "amax", "amin", "any", "all", "argmax", "argmin", "cumsum", "mean")
        )
        axes = tuple(sorted(self.random.sample(range(rank), self.random.randint(1, rank))))
        axis = None if self.chance(0.4) else axes
        if name == "cumsum":
            value = self.emit(name, a, axis=axes[0], backward=self.chance(0.4))
        elif name in ("argmax", "argmin"):
            value = self.emit(name, a, axis=None if axis is None else axes[:1], keepdims=False)
        else:
            value = self.emit(name, a, axis=axis, keepdims=self.chance(0.3))
        if isinstance(value, Var) and value.type.dtype == "f64":  # type: ignore[union-attr]
            value = self.tame(value)
        elif isinstance(value, Var) and value.type.dtype == "f32":  # type: ignore[union-attr]
            value = self.tame(self.emit("cast", value, dtype="f64"))
        self.keep(value)

    def reshaped(self) -> None:
        a = self.array()
        if a is None:
            return
        rank = a.type.rank
        name = self.random.choice(("transpose", "reshape", "expand_dims", "squeeze", "reshape_like", "broadcast_with"))
        if name == "transpose":
            value = self.emit(name, a, axes=tuple(self.random.sample(range(rank), rank)))
        elif name == "reshape":
            value = self.emit(name, a, -1) if self.chance(0.6) else self.emit(name, a, 2, -1)
        elif name == "expand_dims":
            value = self.emit(name, a, axis=self.random.randint(0, rank)) if rank < 3 else a
        elif name == "squeeze":
            ones = [k for k, token in enumerate(a.type.dims) if token == 1]  # type: ignore[union-attr]
            value = self.emit(name, a, axis=ones[0]) if ones else a
        else:
            other = self.array()
            assert other is not None
            value = self.emit(name, a, other)
        if value is not a:
            self.keep(value)

    def joined(self) -> None:
        a = self.array()
        if a is None:
            return
        same = self.of(lambda t: isinstance(t, Type) and t.rank > 0 and t.dims == a.type.dims and t.dtype == "f64")  # type: ignore[union-attr]
        parts = [a, *self.random.sample(same, min(len(same), self.random.randint(1, 2)))]
        rank = a.type.rank
        if self.chance(0.5):
            self.keep(self.emit("concatenate", *parts, axis=self.random.randrange(rank)))
        elif rank < 3:
            self.keep(self.emit("stack", *parts, axis=self.random.randint(0, rank)))

    def product(self) -> None:
        a = self.array(self.random.choice((1, 2)))
        if a is None:
            return
        if self.chance(0.3):
            other = self.array(1)
            if other is not None and a.type.rank == 1:
                self.keep(self.tame(self.emit("outer", a, other)))
            return
        other = self.emit("transpose", a) if self.chance(0.6) else self.array(self.random.choice((1, 2)))
        if other is not None:
            pair = (a, other) if self.chance(0.5) else (other, a)
            self.keep(self.tame(self.emit("matmul", *pair)))

    def cast(self) -> None:
        a = self.array(dtype=None) if self.chance(0.6) else self.one(lambda t: isinstance(t, Type) and not t.rank)
        if a is None:
            return
        dtype = self.random.choice(("f64", "i64", "f32", "bool"))
        value = self.emit("cast", a, dtype=dtype)
        if dtype == "f32":
            value = self.emit("add", value, value)
        self.keep(value if isinstance(value, Var) and (value.type.rank or dtype != "f32") else None)  # type: ignore[union-attr]

    # ---- lists -------------------------------------------------------------------------------------------------------
    def listed(self) -> None:
        values = self.one(lambda t: isinstance(t, ListType))
        if values is None or self.chance(0.3):
            a = self.array()
            element: Any = F64 if a is None or self.chance(0.4) else a.type
            return self.keep(self.emit("new_list", element=element))
        element = values.type.element  # type: ignore[union-attr]
        if element.rank:
            item: Any = self.one(lambda t: t == element and t.dims == element.dims)
        else:
            item = self.float()
        if item is None:
            return None
        self.scope.remove(values)
        pushed = self.emit("push", values, item)
        self.keep(pushed)
        if self.chance(0.6):
            self.keep(
                self.emit("recall", pushed, self.random.choice((0, -1)))
                if self.chance(0.3)
                else self.emit("last", pushed)
            )
        elif self.chance(0.3):
            self.scope.remove(pushed)
            self.keep(self.emit("pop", pushed))
        elif self.chance(0.3) and not element.rank:
            self.scope.remove(pushed)
            self.keep(self.emit("add_at", pushed, item, self.random.choice((0, -1))))
        return None

    # ---- blocks ------------------------------------------------------------------------------------------------------
    @contextmanager
    def inner(self) -> Any:
        scope, self.scope = self.scope, list(self.scope)
        self.depth -= 1
        with self.b.open() as block:
            yield block
        self.depth += 1
        self.scope = scope

    def statements(self, most: int) -> None:
        for _ in range(self.random.randint(1, most)):
            if self.budget > 0:
                self.statement()

    def carried(self) -> tuple[list[Var], list[Atom]]:
        """What a loop carries: parameters and initial values."""
        inits: list[Atom] = []
        numbers = self.of(lambda t: t in (F64, I64, BOOL))
        arrays = self.of(lambda t: isinstance(t, Type) and t.rank > 0)
        lists = self.of(lambda t: isinstance(t, ListType))
        for pool, most in ((numbers, 2), (arrays, 2), (lists, 1)):
            inits += self.random.sample(pool, min(len(pool), self.random.randint(0, most)))
        if not inits:
            inits = [Const(1.5, F64)]
        return [Var("c", init.type) for init in inits], inits

    def next_values(self, params: list[Var]) -> list[Atom]:
        """A value for each parameter, often one that was written into its storage."""
        result: list[Atom] = []
        for p in params:
            dims = p.type.dims if isinstance(p.type, Type) else None

            def fits(t: Any, p: Var = p, dims: Any = dims) -> bool:
                return bool(t == p.type) and (dims is None or t.dims == dims)

            fitting = self.of(fits)
            if isinstance(p.type, ListType):
                # a list is consumed step by step: only its latest state can be handed on
                fitting = fitting[-1:]
            result.append(self.random.choice(fitting[-3:]) if fitting and self.chance(0.85) else (fitting or [p])[-1])
        if len({id(x) for x in result if isinstance(x.type, ListType)}) < sum(
            isinstance(x.type, ListType) for x in result
        ):
            raise PathgradError("one list under two names")
        return result

    def loop(self) -> None:
        params, inits = self.carried()
        for a in inits:
            if isinstance(a.type, ListType):
                self.scope.remove(a)
        start: Any = 0 if self.chance(0.6) else self.integer()
        a = self.array()
        if a is not None and self.chance(0.5):
            axis = self.random.randrange(a.type.rank)
            stop = self.emit("length", a, axis=axis)
            stop = self.emit("subtract", stop, 1) if self.chance(0.3) else stop
        else:
            stop = self.random.randint(0, 5) if self.chance(0.6) else self.integer()
        step = self.random.choice((1, 1, 1, 2, -1))
        ends = [self.b.term(x).atom for x in (start, stop, step)]
        index = Var("i", I64)
        exits = self.chance(0.25)
        with self.inner() as body:
            self.scope += [*params, index, index]
            self.statements(6)
            body.yields = self.next_values(params)
            if exits:
                body.yields.append(self.b.term(self.truth()).atom)
        results = [Var("r", p.type) for p in params]
        trips = Var("trips", I64) if self.chance(0.3) else None
        self.b.append(
            Loop(index, *ends, params, inits, body, results, exits, self.chance(0.3), trips, Origin(1, "for"))
        )
        self.scope += [*results, *([trips] if trips else [])]

    def repeat(self) -> None:
        params, inits = self.carried()
        for a in inits:
            if isinstance(a.type, ListType):
                self.scope.remove(a)
        counter = Var("k", I64)
        bound = self.random.randint(0, 4)
        with self.inner() as condition:
            self.scope += [counter, *(p for p in params if not isinstance(p.type, ListType))]
            if self.chance(0.5):
                self.statements(2)
            test = self.emit("less", counter, bound)
            condition.yields = [self.emit("logical_and", test, self.truth()) if self.chance(0.4) else test]
        exits = self.chance(0.25)
        with self.inner() as body:
            self.scope += [*params, counter]
            self.statements(5)
            body.yields = [self.emit("add", counter, 1), *self.next_values(params)]
            if exits:
                body.yields.append(self.b.term(self.truth()).atom)
        results = [Var("r", p.type) for p in params]
        count = Var("k", I64)
        trips = Var("trips", I64) if self.chance(0.3) else None
        self.b.append(
            While(
                [counter, *params],
                [Const(0, I64), *inits],
                condition,
                body,
                [count, *results],
                exits,
                trips,
                Origin(1, "while"),
            )
        )
        self.scope += [*results, count, *([trips] if trips else [])]

    def branch(self) -> None:
        condition = self.b.term(self.truth()).atom
        count = self.random.randint(1, 3)
        outer = [a for a in self.scope if not isinstance(a.type, ListType)]
        if not outer:
            return
        shapes = [a.type for a in self.random.choices(outer, k=count)]
        blocks = []
        lists = [a for a in self.scope if isinstance(a.type, ListType)]
        self.scope = [a for a in self.scope if not isinstance(a.type, ListType)]
        for _ in range(2):
            with self.inner() as block:
                self.statements(4)
                block.yields = [
                    self.random.choice(
                        self.of(lambda t, s=s: t == s and getattr(t, "dims", None) == getattr(s, "dims", None))[-3:]
                    )
                    for s in shapes
                ]
            blocks.append(block)
        self.scope += lists
        results = [Var("r", s) for s in shapes]
        self.b.append(Branch(condition, *blocks, results, Origin(1, "if")))
        self.scope += results

    def call(self) -> None:
        if not self.helpers:
            return
        program = self.random.choice(self.helpers)
        args: list[Atom] = []
        for k, v in enumerate(program.inputs):
            assert isinstance(v.type, Type)
            if v.type.rank:
                found = self.array(v.type.rank, v.type.dtype)
                if found is None or (k in program.consumed and any(found is a for a in args)):
                    return
                args.append(found)
            else:
                args.append(self.b.term(self.float() if v.type == F64 else self.integer()).atom)
        results = [
            Var("r", Type(a.type.dtype, a.type.rank, tuple(object() for _ in range(a.type.rank))))
            for a in program.outputs
        ]  # type: ignore[union-attr]
        self.b.append(Call(program, args, results, Origin(1, "call")))
        self.scope += [r for r in results if r.type.dtype != "f32" or r.type.rank]  # type: ignore[union-attr]

    # ---- the whole ---------------------------------------------------------------------------------------------------
    def program(self, inputs: list[Var], consumed: frozenset[int] = frozenset(), recursive: bool = False) -> Program:
        block = Block()
        program = Program(self.name, inputs, block, consumed)
        with self.b.open(block):
            self.scope += inputs
            if recursive:
                self.recursion(program, inputs)
                self.budget = 0
            while self.budget > 0:
                self.statement()
            pool = self.of(lambda t: isinstance(t, Type))
            if not recursive:
                block.yields = [self.random.choice(pool[-6:]) for _ in range(self.random.randint(1, 4))]
        program.parameters = [Parameter(v.name, k) for k, v in enumerate(inputs)]
        program.result = tuple(range(len(block.yields)))
        return program

    def recursion(self, program: Program, inputs: list[Var]) -> None:
        """A helper of one float and one vector that calls itself while its last input is positive."""
        number, vector, depth = inputs
        for _ in range(self.random.randint(1, 3)):
            self.statement()
        less = self.emit("subtract", depth, 1)
        condition = self.emit("greater", less, 0)
        held = self.array(1) or vector
        with self.inner() as then:
            if self.chance(0.5):
                self.statements(2)
            args = [self.b.term(self.float()).atom, self.array(1) or vector, less]
            types = [F64, Type("f64", 1, (object(),))]
            deeper = [Var("r", t) for t in types]
            self.b.append(Call(program, args, list(deeper), Origin(1, "recursion")))
            if self.chance(0.5):
                deeper[0] = self.tame(self.emit("add", deeper[0], number))
            then.yields = list(deeper)
        with self.inner() as orelse:
            orelse.yields = [self.b.term(self.float()).atom, held]
        results = [Var("r", t) for t in types]
        self.b.append(Branch(condition, then, orelse, results, Origin(1, "if")))
        program.body.yields = list(results)


def _inputs(random: Random) -> list[Var]:
    kinds: list[Type] = [F64, I64, array("f64", LENGTHS[:1]), array("f64", LENGTHS), array("f64", LENGTHS[1:])]
    kinds += [array("f64", LENGTHS[:1])] if random.random() < 0.5 else []
    kinds += [array("i64", LENGTHS[1:])] if random.random() < 0.3 else []
    return [Var(f"x{k}", t) for k, t in enumerate(kinds)]


def _helper(random: Random, k: int, helpers: list[Program]) -> Program:
    kinds: list[Type] = [F64, array("f64", (object(),)), I64]
    recursive = random.random() < 0.25
    if random.random() < 0.5 and not recursive:
        kinds.append(array("f64", (object(), object())))
    inputs = [Var(f"p{j}", t) for j, t in enumerate(kinds)]
    consumed = frozenset({1}) if random.random() < 0.5 else frozenset()
    maker = Maker(random, f"helper{k}", list(helpers), depth=2)
    maker.budget = random.randint(2, 8)
    return maker.program(inputs, consumed, recursive)


def random_program(seed: int) -> Program:
    """A random program, with copies where writes need them; well formed."""
    random = Random(seed)
    helpers: list[Program] = []
    for k in range(random.choice((0, 1, 1, 2))):
        helper = _helper(random, k, helpers)
        place_copies(helper)
        helpers.append(helper)
    program = place_copies(Maker(random, "main", helpers).program(_inputs(random)))
    return check(program)


def arguments_for(program: Program, seed: int) -> list[Any]:
    """Arguments: small multiples of 1/8, now and then nan, infinite, or empty arrays."""
    random = np.random.default_rng(seed)
    lengths: dict[Any, int] = dict(zip(LENGTHS, random.permutation([0, 2, 3, 4, 5, 9])[:2].tolist(), strict=True))
    values: list[Any] = []
    for v in program.inputs:
        assert isinstance(v.type, Type)
        shape = tuple(lengths[token] for token in v.type.dims)
        if v.type.dtype == "i64":
            made: Any = random.integers(-4, 7, shape)
            values.append(int(made) if not shape else made)
            continue
        made = random.integers(-40, 40, shape) / 8
        if shape and random.random() < 0.1:
            made[random.random(shape) < 0.3] = random.choice([np.nan, np.inf, -np.inf])
        values.append(float(made) if not shape else made)
    return values
