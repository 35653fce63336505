"""The verbs: what they give for every structure, shape and type of argument, against formulas written by hand."""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.errors import ArgnumsError, ArgumentError, ScalarOutputError, ShapeError, SourceUnavailable

A = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
X = np.array([0.3, -0.7, 1.1])
Pair = namedtuple("Pair", ["left", "right"])
FACTOR = 3.0


def close(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)


# ---- the functions ---------------------------------------------------------------------------------------------------
def product(x, y):
    return x * y


def affine_exp(x, y):
    return math.exp(2 * x) * y + y * y


def quadratic(x):
    return np.sum(x * x * x)


def bilinear(matrix, x):
    return np.sum((matrix @ x) ** 2)


def vector(x):
    return np.sin(A @ x)


def outer(x):
    return np.sin(x)[:, None] * x


def scaled(x, power=3.0, *, shift=0.5):
    return (x + shift) ** power


def of_tuple(p):
    return p[0] * p[0] * p[1]


def of_list(p):
    return p[0] * np.sum(p[1])


def of_dict(p):
    return p["a"] * p["a"] * np.sum(p["b"] * p["b"])


def of_pair(p):
    return p.left * math.exp(p.right)


def of_nested(p):
    (a, b), c = p["layers"], p["rest"][0]
    return np.sum(a * b) * c


def counted(n, x):
    total = 0.0
    for k in range(n):
        total = total + x**k
    return total


def several(x, y):
    return x * y, np.array([x, y * y]) * x


def as_dict(x):
    return {"square": x * x, "wave": [math.sin(x)]}


def with_global(x):
    return FACTOR * x * x


# ---- grad and value_and_grad -----------------------------------------------------------------------------------------
def affine_exp_gradient(x, y):
    return 2 * math.exp(2 * x) * y, math.exp(2 * x) + 2 * y


@pytest.mark.parametrize(
    ("argnums", "pick"),
    [
        (0, lambda g: g[0]),
        (1, lambda g: g[1]),
        ("y", lambda g: g[1]),
        (-1, lambda g: g[1]),
        ((0, 1), tuple),
        (("y", "x"), lambda g: g[::-1]),
        ([1], lambda g: (g[1],)),
        ((0, "y"), tuple),
    ],
)
def test_argnums(argnums, pick):
    wanted = pick(affine_exp_gradient(0.3, 0.7))
    got = pg.grad(affine_exp, argnums=argnums)(0.3, 0.7)
    assert got == pytest.approx(wanted, rel=1e-14) and type(got) is type(wanted)
    value, same = pg.value_and_grad(affine_exp, argnums=argnums)(0.3, 0.7)
    assert value == affine_exp(0.3, 0.7) and same == got


@pytest.mark.parametrize(
    ("argnums", "message"),
    [
        (2, "argnums is 2, but there are 2 arguments"),
        ("z", "argnums names 'z'; the arguments are x, y"),
        ((), "chooses nothing or something twice"),
        ((0, "x"), "chooses nothing or something twice"),
        (True, "positions and names"),
        (1.5, None),
    ],
)
@pytest.mark.parametrize("verb", [pg.grad, pg.value_and_grad, pg.jacobian, pg.hessian])
def test_wrong_argnums(verb, argnums, message):
    with pytest.raises((ArgnumsError, TypeError), match=message):
        verb(product, argnums=argnums)(1.0, 2.0)


def test_gradients_of_arrays():
    close(pg.grad(quadratic)(X), 3 * X**2)
    matrix, x = pg.grad(bilinear, argnums=(0, 1))(A, X)
    close(matrix, 2 * np.outer(A @ X, X))
    close(x, 2 * A.T @ (A @ X))
    assert matrix.dtype == np.float64 and isinstance(x, np.ndarray)


def test_gradients_in_the_structure_of_the_argument():
    assert pg.grad(of_tuple)((3.0, 5.0)) == (30.0, 9.0)
    number, array = pg.grad(of_list)([2.0, X])
    assert number == pytest.approx(np.sum(X))
    close(array, [2.0, 2.0, 2.0])
    got = pg.grad(of_dict)({"a": 2.0, "b": X})
    assert list(got) == ["a", "b"] and got["a"] == pytest.approx(4 * np.sum(X * X))
    close(got["b"], 8 * X)
    pair = pg.grad(of_pair)(Pair(2.0, 0.5))
    assert isinstance(pair, Pair) and pair == pytest.approx((math.exp(0.5), 2 * math.exp(0.5)))
    nested = pg.grad(of_nested)({"layers": (X, 2 * X), "rest": [3.0]})
    close(nested["layers"][0], 6 * X)
    close(nested["layers"][1], 3 * X)
    assert nested["rest"] == [pytest.approx(2 * np.sum(X * X))] and isinstance(nested["layers"], tuple)


