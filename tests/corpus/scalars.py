"""Programs on floats, ints, bools, tuples and lists: straight lines, operators, loops and branches."""

from __future__ import annotations

import math
import operator

import numpy as np

import pathgrad as pg

from . import point, program


# ---- straight lines and operators ------------------------------------------------------------------------------------
@program(x=3.0, y=5.0, hessian=True)
def lecture_figure_3(x, y):
    return (x + 4 * y) * ((x + y) * y)


@program(x=0.7, y=1.3, hessian=True)
def arithmetic_operators(x, y):
    a = x + y - 2.0 * x
    b = a * y / (x + 3)
    c = -b + +a
    return (c - 1.5) / (2 - x * y)


@program(point(x=0.7, y=1.3), point(x=2.4, y=-0.8), hessian=True)
def powers(x, y):
    return x**2 + x**3 - x**-2 + x**0.5 + x**y + 2.0**y + x**1 + x**0


@program(point(x=0.0), point(x=-1.5), point(x=2.0))
def integer_powers_at_zero(x):
    return x**3 + 2 * x**2 + x**1 + x**0


@program(point(x=0.3, n=0), point(x=0.3, n=1), point(x=-0.3, n=4), point(x=0.3, n=-2))
def power_of_an_int_argument(x, n):
    return x**n


@program(
    x=0.0,
    y=1.7,
    without={
        "finite differences": "0 is the left end of the domain of x**y",
        "complex step": "0 is a branch point of the complex power",
    },
)
def zero_to_a_power(x, y):
    return x**y + 3.0 * y


@program(point(x=0.7), point(x=-0.4), hessian=True)
def exponentials(x):
    return math.exp(x) + math.expm1(x) - np.exp2(x) * math.exp(-x * x)


@program(x=0.7, hessian=True)
def logarithms(x):
    return math.log(x) + np.log2(x) * math.log10(x) - math.log1p(x) + math.log(x + 1.0)


@program(x=0.7, y=-0.2, hessian=True)
def trigonometry(x, y):
    return math.sin(x) * math.cos(y) + math.tan(x) - np.arcsin(y) * math.acos(x) + math.atan(x) - math.atan2(y, x)


@program(x=0.7, y=1.9, hessian=True)
def hyperbolics(x, y):
    return math.sinh(x) - math.cosh(y) * math.tanh(x) + math.asinh(x) * math.acosh(y) + math.atanh(x)


@program(x=0.7, y=1.9, hessian=True)
def roots_and_norms(x, y):
    return math.sqrt(x) + np.cbrt(y) + math.hypot(x, y) + np.square(x) * np.reciprocal(y)


@program(point(x=0.7, y=-1.9), point(x=-0.4, y=0.1), without={"complex step": "abs is not analytic"})
def absolute_values(x, y):
    return abs(x) * y + math.fabs(y) + np.abs(x * y) + abs(x - y) ** 3


@program(point(x=0.7, y=-1.9), point(x=-0.4, y=0.1))
def minima_and_maxima(x, y):
    return max(x, y) * min(x, 0.5) + min(x, y, 0.2 * x * y) + max(x * x, y * y, 0.3)


