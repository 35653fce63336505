"""Options of the whole test suite."""

from __future__ import annotations

import pytest

import pathgrad as pg


def pytest_configure(config: pytest.Config) -> None:
    """Compile quickly, fill new storage with nan, and fail calls that leave an allocation behind."""
    pg.options(optimize=1, poison=True, cache=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write tests/golden from what is emitted now, then compare; read the difference before committing it",
    )