def test_defaults_and_keywords():
    assert pg.grad(scaled)(1.5) == pytest.approx(3 * 2.0**2)
    assert pg.grad(scaled)(1.5, power=2.0, shift=1.5) == pytest.approx(2 * 3.0)
    assert pg.grad(scaled)(power=2.0, x=1.0) == pytest.approx(2 * 1.5)
    assert pg.grad(scaled, argnums="shift")(1.5) == pytest.approx(12.0)
    assert pg.grad(scaled, argnums="power")(1.5) == pytest.approx(2.0**3 * math.log(2.0))


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((1.0, 2.0, 3.0), {}, "takes 2 arguments; got 3"),
        ((1.0,), {}, "missing the argument 'y'"),
        ((1.0,), {"z": 1.0}, "has no parameter 'z'"),
        ((1.0, 2.0), {"x": 1.0}, "multiple values for argument 'x'"),
    ],
)
def test_wrong_calls(arguments, keywords, message):
    with pytest.raises(TypeError, match=message):
        pg.grad(product)(*arguments, **keywords)


def test_ints_among_the_arguments_are_no_derivatives():
    assert pg.grad(counted, argnums="x")(4, 2.0) == pytest.approx(1 + 2 * 2.0 + 3 * 4.0)
    assert pg.grad(counted, argnums="x")(2, 2.0) == 1.0
    with pytest.raises(ArgumentError, match=r"'n' is of dtype i64, and only floats have derivatives; pass a float"):
        pg.grad(counted)(4, 2.0)
    with pytest.raises(ArgumentError, match=r"astype\(float\)"):
        pg.grad(quadratic)(np.array([1, 2]))


def test_single_precision_stays_single():
    x = X.astype(np.float32)
    got = pg.grad(quadratic)(x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, 3 * x**2, rtol=1e-6)


def test_rank_0_arrays_get_rank_0_gradients():
    got = pg.grad(product)(np.array(3.0), 5.0)
    assert isinstance(got, np.ndarray) and got.shape == () and got == 5.0


def test_results_that_are_not_one_float():
    with pytest.raises(
        ScalarOutputError, match=r"grad\(vector\): the function returns f64\[.*one float is needed: sum it"
    ):
        pg.grad(vector)(X)
    with pytest.raises(ScalarOutputError, match="return one number, or use jacobian"):
        pg.grad(several)(1.0, 2.0)
    with pytest.raises(ScalarOutputError, match=r"value_and_grad\(vector\)"):
        pg.value_and_grad(vector)(X)


def test_functions_without_source():
    with pytest.raises(SourceUnavailable, match="no Python source"):
        pg.grad(math.sin)(1.0)


def test_the_arguments_are_never_changed():
    def overwriting(x):
        x[0] = x[1] * 2.0
        return np.sum(x * x)

    x = X.copy()
    close(pg.grad(overwriting)(x), [0.0, 10 * X[1], 2 * X[2]])
    np.testing.assert_array_equal(x, X)


# ---- jvp and vjp -----------------------------------------------------------------------------------------------------
def test_jvp():
    value, tangent = pg.jvp(vector, (X,), (np.array([1.0, 2.0, -1.0]),))
    close(value, vector(X))
    close(tangent, np.cos(A @ X) * (A @ [1.0, 2.0, -1.0]))
    value, tangent = pg.jvp(several, (2.0, 3.0), (1.0, 0.5))
    assert value[0] == 6.0 and tangent[0] == 4.0
    close(tangent[1], [4.0, 2 * 3 * 0.5 * 2 + 9.0])
    assert pg.jvp(as_dict, (0.5,), (2.0,))[1] == {"square": 2.0, "wave": [pytest.approx(2 * math.cos(0.5))]}
    assert pg.jvp(of_dict, ({"a": 2.0, "b": X},), ({"a": 1.0, "b": 0 * X},))[1] == pytest.approx(4 * np.sum(X * X))


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ((), "1 primals and 0 tangents"),
        ((np.ones(2),), r"the tangent of 'x' has shape \(2,\); expected \(3,\)"),
    ],
)
def test_jvp_with_tangents_that_do_not_fit(tangents, message):
    with pytest.raises(ShapeError, match=message):
        pg.jvp(vector, (X,), tangents)
    with pytest.raises(ShapeError, match=r"another structure.*expected 2 parts"):
        pg.jvp(of_tuple, ((1.0, 2.0),), ((1.0,),))
    with pytest.raises(ShapeError, match="other keys"):
        pg.jvp(of_dict, ({"a": 2.0, "b": X},), ({"a": 1.0},))
    with pytest.raises(ShapeError, match="expected a number"):
        pg.jvp(product, (1.0, 2.0), (np.ones(2), 1.0))