@program(point(x=7.3, y=2.0), point(x=-7.3, y=2.0), without={"complex step": "floor and remainder need an order"})
def floors_and_remainders(x, y):
    return x % y + (x // y) * y * y + np.floor(x) * y + np.ceil(x) * x + np.trunc(x) * y + np.rint(x) * x


@program(x=7.3, y=2.5, without={"complex step": "floor and remainder need an order"})
def divmod_by_hand(x, y):
    quotient = x // y
    remainder = x - quotient * y
    return quotient * 0.1 * y, remainder


@program(x=0.7, y=1.3)
def operator_functions(x, y):
    return operator.add(x, operator.mul(y, operator.neg(x))) / operator.sub(y, x) + operator.pow(x, y) + pow(x, 3)


@program(x=0.7, y=0.4)
def errors_and_gammas(x, y):
    return math.erf(x) - math.erfc(y) * math.lgamma(x + 1) + math.lgamma(y + 2)


@program(point(x=0.7, y=0.4), point(x=-3.0, y=0.4))
def activations(x, y):
    return pg.sigmoid(x) * pg.softplus(y) + pg.relu(x) * y + pg.half_squared_difference(x, y) + np.tanh(x)


@program(x=0.7, y=0.4)
def statistics_of_two(x, y):
    mean = (x + y) / 2
    variance = ((x - mean) ** 2 + (y - mean) ** 2) / 2
    return mean, variance, np.logaddexp(x, y)


@program(x=0.7, unused=2.0)
def unused_argument(x, unused):
    return x * x


@program(x=0.7)
def constant_result(x):
    y = x * x  # noqa: F841
    return 3.0


@program(x=0.7)
def result_is_the_argument(x):
    return x


@program(x=0.7, y=0.2)
def same_result_twice(x, y):
    z = x * y
    return z, z, x, 2.0


@program(x=0.7, hessian=True)
def one_variable_reused(x):
    x = x * x
    x = math.sin(x) + x
    x = x * x * x
    return x


# ---- counted loops ---------------------------------------------------------------------------------------------------
@program(point(x=1.1, n=6), point(x=0.4, n=0), point(x=0.4, n=1), point(x=0.4, n=2))
def product_loop(x, n):
    ans = 1.0
    for i in range(1, n):
        ans = ans * (i * math.sin(x) + x)
    return ans


@program(x=0.6, hessian=True)
def lecture_prod(x):
    ans = 1.0
    for i in range(1, 6):
        ans = ans * (math.sin(i * x) + 1.0 * i)
    return ans


@program(point(x=0.6, n=5), point(x=0.6, n=0))
def range_of_one(x, n):
    total = 0.0
    for i in range(n):
        total += x * i + math.cos(total)
    return total


@program(point(x=0.6, a=2, b=11, s=3), point(x=0.6, a=2, b=2, s=1), point(x=0.6, a=9, b=1, s=-2))
def range_of_three(x, a, b, s):
    total = x
    for i in range(a, b, s):
        total = total * x + math.sin(i + total)
    return total


@program(x=0.6)
def range_downwards(x):
    total = 1.0
    for i in range(5, -1, -1):
        total = math.sin(total * x) + i * x
    return total


@program(x=0.6)
def range_downwards_uneven(x):
    total = 1.0
    for i in range(10, 1, -4):
        total = total * (x + i)
    return total


@program(x=0.6)
def range_empty_downwards(x):
    total = x
    for i in range(3, 7, -1):
        total = total * i * x
    return total


@program(point(x=0.6, y=0.3, n=4), point(x=0.6, y=0.3, n=0))
def triangular_nest(x, y, n):
    total = 0.0
    for i in range(n):
        for j in range(i + 1):
            total += math.sin(x * i) * math.cos(y * j) * total + x * y
    return total


@program(x=0.6, y=0.3)
def nest_with_work_between(x, y):
    total = x
    for i in range(3):
        row = y * i
        for j in range(2):
            row = row * total + math.sin(row + j)
        total = total * row + x
        for _ in range(2):
            total = math.cos(total) * y
    return total


@program(x=0.4, y=0.9)
def nest_three_deep(x, y):
    total = x
    for i in range(2):
        for j in range(i, 3):
            for k in range(j, 0, -1):
                total = math.sin(total * y + i * j) + k * x * total
    return total


@program(x=0.6, y=1.1)
def swap_in_a_loop(x, y):
    a, b = x, y
    for _ in range(7):
        a, b = b, a + b * 0.5
    return a * b


@program(x=0.6, y=1.1)
def swap_with_products(x, y):
    a, b = x, y
    for i in range(4):
        a, b = math.sin(b) * a, a * b + i
        if i % 2 == 1:
            a, b = b, a
    return a - b


@program(x=0.6)
def rotate_three(x):
    a, b, c = x, x * x, 1.0
    for _ in range(5):
        a, b, c = b * c, c + a, a
    return a + 2 * b + 3 * c


@program(x=0.6)
def augmented_assignments(x):
    a = x
    a += 2.0 * x
    a *= x + 1
    a -= x / 3
    a /= x * x + 2
    a **= 3
    a %= 0.7
    b = a
    for i in range(3):
        b *= x
        b += i
        b -= a * b
        b /= 1.5 + i
    return a * b


@program(x=0.6)
def int_then_float(x):
    s = 0
    p = 1
    for i in range(1, 5):
        s = s + i * x
        p = p * s
    return s * p


@program(point(x=0.6, n=3), point(x=0.6, n=0))
def int_stays_int_without_iterations(x, n):
    s = 0
    for i in range(n):
        s += x * i
    return s + x


@program(x=0.6)
def loop_variable_after_the_loop(x):
    total = 0.0
    for i in range(5):
        total += x**i
    return total * i


@program(x=0.6)
def loop_local_after_the_loop(x):
    for i in range(1, 5):
        last = math.sin(i * x) * x
    return last * last


@program(point(x=0.6, n=4), point(x=0.2, n=9))
def counters_and_parity(x, n):
    even = 0.0
    odd = 1.0
    count = 0
    for i in range(n):
        if i % 2 == 0:
            even += math.sin(x * i)
            count += 1
        else:
            odd *= x + i // 2
    return even * odd / (count + 1)


# ---- while, break, continue, return ----------------------------------------------------------------------------------
@program(point(x=0.6), point(x=5.0))
def while_halving(x):
    n = 0
    while x > 0.1:
        x = x / 2 + 0.01 * math.sin(x)
        n += 1
    return x * n


@program(point(x=0.6, n=5), point(x=0.6, n=0))
def while_with_counter(x, n):
    k = 0
    s = x
    while k < n:
        s = s * math.cos(s) + x
        k += 1
    return s


@program(point(x=2.0), point(x=9.0))
def newton_square_root(x, tol=1e-9):
    r = x
    while abs(r * r - x) > tol:
        r = 0.5 * (r + x / r)
    return r


@program(point(x=0.3, n=20), point(x=3.0, n=20), point(x=0.3, n=0))
def break_when_small(x, n):
    term = 1.0
    total = 0.0
    for i in range(n):
        term = term * x / (i + 1)
        if abs(term) < 1e-3:
            break
        total += term
    return total


@program(x=0.7)
def continue_on_odd(x):
    total = 0.0
    for i in range(8):
        if i % 2:
            continue
        total += math.sin(i * x) * x
    return total


@program(point(x=0.7), point(x=-0.7), point(x=0.1))
def continue_and_break(x):
    total = x
    for i in range(10):
        if total < 0:
            total = total * total + 0.1
            continue
        if total > 3:
            total = total - 1.5 * x
            break
        total = total * (1 + x) + 0.05 * i
    return total * x


@program(point(x=0.7), point(x=1.2))
def while_true_with_break(x):
    y = x
    n = 0
    while True:
        y = math.sin(y) + 0.1 * y * x
        n += 1
        if n >= 4 or y < 0.2:
            break
    return y


@program(point(x=0.7), point(x=2.0), point(x=30.0))
def return_in_a_loop(x):
    y = x
    for i in range(6):
        if y > 10:
            return y * i
        y = y * x + 1
    return y - x


@program(point(x=0.7), point(x=2.1), point(x=1.3))
def return_in_nested_loops(x):
    y = x
    for i in range(4):
        for j in range(3):
            y = y * x + 0.1 * j
            if y > 5:
                return y * (i + 1) + math.sin(x) * j
        y -= 0.2
    return y


@program(point(x=0.7), point(x=2.1))
def return_in_while(x):
    y = 1.0
    while y < 100:
        if y * x > 20:
            return math.log(y) * x
        y = y * 1.5 + x
    return y


@program(point(x=-0.7), point(x=0.5), point(x=2.1))
def returns_in_branches(x):
    if x < 0:
        return x * x
    if x < 1:
        y = math.sin(x)
        return y * 2
    return math.log(x)


@program(point(x=0.7), point(x=1.4))
def break_inner_only(x):
    total = 0.0
    for i in range(4):
        p = x
        for j in range(5):
            if p * (j + 1) > i + 1:
                break
            p = p * x + 0.3
        total += p * i
    return total


@program(point(x=0.3, y=2.0), point(x=0.9, y=2.0))
def while_inside_for(x, y):
    total = 0.0
    for i in range(3):
        z = y + i
        while z > 1:
            z = z * 0.6 - 0.05 * x
            total += z * x
    return total


@program(x=0.3)
def for_inside_while(x):
    y = x
    k = 0
    while k < 3:
        for i in range(k + 1):
            y = math.cos(y + i * x)
        k += 1
    return y


# ---- branches --------------------------------------------------------------------------------------------------------
@program(point(x=-1.0), point(x=0.25), point(x=0.75), point(x=4.0))
def if_elif_else(x):
    if x < 0:
        y = x * x
    elif x < 0.5:
        y = math.sin(x)
    elif x <= 1.0:
        y = math.exp(x) * x
    else:
        y = 1 / x
    return y * x * x


@program(point(x=-1.0, y=0.4), point(x=1.0, y=0.4), point(x=1.0, y=-0.4))
def nested_branches(x, y):
    z = x
    if x > 0:
        if y > 0:
            z = x * y
        z = z + 1
    else:
        w = y * y
        z = z * w
    return z * z


@program(point(x=-1.0, y=0.4), point(x=1.0, y=0.4))
def branch_changes_several(x, y):
    a, b = x, y
    if x > y:
        a, b = b * b, a
    else:
        a = a * 3
    return a * b - a


@program(point(x=0.4), point(x=-0.4))
def conditional_expressions(x):
    y = math.sin(x) if x > 0 else math.cos(x)
    return (y if y > 0.5 else -y) * (x if x < 10 else 1.0)


@program(point(x=0.4, y=0.2), point(x=1.4, y=0.2), point(x=-0.4, y=0.2))
def chained_comparisons(x, y):
    if 0 < x < 1:
        z = x * y
    elif -1 <= x <= 0 < y:
        z = x - y * y
    else:
        z = x / y
    return z * (2.0 if y < x != 3.0 else 5.0)


@program(
    point(x=0.4, y=0.0),
    point(x=0.4, y=0.2),
    point(x=0.4, y=-3.0),
    without={"finite differences": "x / y jumps at y = 0"},
)
def and_guards_a_division(x, y):
    if y != 0 and x / y > 1:
        return x / y
    return x * 2 + y


@program(
    point(x=0.4, y=0.0),
    point(x=0.4, y=0.2),
    point(x=0.4, y=-3.0),
    without={"finite differences": "x / y jumps at y = 0"},
)
def or_guards_a_division(x, y):
    if y == 0 or x / y < 1:
        z = x * 3 + y
    else:
        z = x / y
    return z


@program(point(x=0.4, flag=True), point(x=0.4, flag=False))
def bool_argument(x, flag):
    if not flag:
        x = x * x
    return math.sin(x) if flag else x * 3


@program(point(x=0.4, y=1.0), point(x=2.4, y=1.0), point(x=0.4, y=-1.0))
def bool_variables(x, y):
    big = x > 1
    positive = y > 0
    z = x
    if big or not positive:
        z = z * y
    if big and positive:
        z = z + x * x
    return z


@program(
    point(x=0.0), point(x=4.0), without={"finite differences": "0 is the left end of the domain of the square root"}
)
def root_guarded_by_if(x):
    if x > 0:
        return math.sqrt(x)
    return 2 * x


@program(
    point(x=0.0),
    point(x=-1.0),
    point(x=4.0),
    without={"finite differences": "0 is a kink", "complex step": "an order is needed"},
)
def root_guarded_by_where(x):
    return np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0) + x


