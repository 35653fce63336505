"""How each operator is written in Python over NumPy (floor 4).

A spelling is a function from the operands' texts to a text and its precedence. Operators whose record names a NumPy
function need no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Const, Let, Type
from ..ir.types import NUMPY_NAMES
from .text import (
    AND,
    ATOM,
    BITS,
    COMPARISON,
    CONDITIONAL,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Text,
    index_text,
    range_text,
)

__all__ = ["expanded", "spell"]

_INFIX = {
    "add": (" + ", SUM),
    "subtract": (" - ", SUM),
    "multiply": (" * ", PRODUCT),
    "divide": (" / ", PRODUCT),
    "floor_divide": (" // ", PRODUCT),
    "remainder": (" % ", PRODUCT),
    "matmul": (" @ ", PRODUCT),
    "less": (" < ", COMPARISON),
    "less_equal": (" <= ", COMPARISON),
    "greater": (" > ", COMPARISON),
    "greater_equal": (" >= ", COMPARISON),
    "equal": (" == ", COMPARISON),
    "not_equal": (" != ", COMPARISON),
}
_SUPPORTED = {
    name: f"_{name}"
    for name in ("sigmoid", "erf", "erfc", "ndtr", "gammaln", "polygamma", "xlogy", "extend", "zero_list", "add_lists")
}
_RENAMED = {"amax": "np.max", "amin": "np.min"}


def spell(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    """The expression of a statement; support definitions that it needs are added to ``used``."""
    name = let.op.name
    special = _SPECIAL.get(name)
    if special is not None:
        return special(let, args, used)
    if name in _INFIX:
        symbol, level = _INFIX[name]
        right = level - 1
        left = level if level != COMPARISON else level - 1
        return Text(f"{args[0].within(left)}{symbol}{args[1].within(right)}", level)
    if name in _SUPPORTED:
        used.add(_SUPPORTED[name])
        return _function(_SUPPORTED[name], args)
    if let.op.facts.get("reduction"):
        return _reduction(_RENAMED.get(name, f"np.{name}"), let, args)
    for spelling in let.op.spellings:
        if spelling.startswith("numpy."):
            return _function("np." + spelling.removeprefix("numpy."), args)
    raise AssertionError(f"operator {name} has no spelling in Python")


def _function(name: str, args: Sequence[Text], *more: str) -> Text:
    return Text(f"{name}({', '.join([*(a.text for a in args), *more])})")


def _reduction(function: str, let: Let, args: Sequence[Text]) -> Text:
    axis, keepdims = let.params["axis"], let.params.get("keepdims")
    more = []
    if axis is not None:
        more.append(f"axis={axis[0] if len(axis) == 1 else axis}")
    if keepdims:
        more.append("keepdims=True")
    return _function(function, args, *more)


def _is_array(let: Let) -> bool:
    return bool(let.target.type.rank)


def _negative(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"-{args[0].within(UNARY - 1)}", UNARY)


def _power(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"{args[0].within(ATOM)} ** {args[1].within(UNARY)}", POWER)


def _where(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    if _is_array(let):
        return _function("np.where", args)
    condition, a, b = args
    return Text(f"{a.within(OR)} if {condition.within(OR)} else {b.within(CONDITIONAL)}", CONDITIONAL)


def _are_truth_values(let: Let) -> bool:
    return all(isinstance(a.type, Type) and a.type.dtype == "bool" for a in let.args)


def _logic(word: str, symbol: str, level: int) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        if _is_array(let):
            if not _are_truth_values(let):
                return _function(f"np.logical_{word}", args)
            return Text(f"{args[0].within(BITS - 1)} {symbol} {args[1].within(BITS - 1)}", BITS)
        return Text(f"{args[0].within(level)} {word} {args[1].within(level)}", level)

    return write


def _not(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    if _is_array(let):
        if not _are_truth_values(let):
            return _function("np.logical_not", args)
        return Text(f"~{args[0].within(UNARY)}", UNARY)
    return Text(f"not {args[0].within(COMPARISON)}", NOT)


def _load(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"{args[0].within(ATOM)}[{index_text(let.params['index'], args[1:])}]")


def _scatter(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    used.add("_scatter")
    inner = index_text(let.params["index"], args[2:])
    return Text(f"_scatter({args[0].text}, {args[1].text}, np.s_[{inner}])")


def _dtype(let: Let, default: str = "f64") -> list[str]:
    dtype = let.params["dtype"]
    return [] if dtype == default else [f"dtype=np.{NUMPY_NAMES[dtype]}"]


def _shape(args: Sequence[Text]) -> str:
    return args[0].text if len(args) == 1 else f"({', '.join(a.text for a in args)})"


def _created(function: str) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        return Text(f"{function}({', '.join([_shape(args), *_dtype(let)])})")

    return write


def _full(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    value = let.args[0]
    if isinstance(value, Const) and value.value == 1:
        return Text(f"np.ones({', '.join([_shape(args[1:]), *_dtype(let)])})")
    return Text(f"np.full({', '.join([_shape(args[1:]), args[0].text, *_dtype(let)])})")


def _arange(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    start, stop, step = args
    ends = [stop] if start.text == "0" and step.text == "1" else [start, stop, step][: 2 if step.text == "1" else 3]
    return _function("np.arange", ends, *_dtype(let, "i64" if let.args[1].type.dtype == "i64" else "f64"))  # type: ignore[union-attr]


def _linspace(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return _function("np.linspace", args, *([] if let.params["endpoint"] else ["endpoint=False"]))


def _cast(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    dtype = let.params["dtype"]
    if _is_array(let):
        return Text(f"{args[0].within(ATOM)}.astype(np.{NUMPY_NAMES[dtype]})")
    word = {"f64": "float", "i64": "int", "bool": "bool", "f32": "np.float32"}[dtype]
    return _function(word, args)


def _cast_like(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    source, target = let.args[0].type, let.target.type
    assert isinstance(target, Type)
    assert isinstance(source, Type)
    if source.dtype == target.dtype:
        return args[0]
    if _is_array(let):
        return Text(f"{args[0].within(ATOM)}.astype(np.{NUMPY_NAMES[target.dtype]})")
    return _function(f"np.{NUMPY_NAMES[target.dtype]}", args[:1])


def _transpose(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    axes = let.params.get("axes")
    return Text(f"{args[0].within(ATOM)}.T") if axes is None else _function("np.transpose", args, str(axes))


def _reshape(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"np.reshape({args[0].text}, {_shape(args[1:])})")


def _reshape_like(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"np.reshape({args[0].text}, np.shape({args[1].text}))")


def _axis(function: str) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        return _function(function, args, f"axis={let.params['axis']}")

    return write


def _joined(function: str) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        parts = ", ".join(a.text for a in args) + ("," if len(args) == 1 else "")
        axis = let.params["axis"]
        return Text(f"{function}(({parts}){f', axis={axis}' if axis else ''})")

    return write


def _part(function: str) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        used.add(function)
        parts = ", ".join(a.text for a in args[1:]) + ("," if len(args) == 2 else "")
        return Text(f"{function}({args[0].text}, ({parts}), {let.params['axis']}, {let.params['position']})")

    return write


def _pack(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"np.array([{', '.join(a.text for a in args)}])")


def _length(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    axis = let.params["axis"]
    return _function("len", args) if axis == 0 else Text(f"{args[0].within(ATOM)}.shape[{axis}]")


def _count_like(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    axis = let.params["axis"]
    whole = args[0].within(ATOM)
    if axis is None:
        return Text(f"{whole}.size")
    lengths = [f"{whole}.shape[{k}]" for k in axis]
    return Text(" * ".join(lengths), ATOM if len(lengths) == 1 else PRODUCT)


def _sum_to(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    if not _is_array(let):
        return _function("np.sum", args[:1])
    used.add("_sum_to")
    return _function("_sum_to", args)


def _broadcast_with(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    if len(args) == 2 and let.target.type.rank == let.args[1].type.rank and _dims(let.target) == _dims(let.args[1]):
        return Text(f"np.broadcast_to({args[0].text}, {args[1].within(ATOM)}.shape)")
    shapes = ", ".join(f"np.shape({a.text})" for a in args)
    return Text(f"np.broadcast_to({args[0].text}, np.broadcast_shapes({shapes}))")


def _dims(atom: Any) -> Any:
    dims = getattr(atom.type, "dims", (None,))
    return dims if None not in dims else object()


def expanded(let: Let, text: Text) -> Text:
    """The reduced value with axes of length 1 where it was reduced."""
    axis = let.params["axis"]
    if axis is None or let.params["keepdims"] or not let.args[0].type.rank:
        return text
    return _function("np.expand_dims", [text], f"axis={axis[0] if len(axis) == 1 else axis}")


def _spread(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"np.broadcast_to({expanded(let, args[0]).text}, {args[1].within(ATOM)}.shape)")


def _cumsum(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    axis = let.params["axis"]
    if not let.params.get("backward"):
        return _function("np.cumsum", args, f"axis={axis}")
    return Text(f"np.flip(np.cumsum(np.flip({args[0].text}, {axis}), axis={axis}), {axis})")


def _norm(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    axis = let.params["axis"]
    if (axis is None and not let.params["keepdims"]) or (axis is not None and len(axis) == 1):
        return _reduction("np.linalg.norm", let, args)
    squares = _reduction("np.sum", let, [Text(f"np.square({args[0].text})")])
    return Text(f"np.sqrt({squares.text})")


def _position(function: str) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        axis = let.params["axis"]
        return _function(function, args, *([] if axis is None else [f"axis={axis[0]}"]))

    return write


def _trip_count(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"len(range({range_text(args)}))")


def _iota_like(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"np.arange(len({args[0].text}), dtype={args[0].within(ATOM)}.dtype)")


def _recall(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text(f"{args[0].within(ATOM)}[{args[1].text}]")


def _simple(template: str, level: int = ATOM, *inner: int) -> Callable[..., Text]:
    def write(let: Let, args: Sequence[Text], used: set[str]) -> Text:
        levels = inner or (OR,) * len(args)
        return Text(template.format(*(a.within(k) for a, k in zip(args, levels, strict=True))), level)

    return write


def _new_list(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    return Text("[]")


def _digamma(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    used.add("_polygamma")
    return Text(f"_polygamma(0, {args[0].text})")


def _extend(let: Let, args: Sequence[Text], used: set[str]) -> Text:
    t, label = args
    if not _is_array(let) and t.text.isidentifier():
        return Text(f"{t.text} * {label.within(PRODUCT - 1)} if {t.text} else 0.0", CONDITIONAL)
    used.add("_extend")
    return _function("_extend", args)


_SPECIAL: dict[str, Callable[[Let, Sequence[Text], set[str]], Text]] = {
    "negative": _negative,
    "digamma": _digamma,
    "extend": _extend,
    "positive": _simple("+{0}", UNARY, UNARY),
    "power": _power,
    "where": _where,
    "logical_and": _logic("and", "&", AND),
    "logical_or": _logic("or", "|", OR),
    "logical_not": _not,
    "half_squared_difference": _simple("0.5 * np.square({0} - {1})", PRODUCT, SUM, PRODUCT),
    "relu": _simple("np.maximum({0}, 0.0)"),
    "softplus": _simple("np.logaddexp(0.0, {0})"),
    "outer": _simple("np.multiply.outer({0}, {1})"),
    "zeros_like": _simple("np.zeros_like({0})"),
    "copy": _simple("{0}.copy()", ATOM, ATOM),
    "load": _load,
    "scatter": _scatter,
    "zeros": _created("np.zeros"),
    "empty": _created("np.empty"),
    "full": _full,
    "arange": _arange,
    "linspace": _linspace,
    "iota_like": _iota_like,
    "cast": _cast,
    "cast_like": _cast_like,
    "transpose": _transpose,
    "reshape": _reshape,
    "reshape_like": _reshape_like,
    "expand_dims": _axis("np.expand_dims"),
    "squeeze": _axis("np.squeeze"),
    "concatenate": _joined("np.concatenate"),
    "stack": _joined("np.stack"),
    "pack": _pack,
    "section": _part("_section"),
    "place": _part("_place"),
    "length": _length,
    "count_like": _count_like,
    "sum_to": _sum_to,
    "broadcast_with": _broadcast_with,
    "spread": _spread,
    "cumsum": _cumsum,
    "norm": _norm,
    "argmax": _position("np.argmax"),
    "argmin": _position("np.argmin"),
    "trip_count": _trip_count,
    "recall": _recall,
    "last": _simple("{0}[-1]", ATOM, ATOM),
    "new_list": _new_list,
}