def test_vjp():
    value, pull = pg.vjp(vector, X)
    close(value, vector(X))
    for seed in ([1.0, 0.0], [0.5, -2.0]):
        (x_bar,) = pull(np.array(seed))
        close(x_bar, A.T @ (np.cos(A @ X) * seed))
    _, pull = pg.vjp(several, 2.0, 3.0)
    assert pull((1.0, np.array([0.0, 1.0]))) == pytest.approx((3.0 + 9.0, 2.0 + 2 * 3 * 2))
    with pytest.raises(ShapeError, match=r"vjp: the cotangent has shape \(3,\); expected \(2,\)"):
        pg.vjp(vector, X)[1](np.ones(3))


def test_vjp_gives_none_for_arguments_without_floats():
    value, pull = pg.vjp(counted, 3, 2.0)
    assert value == 7.0 and pull(1.0) == (None, 5.0)


def test_a_pull_does_not_see_later_writes():
    x = X.copy()
    _, pull = pg.vjp(quadratic, x)
    x[:] = 100.0
    close(pull(1.0)[0], 3 * X**2)


def test_jvp_and_vjp_are_transposes():
    random = np.random.default_rng(0)
    tangent, cotangent = random.standard_normal(3), random.standard_normal((3, 3))
    forward = pg.jvp(outer, (X,), (tangent,))[1]
    (backward,) = pg.vjp(outer, X)[1](cotangent)
    assert np.sum(forward * cotangent) == pytest.approx(np.sum(tangent * backward), rel=1e-13)


# ---- jacobian, hessian, hvp ------------------------------------------------------------------------------------------
MODES = pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])


@MODES
def test_jacobians_of_every_shape(mode):
    close(pg.jacobian(vector, mode=mode)(X), np.cos(A @ X)[:, None] * A)
    close(pg.jacobian(quadratic, mode=mode)(X), 3 * X**2)
    assert pg.jacobian(product, mode=mode)(3.0, 5.0) == 5.0
    eye = np.eye(3)
    wanted = np.cos(X)[:, None, None] * eye[:, None, :] * X[:, None] + np.sin(X)[:, None, None] * eye
    close(pg.jacobian(outer, mode=mode)(X), wanted)
    by_matrix = pg.jacobian(lambda matrix: matrix @ X, mode=mode)(A)
    assert by_matrix.shape == (2, 2, 3)
    close(by_matrix, np.eye(2)[:, :, None] * X)


@MODES
def test_jacobians_in_structures(mode):
    number, array = pg.jacobian(several, argnums=(0, 1), mode=mode)(2.0, 3.0)
    assert number == (3.0, 2.0)
    close(array[0], [4.0, 9.0])
    close(array[1], [0.0, 12.0])
    got = pg.jacobian(as_dict, mode=mode)(0.5)
    assert got == {"square": 1.0, "wave": [pytest.approx(math.cos(0.5))]}


def test_jacobian_refusals():
    with pytest.raises(ValueError, match="'sideways'; use"):
        pg.jacobian(vector, mode="sideways")
    with pytest.raises(ArgumentError, match="which has no derivative; return floats"):
        pg.jacobian(lambda x: x > 0.0)(1.0)


def test_hessians():
    close(pg.hessian(quadratic)(X), np.diag(6 * X))
    assert pg.hessian(lambda x: x**3)(2.0) == 12.0
    blocks = pg.hessian(affine_exp, argnums=(0, 1))(0.3, 0.7)
    mixed = 2 * math.exp(0.6)
    assert blocks[0] == pytest.approx((4 * math.exp(0.6) * 0.7, mixed)) and blocks[1] == pytest.approx((mixed, 2.0))
    close(pg.hessian(bilinear, argnums="x")(A, X), 2 * A.T @ A)


def test_hvp():
    direction = np.array([1.0, -1.0, 2.0])
    close(pg.hvp(quadratic, (X,), (direction,)), 6 * X * direction)
    got = pg.hvp(affine_exp, (0.3, 0.7), (1.0, 0.0))
    assert got == pytest.approx((4 * math.exp(0.6) * 0.7, 2 * math.exp(0.6)))


# ---- nesting ---------------------------------------------------------------------------------------------------------
def fourth(x):
    return x**4


second = pg.grad(pg.grad(fourth))
third = pg.grad(pg.grad(pg.grad(fourth)))
slope_of_fourth = pg.grad(fourth)


def uses_a_gradient(x):
    return slope_of_fourth(x) * x


def makes_a_gradient(x):
    return pg.grad(fourth)(x) * x