# ---- functions -------------------------------------------------------------------------------------------------------
def _cube(t):
    return t * t * t


def _scaled(t, factor=2.0, shift=0.5):
    return t * factor + shift


def _pair(a, b):
    return a * b, a + b


@program(x=0.4, hessian=True)
def module_level_helper(x):
    return _cube(x) + _cube(x * 2) * x


@program(x=0.4, y=0.3)
def defaults_and_keywords(x, y):
    return _scaled(x) + _scaled(x, y) * _scaled(y, shift=x) - _scaled(t=x, factor=3)


@program(x=0.4, y=0.3)
def helper_returns_a_tuple(x, y):
    p, s = _pair(x, y)
    q = _pair(p, s)
    return p * q[0] - s * q[1]


@program(x=0.4, y=0.3)
def nested_function(x, y):
    def inner(t):
        return t * y + math.sin(t)

    return inner(x) * inner(inner(y))


@program(x=0.4, y=0.3)
def lambda_in_a_variable(x, y):
    f = lambda t: t * y + 1
    return f(x) + f(f(y)) * (lambda u: u * u)(x)


@program(x=0.4)
def closure_over_a_changing_local(x):
    k = x

    def scale(t):
        return t * k

    a = scale(2.0)
    k = k * k + 1
    return a + scale(3.0)


