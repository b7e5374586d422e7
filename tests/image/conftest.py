"""Images that the tests look at: each is built once, in a repository of this run's own."""

import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import pytest
from tests.image.variants import Variants
from tests.needs import building
from tests.unit.mage_ilum.servers import failing, refused

from deploykit import cache
from deploykit.cli.output import Lines
from deploykit.image.append import base_image as base_images
from deploykit.image.append.base_image import BaseImage
from deploykit.image.append.facts import Facts
from deploykit.image.engine import Engine
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.planning import exact
from deploykit.registry import Registry
from deploykit.request import Profile, Request

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

    def docker(*arguments: str, stdin: str | IO[bytes] | None = None, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [needs_docker, *arguments],
            **({"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}),
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
        with building() if "--no-verify" in arguments else nullcontext():
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
def append_cache(connect: Built, full: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a machine that has no engine; `connect` and `full` have fetched what is linked."""
    return with_wheels(tmp_path_factory.mktemp("cache"))


def with_wheels(folder: Path) -> Path:
    """A cache that has the published files which the build with Docker has fetched, and nothing that was made."""
    for kind in ("blobs", "wheels"):
        subprocess.run(["cp", "--recursive", "--link", cache.root() / kind, folder / kind], check=True)
    return folder


@pytest.fixture(scope="session")
def without_docker(base_image: str, base_python: Path, append_cache: Path) -> Deploykit:
    """A command of `deploykit` for the base, on a machine without an engine and with a cache of its own."""

    def without_docker(command: str, *arguments: str, cache: Path = append_cache, base: str = base_image) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "deploykit", command, "--base", base, *arguments],
            env={
                **os.environ,
                "DEPLOYKIT_CACHE": str(cache),
                "DEPLOYKIT_PYTHON": str(base_python),
                "DOCKER_HOST": "unix:///no/such.sock",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return without_docker


@pytest.fixture(scope="session")
def append(without_docker: Deploykit) -> Deploykit:
    """`deploykit image --push` there."""
    return partial(without_docker, "image", "--push")


@pytest.fixture
def base_facts(
    base_image: str, base_python: Path, append_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[BaseImage, Facts]:
    """The base as its registry has it, and what its files say, in this process as on a machine without an engine."""
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(append_cache))
    monkeypatch.setenv("DEPLOYKIT_PYTHON", str(base_python))
    named = ImageReference.split(base_image)
    registry = Registry(named.repository)
    image = base_images.find(registry, registry.digest(named.version), platform="linux/amd64")
    return image, base_images.facts(image, beside=None, progress=Lines())


@pytest.fixture
def planned(base_image: str, engine: Engine) -> Callable[[Profile, str], Plan]:
    """The plan that a build with Docker has, by profile and repository."""

    def planned(profile: Profile, repository: str) -> Plan:
        request = Request(
            spark=SPARK,
            profile=profile,
            repository=repository,
            platform="linux/amd64",
            base=base_image,
            network="host",
        )
        return exact(request, None, engine=engine, progress=Lines())

    return planned


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
