"""Servers and clients for the tests against real Spark."""

from collections.abc import Callable

import pytest
from tests.spark.clients import client

from mage_ilum import resolve, server_version

__all__ = ["client"]


@pytest.fixture(scope="session")
def server(own_spark_server: Callable[[str], str]) -> Callable[[str], str]:
    """A factory of servers of this process that have answered once: the first session takes a new JVM seconds."""

    def start(version: str) -> str:
        url = own_spark_server(version)
        server_version(resolve(url), timeout=60)
        return url

    return start