def _apply_twice(f, t):
    return f(f(t))


@program(x=0.4, y=1.2)
def function_as_argument(x, y):
    return _apply_twice(math.sin, x) + _apply_twice(lambda t: t * y, x) + _apply_twice(_cube, y)


def _factorial_like(n, x):
    if n <= 0:
        return 1.0
    return (n * x + 1) * _factorial_like(n - 1, x)


@program(point(x=0.4, n=5), point(x=0.4, n=0))
def recursion_factorial(x, n):
    return _factorial_like(n, x)


@program(point(n=6, x=0.4), point(n=1, x=0.4))
def recursion_of_itself(n, x):
    if n < 2:
        return math.sin(x) + n
    return recursion_of_itself(n - 1, x) * x + recursion_of_itself(n - 2, x)


def _even_part(n, x):
    if n == 0:
        return x
    return _odd_part(n - 1, x * 1.1)


def _odd_part(n, x):
    if n == 0:
        return x * x
    return _even_part(n - 1, math.sin(x))


@program(point(x=0.4, n=4), point(x=0.4, n=3))
def recursion_mutual(x, n):
    return _even_part(n, x) + x


def _power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = _power_by_squaring(x, n // 2)
    if n % 2 == 0:
        return half * half
    return half * half * x


@program(point(x=1.3, n=10), point(x=1.3, n=7))
def recursion_power(x, n):
    return _power_by_squaring(x, n)


@program(x=0.9)
def helper_called_in_a_loop(x):
    y = x
    for i in range(4):
        p, s = _pair(y, x)
        y = _scaled(p, s) * 0.2 + _cube(x) * i
    return y


# ---- tuples and lists ------------------------------------------------------------------------------------------------
@program(x=0.6, y=-0.3)
def tuple_result(x, y):
    return x * y, (np.sin(x), x + y)


@program(x=0.6, y=-0.3)
def list_result(x, y):
    return [x * y, x / y, y]


@program(p=(0.6, -0.3))
def tuple_argument(p):
    a, b = p
    return a * b + p[0] * p[-1] * a


@program(p=[0.6, -0.3, 1.5], q=(0.2, (0.4, 2.0)))
def nested_structures(p, q):
    a, (b, c) = q
    return p[0] * a + p[1] * b * p[2] * c + len(p)


@program(p={"scale": 0.6, "shift": -0.3}, x=1.4)
def dict_argument(p, x):
    return math.sin(p["scale"] * x) + p["shift"] * x


@program(x=0.6)
def list_built_in_an_unrolled_loop(x):
    powers = []
    for k in (1, 2, 3):
        powers.append(x**k)
    return powers[0] * powers[1] + powers[2]


@program(x=0.6)
def list_comprehension(x):
    terms = [math.sin(k * x) for k in (1, 2, 3)]
    return sum(terms) * max(terms)


@program(x=0.6)
def sum_of_a_generator(x):
    return sum(x**k / (k + 1) for k in range(5)) + sum((x, x * x, 2.0))


@program(x=0.6, y=2.5)
def list_written_by_index(x, y):
    values = [x, y, 1.0]
    values[1] = values[0] * values[1]
    values[2] += values[1]
    return values[0] + values[1] * values[2]


@program(coefficients=[0.5, -1.0, 2.0, 0.25], x=0.8)
def horner(coefficients, x):
    total = 0.0
    for c in reversed(coefficients):
        total = total * x + c
    return total


@program(p=(0.3, 1.2, -0.7, 2.2), hessian=True)
def speelpenning(p):
    product = 1.0
    for value in p:
        product *= value
    return product


@program(a=(0.3, 1.2), b=(2.0, 0.5))
def zip_and_enumerate(a, b):
    total = 0.0
    for k, (u, v) in enumerate(zip(a, b)):
        total += (k + 1) * u * v * v
    return total


@program(x=0.6, y=0.2)
def starred_unpacking(x, y):
    first, *rest = (x, y, x * y, 3.0)
    return first * sum(rest) + _scaled(*rest[:2])


# ---- numerical methods -----------------------------------------------------------------------------------------------
@program(point(x=2.0), point(x=0.3))
def newton_of_a_cubic(x):
    r = 1.0
    for _ in range(8):
        r = r - (r * r * r + r - x) / (3 * r * r + 1)
    return r


@program(x=0.8)
def continued_fraction(x):
    f = 1.0
    for k in range(8, 0, -1):
        f = 2 * k + 1 + x * x / f
    return x / f


@program(r=3.6, x=0.3)
def logistic_map(r, x):
    for _ in range(6):
        x = r * x * (1 - x)
    return x


@program(point(c=2.1), point(c=5.0))
def bisection_path(c):
    low, high = 0.0, c
    for _ in range(5):
        middle = 0.5 * (low + high)
        if middle * middle > 2.6:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@program(k=0.7, x=1.0, v=0.1)
def euler_oscillator(k, x, v):
    h = 0.1
    for _ in range(10):
        x, v = x + h * v, v - h * k * math.sin(x)
    return x, v


def _predator(state, a, b):
    u, w = state
    return a * u - u * w, u * w - b * w


def _moved(state, slope, h):
    return state[0] + h * slope[0], state[1] + h * slope[1]


@program(a=1.1, b=0.4, u=1.0, w=0.5)
def runge_kutta_tuple_state(a, b, u, w):
    state = (u, w)
    h = 0.05
    for _ in range(5):
        k1 = _predator(state, a, b)
        k2 = _predator(_moved(state, k1, h / 2), a, b)
        k3 = _predator(_moved(state, k2, h / 2), a, b)
        k4 = _predator(_moved(state, k3, h), a, b)
        state = (
            state[0] + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0]),
            state[1] + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1]),
        )
    return state[0] * state[1]


