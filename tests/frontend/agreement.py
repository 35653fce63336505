"""Derived functions against plain execution and finite differences; arguments and storage are watched."""

from __future__ import annotations

import copy

import numpy as np

import pathgrad as pg


def leaves(value):
    """The numbers and arrays of a nested value, in order."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return [] if value is None else [value]


def is_float(value):
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def moved(value, step, direction):
    """``value`` plus ``step`` times the next leaves of ``direction``, in a new structure."""
    if isinstance(value, tuple | list):
        items = [moved(item, step, direction) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: moved(item, step, direction) for key, item in value.items()}
    if not is_float(value):
        return copy.deepcopy(value)
    return value + step * next(direction)


def plain_run(f, arguments):
    return f(*copy.deepcopy(tuple(arguments)))


def central(f, arguments, directions, step):
    """Central differences of every float leaf of the result, improved once by extrapolation."""

    def quotient(h):
        up = plain_run(f, moved(tuple(arguments), h, iter(directions)))
        down = plain_run(f, moved(tuple(arguments), -h, iter(directions)))
        return [(np.asarray(a) - np.asarray(b)) / (2 * h) for a, b in zip(leaves(up), leaves(down), strict=True)]

    return [(4 * b - a) / 3 for a, b in zip(quotient(step), quotient(step / 2), strict=True)]


def agree(f, *arguments, tolerance=1e-7, step=1e-3, seed=7):
    """Value, jvp and vjp of ``f`` equal plain execution and differences; no argument changes, no storage is shared.

    Returns the cotangents of the arguments for a random seed on the result.
    """
    random = np.random.default_rng(seed)
    expected = plain_run(f, arguments)
    arguments = copy.deepcopy(arguments)
    before = copy.deepcopy(arguments)
    floats = [leaf for leaf in leaves(arguments) if is_float(leaf)]

    def unchanged(what):
        for now, then in zip(leaves(arguments), leaves(before), strict=True):
            assert np.array_equal(now, then, equal_nan=is_float(now)), f"{what} changed an argument"

    outputs = leaves(expected)
    weights = [random.normal(size=np.shape(leaf)) if is_float(leaf) else None for leaf in outputs]
    cotangent = _like(expected, iter(weights))
    value, pull = pg.vjp(f, *arguments)
    for got, wanted in zip(leaves(value), outputs, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-13)
        assert np.shape(got) == np.shape(wanted)
    unchanged("vjp")
    bars = pull(cotangent)
    unchanged("pull")
    bar_leaves = [leaf for leaf in leaves(bars) if leaf is not None]
    assert len(bar_leaves) == len(floats)
    for bar, argument in zip(bar_leaves, floats, strict=True):
        assert np.shape(bar) == np.shape(argument)
        assert np.asarray(bar).dtype == np.asarray(argument).dtype
    separate(bar_leaves, [*leaves(arguments), *leaves(value)])

    for _ in range(2):
        directions = [random.normal(size=np.shape(leaf)) for leaf in floats]
        directions = [d if np.ndim(d) else float(d) for d in directions]
        tangents = moved_to(arguments, iter(directions))
        value, tangent = pg.jvp(f, arguments, tangents)
        unchanged("jvp")
        for got, wanted in zip(leaves(value), outputs, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-13)
        wanted = central(f, arguments, directions, step)
        slope = 0.0
        for got, difference, weight in zip(leaves(tangent), wanted, weights, strict=True):
            if weight is None:
                continue
            np.testing.assert_allclose(got, difference, rtol=tolerance, atol=tolerance)
            slope += float(np.sum(weight * np.asarray(got)))
        along = sum(float(np.sum(bar * d)) for bar, d in zip(bar_leaves, directions, strict=True))
        np.testing.assert_allclose(along, slope, rtol=1e-10, atol=1e-12)
    return bars


def separate(gradients, others):
    """No gradient shares memory with another gradient or with anything else."""
    arrays = [g for g in gradients if isinstance(g, np.ndarray)]
    for k, gradient in enumerate(arrays):
        for other in [*arrays[:k], *(o for o in others if isinstance(o, np.ndarray))]:
            assert not np.shares_memory(gradient, other), "a gradient shares memory"


def moved_to(value, directions):
    """The directions in the structure of ``value``; zeros where it holds no floats."""
    if isinstance(value, tuple | list):
        items = [moved_to(item, directions) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: moved_to(item, directions) for key, item in value.items()}
    return next(directions) if is_float(value) else np.zeros(np.shape(value))[()]


def _like(value, weights):
    if isinstance(value, tuple | list):
        return type(value)(_like(item, weights) for item in value)
    if isinstance(value, dict):
        return {key: _like(item, weights) for key, item in value.items()}
    if value is None:
        return None
    weight = next(weights)
    return np.zeros(np.shape(value))[()] if weight is None else weight
