"""The mathematical functions of native code against mpmath, NumPy and themselves in other surroundings."""

from __future__ import annotations

import ctypes
import functools
import math
import platform
import re

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest
import scipy.special

from pathgrad.backend.native.mathematics import NAMES, call, definitions
from pathgrad.backend.native.mathematics.distant import two_over_pi
from pathgrad.backend.native.mathematics.logarithm import LOG_2_HIGH, LOG_2_LOW
from pathgrad.backend.native.mathematics.notation import Function, polynomial, spelled
from pathgrad.backend.native.mathematics.trigonometric import LIMIT, PARTS
from pathgrad.errors import ProgramError

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()

KINDS = {"f64": "double", "f32": "float"}
NUMPY = {"f64": np.float64, "f32": np.float32}
UNARY = sorted(NAMES - {"power"})
EVERY = [(name, dtype) for name in sorted(NAMES) for dtype in KINDS]
EVERY_UNARY = [(name, dtype) for name in UNARY for dtype in KINDS]

CONTEXT = mpmath.mp.clone()
CONTEXT.prec = 200
REFERENCE = {
    "exp": CONTEXT.exp,
    "expm1": CONTEXT.expm1,
    "log": CONTEXT.log,
    "log1p": CONTEXT.log1p,
    "sin": CONTEXT.sin,
    "cos": CONTEXT.cos,
    "tanh": CONTEXT.tanh,
    "sigmoid": lambda x: 1 / (1 + CONTEXT.exp(-x)),
    "erf": CONTEXT.erf,
    "erfc": CONTEXT.erfc,
    "ndtr": lambda x: CONTEXT.erfc(-x / CONTEXT.sqrt(2)) / 2,
    "power": CONTEXT.power,
}


# ---- compiling -------------------------------------------------------------------------------------------------------
def loop(name: str, dtype: str, vectorise: bool) -> str:
    """``out[i] = name(x[i], ...)`` for i below n."""
    kind = KINDS[dtype]
    arity = 2 if name == "power" else 1
    operands = "".join(f", ptr noalias %x{k}" for k in range(arity))
    loads = "".join(
        f"  %p{k} = getelementptr {kind}, ptr %x{k}, i64 %i\n  %a{k} = load {kind}, ptr %p{k}\n" for k in range(arity)
    )
    scalar = "" if vectorise else ", !llvm.loop !0"
    return f"""
define void @loop_{name}_{dtype}(i64 %n, ptr noalias %out{operands}) "prefer-vector-width"="512" {{
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %next
next:
  %i = phi i64 [ 0, %entry ], [ %j, %next ]
{loads}  %value = {call(name, dtype, *(f"%a{k}" for k in range(arity)))}
  %q = getelementptr {kind}, ptr %out, i64 %i
  store {kind} %value, ptr %q
  %j = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %next, label %done{scalar}
done:
  ret void
}}
"""


def module(pairs: list[tuple[str, str]], vectorise: bool = True) -> str:
    """The definitions of some functions and a loop around each."""
    texts, declarations = [], set()
    for dtype in KINDS:
        names = [name for name, its_dtype in pairs if its_dtype == dtype]
        if names:
            text, declared = definitions(names, dtype)
            texts.append(text)
            declarations |= declared
    metadata = '!0 = distinct !{!0, !1}\n!1 = !{!"llvm.loop.vectorize.enable", i1 false}\n'
    return "\n".join([*sorted(declarations), *texts, *(loop(*pair, vectorise) for pair in pairs), metadata])


def machine(cpu: str = "", features: str | None = None) -> llvm.TargetMachine:
    target = llvm.Target.from_default_triple()
    if not cpu:
        cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=cpu, features=features or "", opt=3)


def optimised(text: str, target: llvm.TargetMachine) -> llvm.ModuleRef:
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    parsed.triple = llvm.get_default_triple()
    parsed.data_layout = str(target.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = True
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(parsed, builder)
    return parsed


class Compiled:
    """The loops of one module, callable on arrays."""

    def __init__(self, pairs: list[tuple[str, str]], vectorise: bool = True, cpu: str = "") -> None:
        target = machine(cpu)
        self.parsed = optimised(module(pairs, vectorise), target)
        self.engine = llvm.create_mcjit_compiler(self.parsed, target)
        self.engine.finalize_object()

    def __call__(self, name: str, dtype: str, *arguments: object) -> np.ndarray:
        arrays = [np.ascontiguousarray(each, NUMPY[dtype]) for each in arguments]
        arrays = [each.copy() for each in np.broadcast_arrays(*arrays)]
        out = np.empty(len(arrays[0]), NUMPY[dtype])
        kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (1 + len(arrays)))
        function = kind(self.engine.get_function_address(f"loop_{name}_{dtype}"))
        function(len(out), out.ctypes.data, *(each.ctypes.data for each in arrays))
        return out


