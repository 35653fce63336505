"""Random loops with costly numbers: computed ahead they give the same bits, and the same errors."""

from __future__ import annotations

import functools
import re
import sys
from random import Random

import numpy as np

from pathgrad.backend import Executable
from pathgrad.ir import Block, Branch, Builder, Loop, Program, Type, Var, array, check, evaluate
from pathgrad.ir.program import Parameter
from pathgrad.ops import TABLE, Index, Integer
from pathgrad.options import Options
from pathgrad.transform.ahead import computed_ahead

FUNCTIONS = {"sin", "cos", "tanh"}
SAMPLE = np.random.default_rng(5).uniform(0.5, 2.0, 200)
ELEMENT = {"index": Index((Integer(),))}
KINDS = ("load", "load", "costly", "costly", "add", "multiply", "where", "write", "read", "arm")
LENGTH, OTHER = object(), object()


class Maker:
    """A loop of random statements: some wait for what is carried, some fail, some are costly."""

    def __init__(self, seed):
        self.random, self.builder = Random(seed), Builder()
        self.x, self.y = (Var(name, array("f64", (token,))) for name, token in (("x", LENGTH), ("y", OTHER)))
        self.n = Var("n", Type("i64"))

    def emit(self, name, *args, **params):
        return self.builder.emit(TABLE[name], args, params)

    def position(self, index):
        offset = self.random.choice((0, 0, 0, 0, 1, -1, 2))
        return self.emit("add", index, offset) if offset else index

    def statement(self, index, numbers, state):
        kind = self.random.choice(KINDS)
        a, b = (self.random.choice(numbers) for _ in range(2))
        if kind == "write":
            name = self.random.choice(("store", "accumulate"))
            state["a"] = self.emit(name, state["a"], a, self.position(index), **ELEMENT)
            return
        if kind == "load":
            source = self.random.choice((self.x, self.x, self.y))
            made = self.emit("load", source, self.position(index), **ELEMENT)
        elif kind == "read":
            made = self.emit("load", state["a"], self.position(index), **ELEMENT)
        elif kind == "costly":
            made = self.emit(self.random.choice(("sin", "cos", "tanh")), a)
        elif kind == "arm":
            made = Var("t", Type("f64"))
            test = self.emit("less", a, b)
            with self.builder.open() as then:
                then.yields = [self.emit("sin", self.emit("load", self.x, self.position(index), **ELEMENT))]
            self.builder.append(Branch(test, then, Block([], [b]), [made]))
        else:
            test = [self.emit("less", a, 0.5)] if kind == "where" else []
            made = self.emit(kind, *test, a, b)
        numbers.append(made)

    def program(self):
        random = self.random
        s, a = (Var(name, type_) for name, type_ in (("s", Type("f64")), ("a", self.x.type)))
        index = Var("i", Type("i64"))
        with self.builder.open() as block:
            length = self.emit("length", self.x, axis=0)
            up = random.random() < 0.5
            ends = (random.choice((0, 0, 1, 2)), random.choice((length, length, self.n)))
            if not up:
                ends = (self.emit("subtract", ends[1], 1), random.choice((-1, 0, 1)))
            step = random.choice((1, 1, 2, 3)) * (1 if up else -1)
            copied = self.emit("copy", self.x)
            with self.builder.open() as body:
                numbers, state = [s, self.emit("load", self.x, index, **ELEMENT)], {"a": a}
                for _ in range(random.randint(3, 9)):
                    self.statement(index, numbers, state)
                body.yields = [random.choice((numbers[-1], self.emit("multiply", numbers[-1], s))), state["a"]]
            results = [Var("s", s.type), Var("a", a.type)]
            ends = [self.builder.term(e).atom for e in (*ends, step)]
            loop = Loop(index, *ends, [s, a], [self.builder.term(0.5).atom, copied], body, results)
            loop.reversed = random.random() < 0.3
            self.builder.append(loop)
            block.yields = results
        inputs = [self.x, self.y, self.n]
        parameters = [Parameter(v.name, k) for k, v in enumerate(inputs)]
        return check(Program("f", inputs, block, parameters=parameters, result=(0, 1)))


def outcome(call, *arguments):
    try:
        with np.errstate(all="ignore"):
            return [np.asarray(v).tobytes() for v in call(*arguments)]
    except IndexError as error:
        return re.sub(r"^.*\d+: |, in `.*", "", str(error))


def test_random_loops(monkeypatch):
    monkeypatch.setattr(sys.modules[computed_ahead.__module__], "STRIP", 4)
    split = failed = 0
    for seed in range(800):
        program = Maker(seed).program()
        other = check(computed_ahead(program, FUNCTIONS))
        if other is program:
            continue
        split += 1
        native = Executable(program, Options(optimize=1, cache=False)) if split % 8 == 0 else None
        for n, m in ((0, 3), (3, 3), (4, 9), (9, 9), (14, 12), (17, 30)):
            arguments = SAMPLE[:n], SAMPLE[100 : 100 + m], n + seed % 3 - 1
            wanted = outcome(functools.partial(evaluate, program), *arguments)
            assert outcome(functools.partial(evaluate, other), *arguments) == wanted, seed
            failed += isinstance(wanted, str)
            if native:
                found = outcome(native, *arguments)
                if isinstance(wanted, str):
                    assert found == wanted
                else:
                    np.testing.assert_allclose(*map(np.frombuffer, map(b"".join, (found, wanted))), rtol=1e-13)
    assert split > 50
    assert failed > 20
