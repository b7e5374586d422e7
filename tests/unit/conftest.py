"""Isolation for tests of commands and of the image's parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.mage_ilum.servers import refused

from deploykit.registry import client


@pytest.fixture(autouse=True)
def own_logins() -> Iterator[None]:
    """What a test asks of a registry is asked with its own login, and not with that of a test before."""
    yield
    client.shared.cache_clear()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of the loopback address that refuses connections."""
    with refused() as port:
        yield port


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> Path:
    """An empty working folder and cache, no Docker engine and no package index; returns the cache."""
    folder, cache = tmp_path / "here", tmp_path / "cache"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(cache))
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{closed_port}")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{closed_port}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    return cache
