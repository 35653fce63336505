"""A network of layers of sigmoid nodes, trained example by example (floor 5; imports api and its own room).

The lecture's section 6 as it stands: present an example, take the derivatives of the cost with respect to the weights,
adjust the weights, go on until the adjustments are small. The derivatives are `pathgrad.value_and_grad` of the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..api import value_and_grad
from ..graph import Graph
from ..options import options
from . import files, functions
from .checks import check_counts, check_training, checked_sizes, examples, vectors
from .circuit import circuit
from .descent import epoch
from .progress import progress_bar

__all__ = ["Network"]

Array = NDArray[np.float64]
_OUTPUTS = {False: functions.outputs, True: functions.outputs_with_bias}
_COST = {False: functions.cost, True: functions.cost_with_bias}
# Networks of the same depth share one derivative program: sizes are run-time values.
_GRADIENT = {bias: value_and_grad(function, argnums="weights") for bias, function in _COST.items()}


class Network:
    """Layers of sigmoid nodes, each fed by all nodes of the layer before it (lecture, Figures 6 and 7).

    Parameters
    ----------
    sizes : sequence of int
        The number of inputs, of nodes in each hidden layer, and of outputs: ``[64, 30, 10]``.
    bias : bool
        Give every node one more weight, on an input that is always 1. The lecture's nodes have none, so the default is
        False; small networks often need it (without it, a node whose inputs are all 0 gives 1/2 whatever its weights).
    seed : int or None
        Decides the initial weights and the order in which `fit` presents the examples; with None they differ from run
        to run.

    Attributes
    ----------
    weights : list of arrays
        One matrix for each layer after the inputs: a row for each node, a column for each of its inputs (with ``bias``
        one more, the last).
    history : list of float
        The mean cost of an example in each epoch of training, each taken just before the adjustment for it.
    converged : bool
        Whether the latest `fit` ended because the adjustments fell below its threshold.

    Raises
    ------
    NetworkError
        Fewer than two sizes, or one that is no positive whole number.

    Notes
    -----
    Initial weights are normal with standard deviation 1/√(number of inputs of the node), so that sums of inputs of
    size 1 are of size 1, where the sigmoid is steep (LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998).

    Examples
    --------
    >>> network = Network([2, 3, 1], bias=True, seed=0)
    >>> network
    <Network 2-3-1 with bias: 13 weights, 0 epochs>
    >>> corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> exclusive_or = np.array([[0], [1], [1], [0]])
    >>> network.fit(corners, exclusive_or, rate=2.0, epochs=1500).predict(corners).round().T
    array([[0., 1., 1., 0.]])
    """

    def __init__(self, sizes: Sequence[int], *, bias: bool = False, seed: int | None = None) -> None:
        self.sizes = checked_sizes(sizes)
        self.bias = bool(bias)
        self.seed = seed
        self._random = np.random.default_rng(seed)
        self.weights: list[Array] = [
            self._random.normal(size=(nodes, inputs + self.bias)) / np.sqrt(inputs + self.bias)
            for inputs, nodes in zip(self.sizes, self.sizes[1:], strict=False)
        ]
        self.history: list[float] = []
        self.converged = False

    def _x(self, x: ArrayLike, ranks: tuple[int, ...] = (1,)) -> Array:
        return vectors(x, "x", self.sizes[0], ranks)

    def _v(self, v: ArrayLike, ranks: tuple[int, ...] = (1,)) -> Array:
        return vectors(v, "v", self.sizes[-1], ranks)

    def __repr__(self) -> str:
        count = sum(w.size for w in self.weights)
        shape = "-".join(map(str, self.sizes))
        return f"<Network {shape}{' with bias' * self.bias}: {count} weights, {len(self.history)} epochs>"

    # ---- what the network says ---------------------------------------------------------------------------------------
    def predict(self, x: ArrayLike) -> Array:
        """The outputs.

        Parameters
        ----------
        x : array, shape (inputs,) or (examples, inputs)

        Returns
        -------
        array, shape (outputs,) or (examples, outputs)
            Between 0 and 1.

        Raises
        ------
        NetworkError, DataError
            ``x`` does not fit the first layer, or holds something else than finite numbers.

        Examples
        --------
        >>> Network([2, 3], seed=0).predict([[0.0, 0.0], [1.0, 1.0]])[0]
        array([0.5, 0.5, 0.5])
        """
        result: Array = _OUTPUTS[self.bias](self.weights, self._x(x, (1, 2)).T).T
        return result

    def score(self, X: ArrayLike, V: ArrayLike) -> float:
        """The share of the examples whose largest output is the desired one.

        With a single output: the share on the desired side of 1/2.

        Parameters
        ----------
        X, V : array, shape (examples, inputs) and (examples, outputs)

        Raises
        ------
        NetworkError, DataError
            As `fit`.

        Examples
        --------
        >>> network = Network([2, 3], seed=0)
        >>> network.score([[0.0, 1.0]], network.predict([[0.0, 1.0]]))
        1.0
        """
        X, V = examples(X, V, self.sizes[0], self.sizes[-1])
        Y = self.predict(X)
        if self.sizes[-1] == 1:
            return float(np.mean((Y > 0.5) == (V > 0.5)))
        return float(np.mean(Y.argmax(axis=1) == V.argmax(axis=1)))

    # ---- the cost and its derivatives --------------------------------------------------------------------------------
    def cost(self, x: ArrayLike, v: ArrayLike) -> float:
        """Half the sum of squared differences between the outputs and the desired ones.

        Parameters
        ----------
        x, v : array
            One example and its desired outputs, or several in rows.

        Returns
        -------
        float
            The cost of the example; of several, their mean cost.

        Raises
        ------
        NetworkError, DataError
            As `fit`.

        Examples
        --------
        >>> Network([2, 3], seed=0).cost([0.0, 0.0], [0.5, 0.5, 1.5])
        0.5
        """
        x, v = self._x(x, (1, 2)), self._v(v, (1, 2))
        check_counts(x, v)
        return float(_COST[self.bias](self.weights, x.T, v.T)) / (len(x) if x.ndim == 2 else 1)

    def gradient(self, x: ArrayLike, v: ArrayLike) -> list[Array]:
        """The derivatives of the cost of one example with respect to every weight.

        Parameters
        ----------
        x, v : array, shape (inputs,) and (outputs,)

        Returns
        -------
        list of arrays
            In the shapes of ``weights``.

        Raises
        ------
        NetworkError, DataError
            As `fit`.

        Notes
        -----
        Reverse mode: one backward pass, since Cost is the only output (lecture, Figure 8). About three times the work
        of `predict`.

        Examples
        --------
        >>> Network([1, 1], seed=0).gradient([2.0], [0.0])[0].shape
        (1, 1)
        """
        x, v = self._x(x), self._v(v)
        gradient: list[Array] = _GRADIENT[self.bias](self.weights, x, v)[1]
        return gradient

    @property
    def gradient_source(self) -> str:
        """The derivative program that training runs: a Python module that needs only NumPy.

        Examples
        --------
        >>> "def outputs_bar(" in Network([2, 3, 1], seed=0).gradient_source
        True
        """
        x, v = np.zeros(self.sizes[0]), np.zeros(self.sizes[-1])
        with options(backend="python"):
            return _GRADIENT[self.bias].source_for(self.weights, x, v)

    def graph(self, x: ArrayLike, v: ArrayLike) -> Graph:
        """The computation graph of the cost of one example (lecture, Figure 9).

        Parameters
        ----------
        x, v : array, shape (inputs,) and (outputs,)

        Returns
        -------
        Graph
            With vertices ``x1, ..., w1, ..., h1, ..., y1, ..., v1, ...`` and ``Cost``, named as in Figure 9: weights
            are numbered node by node, from the output layer down. ``graph.vertex_names`` are those of the nodes.

        Raises
        ------
        NetworkError, DataError
            As `fit`.

        Examples
        --------
        The lecture's formula for w4, by the only path from it to Cost:

        >>> graph = Network([2, 3, 3], seed=0).graph([1.0, 2.0], [0.0, 1.0, 0.0])
        >>> graph.symbolic(names=graph.vertex_names).paths("w4", "Cost", direction="backward").value
        h1*y2*(1 - y2)*(-v2 + y2)
        """
        return circuit(self.weights, self._x(x), self._v(v), self.bias)

    # ---- training ----------------------------------------------------------------------------------------------------
    def fit(
        self,
        X: ArrayLike,
        V: ArrayLike,
        *,
        rate: float = 0.5,
        epochs: int = 100,
        threshold: float = 1e-4,
        shuffle: bool = True,
        progress: bool = False,
        after_epoch: Callable[[Network], object] | None = None,
    ) -> Self:
        """Adjust the weights, example by example.

        For each example every weight becomes ``w := w - rate * dCost/dw``. The lecture writes ``+`` and calls it hill
        climbing; Cost is to be made small, so pathgrad subtracts. A negative ``rate`` climbs.

        Parameters
        ----------
        X : array, shape (examples, inputs)
            The inputs.
        V : array, shape (examples, outputs)
            The desired outputs; with one output, also of shape (examples,).
        rate : float
            How far to go down the slope (the lecture's η).
        epochs : int
            How often to present all examples, at most.
        threshold : float
            Training ends after an epoch in which no adjustment of a weight was this large in absolute value. 0 never
            ends it early.
        shuffle : bool
            Present the examples in a new order in each epoch.
        progress : bool
            Show a progress bar, if the output is a terminal.
        after_epoch : callable, optional
            Called with the network after each epoch, for instance to keep its score on other examples.

        Returns
        -------
        Network
            Itself. Called again, ``fit`` goes on from the weights it has.

        Raises
        ------
        NetworkError
            The examples do not fit the sizes of the network, or ``rate``, ``epochs`` or ``threshold`` is impossible.
        DataError
            There is no example, or something else than finite numbers.

        Notes
        -----
        Source: lecture, section 6. Cost: one evaluation of the gradient for each example and epoch.

        Examples
        --------
        >>> network = Network([1, 1], bias=True, seed=0).fit([[0.0], [1.0]], [[1.0], [0.0]], rate=1.0, epochs=50)
        >>> network.history[-1] < network.history[0]
        True
        """
        X, V = examples(X, V, self.sizes[0], self.sizes[-1])
        check_training(rate, epochs, threshold)
        gradient = self._gradient_program(X[0], V[0])
        self.converged = False
        with progress_bar(epochs) if progress else nullcontext() as bar:
            for _ in range(int(epochs)):
                order = self._random.permutation(len(X)) if shuffle else range(len(X))
                cost, largest = epoch(gradient, self.weights, X, V, order, rate)
                self.history.append(cost)
                if after_epoch is not None:
                    after_epoch(self)
                if bar is not None:
                    bar(self.history[-1])
                if largest < threshold:
                    self.converged = True
                    break
        return self

    def _gradient_program(self, x: Array, v: Array) -> Callable[..., tuple[Any, list[Array]]]:
        """The compiled program itself: checking arguments takes longer than to run it on one example."""
        derived = _GRADIENT[self.bias]
        return derived.entry(derived.primal.bind((self.weights, x, v), {})).executable

    # ---- files -------------------------------------------------------------------------------------------------------
    def save(self, path: str | Path) -> Path:
        """Write sizes, weights and history to a file in NumPy's ``npz`` format.

        Parameters
        ----------
        path : str or Path
            Where; ``.npz`` is added if the name ends otherwise.

        Returns
        -------
        Path
            The file written.
        """
        return files.write(path, files.Stored(self.sizes, self.bias, self.history, self.weights))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """A network from a file that `save` wrote.

        Raises
        ------
        DataError
            The file holds no network.

        Examples
        --------
        >>> import tempfile
        >>> network = Network([2, 3, 1], seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = Network.load(network.save(folder + "/small"))
        >>> again, bool((again.predict([1.0, 2.0]) == network.predict([1.0, 2.0])).all())
        (<Network 2-3-1: 9 weights, 0 epochs>, True)
        """
        stored = files.read(path)
        network = cls(stored.sizes, bias=stored.bias)
        network.history, network.weights = stored.history, stored.weights
        return network
