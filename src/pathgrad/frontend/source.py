"""Where a function's text is: from a live function or from a file that is never run (floor 2).

A `Source` is a function's syntax tree with the file, the lines, and a way to look up the names that it does not define.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import linecache
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from ..errors import SourceUnavailable, UnsupportedSyntax

__all__ = ["MISSING", "Source", "source_of", "sources_of_file"]

MISSING = object()
FunctionNode = ast.FunctionDef | ast.Lambda
#: Modules that a file may import when it is read without being run.
READABLE_MODULES = ("numpy", "math", "scipy", "scipy.special", "pathgrad", "cmath", "typing", "numpy.typing")


class Source:
    """A function's syntax tree and where its names come from.

    Attributes
    ----------
    node : ast.FunctionDef or ast.Lambda
        The tree; line numbers are those of the file.
    filename : str
        The file.
    lines : list of str
        The file's lines.
    name : str
        The function's name.
    lookup : callable
        Name to value of a global or captured variable; `MISSING` where there is none.
    identity : object
        What two readings of the same function have in common (hashable).
    """

    def __init__(
        self,
        node: FunctionNode,
        filename: str,
        lines: list[str],
        name: str,
        lookup: Callable[[str], Any],
        identity: Any,
        defaults: Callable[[str], Any],
        column_offset: int = 0,
    ) -> None:
        self.node = node
        self.filename = filename
        self.lines = lines
        self.name = name
        self.lookup = lookup
        self.identity = identity
        self.defaults = defaults
        self.column_offset = column_offset

    @property
    def body(self) -> list[ast.stmt]:
        """The statements; a lambda's expression as one return."""
        if isinstance(self.node, ast.Lambda):
            result = ast.Return(self.node.body)
            return [ast.copy_location(result, self.node.body)]
        return self.node.body

    def parameter_names(self) -> list[str]:
        """The names of the parameters, in order.

        Raises
        ------
        UnsupportedSyntax
            ``*args`` or ``**kwargs``.
        """
        arguments = self.node.args
        for starred in (arguments.vararg, arguments.kwarg):
            if starred is not None:
                raise UnsupportedSyntax(
                    f"{self.name}: *{starred.arg} has no fixed number of arguments; name the parameters",
                    self.filename,
                    starred.lineno,
                    starred.col_offset + 1 + self.column_offset,
                    self.line(starred.lineno),
                )
        return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]

    def line(self, number: int) -> str:
        """One line of the file."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def text(self, node: ast.AST) -> str:
        """The first line of a node's own text, without its indentation and comments."""
        text = ast.unparse(node).split("\n")[0]
        return text if len(text) <= 88 else text[:85] + "..."


def source_of(function: Any) -> Source:
    """The source of a live function.

    Raises
    ------
    SourceUnavailable
        Built-in functions, functions made by ``exec`` or typed into an interactive interpreter, classes, instances.
    """
    if isinstance(function, MethodType):
        function = function.__func__
    wrapped = getattr(function, "py_func", function)
    if not isinstance(wrapped, FunctionType):
        kind = type(function).__name__
        raise SourceUnavailable(
            f"{getattr(function, '__name__', function)!s}: a {kind} has no Python source; wrap it in a def or a lambda "
            f"written in a file"
        )
    filename = inspect.getsourcefile(wrapped) or wrapped.__code__.co_filename
    lines = linecache.getlines(filename, wrapped.__globals__)
    if not lines:
        raise SourceUnavailable(
            f"{wrapped.__name__}: its source is not available (file {filename!r}: made by exec or typed "
            f"interactively); write the function in a file or a notebook cell"
        )
    node, offset = _find(wrapped, filename, lines)
    captured = inspect.getclosurevars(wrapped).nonlocals if wrapped.__closure__ else {}
    signature = inspect.signature(wrapped)

    def lookup(name: str) -> Any:
        if name in captured:
            return captured[name]
        return wrapped.__globals__.get(name, getattr(builtins, name, MISSING))

    def default(name: str) -> Any:
        value = signature.parameters[name].default
        return MISSING if value is inspect.Parameter.empty else value

    return Source(node, filename, lines, wrapped.__name__, lookup, wrapped, default, offset)


def _find(function: FunctionType, filename: str, lines: list[str]) -> tuple[FunctionNode, int]:
    """The node of ``function`` in its file, and how far its block was indented where it had to be cut out."""
    code = function.__code__
    try:
        tree: ast.AST = ast.parse("".join(lines))
        offset = 0
    except SyntaxError:
        block = inspect.getblock(lines[code.co_firstlineno - 1 :])
        text = textwrap.dedent("".join(block))
        tree = ast.parse(text)
        ast.increment_lineno(tree, code.co_firstlineno - 1)
        offset = len(block[0]) - len(block[0].lstrip())
    wanted = ast.Lambda if function.__name__ == "<lambda>" else ast.FunctionDef
    found: list[FunctionNode] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda | ast.FunctionDef) and isinstance(node, wanted):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            if first == code.co_firstlineno and (isinstance(node, ast.Lambda) or node.name == code.co_name):
                found.append(node)
    if len(found) > 1:
        found = [node for node in found if _same_code(node, function)] or found
    if not found:
        raise SourceUnavailable(
            f"{function.__name__}: line {code.co_firstlineno} of {filename} no longer defines it; the file was changed "
            f"after it was imported: import it again"
        )
    distinct = {ast.dump(node) for node in found}
    if len(distinct) > 1:
        raise SourceUnavailable(
            f"{function.__name__}: line {code.co_firstlineno} of {filename} holds {len(found)} lambdas that cannot be "
            f"told apart; put each on its own line or use def"
        )
    return found[0], offset


