"""Printing the statements of one function (floor 4).

Blocks are printed in the user's order; results of branches and the carried variables of loops are assignments to the
names that follow them; loops are ``for`` and ``while`` as the user wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Block, Branch, Call, Const, Let, Loop, Program, Statement, Var, While, walk
from ..ir.liveness import free_variables, inner_live_out, statement_reads
from .arms import branch_lines
from .endings import Ending, Next, Return
from .expressions import SKIPPED, ExpressionWriter, negated
from .signatures import docstring, returned, signature
from .text import index_text, range_text

__all__ = ["FunctionWriter"]


class FunctionWriter(ExpressionWriter):
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
        super().__init__(program, names, constants, taken, used)
        self.is_main = is_main
        self.lines: list[str] = []
        self.commented: Any = None
        self.sweep = ""

    # ---- the function ------------------------------------------------------------------------------------------------
    def write(self) -> str:
        """The function's text."""
        p = self.program
        for v in p.inputs:
            self.names.of[v] = self.names.choose(v.name, set(self.names.of))
        parameters, unpacking = signature(p, self.names, self.is_main)
        self.lines = [f"def {self.functions[id(p)]}({parameters}):", *(docstring(p) if self.is_main else [])]
        for line in unpacking:
            self.line(1, line)
        if any(s.role == "adjoint" for s in p.body.statements) and any(
            s.role in ("primal", "kept") for s in p.body.statements
        ):
            self.sweep = "forward"
            self.line(1, f"# forward sweep{self._kept()}")
        self._tail(p.body, set(), 1, Return(list(p.outputs)))
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

    def returned(self) -> str:
        """What the function returns."""
        return returned(self.program, self.text, self.is_main)

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
        text = self.expression(s).text
        target = self.names.define(s.target, live, self._hint(s))
        self.line(depth, self._accumulated(target, s) or f"{target} = {text}", s)

    def _accumulated(self, target: str, s: Any) -> str:
        """``x += ...`` for a number that becomes itself plus something; empty for anything else."""
        if not isinstance(s, Let) or s.op.name not in ("add", "subtract") or s.target.type.rank:
            return ""
        first = s.args[0]
        if not isinstance(first, Var) or self.text(first).text != target:
            return ""
        return f"{target} {'+' if s.op.name == 'add' else '-'}= {self.operand(s, s.args[1]).text}"

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
            value = self.operand(s, s.args[1]).text
            sign = "="
            if name == "accumulate":
                place = place if index.items else base
                sign = "+="
                inner = self.nesting.inlined.get(s.args[1]) if isinstance(s.args[1], Var) else None
                if isinstance(inner, Let) and inner.op.name == "negative":
                    sign, value = "-=", self.operand(s, inner.args[0]).text
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
        self.lines += branch_lines(condition, arms[0], arms[1], depth)

    def _tail(self, block: Block, live_out: set[Var], depth: int, ending: Ending) -> None:
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
        self.lines += branch_lines(condition, arms[0], arms[1], depth)

    def _read_by(self, s: Branch) -> set[Var]:
        return self.nesting.expanded(statement_reads(s))

    def _goes_into_arms(self, s: Branch, ending: Ending) -> bool:
        """Whether an arm ends the block early and the results are read by the ending only."""
        reads = self.nesting.expanded([a for a in ending.atoms() if isinstance(a, Var)])
        chained: set[Var] = set()
        while chained != reads:
            chained = set(reads)
            reads |= self.nesting.expanded(a for v in chained if isinstance(a := self.replaced.get(v), Var))
        if not all(r in reads for r in s.results):
            return False
        return ending.wants_arms(self, s)

    def _prefer(self, yields: Sequence[Atom], targets: Sequence[str]) -> None:
        for atom, target in zip(yields, targets, strict=False):
            if isinstance(atom, Var):
                self.names.preferred.setdefault(atom, target)

    def assign(self, targets: Sequence[str], values: Sequence[Atom], depth: int, s: Any) -> None:
        """Assign values to names as if at once."""
        pairs = []
        for target, atom in zip(targets, values, strict=True):
            text = self.text(atom)
            if text is not SKIPPED and text.text != target:
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
        self._tail(s.body, live_out, depth + 1, Next(targets, list(yields), exit_atom, invariant))
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
        self.line(depth + 1, f"if {negated(test)}:")
        self.line(depth + 2, "break")

    def _range(self, s: Loop) -> str:
        text = f"range({range_text([self.text(a) for a in (s.start, s.stop, s.step)])})"
        return f"reversed({text})" if s.reversed else text
