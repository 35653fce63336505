"""Every example, figure and formula of the lecture, in its order; each test is named after what it shows."""

from __future__ import annotations

import ast
import math

import numpy as np
import pytest
import sympy

import pathgrad as pg
from pathgrad.graph import Graph, GraphBuilder
from pathgrad.nn import Network
from pathgrad.ops import TABLE

K = 5
EPSILON = np.finfo(float).eps


# ---- the lecture's programs ------------------------------------------------------------------------------------------
def f(i, x):
    return math.sin(i * x) + i


def prod(x: float) -> float:
    ans = 1.0
    for i in range(1, K + 1):
        ans = ans * f(i, x)
    return ans


def f_derivative(i, x):
    return i * math.cos(i * x)


def prod_derivative(x):
    """The formula of Example 2.1: the sum over i of f_i'(x) times the product over j ≠ i of f_j(x)."""
    return sum(f_derivative(i, x) * math.prod(f(j, x) for j in range(1, K + 1) if j != i) for i in range(1, K + 1))


def h(x, y):
    return (x + 4 * y) * ((x + y) * y)


def functions_of(source: str) -> dict[str, ast.FunctionDef]:
    """The functions of an emitted module."""
    return {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def statements(node: ast.AST) -> list[str]:
    return [
        ast.unparse(child) for child in ast.walk(node) if isinstance(child, ast.Assign | ast.AugAssign | ast.Return)
    ]


# ---- section 2 -------------------------------------------------------------------------------------------------------
class TestNaiveQuotient:
    """Box (1)."""

    @staticmethod
    def naive(F, x, delta_x):
        return (F(x + delta_x) - F(x)) / delta_x

    def error(self, delta_x):
        return abs(self.naive(prod, 0.7, delta_x) / prod_derivative(0.7) - 1)

    def test_box_1_the_best_step_loses_half_the_digits(self):
        errors = [self.error(10.0**-k) for k in range(1, 17)]
        assert 1e-10 < min(errors) < 1e-6

    def test_box_1_a_small_step_makes_the_result_useless(self):
        assert self.error(1e-16) > 0.5 and self.error(1e-15) > 1e-3
        assert prod(1.0 + 1e-16) == prod(1.0)  # F(x0 + delta) and F(x0) are the same float: the quotient is 0

    def test_automatic_differentiation_sidesteps_the_problem(self):
        for derivative in (pg.derivative(prod)(0.7), pg.grad(prod)(0.7)):
            assert derivative == pytest.approx(prod_derivative(0.7), rel=50 * EPSILON)


class TestExample21:
    """Prod and Prod'."""

    @pytest.fixture
    def transformed(self):
        return pg.transform(prod, mode="forward", form="derivative")

    @pytest.mark.parametrize("x", [-1.3, 0.0, 0.7, 2.0])
    def test_example_2_1_values(self, transformed, x):
        assert transformed(x) == pytest.approx(prod_derivative(x), rel=1e-13)

    def test_example_2_1_prod_derivative_resembles_prod(self, transformed):
        node = functions_of(transformed.source)["prod_dot"]
        loops = [child for child in node.body if isinstance(child, ast.For)]
        assert len(loops) == 1 and ast.unparse(loops[0].target) == "i"
        assert ast.unparse(loops[0].iter) in ("range(1, 6)", "range(1, K + 1)")
        # as in the lecture: initial values, the loop, return; in the loop ans' before ans
        assert [type(child).__name__ for child in node.body] == ["Assign", "Assign", "For", "Return"]
        assert sorted(statements(node.body[0]) + statements(node.body[1])) == ["ans = 1.0", "ans_dot = 0.0"]
        *_, tangent, value = statements(loops[0])
        assert tangent == "ans_dot = ans_dot * v + ans * v_dot" and value == "ans = ans * v"
        assert ast.unparse(node.body[-1]) == "return ans_dot"

    def test_example_2_1_does_not_resemble_the_naive_quotient(self, transformed):
        assert "/" not in transformed.source

    def test_the_programs_for_the_derivatives_of_f_are_generated_too(self, transformed):
        """Section 2: the same statement doubling makes the f_i' from the f_i."""
        assert list(functions_of(transformed.source)) == ["f_pair", "prod_dot"]

    def test_the_emitted_program_needs_only_numpy(self, transformed):
        namespace: dict[str, object] = {}
        exec(compile(transformed.source, "emitted", "exec"), namespace)
        assert "pathgrad" not in {node.split(".")[0] for node in imported(transformed.source)}
        assert namespace["prod_dot"](0.7) == pytest.approx(prod_derivative(0.7), rel=1e-13)


def imported(source):
    return [alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names]


def general(x, y):
    v = x * y + 3.0
    w = v
    v = f(2, v) - w / x
    return v


class TestGeneralTransformation:
    """The three rules by which a program G gives G'."""

    @pytest.fixture
    def body(self):
        source = pg.transform(general, mode="forward", argnums=(0, 1)).source
        return functions_of(source)["general_pair"]

    def test_rule_1_each_float_variable_has_a_tangent_beside_it(self, body):
        names = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)} | {a.arg for a in body.args.args}
        assert {"x", "y", "v", "x_dot", "y_dot"} <= names and {"v_dot", "w_dot"} & names

    def test_rule_2_the_tangent_statement_stands_before_the_statement(self, body):
        targets = [ast.unparse(s.targets[0]) for s in body.body if isinstance(s, ast.Assign)]
        assert targets[-2:] == ["v_dot", "v"]

    def test_rule_2_a_call_of_g_becomes_a_call_of_g_and_its_derivative(self, body):
        called = {ast.unparse(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
        assert called == {"f_pair"}

    def test_rule_3_return_v_becomes_return_of_its_tangent(self):
        source = pg.transform(prod, mode="forward", form="derivative").source
        assert ast.unparse(functions_of(source)["prod_dot"].body[-1]) == "return ans_dot"

    def test_the_chain_rule_justifies_it(self):
        x, y, (dx, dy) = 1.3, 0.4, (0.7, -0.2)
        v, v_dot = pg.transform(general, mode="forward", argnums=(0, 1))(x, y, dx, dy)
        inner, inner_dot = x * y + 3.0, dx * y + x * dy
        assert v == pytest.approx(f(2, inner) - inner / x)
        assert v_dot == pytest.approx(f_derivative(2, inner) * inner_dot - (inner_dot * x - inner * dx) / x**2)


class TestExample22:
    """Symbolic execution of Prod'."""

    def test_example_2_2_table(self):
        lines = str(pg.trace_table(prod, "ans", iterations=3)).splitlines()
        assert [line.split("  ")[0] for line in lines] == ["Iteration", "---------", "0", "1", "2", "3"]
        assert lines[0].split(maxsplit=1)[1].split("   ")[0] == "Value of ans' (as a function of x)"
        columns = [[part.strip() for part in line.split("  ") if part.strip()] for line in lines[2:]]
        assert columns == [
            ["0", "0.0", "1.0"],
            ["1", "f1'(x)", "f1(x)"],
            ["2", "f1'(x)*f2(x) + f1(x)*f2'(x)", "f1(x)*f2(x)"],
            ["3", "f1'(x)*f2(x)*f3(x) + f1(x)*f2'(x)*f3(x) + f1(x)*f2(x)*f3'(x)", "f1(x)*f2(x)*f3(x)"],
        ]

    def test_equation_2_the_terms_grouped_as_computed(self):
        last = str(pg.trace_table(prod, grouped=True, iterations=3)).splitlines()[-1]
        assert last.split(maxsplit=1)[1].startswith("(f1'(x)*f2(x) + f1(x)*f2'(x))*f3(x) + (f1(x)*f2(x))*f3'(x)  ")

    def test_example_2_2_row_k_is_the_derivative_of_the_product(self):
        x = sympy.Symbol("x")
        row = pg.trace_table(prod, iterations=K).rows[K]
        values = [sympy.Function(f"f{i}")(x) for i in range(1, K + 1)]
        slopes = [sympy.Function(f"f{i}'")(x) for i in range(1, K + 1)]
        total = sum(slopes[i] * sympy.prod(values[:i] + values[i + 1 :]) for i in range(K))
        assert sympy.expand(total) == row.tangent and row.value == sympy.prod(values)

    def test_example_2_2_the_invariant_of_the_loop(self):
        """At the start of each iteration ans' is the derivative of ans."""
        x = sympy.Symbol("x")
        concrete = {
            sympy.Function(name)(x): value
            for i in range(1, K + 1)
            for name, value in ((f"f{i}", sympy.sin(i * x) + i), (f"f{i}'", i * sympy.cos(i * x)))
        }
        for row in pg.trace_table(prod, iterations=K).rows:
            ans, slope = (sympy.sympify(e).subs(concrete) for e in (row.value, row.tangent))
            assert sympy.expand(sympy.diff(ans, x) - slope) == 0

    def test_example_2_2_both_groupings_are_equal_in_real_arithmetic(self):
        for row in pg.trace_table(prod, iterations=K).rows:
            assert sympy.expand(row.grouped_tangent.doit() - row.tangent) == 0


class TestFigure1:
    """The differentiation arithmetic FloatD is pg.Dual; CONST and VAR are pg.constant and pg.variable."""

    def test_figure_1_fields(self):
        assert (pg.constant(3.0).value, pg.constant(3.0).tangent) == (3.0, 0.0)
        assert (pg.variable(3.0).value, pg.variable(3.0).tangent) == (3.0, 1.0)

    @staticmethod
    def operands():
        a = pg.variable(3.0)
        return a * 1.0, a * a  # (3, 1) and (9, 6)

    def test_figure_1_plus(self):
        a, b = self.operands()
        assert ((a + b).value, (a + b).tangent) == (3.0 + 9.0, 1.0 + 6.0)

    def test_figure_1_times(self):
        a, b = self.operands()
        assert ((a * b).value, (a * b).tangent) == (3.0 * 9.0, 3.0 * 6.0 + 1.0 * 9.0)


class TestExample23:
    """Prod over FloatD."""

    @staticmethod
    def f_of_duals(i, x):
        return np.sin(i * x) + i

    def prod_of_duals(self, x):
        ans = pg.constant(1.0)
        for i in range(1, K + 1):
            ans = ans * self.f_of_duals(i, x)
        return ans

    def test_example_2_3_prod_derivative(self):
        x = pg.variable(0.7)
        ans = self.prod_of_duals(x)
        assert ans.tangent == pytest.approx(prod_derivative(0.7), rel=1e-14)

    def test_example_2_3_the_work_of_the_original_program_is_done_too(self):
        assert self.prod_of_duals(pg.variable(0.7)).value == prod(0.7)

    def test_example_2_3_without_rewriting(self):
        assert pg.derivative(prod)(0.7) == self.prod_of_duals(pg.variable(0.7)).tangent


class TestBoxes:
    """The boxes of section 2, and how they snap together."""

    def test_a_box_gives_the_value_and_the_derivative_times_w(self):
        value, tangent = pg.box(math.sin)(0.5, 3.0)
        assert value == math.sin(0.5) and tangent == pytest.approx(math.cos(0.5) * 3.0)

    def test_boxes_snap_together_to_the_chain_rule(self):
        g, outer = math.sin, lambda u: u * u * u
        inner = pg.box(g)(0.5, 1.0)
        assert inner == (math.sin(0.5), math.cos(0.5))
        value, tangent = pg.box(outer)(*inner)
        assert value == math.sin(0.5) ** 3
        assert tangent == pytest.approx(3 * math.sin(0.5) ** 2 * math.cos(0.5))

    def test_the_composable_form_of_a_transformed_program_snaps_together_too(self):
        """The end of section 2: a procedure of x and x' that returns the pair of ans and ans'."""
        pair = pg.transform(prod, mode="forward", form="pair")
        inner = pair(0.1, 1.0)
        assert inner == pytest.approx((prod(0.1), prod_derivative(0.1)))
        value, tangent = pair(*inner)
        assert value == pytest.approx(prod(prod(0.1)))
        assert tangent == pytest.approx(prod_derivative(prod(0.1)) * prod_derivative(0.1))

    def test_the_composable_form_passes_the_tangent_on_to_the_composable_f(self):
        source = pg.transform(prod, mode="forward", form="pair").source
        node = functions_of(source)["prod_pair"]
        assert [a.arg for a in node.args.args] == ["x", "x_dot"]
        assert ast.unparse(node.body[-1]) == "return (ans, ans_dot)"
        assert "f_pair(i, x, x_dot)" in source


# ---- section 3 -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def graph():
    """Figure 2b: vertices x, y, 4, 4y, x + 4y, x + y, (x + y) y, h."""
    return pg.trace(h, x=3.0, y=5.0)


def by_formula(graph):
    """The vertices of h by their formulas."""
    return {str(vertex.value): vertex for vertex in map(graph.symbolic().vertex, range(len(graph)))}


def labelled_edges(graph, formulas):
    """(tail, head) by formula to label."""
    names = {int(vertex): formula for formula, vertex in formulas.items()}
    return {(names[int(edge.source)], names[int(edge.target)]): edge.label for edge in graph.edges()}


class TestComputationGraphs:
    def test_equation_3_and_its_expansion(self):
        x, y = sympy.symbols("x y")
        assert sympy.expand(h(x, y)) == x**2 * y + 5 * x * y**2 + 4 * y**3
        assert h(3.0, 5.0) == 3**2 * 5 + 5 * 3 * 5**2 + 4 * 5**3 == 920

    def test_figure_2a_the_symbolic_graph(self, graph):
        x, y = sympy.symbols("x y")
        edges = labelled_edges(graph.symbolic(), by_formula(graph))
        assert edges == {
            ("y", "4*y"): 4,
            ("4", "4*y"): y,
            ("x", "x + 4*y"): 1,
            ("4*y", "x + 4*y"): 1,
            ("x", "x + y"): 1,
            ("y", "x + y"): 1,
            ("x + y", "y*(x + y)"): y,
            ("y", "y*(x + y)"): x + y,
            ("x + 4*y", "y*(x + y)*(x + 4*y)"): y * (x + y),
            ("y*(x + y)", "y*(x + y)*(x + 4*y)"): x + 4 * y,
        }

    def test_figure_2b_the_graph_at_3_5(self, graph):
        edges = labelled_edges(graph, by_formula(graph))
        assert edges == {
            ("y", "4*y"): 4,
            ("4", "4*y"): 5,
            ("x", "x + 4*y"): 1,
            ("4*y", "x + 4*y"): 1,
            ("x", "x + y"): 1,
            ("y", "x + y"): 1,
            ("x + y", "y*(x + y)"): 5,
            ("y", "y*(x + y)"): 8,
            ("x + 4*y", "y*(x + y)*(x + 4*y)"): 40,
            ("y*(x + y)", "y*(x + y)*(x + 4*y)"): 23,
        }

    def test_extend_is_multiplication_and_combine_is_addition(self):
        assert (pg.REAL.extend(3.0, 5.0), pg.REAL.combine(3.0, 5.0)) == (15.0, 8.0)
        assert (pg.REAL.one, pg.REAL.zero) == (1.0, 0.0)

    def test_combine_is_not_idempotent(self):
        assert pg.REAL.combine(1.0, 1.0) == 2.0
        assert pg.trace(lambda x: x + x, x=1.0).paths("x").value == 2.0
        # as in dataflow analysis, where it is idempotent
        assert pg.BOOLEAN.combine(True, True) is True

    def test_labelling_scheme_of_plus(self):
        assert [label(8.0, 3.0, 5.0) for label in TABLE["add"].labels] == [1.0, 1.0]

    def test_labelling_scheme_of_times(self):
        assert [label(15.0, 3.0, 5.0) for label in TABLE["multiply"].labels] == [5.0, 3.0]


# ---- section 4 -------------------------------------------------------------------------------------------------------
#: The green numbers, by the formula of the vertex.
FIGURE_3 = {
    "a": ("x", "forward", {"x": 1, "x + 4*y": 1, "x + y": 1, "y*(x + y)": 5, "y*(x + y)*(x + 4*y)": 155}),
    "b": ("x", "backward", {"y*(x + y)*(x + 4*y)": 1, "x + 4*y": 40, "y*(x + y)": 23, "x + y": 115, "x": 155}),
    "c": (
        "y",
        "forward",
        {"y": 1, "4*y": 4, "x + 4*y": 4, "x + y": 1, "y*(x + y)": 13, "y*(x + y)*(x + 4*y)": 459},
    ),
    "d": (
        "y",
        "backward",
        {"y*(x + y)*(x + 4*y)": 1, "x + 4*y": 40, "4*y": 40, "y*(x + y)": 23, "x + y": 115, "y": 459},
    ),
}


@pytest.mark.parametrize("part", FIGURE_3)
def test_figure_3(graph, part):
    source, direction, expected = FIGURE_3[part]
    names = {int(vertex): formula for formula, vertex in by_formula(graph).items()}
    paths = graph.paths(source, graph.outputs[0], direction=direction)
    assert {names[int(vertex)]: value for vertex, value in paths.values.items()} == expected
    assert paths.value == {"x": 155, "y": 459}[source]


def test_figure_3_the_work_is_linear_in_the_relevant_part_of_the_graph(graph):
    for source in "xy":
        for direction in ("forward", "backward"):
            paths = graph.paths(source, graph.outputs[0], direction=direction)
            assert paths.multiplications + paths.additions <= graph.edge_count
    # a chain of squares: two paths for each link, but one step for each edge
    chain = GraphBuilder()
    vertex = chain.input("x", 1.0)
    for _ in range(40):
        vertex = chain.vertex(TABLE["add"], [vertex, vertex], 1.0)
    paths = chain.finish([vertex]).paths("x")
    assert paths.value == 2.0**40 and paths.multiplications + paths.additions <= 3 * 40


@pytest.mark.parametrize("at", [(3.0, 5.0), (-1.25, 0.5)])
def test_figure_3_every_route_agrees(at):
    x, y = at
    expected = (2 * x * y + 5 * y**2, x**2 + 10 * x * y + 12 * y**2)
    assert pg.grad(h, argnums=(0, 1))(x, y) == pytest.approx(expected)
    forward = pg.transform(h, mode="forward", argnums=(0, 1))
    assert (forward(x, y, 1.0, 0.0)[1], forward(x, y, 0.0, 1.0)[1]) == pytest.approx(expected)
    assert pg.box(h)(at, (1.0, 0.0))[1] == pytest.approx(expected[0])
    assert pg.trace(h, x=x, y=y).eliminate("markowitz").matrix[0] == pytest.approx(expected)


class TestFigure4:
    """The induction steps: what is known at the children gives what is known at the parent."""

    x = sympy.Symbol("x")
    f, g = sympy.Function("f")(x), sympy.Function("g")(x)

    def parent(self, op):
        """Two children reached from x by edges that carry ∂f/∂x and ∂g/∂x, and their parent."""
        record = TABLE[op]
        value = {"add": self.f + self.g, "multiply": self.f * self.g}[op]
        labels = [label(value, self.f, self.g) for label in record.labels]
        edges = [(0, 1, self.f.diff(self.x)), (0, 2, self.g.diff(self.x)), (1, 3, labels[0]), (2, 3, labels[1])]
        graph = Graph.from_edges(4, 1, edges, outputs=[3], input_names=["x"])
        return {d: graph.paths("x", direction=d, semiring=pg.SYMBOLIC).value for d in ("forward", "backward")}

    def test_figure_4a_plus(self):
        for value in self.parent("add").values():
            assert sympy.expand(value - (1 * self.f.diff(self.x) + 1 * self.g.diff(self.x))) == 0

    def test_figure_4b_times(self):
        for value in self.parent("multiply").values():
            assert sympy.expand(value - (self.g * self.f.diff(self.x) + self.f * self.g.diff(self.x))) == 0

    @pytest.mark.parametrize("op", ["add", "multiply"])
    def test_figure_4_is_the_derivative(self, op):
        value = {"add": self.f + self.g, "multiply": self.f * self.g}[op]
        assert sympy.expand(self.parent(op)["forward"] - sympy.diff(value, self.x)) == 0


class TestExample41:
    x, y = sympy.symbols("x y")

    def test_example_4_1_by_the_usual_rules(self):
        expanded = self.x**2 * self.y + 5 * self.x * self.y**2 + 4 * self.y**3
        derivative = sympy.diff(expanded, self.x)
        assert derivative == 2 * self.x * self.y + 5 * self.y**2
        assert derivative.subs({self.x: 3, self.y: 5}) == 30 + 125 == 155

    @pytest.mark.parametrize("direction", ["forward", "backward"])
    def test_example_4_1_symbolic_path_problem(self, graph, direction):
        x, y = self.x, self.y
        symbolic = graph.symbolic()
        value = symbolic.paths("x", symbolic.outputs[0], direction=direction).value
        # before expansion: one term for each of the two paths
        assert set(sympy.Add.make_args(value)) == {(x + y) * y, y * (x + 4 * y)}
        assert sympy.expand(value) == 2 * x * y + 5 * y**2


def fan(weights, x):
    """m outputs of n inputs through one bottleneck."""
    middle = np.sum(x * x)
    return np.exp(-middle) * weights


class TestFigure5:
    """Forward mode and reverse mode: |L| forward passes or |K| backward passes."""

    @staticmethod
    def jacobian(m, n, order="auto"):
        weights = np.linspace(1.0, 2.0, m)
        graph = pg.trace(lambda x: fan(weights, x), np.linspace(0.1, 0.5, n))
        return graph.jacobian(order=order)

    def test_figure_5_one_input_many_outputs_is_one_forward_pass(self):
        result = self.jacobian(m=20, n=1)
        assert result.order == "forward" and result.costs["forward"].passes == 1
        assert result.costs["reverse"].passes == 20

    def test_figure_5_many_inputs_one_output_is_one_backward_pass(self):
        result = self.jacobian(m=1, n=20)
        assert result.order == "reverse" and result.costs["reverse"].passes == 1
        assert result.costs["forward"].passes == 20

    def test_section_4_trade_off_of_K_and_L(self):
        """Passes are |L| or |K|; counted work grows with them; the preferred one does less."""
        for m, n, preferred in ((2, 12, "reverse"), (12, 2, "forward")):
            both = {order: self.jacobian(m, n, order) for order in ("forward", "reverse")}
            work = {}
            for order, result in both.items():
                cost = result.costs[order]
                assert cost.passes == {"forward": n, "reverse": m}[order]
                work[order] = cost.multiplications + cost.additions
            assert self.jacobian(m, n).order == preferred == min(work, key=work.get)
            np.testing.assert_allclose(both["forward"].matrix, both["reverse"].matrix, rtol=1e-14)

    def test_section_4_any_sets_K_and_L(self):
        weights, at = np.linspace(1.0, 2.0, 6), np.linspace(0.1, 0.5, 5)
        graph = pg.trace(lambda x: fan(weights, x), at)
        some = graph.jacobian(outputs=graph.outputs[1:3], inputs=graph.inputs[:4])
        exact = np.outer(weights, -2 * at * np.exp(-np.sum(at * at)))
        assert some.order == "reverse" and some.costs["reverse"].passes == 2
        np.testing.assert_allclose(some.matrix, exact[1:3, :4], rtol=1e-13)

    def test_figure_5_the_verbs_choose_alike(self):
        weights = np.linspace(1.0, 2.0, 4)
        at = np.linspace(0.1, 0.5, 3)
        exact = np.outer(weights, -2 * at * np.exp(-np.sum(at * at)))
        for mode in ("auto", "forward", "reverse"):
            np.testing.assert_allclose(pg.jacobian(fan, argnums="x", mode=mode)(weights, at), exact, rtol=1e-13)


# ---- section 5 -------------------------------------------------------------------------------------------------------
class TestOtherOperators:
    def test_section_5_the_label_of_an_operand_is_the_partial_derivative(self):
        """For every elementwise operator of one or two operands that SymPy can differentiate in closed form."""
        a, b = sympy.symbols("a b", positive=True)
        at = {a: sympy.Float("0.4", 30), b: sympy.Float("0.7", 30)}
        seen = 0
        for name in (
            "add",
            "subtract",
            "multiply",
            "divide",
            "power",
            "hypot",
            "logaddexp",
            "exp",
            "log",
            "sin",
            "tanh",
        ):
            record = TABLE[name]
            symbols = (a, b)[: record.arity]
            formula = record.sympy(sympy, *symbols)
            values = [0.4, 0.7][: record.arity]
            result = record(*values)
            for label, symbol in zip(record.labels, symbols, strict=True):
                assert float(label(result, *values)) == pytest.approx(float(sympy.diff(formula, symbol).subs(at)))
                seen += 1
        assert seen == 18

    def test_section_5_an_operator_of_n_operands(self):
        """The label on the j-th argument of an n-ary operator."""
        values = np.array([0.5, 2.0, 3.0, 4.0])
        graph = pg.trace(lambda a, b, c, d: np.prod(np.array([a, b, c, d])), *values)
        gradient = [graph.paths(source).value for source in "abcd"]
        assert gradient == pytest.approx([np.prod(np.delete(values, j)) for j in range(4)])

    def test_section_5_square_root_is_labelled_from_its_result(self):
        (label,) = TABLE["sqrt"].labels
        v = sympy.Symbol("v", positive=True)
        assert label(v, None) == 1.0 / (2.0 * v)  # the operand is not looked at
        x = sympy.Symbol("x", positive=True)
        assert sympy.nsimplify(label(sympy.sqrt(x), None)) == sympy.diff(sympy.sqrt(x), x)
        assert pg.trace(math.sqrt, 9.0).labels[0] == 1 / 6

    def test_section_5_sigmoid(self):
        x, v = sympy.symbols("x v")
        (label,) = TABLE["sigmoid"].labels
        assert sympy.expand(sympy.nsimplify(label(v, None)) - v * (1 - v)) == 0
        sigma = 1 / (1 + sympy.exp(-x))
        # the steps of the derivation
        steps = [
            sympy.exp(-x) / (1 + sympy.exp(-x)) ** 2,
            (1 / (1 + sympy.exp(-x))) * (sympy.exp(-x) / (1 + sympy.exp(-x))),
            sigma * (1 - sigma),
        ]
        assert all(sympy.simplify(sympy.diff(sigma, x) - step) == 0 for step in steps)
        edge = pg.trace(pg.sigmoid, 0.3)
        value = 1 / (1 + math.exp(-0.3))
        assert edge.labels[0] == pytest.approx(value * (1 - value), rel=1e-14)

    def test_section_5_half_squared_difference(self):
        value = pg.half_squared_difference(5.0, 3.0)
        assert value == 0.5 * (5 - 3) ** 2
        graph = pg.trace(lambda x: pg.half_squared_difference(x, 3.0), 5.0)
        # the desired value is a constant: only the left edge leads to an input
        assert graph.paths("x").value == 5.0 - 3.0 and len(graph.inputs) == 1

    def test_section_5_half_squared_difference_in_programs(self):
        assert pg.grad(lambda x, v: pg.half_squared_difference(x, v))(5.0, 3.0) == 2.0


# ---- section 6 -------------------------------------------------------------------------------------------------------
def node(w, inputs):
    """Figure 7: products, their sum, the sigmoid of it."""
    return pg.sigmoid(np.sum(w * inputs))


def two_layers(w, x):
    """Figure 6a with weights as in Figure 9: w1 to w9 of the output nodes, w10 to w15 of the hidden ones."""
    hidden = np.array([node(w[9 + 2 * j : 11 + 2 * j], x) for j in range(3)])
    return np.array([node(w[3 * j : 3 * j + 3], hidden) for j in range(3)]), hidden


def cost_of(w, x, v):
    y, _ = two_layers(w, x)
    return sum(0.5 * (y[j] - v[j]) ** 2 for j in range(3))


@pytest.fixture(scope="module")
def example():
    """A network of Figure 9 with weights, an input and a desired output."""
    network = Network([2, 3, 3], seed=9)
    return network, np.array([0.4, -0.9]), np.array([1.0, 0.0, 0.5])


def flat(network):
    """The weights in the order of Figure 9."""
    hidden, output = network.weights
    return np.concatenate([output.ravel(), hidden.ravel()])


class TestNetworks:
    def test_figure_7_a_node(self):
        w, inputs = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.25, 0.125])
        total = 0.5 * 1.0 - 1.0 * 0.25 + 2.0 * 0.125
        assert node(w, inputs) == pytest.approx(1 / (1 + math.exp(-total)))
        graph = pg.trace(node, w, inputs)
        assert [v.symbol for v in map(graph.vertex, range(len(graph)))][6:9] == ["×", "×", "×"]
        y = node(w, inputs)
        assert graph.paths("w[1]").value == pytest.approx(y * (1 - y) * inputs[1])

    def test_figure_6a_a_network_with_one_hidden_layer(self, example):
        network, x, _ = example
        y, _ = two_layers(flat(network), x)
        np.testing.assert_allclose(network.predict(x), y, rtol=1e-14)

    def test_figure_6b_the_cost_layer(self, example):
        network, x, v = example
        y = network.predict(x)
        assert network.cost(x, v) == pytest.approx(sum(0.5 * (y[j] - v[j]) ** 2 for j in range(3)), rel=1e-14)

    def test_figure_8_the_weights_are_the_inputs_and_x_and_v_are_constants(self, example):
        network, x, v = example
        gradient = pg.grad(cost_of, argnums="w")(flat(network), x, v)
        assert gradient.shape == (15,)
        hidden, output = network.gradient(x, v)
        np.testing.assert_allclose(gradient, np.concatenate([output.ravel(), hidden.ravel()]), rtol=1e-12)

    def test_figure_8_one_output_means_reverse_mode(self, example):
        network, x, v = example
        graph = network.graph(x, v)
        weights = [vertex for vertex in graph.inputs if vertex.name.startswith("w")]
        result = graph.jacobian(inputs=weights)
        assert len(weights) == 15 and result.order == "reverse" and result.costs["reverse"].passes == 1
        assert result.costs["forward"].passes == 15
        hidden, output = network.gradient(x, v)
        np.testing.assert_allclose(result.matrix[0], gradient_in_order(weights, hidden, output), rtol=1e-12)

    def test_update_rule(self, example):
        """One example: w := w − η ∂Cost/∂w descends; with a negative η it is the lecture's w + η ∂Cost/∂w."""
        _, x, v = example
        for rate in (0.1, -0.1):
            network = Network([2, 3, 3], seed=9)
            before, slopes = [w.copy() for w in network.weights], network.gradient(x, v)
            cost = network.cost(x, v)
            network.fit(x[None], v[None], rate=rate, epochs=1)
            for w, old, slope in zip(network.weights, before, slopes, strict=True):
                np.testing.assert_allclose(w, old - rate * slope, rtol=1e-13)
            assert (network.cost(x, v) < cost) == (rate > 0)

    def test_stopping_rule(self, example):
        """Training continues until the adjustments fall below the threshold."""
        _, x, v = example
        network = Network([2, 3, 3], seed=9)
        network.fit(x[None], v[None], rate=1.0, epochs=5000, threshold=1e-3)
        steps = len(network.history)
        assert network.converged and 1 < steps < 5000
        assert max(np.abs(slope).max() for slope in network.gradient(x, v)) < 1e-3
        impatient = Network([2, 3, 3], seed=9).fit(x[None], v[None], rate=1.0, epochs=steps - 1, threshold=1e-3)
        assert not impatient.converged