@functools.cache
def compiled(vectorise: bool = True, cpu: str = "") -> Compiled:
    return Compiled(EVERY, vectorise, cpu)


# ---- errors ----------------------------------------------------------------------------------------------------------
def in_ulps(exact: object, value: float, dtype: str) -> float:
    """The distance of a value from the exact result, in units of the last place there; overflow must be due."""
    digits, lowest, highest = (53, -1074, 1024) if dtype == "f64" else (24, -149, 128)
    if math.isinf(value):
        limit = CONTEXT.ldexp(1, highest) - CONTEXT.ldexp(1, highest - digits - 1)
        due = exact >= limit if value > 0 else exact <= -limit
        return 0.0 if due or abs(abs(exact) - limit) <= CONTEXT.ldexp(2, highest - digits) else math.inf
    _, exponent = CONTEXT.frexp(exact)
    unit = CONTEXT.ldexp(1, max(min(int(exponent), highest) - digits, lowest)) if exact else CONTEXT.ldexp(1, lowest)
    return float(abs(exact - value) / unit)


def worst(name: str, dtype: str, *arguments: np.ndarray) -> tuple[float, tuple[float, ...]]:
    """The largest error over arrays of finite arguments, and where."""
    arguments = tuple(np.asarray(each).astype(NUMPY[dtype]) for each in arguments)
    values = compiled()(name, dtype, *arguments)
    largest: tuple[float, tuple[float, ...]] = (0.0, ())
    for *point, value in zip(*(each.tolist() for each in arguments), values.tolist(), strict=True):
        error = in_ulps(REFERENCE[name](*(CONTEXT.mpf(x) for x in point)), value, dtype)
        if not error <= largest[0]:
            largest = (error, tuple(point))
    return largest


def neighbours(points: np.ndarray, dtype: str) -> np.ndarray:
    """The points, and the numbers next to them."""
    points = points.astype(NUMPY[dtype])
    low, high = NUMPY[dtype](-math.inf), NUMPY[dtype](math.inf)
    near = [points, np.nextafter(points, low), np.nextafter(points, high)]
    near = np.unique(np.concatenate([*near, np.nextafter(near[1], low), np.nextafter(near[2], high)]))
    return near[np.isfinite(near)]


def regions(name: str, dtype: str, count: int) -> list[np.ndarray]:
    """Where a function behaves differently, densely drawn."""
    draw = np.random.default_rng(7)
    double = dtype == "f64"
    signs = draw.choice([-1.0, 1.0], count)
    tiny = 2.0 ** draw.uniform(-1074 if double else -149, 0, count)
    if name in ("log", "log1p"):
        wide = 2.0 ** draw.uniform(-1022 if double else -126, 1023.9 if double else 127.9, count)
        narrow = 2.0 ** draw.uniform(-53, -1, count) * signs
        parts = [tiny, wide, 1 + narrow, draw.uniform(0.6, 0.8, count), draw.uniform(1.3, 1.5, count)]
        if name == "log":
            return [part[part.astype(NUMPY[dtype]) > 0] for part in parts]
        parts += [
            narrow,
            -tiny,
            draw.uniform(-1, -0.5, count),
            draw.uniform(-0.5, 1, count),
            part_near_minus_one(count),
        ]
        return [part[part.astype(NUMPY[dtype]) > -1] for part in parts]
    if name in ("sin", "cos"):
        return [
            tiny * signs,
            draw.uniform(-1, 1, count),
            draw.uniform(-30, 30, count),
            draw.uniform(-1e4, 1e4, count),
            draw.integers(0, 2000, count) * (np.pi / 4),
            np.round(draw.uniform(0, 2**31, count)) * (np.pi / 2),
            2.0 ** draw.uniform(0, 32, count) * signs,
            2.0 ** draw.uniform(31, 34, count),
            2.0 ** draw.uniform(32, 1023.9 if double else 127.9, count) * signs,
        ]
    if name in ("erf", "erfc", "ndtr"):
        return [
            tiny * signs,
            draw.uniform(-0.7, 0.7, count),
            draw.uniform(-6, 6, count),
            draw.uniform(0, 3, count),
            draw.uniform(-3, 0, count),
            draw.uniform(-39, 39, count),
            draw.uniform(-38.6, -37, count) if name == "ndtr" else draw.uniform(26, 27.3, count),
        ]
    low, high = (-760, 709.7) if double else (-110, 88.7)
    return [
        tiny * signs,
        draw.uniform(-0.36, 0.36, count),
        draw.uniform(-1.1, 1.1, count),
        draw.uniform(-22, 22, count),
        draw.uniform(-40, 40, count),
        draw.uniform(low, high, count),
        draw.uniform(low, low + 60, count),
    ]


