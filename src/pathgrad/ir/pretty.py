"""Printing a program as text, in the grammar of `pathgrad.ir.program` (floor 1)."""

from __future__ import annotations

from collections.abc import Sequence

from .program import Atom, Block, Branch, Call, Const, Let, Loop, Program, Statement, Var, While

__all__ = ["pretty"]


class _Names:
    """A distinct name for every variable: its own, with a number where two share it."""

    def __init__(self) -> None:
        self.of: dict[Var, str] = {}
        self.count: dict[str, int] = {}

    def __call__(self, atom: Atom) -> str:
        if isinstance(atom, Const):
            return repr(atom)
        if atom not in self.of:
            n = self.count.get(atom.name, 0)
            self.count[atom.name] = n + 1
            self.of[atom] = f"{atom.name}.{n}" if n else atom.name
        return self.of[atom]

    def typed(self, variables: Sequence[Var]) -> str:
        """A list of names with types."""
        return ", ".join(f"{self(v)}: {v.type}" for v in variables)

    def plain(self, atoms: Sequence[Atom]) -> str:
        """A list of names."""
        return ", ".join(map(self, atoms))


def pretty(program: Program) -> str:
    """The text of a program (its callees by name only).

    Examples
    --------
    >>> from pathgrad.ir import Builder, Program, Var, F64, pretty
    >>> from pathgrad.ops import TABLE
    >>> x, builder = Var("x", F64), Builder()
    >>> with builder.open() as body:
    ...     body.yields = [builder.emit(TABLE["sin"], [x], name="y")]
    >>> print(pretty(Program("f", [x], body)))
    f(x: f64)
        y: f64 = sin(x)
        yield y
    """
    names = _Names()
    lines = [f"{program.name}({names.typed(program.inputs)})"]
    inputs = [names(v) for v in program.inputs]
    lines += [f"    supposes {supposition.text(inputs)}" for supposition in program.supposed]
    _block(program.body, names, 1, lines)
    return "\n".join(lines)


def _block(block: Block, names: _Names, depth: int, lines: list[str]) -> None:
    for statement in block.statements:
        _statement(statement, names, depth, lines)
    lines.append("    " * depth + f"yield {names.plain(block.yields)}".rstrip())


def _carried(params: Sequence[Var], inits: Sequence[Atom], names: _Names) -> str:
    pairs = ", ".join(f"{names(p)}: {p.type} = {names(i)}" for p, i in zip(params, inits, strict=True))
    return f" with ({pairs})"


def _statement(s: Statement, names: _Names, depth: int, lines: list[str]) -> None:
    pad = "    " * depth
    if isinstance(s, Let):
        params = "".join(f"; {key}={value}" for key, value in s.params.items())
        lines.append(f"{pad}{names.typed([s.target])} = {s.op.name}({names.plain(s.args)}{params})")
    elif isinstance(s, Call):
        lines.append(f"{pad}{names.typed(s.results)} = {s.program.name}({names.plain(s.args)})")
    elif isinstance(s, Branch):
        lines.append(f"{pad}{names.typed(s.results)} = if {names(s.condition)}")
        _block(s.then, names, depth + 1, lines)
        lines.append(f"{pad}else")
        _block(s.orelse, names, depth + 1, lines)
    elif isinstance(s, Loop):
        order = "reversed " if s.reversed else ""
        ends = f"{names(s.start)}:{names(s.stop)}:{names(s.step)}"
        carried = _carried(s.params, s.inits, names)
        tail = f" counting {names(s.trips)}" if s.trips else ""
        if s.checkpoints is not None:
            tail += f" checkpoints {s.checkpoints or 'by length'}"
        lines.append(f"{pad}{names.typed(s.results)} = for {names(s.index)} in {order}{ends}{carried}{tail}")
        _block(s.body, names, depth + 1, lines)
    elif isinstance(s, While):
        tail = f" counting {names(s.trips)}" if s.trips else ""
        lines.append(f"{pad}{names.typed(s.results)} = while{_carried(s.params, s.inits, names)}{tail}")
        _block(s.condition, names, depth + 2, lines)
        lines.append(f"{pad}do")
        _block(s.body, names, depth + 1, lines)
