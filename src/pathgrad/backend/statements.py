"""Printing the statements of one function (floor 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Block, Branch, Call, Const, Let, Loop, Program, Statement, Type, Var, While, walk
from ..ir.liveness import free_variables, inner_live_out, statement_reads
from .constants import array_text, is_literal
from .naming import Names, Nesting
from .spelling import AND, ATOM, CONDITIONAL, OR, UNARY, Text, expanded, index_text, literal, range_text, spell

__all__ = ["FunctionWriter"]

_SKIPPED = Text("<undefined>")


class _Ending:
    """What stands at the end of a block; where the last statement is a branch it may go into the arms."""

    def atoms(self) -> Sequence[Atom]:
        """What the ending reads."""
        raise AssertionError("abstract")

    def write(self, writer: FunctionWriter, depth: int) -> None:
        """Print the ending."""
        raise AssertionError("abstract")

    def wants_arms(self, writer: FunctionWriter, s: Branch) -> bool:
        """Whether the ending is better printed in the arms of the last branch."""
        raise AssertionError("abstract")


class _Return(_Ending):
    """``return ...``: in the arms where the results of the function are made there."""

    def __init__(self, outputs: list[Atom]) -> None:
        self.outputs = outputs

    def atoms(self) -> Sequence[Atom]:
        return self.outputs

    def write(self, writer: FunctionWriter, depth: int) -> None:
        writer.line(depth, f"return {writer.returned()}")

    def wants_arms(self, writer: FunctionWriter, s: Branch) -> bool:
        return s.role == "primal" and all(a in s.results or isinstance(a, Const) for a in self.outputs)


class _Next(_Ending):
    """The end of a loop body: the carried names get their next values, and the loop may be left."""

    def __init__(
        self, targets: list[str], yields: list[Atom], exit_atom: Atom | None, invariant: Sequence[bool]
    ) -> None:
        self.targets, self.yields, self.exit_atom, self.invariant = targets, yields, exit_atom, invariant

    def atoms(self) -> Sequence[Atom]:
        return [*self.yields, *([] if self.exit_atom is None else [self.exit_atom])]

    def wants_arms(self, writer: FunctionWriter, s: Branch) -> bool:
        if self.exit_atom is None:
            return False
        for arm in (s.then, s.orelse):
            writer.replaced.update(zip(s.results, arm.yields, strict=True))
            known = writer.known(self.exit_atom)
            inner = next((b for b in reversed(arm.statements) if isinstance(b, Branch)), None)
            leaves = known is False or (known is None and inner is not None and self.wants_arms(writer, inner))
            for r in s.results:
                del writer.replaced[r]
            if leaves:
                return True
        return False

    def write(self, writer: FunctionWriter, depth: int) -> None:
        goes_on = None if self.exit_atom is None else writer.known(self.exit_atom)
        pairs = [
            (t, y)
            for t, y, fixed in zip(self.targets, self.yields, self.invariant, strict=True)
            if not (fixed and goes_on is True and writer.known(y) is False)
        ]
        test = "" if self.exit_atom is None or goes_on is not None else self._test(writer, depth)
        writer.assign([t for t, _ in pairs], [y for _, y in pairs], depth, None)
        if goes_on is False:
            writer.line(depth, "break")
        elif test:
            writer.line(depth, test)
            writer.line(depth + 1, "break")

    def _test(self, writer: FunctionWriter, depth: int) -> str:
        """The test that ends the loop; saved first if assigning the carried names would change it."""
        assert self.exit_atom is not None
        text = writer.text(self.exit_atom)
        if writer.names_in(self.exit_atom) & set(self.targets):
            saved = writer.names.choose("going_on", set(), self.targets)
            writer.line(depth, f"{saved} = {text.text}")
            return f"if not {saved}:"
        return f"if {_negated(text)}:"


class FunctionWriter:
    """Writes one program as one function.

    Parameters
    ----------
    program : Program
        The program.
    names : dict
        Function names by the identity of programs.
    constants : dict
        Names of the module's arrays by the identity of arrays.
    taken : set of str
        Names of the module.
    used : set of str
        Receives the names of support definitions.
    is_main : bool
        Whether the signature groups the inputs as the user does.
    """

    def __init__(
        self,
        program: Program,
        names: dict[int, str],
        constants: dict[int, str],
        taken: set[str],
        used: set[str],
        is_main: bool,
    ) -> None:
        self.program, self.functions, self.constants = program, names, constants
        self.used, self.is_main = used, is_main
        self.nesting = Nesting(program)
        self.names = Names(taken, self.nesting.users)
        self.lines: list[str] = []
        self.commented: Any = None
        self.sweep = ""
        self.replaced: dict[Var, Atom] = {}

    # ---- the function ------------------------------------------------------------------------------------------------
    def write(self) -> str:
        """The function's text."""
        p = self.program
        for v in p.inputs:
            self.names.of[v] = self.names.choose(v.name, set(self.names.of))
        signature, unpacking = self._signature()
        self.lines = [f"def {self.functions[id(p)]}({signature}):", *self._docstring()]
        for line in unpacking:
            self.line(1, line)
        if any(s.role == "adjoint" for s in p.body.statements) and any(
            s.role in ("primal", "kept") for s in p.body.statements
        ):
            self.sweep = "forward"
            self.line(1, f"# forward sweep{self._kept()}")
        self._tail(p.body, set(), 1, _Return(list(p.outputs)))
        self._drop_empty_sweep()
        return "\n".join(self.lines)

    def _drop_empty_sweep(self) -> None:
        """Where nothing is printed between the two sweeps' comments, neither says anything."""
        for k, line in enumerate(self.lines[:-1]):
            if line.startswith("    # forward sweep") and self.lines[k + 1] == "    # backward sweep":
                del self.lines[k : k + 2]
                return

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

    def returned(self) -> str:
        """What the function returns."""
        outputs = self.program.outputs
        if self.is_main and self.program.parameters:
            return self._tree(self.program.result, top=True)
        return ", ".join(self.text(a).text for a in outputs) or "None"

    def _tree(self, tree: Any, top: bool = False) -> str:
        if isinstance(tree, int):
            return self.text(self.program.outputs[tree]).text
        if isinstance(tree, dict):
            return "{" + ", ".join(f"{k!r}: {self._tree(t)}" for k, t in tree.items()) + "}"
        if isinstance(tree, list):
            return "[" + ", ".join(map(self._tree, tree)) + "]"
        if isinstance(tree, tuple):
            inside = ", ".join(map(self._tree, tree)) + ("," if len(tree) == 1 else "")
            return inside if top and tree else f"({inside})"
        return "None"

    # ---- lines -------------------------------------------------------------------------------------------------------
    def line(self, depth: int, text: str, statement: Any = None) -> None:
        """Print a line; a derivative statement says which line of the user's it comes from."""
        comment = ""
        if statement is not None and statement.role not in ("primal", "kept") and statement.origin is not None:
            key = statement.origin
            if key != self.commented:
                comment = f"  # line {key.line}: {key.text}"
                self.commented = key
        elif statement is not None and statement.role == "primal":
            self.commented = None
        if comment and len(text) + len(comment) + 4 * depth > 118:
            self.lines.append("    " * depth + comment.strip())
            comment = ""
        self.lines.append("    " * depth + text + comment)

    def text(self, atom: Atom) -> Text:
        """The expression of an atom."""
        while isinstance(atom, Var) and atom in self.replaced:
            atom = self.replaced[atom]
        if isinstance(atom, Const):
            if atom.type.is_array:
                return Text(self._constant(atom))
            return literal(atom.value)
        if atom in self.nesting.inlined:
            return self._nested(self.nesting.inlined[atom])
        return Text(self.names.of[atom])

    def _constant(self, atom: Const) -> str:
        return array_text(atom.value) if is_literal(atom) else self.constants[id(atom.value)]

    def _nested(self, s: Let | Branch | Call) -> Text:
        if isinstance(s, Call):
            return Text(f"{self.functions[id(s.program)]}({', '.join(self.text(a).text for a in s.args)})")
        return self._expression(s) if isinstance(s, Let) else self._conditional(s)

    def _conditional(self, s: Branch) -> Text:
        condition = self.text(s.condition)
        a, b = s.then.yields[0], s.orelse.yields[0]
        if isinstance(a, Const) and isinstance(b, Const) and {a.value is True, b.value is True} == {True, False}:
            if a.value is True and b.value is False:
                return condition
            if a.value is False and b.value is True:
                return Text(_negated(condition), UNARY)
        if isinstance(b, Const) and b.value is False:
            return Text(f"{condition.within(AND)} and {self.text(a).within(AND)}", AND)
        if isinstance(a, Const) and a.value is True:
            return Text(f"{condition.within(OR)} or {self.text(b).within(OR)}", OR)
        left, right = self.text(a), self.text(b)
        return Text(f"{left.within(OR)} if {condition.within(OR)} else {right.within(CONDITIONAL)}", CONDITIONAL)

    def _expression(self, let: Let) -> Text:
        if let.op.name == "undefined":
            kind = let.target.type
            if let.role != "kept" or let.target not in self.nesting.stored:
                return _SKIPPED
            plain = isinstance(kind, Type) and not kind.rank
            return Text({"f64": "0.0", "f32": "0.0", "i64": "0", "bool": "False"}[kind.dtype] if plain else "None")  # type: ignore[union-attr]
        args = [self._operand(let, a) for a in let.args]
        if let.op.name == "copy" and isinstance(let.args[0], Const) and is_literal(let.args[0]):
            return args[0]
        if let.op.name == "multiply" and let.role != "primal" and "1.0" in (args[0].text, args[1].text):
            return args[1] if args[0].text == "1.0" else args[0]
        if let.op.name == "copy" and isinstance(let.args[0], Var):
            repeated = self.nesting.inlined.get(let.args[0])
            scalar = isinstance(repeated, Let) and repeated.op.name in ("broadcast_with", "spread")
            if scalar and isinstance(repeated, Let) and not repeated.args[0].type.rank and len(repeated.args) == 2:
                value, like = (self.text(a).text for a in repeated.args)
                return Text(f"np.full(np.shape({like}), {value})")
        return spell(let, args, self.used)

    def _operand(self, let: Let, atom: Atom) -> Text:
        """An operand; broadcasting that NumPy does by itself is left to it."""
        if isinstance(atom, Var) and isinstance(inner := self.nesting.inlined.get(atom), Let):
            if inner.op.name == "broadcast_with" and self._spreads_itself(let, atom, inner):
                return self._operand(let, inner.args[0])
            if inner.op.name == "spread" and self._spreads_itself(let, atom, inner):
                return expanded(inner, self.text(inner.args[0]))
        return self.text(atom)

    def _spreads_itself(self, let: Let, atom: Var, inner: Let) -> bool:
        """Whether NumPy, given what stands in the text, broadcasts to the shape that ``atom`` has."""
        if let.op.name in ("store", "accumulate"):
            return atom is let.args[1] and (inner.op.name == "broadcast_with" or inner.args[0].type.rank == 0)
        if not let.op.elementwise:
            return False
        present: set[Any] = set()
        for a in let.args:
            definition = self.nesting.inlined.get(a) if isinstance(a, Var) else None
            if isinstance(definition, Let) and definition.op.name == "broadcast_with":
                present.add(_dims(definition.args[0]))
            elif not (isinstance(definition, Let) and definition.op.name == "spread"):
                present.add(_dims(a))
        whole = _dims(atom)
        return whole in present or self._shapes_made_of(inner) <= present

    def _shapes_made_of(self, let: Let) -> set[Any]:
        """The shapes whose broadcast is the shape of a broadcast value."""
        if let.op.name == "spread":
            return {_dims(let.args[1])}
        shapes = {_dims(let.args[0])}
        for a in let.args[1:]:
            definition = self.nesting.inlined.get(a) if isinstance(a, Var) else None
            if isinstance(definition, Let) and definition.op.name == "broadcast_with":
                shapes |= self._shapes_made_of(definition)
            else:
                shapes.add(_dims(a))
        return {shape for shape in shapes if shape != ()}

    # ---- blocks ------------------------------------------------------------------------------------------------------
    def _block(self, block: Block, live_out: set[Var], depth: int) -> None:
        for s, live in zip(block.statements, self.nesting.live_after(block, live_out), strict=True):
            if self._is_nested(s):
                continue
            if depth == 1 and self.sweep == "forward" and s.role == "adjoint":
                self.sweep = "backward"
                self.line(1, "# backward sweep")
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
            return s.target in self.nesting.inlined or (s.op.name == "undefined" and self._skip(s))
        return isinstance(s, Branch | Call) and len(s.results) == 1 and s.results[0] in self.nesting.inlined

    def _skip(self, s: Let) -> bool:
        self.nesting.inlined[s.target] = s
        return True

    def _let(self, s: Let, live: set[Var], depth: int) -> None:
        if s.op.consumes:
            base = self.text(s.args[0]).text
            assert isinstance(s.args[0], Var)
            self.names.of[s.target] = base
            self._in_place(s, base, depth)
            return
        text = self._expression(s).text
        target = self.names.define(s.target, live, self._hint(s))
        self.line(depth, self._accumulated(target, s) or f"{target} = {text}", s)

    def _accumulated(self, target: str, s: Any) -> str:
        """``x += ...`` for a number that becomes itself plus something; empty for anything else."""
        if not isinstance(s, Let) or s.op.name not in ("add", "subtract") or s.target.type.rank:
            return ""
        first = s.args[0]
        if not isinstance(first, Var) or self.text(first).text != target:
            return ""
        return f"{target} {'+' if s.op.name == 'add' else '-'}= {self._operand(s, s.args[1]).text}"

    def _hint(self, s: Let) -> str:
        """A name for an element that is read more than once: ``u_i`` for ``u[i]``."""
        if s.op.name != "load" or not s.params["index"].is_element or not isinstance(s.args[0], Var):
            return ""
        parts = [self.text(a).text for a in s.args]
        simple = all(p.isidentifier() or p.isdigit() for p in parts)
        return "_".join(parts) if simple else f"{parts[0]}_element" if parts[0].isidentifier() else ""

    def _in_place(self, s: Let, base: str, depth: int) -> None:
        name = s.op.name
        if name == "push":
            self.line(depth, f"{base}.append({self.text(s.args[1]).text})", s)
        elif name == "pop":
            self.line(depth, f"{base}.pop()", s)
        elif name == "add_at":
            self.used.add("_add_at")
            self.line(depth, f"_add_at({base}, {self.text(s.args[1]).text}, {self.text(s.args[2]).text})", s)
        else:
            index = s.params["index"]
            place = f"{base}[{index_text(index, [self.text(a) for a in s.args[2:]])}]"
            value = self._operand(s, s.args[1]).text
            sign = "="
            if name == "accumulate":
                place = place if index.items else base
                sign = "+="
                inner = self.nesting.inlined.get(s.args[1]) if isinstance(s.args[1], Var) else None
                if isinstance(inner, Let) and inner.op.name == "negative":
                    sign, value = "-=", self._operand(s, inner.args[0]).text
            self.line(depth, f"{place} {sign} {value}", s)

    def _call(self, s: Call, live: set[Var], depth: int) -> None:
        arguments = ", ".join(self.text(a).text for a in s.args)
        targets = []
        chosen: set[Var] = set()
        for r in s.results:
            targets.append(self.names.define(r, live | chosen))
            chosen.add(r)
        self.line(depth, f"{', '.join(targets)} = {self.functions[id(s.program)]}({arguments})", s)

    # ---- branches ----------------------------------------------------------------------------------------------------
    def _branch(self, s: Branch, live: set[Var], depth: int) -> None:
        condition = self.text(s.condition)
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
            self.assign(targets, arm.yields, depth + 1, None)
            arms.append(self.lines)
            self.lines, self.commented = before, commented
        self.names.of.update(zip(s.results, targets, strict=True))
        self._arms(condition, arms[0], arms[1], depth)

    def _arms(self, condition: Text, then: list[str], orelse: list[str], depth: int) -> None:
        if not then and orelse:
            self.line(depth, f"if {_negated(condition)}:", None)
            self.lines += orelse
            return
        if not then:
            return
        self.line(depth, f"if {condition.text}:", None)
        self.lines += then
        if not orelse:
            return
        leaves = then[-1].strip().split(" ")[0] in ("return", "break")
        if leaves and then[-1].startswith("    " * (depth + 1)) and not then[-1].startswith("    " * (depth + 2)):
            self.lines += [line[4:] for line in orelse]
            return
        self._else(orelse, depth)

    def _tail(self, block: Block, live_out: set[Var], depth: int, ending: _Ending) -> None:
        """Print a block and its ending; where the last statement is a branch, the ending goes into its arms."""
        printed = [s for s in block.statements if not self._is_nested(s)]
        last = printed[-1] if printed else None
        if not (isinstance(last, Branch) and self._goes_into_arms(last, ending)):
            self._block(block, live_out, depth)
            ending.write(self, depth)
            return
        position = block.statements.index(last)
        live = self.nesting.live_after(block, live_out)[position]
        self._block(Block(block.statements[:position], []), live | self._read_by(last), depth)
        condition = self.text(last.condition)
        arms = []
        for arm in (last.then, last.orelse):
            before, self.lines = self.lines, []
            commented = self.commented
            names = dict(self.names.of)
            added = dict(zip(last.results, arm.yields, strict=True))
            self.replaced.update(added)
            for r, atom in added.items():
                if isinstance(atom, Var) and r in self.names.preferred:
                    self.names.preferred.setdefault(atom, self.names.preferred[r])
            arm_live = self.nesting.expanded((live - set(last.results)) | {a for a in arm.yields if isinstance(a, Var)})
            self._tail(Block(arm.statements, arm.yields), arm_live, depth + 1, ending)
            for r in last.results:
                del self.replaced[r]
            arms.append(self.lines)
            self.lines, self.commented = before, commented
            self.names.of = {**names, **{v: n for v, n in self.names.of.items() if v not in names}}
        self._arms(condition, arms[0], arms[1], depth)

    def _read_by(self, s: Branch) -> set[Var]:
        return self.nesting.expanded(statement_reads(s))

    def _goes_into_arms(self, s: Branch, ending: _Ending) -> bool:
        """Whether an arm ends the block early and the results are read by the ending only."""
        reads = self.nesting.expanded([a for a in ending.atoms() if isinstance(a, Var)])
        chained: set[Var] = set()
        while chained != reads:
            chained = set(reads)
            reads |= self.nesting.expanded(a for v in chained if isinstance(a := self.replaced.get(v), Var))
        if not all(r in reads for r in s.results):
            return False
        return ending.wants_arms(self, s)

    def known(self, atom: Atom) -> Any:
        """The truth of an atom where it is known here, None where it is not."""
        while isinstance(atom, Var) and atom in self.replaced:
            atom = self.replaced[atom]
        if isinstance(atom, Const):
            return atom.value if isinstance(atom.value, bool) else None
        let = self.nesting.inlined.get(atom)
        if not isinstance(let, Let) or not let.op.name.startswith("logical_"):
            return None
        parts = [self.known(a) for a in let.args]
        if let.op.name == "logical_not":
            return None if parts[0] is None else not parts[0]
        absorbing = let.op.name == "logical_or"
        if absorbing in parts:
            return absorbing
        return None if None in parts else not absorbing

    def _else(self, lines: list[str], depth: int) -> None:
        """An else arm; one that is only another if becomes elif."""
        pad = "    " * (depth + 1)
        inner = [line for line in lines if not line.startswith(pad + "    ")]
        heads = [line for line in inner if not line.startswith((pad + "else:", pad + "elif "))]
        if len(heads) == 1 and heads[0].startswith(pad + "if "):
            self.lines.append("    " * depth + "el" + heads[0].strip())
            self.lines += [line[4:] for line in lines[1:]]
            return
        self.line(depth, "else:")
        self.lines += lines

    def _prefer(self, yields: Sequence[Atom], targets: Sequence[str]) -> None:
        for atom, target in zip(yields, targets, strict=False):
            if isinstance(atom, Var):
                self.names.preferred.setdefault(atom, target)

    def assign(self, targets: Sequence[str], values: Sequence[Atom], depth: int, s: Any) -> None:
        """Assign values to names as if at once."""
        pairs = []
        for target, atom in zip(targets, values, strict=True):
            text = self.text(atom)
            if text is not _SKIPPED and text.text != target:
                nested = self.nesting.inlined.get(atom) if isinstance(atom, Var) else None
                pairs.append((target, text.text, self.names_in(atom), nested))
        while pairs:
            ready = [p for p in pairs if all(p[0] not in q[2] for q in pairs if q is not p)]
            if not ready:
                left = ", ".join(p[0] for p in pairs)
                self.line(depth, f"{left} = {', '.join(p[1] for p in pairs)}", s)
                return
            first = ready[0]
            self.line(depth, self._accumulated(first[0], first[3]) or f"{first[0]} = {first[1]}", first[3] or s)
            pairs.remove(first)

    def names_in(self, atom: Atom) -> set[str]:
        found: set[str] = set()
        todo: list[Atom] = [atom]
        while todo:
            one = todo.pop()
            if not isinstance(one, Var):
                continue
            if one in self.replaced:
                todo.append(self.replaced[one])
            elif one in self.nesting.inlined:
                todo.extend(statement_reads(self.nesting.inlined[one]))
            elif one in self.names.of:
                found.add(self.names.of[one])
        return found

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
        self.assign(targets, s.inits, depth, None)
        self.names.of.update(zip(s.params, targets, strict=True))
        trips = ""
        if s.trips is not None:
            trips = self.names.choose(s.trips.name, busy | set(s.params))
            self.names.of[s.trips] = trips
            self.line(depth, f"{trips} = 0")
        reserved = {s.trips} if s.trips is not None else set()
        live_out = self.nesting.expanded(inner_live_out(s, after)) | reserved
        if isinstance(s, Loop):
            index = self.names.choose(s.index.name, busy | set(s.params) | reserved)
            self.names.of[s.index] = index
            self.line(depth, f"for {index} in {ends}:")
        else:
            self._condition(s, live_out, depth)
        yields = s.body.yields[: len(s.params)]
        self._prefer(yields, targets)
        start = len(self.lines)
        if trips:
            self.line(depth + 1, f"{trips} += 1")
        invariant = [
            isinstance(i, Const) and i.value is False and p.temporary for p, i in zip(s.params, s.inits, strict=True)
        ]
        exit_atom = s.body.yields[len(s.params)] if s.exits else None
        self._tail(s.body, live_out, depth + 1, _Next(targets, list(yields), exit_atom, invariant))
        if len(self.lines) == start:
            self.line(depth + 1, "pass")
        self.names.of.update(zip(s.results, targets, strict=True))

    def _condition(self, s: While, live_out: set[Var], depth: int) -> None:
        before, self.lines = self.lines, []
        reads = self.nesting.expanded(free_variables(s.body) | set(s.params))
        self._block(s.condition, live_out | reads, depth + 1)
        inner, self.lines = self.lines, before
        test = self.text(s.condition.yields[0])
        if not inner:
            self.line(depth, f"while {test.text}:")
            return
        self.line(depth, "while True:")
        self.lines += inner
        self.line(depth + 1, f"if {_negated(test)}:")
        self.line(depth + 2, "break")

    def _range(self, s: Loop) -> str:
        text = f"range({range_text([self.text(a) for a in (s.start, s.stop, s.step)])})"
        return f"reversed({text})" if s.reversed else text


def _dims(atom: Atom) -> Any:
    return atom.type.dims if isinstance(atom.type, Type) else object()


def _negated(condition: Text) -> str:
    if condition.text.startswith("not ") and condition.level < AND:
        return condition.text[4:]
    return f"not {condition.within(ATOM) if condition.level > 6 else condition.text}"