def part_near_minus_one(count: int) -> np.ndarray:
    return -1 + 2.0 ** np.random.default_rng(8).uniform(-53, -1, count)


# ---- accuracy --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "dtype"), EVERY_UNARY)
def test_at_most_two_ulp_over_the_whole_range(name, dtype):
    for k, region in enumerate(regions(name, dtype, 800)):
        error, where = worst(name, dtype, region)
        assert error <= 2, f"{name} {dtype}: {error} ulp at {where} in region {k}"


@pytest.mark.parametrize(("name", "dtype"), EVERY_UNARY)
def test_at_most_two_ulp_at_the_edges(name, dtype):
    lowest, highest = (-1074, 1023) if dtype == "f64" else (-149, 127)
    powers = 2.0 ** np.arange(lowest, highest + 1)
    points = [powers[:: 16 if dtype == "f64" else 2], powers[[0, 1, 51, 52, 53, -2, -1]]]
    if name == "log":
        points += [np.sqrt(0.5) * 2.0 ** np.arange(-20, 20), [1.0, 0.5, 2.0]]
    elif name == "log1p":
        points += [np.sqrt(0.5) * 2.0 ** np.arange(0, 20) - 1, -1 + 2.0 ** -np.arange(1.0, 50.0), -powers[powers < 1]]
    elif name in ("sin", "cos"):
        quarters = np.arange(1, 60) * (np.pi / 4)
        points += [quarters, -quarters, LIMIT * np.array([0.5, 1, 2]), -powers[::16]]
    else:
        points += [[0.46, -0.46, 0.65, -0.65, 28, -28, 39.5, -39.5, 26.5, 26.54, 27.22, 27.23, -37.5, -38.4, -38.5]]
        steps = np.arange(-60, 60) * (np.log(2) / 2)
        ends = [
            -746,
            -745.2,
            -745.14,
            -745.13,
            -744.5,
            -709,
            -708.4,
            -708,
            -104,
            -103.3,
            -87.4,
            -37,
            88.72,
            709.78,
            710,
        ]
        points += [steps, ends, -powers[::16], [-19.1, -18.7, 18.7, 19.1, 9.0, -9.0]]
    points = neighbours(np.concatenate([np.asarray(each, float) for each in points]), dtype)
    if name in ("log", "log1p"):
        points = points[points > (0 if name == "log" else -1)]
    if name in ("erf", "erfc", "ndtr"):
        points = points[np.abs(points) < 50]
    error, where = worst(name, dtype, points)
    assert error <= 2, f"{name} {dtype}: {error} ulp at {where}"


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_the_double_nearest_to_a_multiple_of_half_pi(name):
    """6381956970095103 · 2^797, found by continued fractions: 60 bits of its fraction are zero."""
    nearest = math.ldexp(6381956970095103, 797)
    error, _ = worst(name, "f64", np.array([nearest, -nearest, nearest * 0.5, np.finfo(float).max, 1e22, 1e308]))
    assert error <= 1


@pytest.mark.parametrize("dtype", KINDS)
def test_powers_are_within_two_ulp(dtype):
    draw = np.random.default_rng(3)
    count = 1200
    end = 700 if dtype == "f64" else 85
    bases = [
        draw.uniform(0.5, 2, count),
        np.exp(draw.uniform(-end / 2, end / 2, count)),
        1 + draw.uniform(-1e-3, 1e-3, count),
        draw.uniform(0, 10, count),
        2.0 ** draw.uniform(-1074 if dtype == "f64" else -149, -1022 if dtype == "f64" else -126, count),
        draw.uniform(0.9, 1.1, count),
    ]
    exponents = [
        draw.uniform(-end, end, count),
        draw.uniform(-2.1, 2.1, count),
        draw.uniform(-7e5, 7e5, count),
        draw.uniform(-5, 5, count),
        draw.uniform(-1, 1, count),
        draw.uniform(-8000, 8000, count),
    ]
    for x, y in zip(bases, exponents, strict=True):
        keep = x.astype(NUMPY[dtype]) > 0
        error, where = worst("power", dtype, x[keep], y[keep])
        assert error <= 2, f"power {dtype}: {error} ulp at {where}"


