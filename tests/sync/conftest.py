"""A registry that can go wrong, an image to sync to, and checkouts that deploy an older one."""

import functools
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.sync.checkout import Checkout
from tests.sync.registry_proxy import RegistryProxy
from tests.sync.upstream import Upstream

from mage_ilum import resolve, server_version

SPARK, OLDER = "4.1.1", "4.1.0"
FAST = ("--profile", "slim", "--no-warm", "--no-verify", "--network", "host")


@dataclass(frozen=True, kw_only=True)
class Template:
    """The image that a sync of a case comes to: its layers are in the registry, and in the engine's build cache."""

    upstream: Upstream
    tag: str
    base: str
    docker_config: Path


@dataclass(frozen=True, kw_only=True)
class Case:
    """A checkout whose values deploy an image with Spark `OLDER` in its own repository; its server runs `SPARK`."""

    proxy: RegistryProxy
    upstream: Upstream
    template: Template
    checkout: Checkout
    server: str

    @property
    def repository(self) -> str:
        return f"{self.proxy.host}/{self.upstream.name}"

    def ask(self, server: str) -> None:
        """Have the checkout ask another server."""
        self.checkout.write(repository=self.repository, base=self.template.base, server=server)

    def fitting(self) -> None:
        """Have the image that fits in the repository."""
        self.upstream.copy(self.template.tag, self.template.upstream, as_tag=self.template.tag)

    def older(self) -> str:
        """Have an image with another Spark in the repository, whose last two layers a push still has to send."""
        tag = self.template.tag.replace(SPARK, OLDER)
        labels = {"io.deploykit.spark": OLDER, "io.deploykit.inputs": "0" * 64}
        return self.upstream.copy(self.template.tag, self.template.upstream, as_tag=tag, labels=labels, without=2)


@pytest.fixture(scope="session")
def proxy(registry: str) -> Iterator[RegistryProxy]:
    """Before the real registry; it wants a login, and every layer that a repository does not have."""
    with RegistryProxy(registry, mounts=False) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def template(
    proxy: RegistryProxy, registry: str, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """Built and pushed once, without asking the proxy for more than the base."""
    folder = tmp_path_factory.mktemp("docker")
    (folder / "config.json").write_text(proxy.docker_config, encoding="utf-8")
    base = f"{proxy.host}/{base_image.partition('/')[2]}"
    upstream = Upstream(registry, f"deploykit-test/{uuid.uuid4().hex[:12]}")
    request = ("--spark", SPARK, "--base", base, "--repository", f"{registry}/{upstream.name}", *FAST)
    done = subprocess.run(
        [sys.executable, "-m", "deploykit", "image", *request, "--push"],
        env={**os.environ, "DOCKER_CONFIG": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [tag] = [tag for tag in upstream.tags() if SPARK in tag]
    yield Template(upstream=upstream, tag=tag, base=base, docker_config=folder)
    forget(f"{registry}/{upstream.name}")
    forget(f"{proxy.host}/*/*")  # the base, and what the cases left


@pytest.fixture(scope="session")
def server(spark_server: Callable[[str], str]) -> Callable[[str], str]:
    """A factory as `spark_server`, of servers that have answered once: the first session takes a new JVM seconds."""

    @functools.cache
    def start(version: str) -> str:
        url = spark_server(version)
        server_version(resolve(url), timeout=60)
        return url

    return start


@pytest.fixture
def case(proxy: RegistryProxy, template: Template, server: Callable[[str], str], tmp_path: Path) -> Iterator[Case]:
    """One case, in a repository of its own."""
    upstream = replace(template.upstream, name=f"deploykit-test/{uuid.uuid4().hex[:12]}")
    checkout = Checkout(folder=tmp_path, environment={"DOCKER_CONFIG": str(template.docker_config)})
    case = Case(proxy=proxy, upstream=upstream, template=template, checkout=checkout, server=server(SPARK))
    tag = template.tag.replace(SPARK, OLDER)
    checkout.write(repository=case.repository, base=template.base, server=case.server, tag=tag, digest=case.older())
    proxy.heal()
    yield case
    proxy.heal()


def forget(repositories: str) -> None:
    """Take the names of one or, by a pattern, of many from the engine; layers stay."""
    docker = shutil.which("docker") or "docker"
    form = "{{.Repository}}:{{.Tag}}@{{.Digest}}"
    command = [docker, "images", "--digests", "--format", form, repositories]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    tagged = [name.partition("@")[0] if ":<none>@" not in name else name.replace(":<none>@", "@") for name in found]
    if tagged:
        subprocess.run([docker, "rmi", "--no-prune", *tagged], capture_output=True, check=False, timeout=300)
