"""Where a function's text is: from a live function or from a file that is never run (floor 2).

A `Source` is a function's syntax tree with the file, the lines, and a way to look up the names that it does not define.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import linecache
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType, MethodType
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
    ) -> None:
        self.node = node
        self.filename = filename
        self.lines = lines
        self.name = name
        self.lookup = lookup
        self.identity = identity
        self.defaults = defaults

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
                    starred.col_offset + 1,
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

    Several lambdas on one line are told apart by the positions of their code. A decorated function is what the
    decorator made of it.

    Parameters
    ----------
    function : callable
        A function, lambda, bound method, or a compiled function that keeps the original as ``py_func``.

    Returns
    -------
    Source
        Its tree, and its globals and captured variables as they are when they are looked up.

    Raises
    ------
    SourceUnavailable
        Built-in functions, functions made by ``exec`` or typed into an interactive interpreter, classes, instances,
        async functions, and functions whose file was changed.

    Examples
    --------
    >>> def cube(x):
    ...     return x**3
    >>> source = source_of(cube)
    >>> source.name, source.parameter_names()
    ('cube', ['x'])
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
    if inspect.iscoroutinefunction(wrapped) or inspect.isasyncgenfunction(wrapped):
        raise SourceUnavailable(f"{wrapped.__name__}: an async function cannot be read; write it with a plain def")
    filename, lines = text_of(wrapped)
    if not lines:
        raise SourceUnavailable(
            f"{wrapped.__name__}: its source is not available (file {filename!r}: made by exec or typed "
            f"interactively); write the function in a file or a notebook cell"
        )
    node = _find(wrapped, filename, lines)
    return Source(
        node, filename, lines, wrapped.__name__, outside(wrapped), wrapped, lambda name: default_of(wrapped, name)
    )


def text_of(function: FunctionType) -> tuple[str, list[str]]:
    """A function's file and the file's lines; no lines where there is no text."""
    filename = inspect.getsourcefile(function) or function.__code__.co_filename
    return filename, linecache.getlines(filename, function.__globals__)


def outside(function: FunctionType) -> Callable[[str], Any]:
    """From a name that a function does not assign to its present value, or `MISSING`."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    namespace = function.__globals__

    def lookup(name: str) -> Any:
        if name in cells:
            try:
                return cells[name].cell_contents
            except ValueError:  # the enclosing function has not assigned it yet
                return MISSING
        found = namespace.get(name, MISSING)
        return getattr(builtins, name, MISSING) if found is MISSING else found

    return lookup


def parameters_of(function: Any) -> list[str] | None:
    """The names of a function's parameters, without its text; None where the text must decide."""
    if not isinstance(function, FunctionType):
        return None
    code = function.__code__
    special = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    if code.co_flags & special or not text_of(function)[1]:
        return None
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def default_of(function: FunctionType, name: str) -> Any:
    """The default of a parameter, or `MISSING`."""
    code, given = function.__code__, function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    if name in positional:
        place = positional.index(name) - len(positional) + len(given)
        return given[place] if place >= 0 else MISSING
    return (function.__kwdefaults__ or {}).get(name, MISSING)


def _find(function: FunctionType, filename: str, lines: list[str]) -> FunctionNode:
    """The node of ``function`` in its file."""
    code = function.__code__
    try:
        starting = _functions_of("".join(lines)).get(code.co_firstlineno, [])
    except SyntaxError:
        raise _changed(function, filename) from None
    kind = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    found = [node for node in starting if isinstance(node, kind) and _may_be(node, code)]
    if len(found) > 1:
        found = _at_positions(found, code)
    if not found:
        raise _changed(function, filename)
    if len({ast.dump(node) for node in found}) > 1:
        raise SourceUnavailable(
            f"{function.__name__}: line {code.co_firstlineno} of {filename} holds {len(found)} lambdas that cannot be "
            f"told apart; put each on its own line or use def"
        )
    return found[0]


@functools.lru_cache(maxsize=64)
def _functions_of(text: str) -> dict[int, list[FunctionNode]]:
    """The functions and lambdas of a file, by the line in which they start."""
    found: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            found.setdefault(_first_line(node), []).append(node)
    return found


def _first_line(node: FunctionNode) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _changed(function: FunctionType, filename: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{function.__name__}: line {function.__code__.co_firstlineno} of {filename} no longer defines it; the file "
        f"was changed after it was imported: import it again"
    )


def _may_be(node: FunctionNode, code: CodeType) -> bool:
    """Whether a function of this name and these parameters starts in the line of ``code``."""
    first = _first_line(node)
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return (
        first == code.co_firstlineno
        and getattr(node, "name", code.co_name) == code.co_name
        and tuple(a.arg for a in arguments) == code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    )


def _at_positions(nodes: list[FunctionNode], code: CodeType) -> list[FunctionNode]:
    """The innermost of the functions on one line whose body holds every instruction of ``code``.

    Python can be told to keep no columns; all the functions whose names and constants fit are given back then.
    """
    places = [(line, column) for line, _, column, end in code.co_positions() if line and column is not None and end]
    if not places:
        return [node for node in nodes if _vocabulary(_compiled(node)) == _vocabulary(code)]
    holding = [node for node in nodes if _start(node) <= min(places) and max(places) < _end(node)]
    return sorted(holding, key=_start)[-1:]


def _start(node: FunctionNode) -> tuple[int, int]:
    first = node.body if isinstance(node, ast.Lambda) else node.body[0]
    return first.lineno, first.col_offset


def _end(node: FunctionNode) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _compiled(node: FunctionNode) -> CodeType:
    """The code of a function compiled by itself."""
    body: list[ast.stmt] = [ast.copy_location(ast.Expr(node), node) if isinstance(node, ast.Lambda) else node]
    module = compile(ast.Module(body, []), "<function>", "exec")
    return next(c for c in reversed(module.co_consts) if isinstance(c, CodeType))


def _vocabulary(code: CodeType) -> tuple[set[str], list[str]]:
    """The names from outside and the constants of a function and of the functions in it."""
    names, constants = {*code.co_names, *code.co_freevars}, []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner_names, inner_constants = _vocabulary(constant)
            names |= inner_names
            constants += inner_constants
        else:
            constants.append(repr(constant))
    return names, constants


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