def test_powers_that_are_integers_are_exact():
    pairs = [(float(a), float(n)) for a in range(1, 300) for n in range(1, 53) if a**n < 2**53]
    pairs += [(float(a * a), 0.5) for a in range(1, 300)]
    x, y = np.array(pairs).T
    exact = [float(int(a) ** int(n)) if n >= 1 else math.sqrt(a) for a, n in pairs]
    np.testing.assert_array_equal(compiled()("power", "f64", x, y), exact)


# ---- special values --------------------------------------------------------------------------------------------------
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, -2.0, 5e-324, -5e-324, 1e-310, -1e-310, 1e-40, -1e-40]
SPECIAL += [1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308, 745.5, -745.5, 1e4, -1e4, 1e38, -1e38]


def same(got: np.ndarray, expected: np.ndarray, ulps: int = 2) -> np.ndarray:
    """Equal with the sign of zero, both nan, or finite and near."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.isfinite(got) & np.isfinite(expected) & (expected != 0)
        near &= np.abs(got - expected) <= ulps * np.spacing(np.abs(expected))
    equal = (got == expected) & (np.signbit(got) == np.signbit(expected))
    return near | equal | (np.isnan(got) & np.isnan(expected))


def in_numpy(name: str, *arguments: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        if name == "sigmoid":
            e = np.exp(-np.abs(arguments[0]))
            return np.where(arguments[0] >= 0, 1, e) / (1 + e)
        return getattr(np if hasattr(np, name) else scipy.special, name)(*arguments)


@pytest.mark.parametrize(("name", "dtype"), EVERY_UNARY)
def test_special_values_are_numpys(name, dtype):
    with np.errstate(over="ignore"):
        x = np.array(SPECIAL).astype(NUMPY[dtype])
    got, expected = compiled()(name, dtype, x), in_numpy(name, x)
    wrong = ~same(got, expected, 2 if hasattr(np, name) or name == "sigmoid" else 8)  # SciPy's errors are larger
    assert not wrong.any(), f"{name}{x[wrong]} is {got[wrong]}, NumPy's {expected[wrong]}"


@pytest.mark.parametrize("dtype", KINDS)
def test_special_powers_are_numpys(dtype):
    more = [0.5, -0.5, 2.0, 3.0, -3.0, 2.5, -2.5, 1 / 3, 1 + 2e-16, -(1 + 2e-16), 1 - 1e-16, 1e-30, -1e-30]
    more += [4503599627370497.0, 9007199254740991.0, -9007199254740991.0, 9007199254740992.0, 16777215.0, -16777215.0]
    with np.errstate(over="ignore"):
        points = np.array(SPECIAL + more).astype(NUMPY[dtype])
    x, y = (each.ravel() for each in np.meshgrid(points, points))
    got, expected = compiled()("power", dtype, x, y), in_numpy("power", x, y)
    wrong = ~same(got, expected)
    assert not wrong.any(), f"{x[wrong]} ** {y[wrong]} is {got[wrong]}, NumPy's {expected[wrong]}"


@pytest.mark.parametrize("dtype", KINDS)
def test_exact_values(dtype):
    of = compiled()
    assert of("exp", dtype, [0.0, -0.0]).tolist() == [1.0, 1.0]
    assert of("cos", dtype, [0.0, -0.0, 1e-30]).tolist() == [1.0, 1.0, 1.0]
    assert of("sigmoid", dtype, [0.0, 40.0, math.inf, -math.inf]).tolist() == [0.5, 1.0, 1.0, 0.0]
    assert of("tanh", dtype, [20.0, -20.0, math.inf, -math.inf]).tolist() == [1.0, -1.0, 1.0, -1.0]
    assert of("log", dtype, [1.0]).tolist() == [0.0]
    assert of("ndtr", dtype, [0.0, -0.0, 40.0, math.inf]).tolist() == [0.5, 0.5, 1.0, 1.0]
    assert of("erfc", dtype, [0.0, 40.0, -40.0, -math.inf]).tolist() == [1.0, 0.0, 2.0, 2.0]
    everywhere = np.linspace(-100, 100, 20001)
    assert np.abs(of("sin", dtype, everywhere)).max() <= 1
    assert np.abs(of("cos", dtype, everywhere)).max() <= 1


# ---- one function, many surroundings ---------------------------------------------------------------------------------
def mixed(name: str, dtype: str, count: int) -> tuple[np.ndarray, ...]:
    """Arguments of every sort in one array, neighbours of different sorts."""
    draw = np.random.default_rng(11)
    x = draw.uniform(-40, 40, count)
    x[1::7] = 2.0 ** draw.uniform(33, 120, len(x[1::7]))
    x[3::11] = np.resize([math.nan, math.inf, -math.inf, 0.0, -0.0], len(x[3::11]))
    x[5::13] = 1e-42
    return (x, draw.uniform(-5, 5, count)) if name == "power" else (x,)


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_vectors_remainders_and_scalars_have_the_same_bits(name, dtype):
    arguments = mixed(name, dtype, 200)
    scalar = compiled(vectorise=False)(name, dtype, *arguments)
    for start, stop in [*((0, n) for n in range(41)), (3, 200), (8, 33), (1, 2)]:
        part = compiled()(name, dtype, *(each[start:stop] for each in arguments))
        np.testing.assert_array_equal(part.view(f"u{part.itemsize}"), scalar[start:stop].view(f"u{part.itemsize}"))


def machines() -> list[str]:
    """Processors of the kind of this one, whose code it can run."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return [llvm.get_host_cpu_name()]
    features = llvm.get_host_cpu_features()
    return ["x86-64", *(["haswell"] if features.get("avx2") and features.get("fma") else [])]


