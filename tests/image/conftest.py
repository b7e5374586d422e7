"""Images that the tests look at: each is built once, in a repository of this run's own."""

import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.image.variants import Variants
from tests.unit.mage_ilum.servers import failing, refused

from deploykit import cache
from deploykit.image.engine import Engine

SPARK = "4.1.1"
Finished = subprocess.CompletedProcess[str]
Deploykit = Callable[..., Finished]


def deploykit(*arguments: str, cwd: Path | None = None) -> Finished:
    """Run the command line as a user does; data and talk stay apart."""
    return subprocess.run(
        [sys.executable, "-m", "deploykit", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=cwd,
    )


@pytest.fixture(scope="session")
def docker(needs_docker: str) -> Callable[..., str]:
    """Run the Docker client, which must succeed; returns its stdout."""

    def docker(*arguments: str, stdin: str | None = None, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [needs_docker, *arguments],
            input=stdin,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"docker {arguments[0]}: {done.stderr[-2000:]}"
        return done.stdout

    return docker


@pytest.fixture(scope="session")
def engine(needs_docker: str) -> Engine:
    """The engine, as deploykit sees it."""
    return Engine()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of the loopback address that refuses connections."""
    with refused() as port:
        yield port


@pytest.fixture
def failing_registry(request: pytest.FixtureRequest) -> Iterator[int]:
    """A registry that answers every question with one status."""
    with failing(request.param) as port:
        yield port


@pytest.fixture(scope="session")
def own_repository(registry: str, docker: Callable[..., str]) -> Iterator[str]:
    """A repository that nothing was pushed to before this run; its names are taken from the engine at the end."""
    name = f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    yield name
    for image in docker("images", "--format", "{{.Repository}}:{{.Tag}}", name).splitlines():
        docker("rmi", "--no-prune", image)


@pytest.fixture(scope="session")
def build(base_image: str, own_repository: str) -> Deploykit:
    """`deploykit image` for the base and the repository of this run, on the host's network."""

    def build(*arguments: str, base: str = base_image) -> Finished:
        options = ["--base", base, "--repository", own_repository, "--network", "host"]
        return deploykit("image", *options, *arguments)

    return build


@dataclass(frozen=True)
class Built:
    """Three runs for the same image: built without verification, then verified and pushed, then asked for again."""

    first: Finished
    second: Finished
    third: Finished
    id: str

    @property
    def exact(self) -> str:
        """`repository:tag@digest`."""
        return self.second.stdout.splitlines()[-1]

    @property
    def tagged(self) -> str:
        """`repository:tag`, as the engine knows it too."""
        return self.exact.partition("@")[0]

    @property
    def digest(self) -> str:
        """`sha256:…`."""
        return self.exact.partition("@")[2]


@pytest.fixture(scope="session")
def connect(build: Deploykit, registry: str) -> Built:
    """The default image for Spark 4.1.1, pushed."""
    first = build("--spark", SPARK, "--no-verify")
    assert first.returncode == 0, first.stderr
    image = first.stdout.strip()
    # The same bytes may have been verified in an earlier run; here it has to be seen.
    (cache.root() / "verified" / f"{image.replace(':', '-')}.json").unlink(missing_ok=True)
    second = build("--spark", SPARK, "--push")
    assert second.returncode == 0, second.stderr
    third = build("--spark", SPARK, "--push")
    assert third.returncode == 0, third.stderr
    return Built(first=first, second=second, third=third, id=image)


@pytest.fixture(scope="session")
def full(build: Deploykit) -> str:
    """The id of the image with jars for Spark 4.1.1, verified."""
    done = build("--spark", SPARK, "--profile", "full")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


@pytest.fixture(scope="session")
def variants(
    base_image: str, registry: str, docker: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Variants:
    """The base with something else in it."""
    folder = tmp_path_factory.mktemp("variants")
    return Variants(base=base_image, registry=registry, docker=docker, folder=folder)


def registry_answer(registry: str, path: str, accept: str = "") -> bytes:
    """What the registry answers, such as a manifest."""
    asked = urllib.request.Request(f"http://{registry}/v2/{path}", headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        content: bytes = answer.read()
    return content
