"""One small lake and one warm warehouse for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from landfall.month import Month
from pipelines.context import Context
from tests.warehouse.lakes import add_month, open_demo

JANUARY = Month(2013, 1)
FEBRUARY = Month(2013, 2)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """January and February in silver, every 20th flight; nothing is built yet."""
    with open_demo(tmp_path_factory.mktemp("demo")) as ctx:
        add_month(ctx, JANUARY, every=20)
        add_month(ctx, FEBRUARY, every=20)
        yield ctx
