"""The text of what a program computes inside one line (floor 4).

An atom is a name, a literal, or the whole expression that made it, where `naming` decided that it is written at its
only reader. Broadcasting that NumPy does by itself is left to NumPy.
"""

from __future__ import annotations

from typing import Any

from ..ir import Atom, Branch, Call, Const, Let, ListType, Program, Type, Var
from ..ir.liveness import statement_reads
from .constants import array_text, is_literal
from .naming import Names, Nesting
from .spelling import expanded, spell
from .text import AND, ATOM, CONDITIONAL, OR, UNARY, Text, literal

__all__ = ["SKIPPED", "ExpressionWriter", "negated"]

#: Stands for a value that nothing reads; no assignment is printed for it.
SKIPPED = Text("<undefined>")
_NOTHING = {"f64": "0.0", "f32": "0.0", "i64": "0", "bool": "False"}


class ExpressionWriter:
    """Writes the expressions of one program.

    Parameters
    ----------
    program : Program
        The program.
    functions : dict
        Function names by the identity of programs.
    constants : dict
        Names of the module's arrays by the identity of arrays.
    taken : set of str
        Names of the module.
    used : set of str
        Receives the names of support definitions.
    """

    def __init__(
        self, program: Program, functions: dict[int, str], constants: dict[int, str], taken: set[str], used: set[str]
    ) -> None:
        self.program, self.functions, self.constants, self.used = program, functions, constants, used
        self.nesting = Nesting(program)
        self.names = Names(taken, self.nesting.users)
        self.replaced: dict[Var, Atom] = {}

    # ---- what stands at an atom --------------------------------------------------------------------------------------
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

    def names_in(self, atom: Atom) -> set[str]:
        """The names that the expression of an atom reads."""
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

    # ---- expressions ------------------------------------------------------------------------------------------------
    def _constant(self, atom: Const) -> str:
        return array_text(atom.value) if is_literal(atom) else self.constants[id(atom.value)]

    def _nested(self, s: Let | Branch | Call) -> Text:
        if isinstance(s, Call):
            return Text(f"{self.functions[id(s.program)]}({', '.join(self.text(a).text for a in s.args)})")
        return self.expression(s) if isinstance(s, Let) else self._conditional(s)

    def _conditional(self, s: Branch) -> Text:
        condition = self.text(s.condition)
        a, b = s.then.yields[0], s.orelse.yields[0]
        if isinstance(a, Const) and isinstance(b, Const) and {a.value is True, b.value is True} == {True, False}:
            if a.value is True and b.value is False:
                return condition
            if a.value is False and b.value is True:
                return Text(negated(condition), UNARY)
        if isinstance(b, Const) and b.value is False:
            return Text(f"{condition.within(AND)} and {self.text(a).within(AND)}", AND)
        if isinstance(a, Const) and a.value is True:
            return Text(f"{condition.within(OR)} or {self.text(b).within(OR)}", OR)
        left, right = self.text(a), self.text(b)
        return Text(f"{left.within(OR)} if {condition.within(OR)} else {right.within(CONDITIONAL)}", CONDITIONAL)

    def expression(self, let: Let) -> Text:
        """What a statement computes."""
        if let.op.name == "undefined":
            kind = let.target.type
            if let.target not in self.nesting.stored:
                return SKIPPED
            if isinstance(kind, ListType):
                return Text("None")
            # an array without axes can be copied, and fits a row of any dtype and length
            return Text("np.zeros(())" if kind.rank else _NOTHING[kind.dtype])
        args = [self.operand(let, a) for a in let.args]
        if let.op.name == "copy" and isinstance(let.args[0], Const) and is_literal(let.args[0]):
            return args[0]
        times_one = let.op.name == "multiply" and let.role != "primal" and "1.0" in (args[0].text, args[1].text)
        if times_one and not let.target.type.rank:  # an array would be the operand itself, and may be written to
            return args[1] if args[0].text == "1.0" else args[0]
        if let.op.name == "copy" and isinstance(let.args[0], Var):
            repeated = self.nesting.inlined.get(let.args[0])
            scalar = isinstance(repeated, Let) and repeated.op.name in ("broadcast_with", "spread")
            if scalar and isinstance(repeated, Let) and not repeated.args[0].type.rank and len(repeated.args) == 2:
                value, like = (self.text(a).text for a in repeated.args)
                return Text(f"np.full(np.shape({like}), {value})")
        return spell(let, args, self.used)

    def operand(self, let: Let, atom: Atom) -> Text:
        """An operand; broadcasting that NumPy does by itself is left to it."""
        if isinstance(atom, Var) and isinstance(inner := self.nesting.inlined.get(atom), Let):
            if inner.op.name == "broadcast_with" and self._spreads_itself(let, atom, inner):
                return self.text(inner.args[0])
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


def _dims(atom: Atom) -> Any:
    return atom.type.dims if isinstance(atom.type, Type) else object()


def negated(condition: Text) -> str:
    """The opposite of a condition."""
    if condition.text.startswith("not ") and condition.level < AND:
        return condition.text[4:]
    return f"not {condition.within(ATOM) if condition.level > 6 else condition.text}"
