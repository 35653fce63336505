"""Networks: what they say, what they learn, and by which rule (lecture, section 6)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pathgrad as pg
from pathgrad.nn import Network
from pathgrad.nn.functions import cost, cost_with_bias

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
EXCLUSIVE_OR = np.array([0.0, 1.0, 1.0, 0.0])
EACH_SHAPE = pytest.mark.parametrize(
    ("sizes", "bias"), [([2, 3, 3], False), ([2, 3, 3], True), ([4, 1], False), ([3, 4, 2, 5], True)]
)


def example(sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.normal(size=sizes[0]), random.uniform(size=sizes[-1])


# ---- what a network says ---------------------------------------------------------------------------------------------
@EACH_SHAPE
def test_outputs_are_those_of_nodes_one_by_one(sizes: list[int], bias: bool) -> None:
    network = Network(sizes, bias=bias, seed=3)
    x, _ = example(sizes)
    values = list(x)
    for w in network.weights:
        inputs = [*values, 1.0] if bias else values
        sums = [sum(weight * value for weight, value in zip(node, inputs, strict=True)) for node in w]
        values = [1 / (1 + np.exp(-total)) for total in sums]
    np.testing.assert_allclose(network.predict(x), values, rtol=1e-14)


@pytest.mark.parametrize("bias", [False, True])
def test_examples_in_rows_are_independent(bias: bool) -> None:
    network = Network([2, 3, 1], bias=bias, seed=0)
    together = network.predict(CORNERS)
    assert together.shape == (4, 1)
    np.testing.assert_allclose(together, [network.predict(x) for x in CORNERS], rtol=1e-14)
    costs = [network.cost(x, [v]) for x, v in zip(CORNERS, EXCLUSIVE_OR, strict=True)]
    assert network.cost(CORNERS, EXCLUSIVE_OR[:, np.newaxis]) == pytest.approx(np.mean(costs), rel=1e-14)


def test_cost_is_half_the_sum_of_squared_differences() -> None:
    network = Network([2, 3], seed=0)
    y = network.predict([1.0, 2.0])
    assert network.cost([1.0, 2.0], y + np.array([0.0, 3.0, -4.0])) == pytest.approx(12.5)


def test_score_counts_the_largest_output_or_the_side_of_one_half() -> None:
    network = Network([2, 2], seed=0)
    network.weights = [np.array([[5.0, 0.0], [0.0, 5.0]])]
    X = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    assert network.score(X, [[1, 0], [0, 1], [1, 0], [1, 0]]) == 0.75
    single = Network([1, 1], seed=0)
    single.weights = [np.array([[2.0]])]
    assert single.score([[1.0], [-1.0]], [1.0, 1.0]) == 0.5


# ---- the gradient ----------------------------------------------------------------------------------------------------
@EACH_SHAPE
def test_gradient_agrees_with_duals_and_differences(sizes: list[int], bias: bool) -> None:
    network = Network(sizes, bias=bias, seed=2)
    x, v = example(sizes)
    function = cost_with_bias if bias else cost
    gradient = network.gradient(x, v)
    assert [g.shape for g in gradient] == [w.shape for w in network.weights]
    random = np.random.default_rng(4)
    for _ in range(3):
        direction = [random.normal(size=w.shape) for w in network.weights]
        slope = sum(np.sum(g * d) for g, d in zip(gradient, direction, strict=True))
        moving = [pg.Dual(w, d) for w, d in zip(network.weights, direction, strict=True)]
        assert function(moving, x, v).tangent == pytest.approx(slope, rel=1e-12)
        step = 1e-6
        ahead, behind = (
            function([w + sign * step * d for w, d in zip(network.weights, direction, strict=True)], x, v)
            for sign in (1, -1)
        )
        assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-6)


@EACH_SHAPE
def test_gradient_agrees_with_the_paths_of_its_graph(sizes: list[int], bias: bool) -> None:
    network = Network(sizes, bias=bias, seed=2)
    x, v = example(sizes)
    graph = network.graph(x, v)
    count = sum(w.size for w in network.weights)
    by_paths = graph.jacobian(inputs=[f"w{k}" for k in range(1, count + 1)]).matrix[0]
    numbered = np.concatenate([g.ravel() for g in reversed(network.gradient(x, v))])
    np.testing.assert_allclose(by_paths, numbered, rtol=1e-12)
    assert graph.outputs[0].value == pytest.approx(network.cost(x, v), rel=1e-14)


def test_the_derivative_program_needs_only_numpy() -> None:
    source = Network([2, 3, 1], seed=0).gradient_source
    assert [line for line in source.splitlines() if "import" in line] == ["import numpy as np"]
    compile(source, "gradient.py", "exec")


# ---- the rule of training --------------------------------------------------------------------------------------------
def test_weights_go_down_the_slope_after_each_example() -> None:
    network, twin = Network([2, 3, 1], seed=5), Network([2, 3, 1], seed=5)
    network.fit(CORNERS, EXCLUSIVE_OR, rate=0.3, epochs=1, shuffle=False)
    costs = []
    for x, v in zip(CORNERS, EXCLUSIVE_OR, strict=True):
        costs.append(twin.cost(x, [v]))
        twin.weights = [w - 0.3 * g for w, g in zip(twin.weights, twin.gradient(x, [v]), strict=True)]
    for got, wanted in zip(network.weights, twin.weights, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)
    assert network.history == [pytest.approx(np.mean(costs), rel=1e-14)]


def test_a_negative_rate_climbs() -> None:
    network = Network([2, 3, 1], seed=0)
    before = network.cost(CORNERS, EXCLUSIVE_OR[:, np.newaxis])
    network.fit(CORNERS, EXCLUSIVE_OR, rate=-0.1, epochs=20)
    assert network.cost(CORNERS, EXCLUSIVE_OR[:, np.newaxis]) > before


def test_training_ends_when_adjustments_fall_below_the_threshold() -> None:
    def trained(threshold: float) -> Network:
        return Network([1, 1], seed=0).fit([[1.0]], [[0.7]], rate=1.0, epochs=400, threshold=threshold)

    network = trained(1e-5)
    assert network.converged
    assert 1 < len(network.history) < 400
    # the adjustment of the last epoch was below, that of the epoch before was not
    for missing, below in ((1, True), (2, False)):
        shorter = Network([1, 1], seed=0).fit(
            [[1.0]], [[0.7]], rate=1.0, epochs=len(network.history) - missing, threshold=0.0
        )
        assert (abs(shorter.gradient([1.0], [0.7])[0][0, 0]) < 1e-5) == below
    endless = trained(0.0)
    assert not endless.converged
    assert len(endless.history) == 400


def test_the_largest_adjustment_counts_with_either_sign() -> None:
    for rate in (1.0, -1.0):
        network = Network([1, 1], seed=0).fit([[1.0]], [[0.1]], rate=rate, epochs=3, threshold=1e-3)
        assert not network.converged


def test_a_seed_decides_everything() -> None:
    def trained(seed: int | None) -> np.ndarray:
        network = Network([2, 3, 1], seed=seed).fit(CORNERS, EXCLUSIVE_OR, epochs=3)
        return np.concatenate([w.ravel() for w in network.weights])

    assert (trained(7) == trained(7)).all()
    assert (trained(7) != trained(8)).all()
    assert (trained(None) != trained(None)).all()


def test_shuffling_presents_every_example_once() -> None:
    network = Network([1, 1], seed=0)
    network.weights = [np.array([[1.0]])]
    X, V = np.arange(1.0, 9.0)[:, np.newaxis], np.zeros((8, 1))
    expected = network.cost(X, V)
    network.fit(X, V, rate=1e-12, epochs=2, threshold=0.0)
    assert network.history == [pytest.approx(expected, rel=1e-9)] * 2


def test_exclusive_or_is_learned() -> None:
    network = Network([2, 3, 1], bias=True, seed=0).fit(CORNERS, EXCLUSIVE_OR, rate=2.0, epochs=1500)
    assert network.predict(CORNERS).round().ravel().tolist() == EXCLUSIVE_OR.tolist()
    assert network.score(CORNERS, EXCLUSIVE_OR) == 1.0
    assert network.history[-1] < 0.01 < network.history[0]


def test_fit_goes_on_from_where_it_was_and_tells_of_each_epoch() -> None:
    seen: list[int] = []
    network = Network([2, 3, 1], seed=0)
    assert network.fit(CORNERS, EXCLUSIVE_OR, epochs=2, after_epoch=lambda n: seen.append(len(n.history))) is network
    network.fit(CORNERS, EXCLUSIVE_OR, epochs=1)
    assert seen == [1, 2]
    assert len(network.history) == 3
    whole = Network([2, 3, 1], seed=0).fit(CORNERS, EXCLUSIVE_OR, epochs=3)
    assert network.history == whole.history


def test_examples_are_left_as_they_were() -> None:
    X, V = CORNERS.copy(), EXCLUSIVE_OR.copy()
    Network([2, 1], seed=0).fit(X, V, epochs=2)
    assert (X == CORNERS).all() and (V == EXCLUSIVE_OR).all()


def test_no_progress_bar_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Network([2, 1], seed=0).fit(CORNERS, EXCLUSIVE_OR, epochs=2, progress=True)
    assert capsys.readouterr().out == ""


def test_a_progress_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    network = Network([2, 1], seed=0).fit(CORNERS, EXCLUSIVE_OR, epochs=2, progress=True)
    shown = capsys.readouterr().out
    assert "2/2" in shown and f"{network.history[-1]:.4f}" in shown


# ---- files -----------------------------------------------------------------------------------------------------------
def test_a_saved_network_comes_back(tmp_path: Path) -> None:
    network = Network([2, 3, 1], bias=True, seed=0).fit(CORNERS, EXCLUSIVE_OR, epochs=2)
    path = network.save(tmp_path / "corners")
    assert path == tmp_path / "corners.npz"
    again = Network.load(path)
    assert (again.sizes, again.bias, again.history) == (network.sizes, True, network.history)
    assert (again.predict(CORNERS) == network.predict(CORNERS)).all()
    assert network.save(path) == path
