"""The loss of two LSTM layers of 32 cells and a linear layer on a sequence of symbols, by NumPy in a loop."""

import numpy as np

SIZES = (1024, 512, 2048)
QUICK = 10
ARGNUMS = (0, 1, 2)
PEER_SIZES = {"autograd": 256}
SYMBOLS = 14
CELLS = 32


def inputs(size):
    random = np.random.default_rng(0)
    layers = [
        (
            random.normal(size=(width, 4 * CELLS)) / np.sqrt(width),
            random.normal(size=(CELLS, 4 * CELLS)) / np.sqrt(CELLS),
            random.normal(size=4 * CELLS) * 0.1,
        )
        for width in (SYMBOLS, CELLS)
    ]
    sequence = np.eye(SYMBOLS)[random.integers(0, SYMBOLS, size + 1)]
    return layers, random.normal(size=(CELLS, SYMBOLS)) / np.sqrt(CELLS), np.zeros(SYMBOLS), sequence


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def cell(weights, x, hidden, memory):
    W, U, b = weights
    size = len(hidden)
    gates = x @ W + hidden @ U + b
    forget = sigmoid(gates[:size])
    keep = sigmoid(gates[size : 2 * size])
    show = sigmoid(gates[2 * size : 3 * size])
    memory = forget * memory + keep * np.tanh(gates[3 * size :])
    return show * np.tanh(memory), memory


def value(layers, V, v, sequence):
    first, second = layers
    hidden1 = memory1 = hidden2 = memory2 = np.zeros(len(V))
    loss = 0.0
    for t in range(len(sequence) - 1):
        hidden1, memory1 = cell(first, sequence[t], hidden1, memory1)
        hidden2, memory2 = cell(second, hidden1, hidden2, memory2)
        scores = hidden2 @ V + v
        loss += np.log(np.sum(np.exp(scores))) - scores @ sequence[t + 1]
    return loss / (len(sequence) - 1)


def _c_arguments(layers, V, v, sequence):
    (W1, U1, b1), (W2, U2, b2) = layers
    return W1, U1, b1, W2, U2, b2, V, v, sequence, *sequence.shape, len(V)


def c_value(library, *arguments):
    from harness.library import prepared

    return prepared(library.lstm_value, *_c_arguments(*arguments))


def c_gradient(library, layers, V, v, sequence):
    from harness.library import prepared

    run = prepared(library.lstm_gradient, *_c_arguments(layers, V, v, sequence))

    def call():
        bars = [tuple(np.empty_like(a) for a in layer) for layer in layers], np.empty_like(V), np.empty_like(v)
        return run(*bars[0][0], *bars[0][1], *bars[1:]), bars

    return call


def _form(xp, sigmoid, zeros, over_time):
    def one(weights, x, hidden, memory):
        W, U, b = weights
        size = len(hidden)
        gates = x @ W + hidden @ U + b
        forget, keep, show = (sigmoid(gates[k * size : (k + 1) * size]) for k in range(3))
        memory = forget * memory + keep * xp.tanh(gates[3 * size :])
        return show * xp.tanh(memory), memory

    def loss(layers, V, v, sequence):
        first, second = layers

        def step(state, pair):
            hidden1, memory1, hidden2, memory2 = state
            hidden1, memory1 = one(first, pair[0], hidden1, memory1)
            hidden2, memory2 = one(second, hidden1, hidden2, memory2)
            scores = hidden2 @ V + v
            return (hidden1, memory1, hidden2, memory2), xp.log(xp.sum(xp.exp(scores))) - scores @ pair[1]

        return over_time(step, (zeros(len(V)),) * 4, sequence) / (len(sequence) - 1)

    return loss


def _in_a_loop(step, state, sequence):
    total = 0.0
    for t in range(len(sequence) - 1):
        state, loss = step(state, (sequence[t], sequence[t + 1]))
        total = total + loss
    return total


def jax_value(jax, jnp):
    def scanned(step, state, sequence):
        return jnp.sum(jax.lax.scan(step, state, (sequence[:-1], sequence[1:]))[1])

    return {"scan": _form(jnp, jax.nn.sigmoid, jnp.zeros, scanned)}


def torch_value(torch):
    return _form(torch, torch.sigmoid, lambda n: torch.zeros(n, dtype=torch.float64), _in_a_loop)


def autograd_value(np):
    return _form(np, lambda x: 1.0 / (1.0 + np.exp(-x)), np.zeros, _in_a_loop)