def test_gradients_of_gradients():
    assert slope_of_fourth(2.0) == 32.0 and second(2.0) == 48.0 and third(2.0) == 48.0


def test_gradients_inside_differentiated_functions():
    assert pg.grad(uses_a_gradient)(2.0) == pytest.approx(16 * 2.0**3)
    assert pg.grad(makes_a_gradient)(2.0) == pytest.approx(16 * 2.0**3)
    assert pg.jvp(makes_a_gradient, (2.0,), (1.0,))[1] == pytest.approx(16 * 2.0**3)


def test_mixed_modes():
    assert pg.grad(lambda x: x * slope_of_fourth(x))(1.5) == pytest.approx(16 * 1.5**3)
    close(pg.jacobian(pg.grad(quadratic), mode="reverse")(X), np.diag(6 * X))


# ---- methods, closures, caching --------------------------------------------------------------------------------------
class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def energy(self, x):
        return 0.5 * self.stiffness * x * x


def test_methods():
    spring = Spring(3.0)
    assert pg.grad(spring.energy)(2.0) == 6.0
    assert pg.grad(Spring(5.0).energy)(2.0) == 10.0
    assert pg.jvp(spring.energy, (2.0,), (1.0,)) == (6.0, 6.0)


def test_globals_and_captured_variables_are_read_again_when_they_change(monkeypatch):
    derivative = pg.grad(with_global)
    assert derivative(2.0) == 12.0
    monkeypatch.setitem(with_global.__globals__, "FACTOR", 5.0)
    assert derivative(2.0) == 20.0
    scale = 2.0

    def captured(x):
        return scale * x * x

    derivative = pg.grad(captured)
    assert derivative(1.0) == 4.0
    scale = 7.0
    assert derivative(1.0) == 14.0


def test_arguments_of_the_same_form_are_read_once(monkeypatch):
    import pathgrad.api.derived

    readings = []
    read = pathgrad.api.derived.read
    monkeypatch.setattr(pathgrad.api.derived, "read", lambda *a, **k: readings.append(a) or read(*a, **k))

    def fresh(x, n):
        return np.sum(x * x) * n

    derivative = pg.grad(fresh)
    for length in (30, 40, 30):
        close(derivative(np.ones(length), 2), 4 * np.ones(length))
    assert len(readings) == 1  # sizes and values are run-time matters
    derivative(np.ones((2, 2)), 2)
    assert len(readings) == 2  # ranks are not


def test_names_and_sources():
    derivative = pg.grad(product)
    assert derivative.__name__ == "grad_product" and "import numpy as np" in derivative.source_for(1.0, 2.0)
    assert pg.jacobian(vector).__name__ == "jacobian_vector"


# ---- transform -------------------------------------------------------------------------------------------------------
def test_transform_forms():
    assert pg.transform(product, "forward", argnums=(0, 1))(3.0, 5.0, 1.0, 0.0) == (15.0, 5.0)
    assert pg.transform(fourth, "forward", form="derivative")(2.0) == 32.0
    assert pg.transform(product, argnums=(0, 1))(3.0, 5.0) == (5.0, 3.0)
    assert pg.transform(product, form="value_and_gradient")(3.0, 5.0) == (15.0, 5.0)
    close(pg.transform(vector, form="vjp")(X, np.array([1.0, 0.0])), A.T @ (np.cos(A @ X) * [1.0, 0.0]))


def test_transform_inspection():
    transformed = pg.transform(fourth, "forward", form="derivative")
    assert transformed.inspect("primal").startswith("fourth(x: f64)")
    assert transformed.inspect("ir").startswith("fourth_dot(x: f64)")
    assert transformed.inspect() == transformed.source
    with pytest.raises(ValueError, match="stage"):
        transformed.inspect("assembly")


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"mode": "sideways"}, ValueError, 'use "forward" or "reverse"'),
        ({"form": "pair"}, ValueError, "in reverse mode use one of"),
        ({"mode": "forward", "form": "gradient"}, ValueError, "in forward mode use one of"),
        ({"argnums": 7}, ArgnumsError, "argnums is 7"),
    ],
)
def test_transform_refusals(keywords, error, message):
    with pytest.raises(error, match=message):
        pg.transform(product, **keywords)


def test_transform_derivative_form_needs_one_direction():
    with pytest.raises(ArgumentError, match="needs one float argument"):
        pg.transform(product, "forward", form="derivative", argnums=(0, 1))(1.0, 2.0)
    with pytest.raises(ArgumentError, match='use form="pair"'):
        pg.transform(quadratic, "forward", form="derivative")(X)
    with pytest.raises(TypeError, match=r"called with \(x, y, x_dot\)"):
        pg.transform(product, "forward")(1.0)