def gradient_in_order(weights, hidden, output):
    flat_gradient = np.concatenate([output.ravel(), hidden.ravel()])
    return [flat_gradient[int(vertex.name[1:]) - 1] for vertex in weights]


class TestFigure9:
    """The back-propagation example: path sums with the lecture's names."""

    names = ("y1", "y2", "y3", "v1", "v2", "v3", "w3", "w6", "w9", "h1", "h3", "x1")

    @pytest.fixture
    def formulas(self, example):
        network, x, v = example
        graph = network.graph(x, v)
        intermediate = {name: name for name in ("h1", "h2", "h3", "y1", "y2", "y3")}
        symbolic = graph.symbolic(names=intermediate)
        return graph, symbolic, {name: sympy.Symbol(name) for name in self.names}

    def test_figure_9_labels(self, formulas):
        _, symbolic, s = formulas
        for k in "123":
            assert symbolic.vertex(f"y{k}").labels == (sympy.Symbol(f"y{k}") * (1 - sympy.Symbol(f"y{k}")),)
            assert symbolic.vertex(f"h{k}").labels == (sympy.Symbol(f"h{k}") * (1 - sympy.Symbol(f"h{k}")),)
        misses = symbolic.vertex("Cost").operands
        assert [m.labels[0] for m in misses] == [s[f"y{k}"] - s[f"v{k}"] for k in (1, 2, 3)]
        assert symbolic.vertex("Cost").labels == (1, 1, 1)

    def test_figure_9_derivative_by_w4(self, formulas):
        """One path from Cost to w4."""
        graph, symbolic, s = formulas
        value = symbolic.paths("w4", "Cost", direction="backward").value
        assert sympy.expand(value - (s["y2"] - s["v2"]) * s["y2"] * (1 - s["y2"]) * s["h1"]) == 0
        assert graph.paths("w4", "Cost", semiring=pg.COUNT).value == 1

    def test_figure_9_derivative_by_w14(self, formulas):
        """Three paths from Cost to w14."""
        graph, symbolic, s = formulas
        value = symbolic.paths("w14", "Cost", direction="backward").value
        through = {k: (s[f"y{k}"] - s[f"v{k}"]) * s[f"y{k}"] * (1 - s[f"y{k}"]) for k in (1, 2, 3)}
        inner = through[1] * s["w3"] + through[2] * s["w6"] + through[3] * s["w9"]
        assert sympy.expand(value - inner * s["h3"] * (1 - s["h3"]) * s["x1"]) == 0
        assert graph.paths("w14", "Cost", semiring=pg.COUNT).value == 3

    def test_figure_9_numbers(self, formulas, example):
        network, x, v = example
        graph, _, _ = formulas
        y, hidden = two_layers(flat(network), x)
        d = (y - v) * y * (1 - y)
        w = flat(network)
        assert graph.paths("w4", "Cost").value == pytest.approx(d[1] * hidden[0])
        expected = (d[0] * w[2] + d[1] * w[5] + d[2] * w[8]) * hidden[2] * (1 - hidden[2]) * x[0]
        assert graph.paths("w14", "Cost").value == pytest.approx(expected)