@pytest.mark.parametrize("cpu", machines())
def test_other_machines_compute_the_same_bits(cpu):
    for name, dtype in EVERY:
        arguments = mixed(name, dtype, 61)
        here, there = compiled()(name, dtype, *arguments), compiled(cpu=cpu)(name, dtype, *arguments)
        np.testing.assert_array_equal(here.view(f"u{here.itemsize}"), there.view(f"u{here.itemsize}"))


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_loops_become_vector_code(name, dtype):
    text = str(compiled().parsed.get_function(f"loop_{name}_{dtype}"))
    assert re.search(r"<\d+ x double> @llvm\.fma\.v\d+f64", text)
    body = text[text.index("vector.body:") : text.index("middle.block:")]
    calls = set(re.findall(r"call [^@]*@([\w.]+)", body))
    assert all(each.startswith("llvm.") or re.fullmatch(r"pg_distant(_f32)?_\d+", each) for each in calls), calls


# ---- text ------------------------------------------------------------------------------------------------------------
def test_the_text_is_deterministic_and_holds_each_function_once():
    text, declarations = definitions(["sin", "exp", "cos", "exp"], "f64")
    assert (text, declarations) == definitions(iter(["exp", "cos", "sin"]), "f64")
    defined = re.findall(r"^define [^@]*@(\w+)", text, re.MULTILINE)
    assert len(defined) == len(set(defined))
    assert {"pg_exp", "pg_sin", "pg_cos", "pg_distant"} <= set(defined)
    assert all(line.startswith("declare ") for line in declarations)
    assert definitions([], "f32") == ("", frozenset())


def test_calls():
    assert call("sin", "f64", "%a") == "call double @pg_sin(double %a)"
    assert call("power", "f32", "%a", "%b") == "call float @pg_power_f32(float %a, float %b)"


def test_refusals():
    with pytest.raises(ProgramError, match="no native definition of 'gamma'; there are cos, erf"):
        definitions(["exp", "gamma"])
    with pytest.raises(ProgramError, match="native exp: got dtype 'i64', expected one of f64, f32"):
        definitions(["exp"], "i64")
    with pytest.raises(ProgramError, match="no native definition"):
        call("gamma", "f64", "%x")
    with pytest.raises(ProgramError, match="native power: got 1 arguments, expected 2"):
        call("power", "f64", "%x")


def test_constants():
    with mpmath.workprec(1400):
        assert two_over_pi(1216) == int(mpmath.floor(mpmath.ldexp(2 / mpmath.pi, 1216)))
        assert abs(mpmath.fsum(PARTS) - mpmath.pi / 2) < mpmath.mpf(2) ** -160
        assert abs(mpmath.fsum((LOG_2_HIGH, LOG_2_LOW)) - mpmath.log(2)) < mpmath.mpf(2) ** -96
        assert (LOG_2_HIGH * 2.0**42).is_integer()


def test_a_polynomial_is_evaluated_with_each_coefficient():
    for count in range(2, 14):
        coefficients = [float(k + 1) for k in range(count)]
        f = Function("p", "a polynomial")
        (x,) = f.arguments
        f.give(polynomial(x, coefficients))
        text = "\n".join([*f.declarations, f.text().replace("internal ", "")])
        parsed, target = llvm.parse_assembly(text), machine()
        engine = llvm.create_mcjit_compiler(parsed, target)
        engine.finalize_object()
        value = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(engine.get_function_address("p"))(10.0)
        assert value == sum(c * 10**k for k, c in enumerate(coefficients))


def test_a_polynomial_of_one_coefficient_is_a_number():
    f = Function("p", "a constant")
    assert polynomial(f.arguments[0], (0.5,)).name == spelled(0.5)
