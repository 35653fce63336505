"""Printing the statements of one function (floor 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Block, Branch, Call, Const, Let, Loop, Program, Statement, Type, Var, While, walk
from ..ir.liveness import free_variables, inner_live_out
from .naming import Names, Nesting
from .spelling import AND, ATOM, CONDITIONAL, OR, UNARY, Text, expanded, index_text, literal, range_text, spell

__all__ = ["FunctionWriter"]

_SKIPPED = Text("<undefined>")


class FunctionWriter:
    """Writes one program as one function.

    Parameters
    ----------
    program : Program
        The program.
    names : dict
        Function names by the identity of programs.
    taken : set of str
        Names of the module.
    used : set of str
        Receives the names of support definitions.
    is_main : bool
        Whether the signature groups the inputs as the user does.
    """

    def __init__(
        self, program: Program, names: dict[int, str], taken: set[str], used: set[str], is_main: bool
    ) -> None:
        self.program, self.functions, self.used, self.is_main = program, names, used, is_main
        self.nesting = Nesting(program)
        self.names = Names(taken, self.nesting.users)
        self.lines: list[str] = []
        self.commented: Any = None
        self.sweep = ""

    # ---- the function ------------------------------------------------------------------------------------------------
    def write(self) -> str:
        """The function's text."""
        p = self.program
        for v in p.inputs:
            self.names.of[v] = self.names.choose(v.name, set(self.names.of))
        signature, unpacking = self._signature()
        self.lines = [f"def {self.functions[id(p)]}({signature}):", *self._docstring()]
        for line in unpacking:
            self._line(1, line)
        if any(s.role == "adjoint" for s in p.body.statements) and any(
            s.role in ("primal", "kept") for s in p.body.statements
        ):
            self.sweep = "forward"
            self._line(1, f"# forward sweep{self._kept()}")
        self._block(p.body, set(), 1)
        self._line(1, f"return {self._returned()}")
        return "\n".join(self.lines)

    def _kept(self) -> str:
        kept: list[str] = []
        for s in walk(self.program.body):
            if isinstance(s, Let) and s.role == "kept" and s.op.name in ("store", "push"):
                name = s.args[1].name
                if name and name not in kept and name not in ("t", "n", "k"):
                    kept.append(name)
        return f"; keeps {', '.join(kept)} of each iteration" if kept else ""

    def _docstring(self) -> list[str]:
        if not self.is_main or not self.program.doc:
            return []
        first, *rest = self.program.doc.split("\n")
        if not rest:
            return [f'    """{first}"""']
        return [f'    """{first}', *(f"    {line}".rstrip() for line in rest), '    """']

    def _signature(self) -> tuple[str, list[str]]:
        inputs = self.program.inputs
        if not (self.is_main and self.program.parameters):
            return ", ".join(self.names.of[v] for v in inputs), []
        parts, lines = [], []
        taken = set(self.names.of)
        for parameter in self.program.parameters:
            if isinstance(parameter.tree, int):
                parts.append(self.names.of[inputs[parameter.tree]])
                continue
            name = self.names.choose(parameter.name, taken)
            parts.append(name)
            lines += self._unpack(parameter.tree, name)
        return ", ".join(parts), lines

    def _unpack(self, tree: Any, name: str) -> list[str]:
        if isinstance(tree, dict):
            return [line for key, t in tree.items() for line in self._unpack(t, f"{name}[{key!r}]")]
        if isinstance(tree, tuple | list):
            target = self._pattern(tree)
            if target is not None:
                return [f"{target} = {name}"] if tree else []
            return [line for k, t in enumerate(tree) for line in self._unpack(t, f"{name}[{k}]")]
        return [] if tree is None else [f"{self.names.of[self.program.inputs[tree]]} = {name}"]

    def _pattern(self, tree: Any) -> str | None:
        """A tuple of names as an assignment's target."""
        parts = []
        for t in tree:
            part = self.names.of[self.program.inputs[t]] if isinstance(t, int) else None
            if isinstance(t, tuple | list):
                inner = self._pattern(t)
                part = None if inner is None else f"({inner})"
            elif t is None:
                part = "_"
            if part is None:
                return None
            parts.append(part)
        return ", ".join(parts) + ("," if len(parts) == 1 else "")

    def _returned(self) -> str:
        outputs = self.program.outputs
        if self.is_main and self.program.parameters:
            return self._tree(self.program.result, top=True)
        return ", ".join(self._text(a).text for a in outputs) or "None"

    def _tree(self, tree: Any, top: bool = False) -> str:
        if isinstance(tree, int):
            return self._text(self.program.outputs[tree]).text
        if isinstance(tree, dict):
            return "{" + ", ".join(f"{k!r}: {self._tree(t)}" for k, t in tree.items()) + "}"
        if isinstance(tree, list):
            return "[" + ", ".join(map(self._tree, tree)) + "]"
        if isinstance(tree, tuple):
            inside = ", ".join(map(self._tree, tree)) + ("," if len(tree) == 1 else "")
            return inside if top and tree else f"({inside})"
        return "None"

    # ---- lines -------------------------------------------------------------------------------------------------------
    def _line(self, depth: int, text: str, statement: Any = None) -> None:
        comment = ""
        if statement is not None and statement.role != "primal" and statement.origin is not None:
            key = statement.origin
            if key != self.commented:
                comment = f"  # line {key.line}: {key.text}"
                self.commented = key
        elif statement is not None and statement.role == "primal":
            self.commented = None
        self.lines.append("    " * depth + text + comment)

    def _text(self, atom: Atom) -> Text:
        """The expression of an atom."""
        if isinstance(atom, Const):
            if atom.type.is_array:
                return Text(self._constant(atom))
            return literal(atom.value)
        if atom in self.nesting.inlined:
            return self._nested(self.nesting.inlined[atom])
        return Text(self.names.of[atom])

    def _constant(self, atom: Const) -> str:
        return atom.name if atom.name.isidentifier() else "data"

    def _nested(self, s: Let | Branch) -> Text:
        return self._expression(s) if isinstance(s, Let) else self._conditional(s)

    def _conditional(self, s: Branch) -> Text:
        condition = self._text(s.condition)
        a, b = s.then.yields[0], s.orelse.yields[0]
        if isinstance(a, Const) and isinstance(b, Const) and {a.value is True, b.value is True} == {True, False}:
            if a.value is True and b.value is False:
                return condition
            if a.value is False and b.value is True:
                return Text(_negated(condition), UNARY)
        if isinstance(b, Const) and b.value is False:
            return Text(f"{condition.within(AND)} and {self._text(a).within(AND)}", AND)
        if isinstance(a, Const) and a.value is True:
            return Text(f"{condition.within(OR)} or {self._text(b).within(OR)}", OR)
        left, right = self._text(a), self._text(b)
        return Text(f"{left.within(OR)} if {condition.within(OR)} else {right.within(CONDITIONAL)}", CONDITIONAL)

    def _expression(self, let: Let) -> Text:
        if let.op.name == "undefined":
            return _SKIPPED
        args = [self._operand(let, a) for a in let.args]
        return spell(let, args, self.used)

    def _operand(self, let: Let, atom: Atom) -> Text:
        """An operand; broadcasting that NumPy does by itself is left to it."""
        if isinstance(atom, Var) and isinstance(inner := self.nesting.inlined.get(atom), Let):
            if inner.op.name == "broadcast_with" and self._spreads_itself(let, atom, inner):
                return self._operand(let, inner.args[0])
            if inner.op.name == "spread" and self._spreads_itself(let, atom, inner):
                return expanded(inner, self._text(inner.args[0]))
        return self._text(atom)

    def _spreads_itself(self, let: Let, atom: Var, inner: Let) -> bool:
        """Whether the other operands of ``let`` give its result its shape."""
        if let.op.name in ("store", "accumulate"):
            return atom is let.args[1] and (inner.op.name == "broadcast_with" or inner.args[0].type.rank == 0)
        if not let.op.elementwise:
            return False
        others = {a for a in let.args if a is not atom and isinstance(a, Var)}
        looked_through = set(others)
        for other in others:
            definition = self.nesting.inlined.get(other)
            if isinstance(definition, Let) and definition.op.name == "broadcast_with":
                source = definition.args[0]
                if isinstance(source, Var):
                    looked_through.add(source)
        if inner.op.name == "broadcast_with" and all(o in looked_through for o in inner.args[1:]):
            return True
        assert isinstance(atom.type, Type)
        if None in atom.type.dims:
            return False
        return any(isinstance(o.type, Type) and o.type.dims == atom.type.dims and self._solid(o) for o in others)

    def _solid(self, v: Var) -> bool:
        """Whether the text of ``v`` has its whole shape."""
        definition = self.nesting.inlined.get(v)
        if not isinstance(definition, Let):
            return True
        if definition.op.name in ("broadcast_with", "spread"):
            return False
        if definition.op.elementwise:
            arrays = [a for a in definition.args if isinstance(a, Var) and a.type.rank]
            return not arrays or any(self._solid(a) for a in arrays)
        return True

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def _block(self, block: Block, live_out: set[Var], depth: int) -> None:
        for s, live in zip(block.statements, self.nesting.live_after(block, live_out), strict=True):
            if self._is_nested(s):
                continue
            if depth == 1 and self.sweep == "forward" and s.role == "adjoint":
                self.sweep = "backward"
                self._line(1, "# backward sweep")
            if isinstance(s, Let):
                self._let(s, live, depth)
            elif isinstance(s, Call):
                self._call(s, live, depth)
            elif isinstance(s, Branch):
                self._branch(s, live, depth)
            else:
                self._loop(s, live, depth)

    def _is_nested(self, s: Statement) -> bool:
        if isinstance(s, Let):
            return s.target in self.nesting.inlined or s.op.name == "undefined" and self._skip(s)
        return isinstance(s, Branch) and len(s.results) == 1 and s.results[0] in self.nesting.inlined

    def _skip(self, s: Let) -> bool:
        self.nesting.inlined[s.target] = s
        return True

    def _let(self, s: Let, live: set[Var], depth: int) -> None:
        name = s.op.name
        if s.op.consumes:
            base = self._text(s.args[0]).text
            assert isinstance(s.args[0], Var)
            self.names.of[s.target] = base
            self._in_place(s, base, depth)
            return
        text = self._expression(s).text
        first = s.args[0] if s.args else None
        target = self.names.define(s.target, live)
        if name in ("add", "subtract") and isinstance(first, Var) and not s.target.type.rank:
            own = first not in self.nesting.inlined and self.names.of.get(first) == target
            if own:
                sign = "+" if name == "add" else "-"
                self._line(depth, f"{target} {sign}= {self._operand(s, s.args[1]).text}", s)
                return
        self._line(depth, f"{target} = {text}", s)

    def _in_place(self, s: Let, base: str, depth: int) -> None:
        name = s.op.name
        if name == "push":
            self._line(depth, f"{base}.append({self._text(s.args[1]).text})", s)
        elif name == "pop":
            self._line(depth, f"{base}.pop()", s)
        elif name == "add_at":
            self.used.add("_add_at")
            self._line(depth, f"_add_at({base}, {self._text(s.args[1]).text}, {self._text(s.args[2]).text})", s)
        else:
            index = s.params["index"]
            place = f"{base}[{index_text(index, [self._text(a) for a in s.args[2:]])}]"
            value = self._operand(s, s.args[1]).text
            sign = "="
            if name == "accumulate":
                place = place if index.items else base
                sign = "+="
                inner = self.nesting.inlined.get(s.args[1]) if isinstance(s.args[1], Var) else None
                if isinstance(inner, Let) and inner.op.name == "negative":
                    sign, value = "-=", self._operand(s, inner.args[0]).text
            self._line(depth, f"{place} {sign} {value}", s)

    def _call(self, s: Call, live: set[Var], depth: int) -> None:
        arguments = ", ".join(self._text(a).text for a in s.args)
        targets = []
        chosen: set[Var] = set()
        for r in s.results:
            targets.append(self.names.define(r, live | chosen))
            chosen.add(r)
        self._line(depth, f"{', '.join(targets)} = {self.functions[id(s.program)]}({arguments})", s)

    # ---- branches ----------------------------------------------------------------------------------------------------
    def _branch(self, s: Branch, live: set[Var], depth: int) -> None:
        condition = self._text(s.condition)
        targets: list[str] = []
        rest = live - set(s.results)
        for r in s.results:
            wanted = self.names.preferred.get(r)
            name = wanted if wanted and wanted not in targets and self.names.is_free(wanted, rest) else None
            targets.append(name or self.names.choose(r.name, rest, targets))
        arms = []
        for arm in (s.then, s.orelse):
            before, self.lines = self.lines, []
            commented = self.commented
            self._prefer(arm.yields, targets)
            self._block(arm, rest, depth + 1)
            self._assign(targets, arm.yields, depth + 1, s)
            arms.append(self.lines)
            self.lines, self.commented = before, commented
        self.names.of.update(zip(s.results, targets, strict=True))
        then, orelse = arms
        if not then and orelse:
            self._line(depth, f"if {_negated(condition)}:", None)
            self.lines += orelse
            return
        if not then:
            return
        self._line(depth, f"if {condition.text}:", None)
        self.lines += then
        if orelse:
            self._else(orelse, depth)

    def _else(self, lines: list[str], depth: int) -> None:
        """An else arm; one that is only another if becomes elif."""
        pad = "    " * (depth + 1)
        inner = [line for line in lines if not line.startswith(pad + "    ")]
        heads = [line for line in inner if not line.startswith((pad + "else:", pad + "elif "))]
        if len(heads) == 1 and heads[0].startswith(pad + "if "):
            self.lines.append("    " * depth + "el" + heads[0].strip())
            self.lines += [line[4:] for line in lines[1:]]
            return
        self._line(depth, "else:")
        self.lines += lines

    def _prefer(self, yields: Sequence[Atom], targets: Sequence[str]) -> None:
        for atom, target in zip(yields, targets, strict=False):
            if isinstance(atom, Var):
                self.names.preferred.setdefault(atom, target)

    def _assign(self, targets: Sequence[str], values: Sequence[Atom], depth: int, s: Any) -> None:
        """Assign values to names as if at once."""
        pairs = []
        for target, atom in zip(targets, values, strict=True):
            text = self._text(atom)
            if text is not _SKIPPED and text.text != target:
                pairs.append((target, text.text, self._names_in(atom)))
        while pairs:
            ready = [p for p in pairs if all(p[0] not in q[2] for q in pairs if q is not p)]
            if not ready:
                left = ", ".join(p[0] for p in pairs)
                self._line(depth, f"{left} = {', '.join(p[1] for p in pairs)}", s)
                return
            for p in ready[:1]:
                self._line(depth, f"{p[0]} = {p[1]}", s)
                pairs.remove(p)

    def _names_in(self, atom: Atom) -> set[str]:
        if not isinstance(atom, Var):
            return set()
        return {self.names.of[v] for v in self.nesting.expanded([atom]) if v in self.names.of}

    # ---- loops -------------------------------------------------------------------------------------------------------
    def _loop(self, s: Loop | While, live: set[Var], depth: int) -> None:
        after = live - set(s.results)
        inside: set[Var] = set()
        for inner in (s.body, s.condition) if isinstance(s, While) else (s.body,):
            inside |= free_variables(inner)
        inside = self.nesting.expanded(inside - set(s.params))
        busy = after | inside
        ends = self._range(s) if isinstance(s, Loop) else ""
        targets: list[str] = []
        for param, init, result in zip(s.params, s.inits, s.results, strict=True):
            own = self.names.of.get(init) if isinstance(init, Var) and init not in self.nesting.inlined else None
            hint = own if own and init not in busy and own == param.name else param.name
            targets.append(self.names.choose(hint, busy, targets))
            self._prefer([result], targets[-1:])
        self._assign(targets, s.inits, depth, s)
        self.names.of.update(zip(s.params, targets, strict=True))
        trips = ""
        if s.trips is not None:
            trips = self.names.choose(s.trips.name, busy | set(s.params))
            self.names.of[s.trips] = trips
            self._line(depth, f"{trips} = 0")
        reserved = {s.trips} if s.trips is not None else set()
        live_out = self.nesting.expanded(inner_live_out(s, after)) | reserved
        if isinstance(s, Loop):
            index = self.names.choose(s.index.name, busy | set(s.params) | reserved)
            self.names.of[s.index] = index
            self._line(depth, f"for {index} in {ends}:")
        else:
            self._condition(s, live_out, depth)
        yields = s.body.yields[: len(s.params)]
        self._prefer(yields, targets)
        start = len(self.lines)
        # at the end of a body, every carried name is assigned at once
        self._block(s.body, live_out, depth + 1)
        exit_text = self._text(s.body.yields[-1]) if s.exits else None
        exit_line = self._exit_name(s, exit_text, targets, depth) if exit_text is not None else ""
        self._assign(targets, yields, depth + 1, s)
        if trips:
            self._line(depth + 1, f"{trips} += 1")
        if exit_line:
            self._line(depth + 1, exit_line)
            self._line(depth + 2, "break")
        if len(self.lines) == start:
            self._line(depth + 1, "pass")
        self.names.of.update(zip(s.results, targets, strict=True))

    def _exit_name(self, s: Loop | While, text: Text, targets: Sequence[str], depth: int) -> str:
        """The test that ends the loop; saved first if assigning the carried names would change it."""
        names = self._names_in(s.body.yields[-1])
        if names & set(targets):
            busy = set(s.params) | {a for a in s.body.yields if isinstance(a, Var)}
            saved = self.names.choose("going_on", busy, targets)
            self._line(depth + 1, f"{saved} = {text.text}")
            return f"if not {saved}:"
        return f"if {_negated(text)}:"

    def _condition(self, s: While, live_out: set[Var], depth: int) -> None:
        before, self.lines = self.lines, []
        reads = self.nesting.expanded(free_variables(s.body) | set(s.params))
        self._block(s.condition, live_out | reads, depth + 1)
        inner, self.lines = self.lines, before
        test = self._text(s.condition.yields[0])
        if not inner:
            self._line(depth, f"while {test.text}:")
            return
        self._line(depth, "while True:")
        self.lines += inner
        self._line(depth + 1, f"if {_negated(test)}:")
        self._line(depth + 2, "break")

    def _range(self, s: Loop) -> str:
        text = f"range({range_text([self._text(a) for a in (s.start, s.stop, s.step)])})"
        return f"reversed({text})" if s.reversed else text


def _negated(condition: Text) -> str:
    if condition.text.startswith("not ") and condition.level < AND:
        return condition.text[4:]
    return f"not {condition.within(ATOM) if condition.level > 6 else condition.text}"