@program(a=0.3, b=1.7)
def trapezoidal_rule(a, b):
    n = 8
    h = (b - a) / n
    total = 0.5 * (math.exp(-a * a) + math.exp(-b * b))
    for i in range(1, n):
        t = a + i * h
        total += math.exp(-t * t)
    return total * h


@program(x=0.8, n=9)
def sine_series(x, n):
    term = x
    total = x
    for k in range(1, n):
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
    return total


@program(a=3.0, b=1.2)
def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-9:
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


@program(x=0.6, n=5)
def chebyshev(x, n):
    older, newer = 1.0, x
    for _ in range(n - 1):
        older, newer = newer, 2 * x * newer - older
    return newer


@program(point(x=27, y=0.3), point(x=1, y=0.3))
def collatz_weights(x, y):
    total = 0.0
    while x != 1:
        if x % 2 == 0:
            x = x // 2
        else:
            x = 3 * x + 1
        total = 0.9 * total * y + x * 0.01
        if total > 50:
            break
    return total * y


# ---- found by random programs ----------------------------------------------------------------------------------------
@program(point(x=0.3, y=2.0), point(x=-0.3, y=2.0))
def early_return_before_a_while(x, y):
    a = x
    if x < 0:
        return a * y
    k = 0
    while k < 4 and a < 0.9:
        k += 1
        a = a * math.tanh(a * y) + 0.3
    return a * y


@program(point(x=0.6137, y=-0.3719), point(x=1.2173, y=0.9371), point(x=-1.2173, y=0.9371))
def counts_kept_in_one_arm(x, y):
    v = np.zeros(3)
    v[0] = x - y
    if x > 1.0:
        return x * v[0]
    i = 0
    while i < 3:
        i += 1
        for j in range(i + 1):
            v[(i + 1) % 3] = 0.5 * v[(i + 1) % 3] + math.sin(j)
            if j % 2 == 0:
                break
            for _ in range(i + 1):
                v[(j + 1) % 3] = 0.5 * v[(j + 1) % 3] + math.sin(2)
                if not x > 0.1127:
                    break
                if x * x < 0.3117:
                    break
        v[1] = 0.5 * v[1] + math.sin(x)
    return x * v[0] + v[1]