def _same_code(node: FunctionNode, function: FunctionType) -> bool:
    """Whether compiling ``node`` gives the code of ``function``."""
    columns = next((p[2] for p in function.__code__.co_positions() if p[2] is not None and p[0] is not None), None)
    if isinstance(node, ast.Lambda):
        compiled = compile(ast.Expression(ast.Lambda(node.args, node.body, **_location(node))), "<lambda>", "eval")
        inner = next(c for c in compiled.co_consts if hasattr(c, "co_code"))
        starts = [p[2] for p in function.__code__.co_positions() if p[2]]
        inside = not starts or node.body.col_offset <= min(starts) <= (node.body.end_col_offset or 0)
        same_names = inner.co_names == function.__code__.co_names
        return inside and same_names and inner.co_varnames == function.__code__.co_varnames
    return columns is not None


def _location(node: ast.expr) -> dict[str, Any]:
    return {key: getattr(node, key) for key in ("lineno", "col_offset", "end_lineno", "end_col_offset")}


def sources_of_file(path: str | Path) -> dict[str, Source]:
    """The functions of a file, by name, without running it.

    Names of the file resolve to its own functions, to its literal constants, and to modules out of
    `READABLE_MODULES` that it imports.

    Raises
    ------
    FileNotFoundError
        No such file.
    UnsupportedSyntax
        The file is not Python.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UnsupportedSyntax(
            f"not Python: {error.msg}", str(path), error.lineno or 1, error.offset or 1, error.text
        ) from None
    lines = text.splitlines(keepends=True)
    names: dict[str, Any] = {}
    functions: dict[str, Source] = {}

    def lookup(name: str) -> Any:
        return names.get(name, getattr(builtins, name, MISSING))

    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = names[node.name] = _file_function(node, str(path), lines, lookup)
        else:
            _file_statement(node, names)
    return functions


def _file_function(node: ast.FunctionDef, filename: str, lines: list[str], lookup: Callable[[str], Any]) -> Source:
    positional = [*node.args.posonlyargs, *node.args.args]
    nodes: dict[str, ast.expr | None] = dict(
        zip([a.arg for a in positional[len(positional) - len(node.args.defaults) :]], node.args.defaults, strict=True)
    )
    nodes.update(zip([a.arg for a in node.args.kwonlyargs], node.args.kw_defaults, strict=True))

    def default(name: str) -> Any:
        value = nodes.get(name)
        return MISSING if value is None else literal(value, lookup)

    return Source(node, filename, lines, node.name, lookup, (filename, node.name, ast.dump(node)), default)


def literal(node: ast.expr, lookup: Callable[[str], Any]) -> Any:
    """The value of a literal expression (numbers, names of known constants, arithmetic on them), or `MISSING`."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    if isinstance(node, ast.Name):
        return lookup(node.id)
    if isinstance(node, ast.Attribute):
        owner = literal(node.value, lookup)
        return MISSING if owner is MISSING else getattr(owner, node.attr, MISSING)
    if isinstance(node, ast.UnaryOp | ast.BinOp):
        parts = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
        values = [literal(part, lookup) for part in parts]
        if all(isinstance(v, int | float) for v in values):
            names = {f"v{k}": v for k, v in enumerate(values)}
            renamed = [ast.Name(key, ast.Load()) for key in names]
            expression: ast.expr = (
                ast.UnaryOp(node.op, renamed[0])
                if isinstance(node, ast.UnaryOp)
                else ast.BinOp(renamed[0], node.op, renamed[1])
            )
            compiled = compile(ast.fix_missing_locations(ast.Expression(expression)), "<literal>", "eval")
            return eval(compiled, {"__builtins__": {}}, names)
    return MISSING


def _file_statement(node: ast.stmt, names: dict[str, Any]) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name in READABLE_MODULES:
                module = importlib.import_module(alias.name)
                names[alias.asname or alias.name.split(".")[0]] = (
                    module if alias.asname else importlib.import_module(alias.name.split(".")[0])
                )
    elif isinstance(node, ast.ImportFrom) and node.module in READABLE_MODULES and not node.level:
        module = importlib.import_module(node.module)
        for alias in node.names:
            if hasattr(module, alias.name):
                names[alias.asname or alias.name] = getattr(module, alias.name)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        value = literal(node.value, lambda name: names.get(name, MISSING))
        if value is not MISSING:
            names[node.targets[0].id] = value
