"""The small registry, a client of it, and no login of the person who runs the tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.registry.server import SmallRegistry, running

from deploykit.registry import Registry

TIMEOUT = 0.5


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for `config.json`; no proxy."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return folder


@pytest.fixture
def small() -> Iterator[SmallRegistry]:
    """A registry that wants no login and has no referrers API, as most were until lately."""
    with running() as registry:
        yield registry


@pytest.fixture
def client(small: SmallRegistry) -> Registry:
    """The client of its one repository."""
    return Registry(small.repository, timeout=TIMEOUT)


@pytest.fixture
def client_of() -> Callable[[SmallRegistry], Registry]:
    """The client of another registry."""
    return lambda small: Registry(small.repository, timeout=TIMEOUT)
