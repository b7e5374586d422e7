"""A registry for the tests of images that are made in one."""

from collections.abc import Iterator

import pytest
from tests.unit.registry.server import SmallRegistry, running


@pytest.fixture
def small() -> Iterator[SmallRegistry]:
    with running() as registry:
        yield registry
