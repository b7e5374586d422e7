"""The Docker client, and the two ways to an image: deploykit's and the guide's."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from deploykit import catalog
from deploykit.image import index, wheelhouse

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the parts that import this use pieces of the tests

CACHE = Path(".build") / "bench" / "cache"
"""deploykit's cache while the bench runs, so that it can forget a wheel without touching the user's own."""

DEPLOYKIT = str(Path(sys.executable).parent / "deploykit")
DOCKER = shutil.which("docker") or "docker"

RUN = f"run-{int(time.time())}"

# The guide's Dockerfile; the CA of a company's package mirror comes and goes with a variable.
GUIDE = """\
FROM {base}
COPY ca.crt /tmp/ca.crt
RUN apt-get update -y && apt-get install -y openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
RUN PIP_CERT=/tmp/ca.crt pip3 install "pyspark[sql,connect]=={spark}" grpcio-status
"""


class NotHereError(Exception):
    """The machine lacks what this part of the bench needs."""


@dataclass(frozen=True)
class Place:
    """Where to build: on `base`, into `repository`."""

    base: str
    repository: str


def docker(*arguments: str, seconds: float = 1200) -> str:
    """Run the Docker client and return what it printed; raises `CalledProcessError`."""
    command = [DOCKER, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds).stdout.strip()


def deploykit(*arguments: str, seconds: float = 60) -> str:
    """Run it and return what it printed; raises `CalledProcessError`."""
    command = [DEPLOYKIT, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds).stdout


def place() -> Place:
    """As `make bench BASE=… REPOSITORY=…` says; raises `NotHereError` where the image parts cannot run."""
    base = os.environ.get("DEPLOYKIT_BASE", "")
    repository = os.environ.get("DEPLOYKIT_REPOSITORY", "")
    if not base or "/" not in repository:
        raise NotHereError("say BASE=image REPOSITORY=registry/name")
    try:
        docker("version", seconds=20)
    except (OSError, subprocess.SubprocessError):
        raise NotHereError("no Docker engine") from None
    docker("pull", "--quiet", base)
    # A repository of this run's own: a tag that a registry has is never pushed again.
    return Place(base=base, repository=f"{repository}/{RUN}")


def build_ours(spark: str, where: Place, *options: str) -> str:
    """Build and push with deploykit, without verifying; returns the pushed reference."""
    command = [DEPLOYKIT, "image", "--spark", spark, "--base", where.base, "--repository", where.repository]
    environment = {**os.environ, "DEPLOYKIT_CACHE": str(CACHE.resolve())}
    finished = subprocess.run(
        [*command, "--push", "--no-verify", "-o", "json", *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=3600,
        env=environment,
    )
    reference: str = json.loads(finished.stdout)["reference"]
    return reference


def build_guides(spark: str, where: Place) -> str:
    """Build and push the guide's recipe; returns the pushed reference."""
    tag = f"{where.repository}:guide-{spark}"
    certificates = os.environ.get("DEPLOYKIT_CA_FILE") or os.environ.get("SSL_CERT_FILE")
    network = os.environ.get("DEPLOYKIT_NETWORK") or "default"
    with tempfile.TemporaryDirectory() as context:
        (Path(context) / "Dockerfile").write_text(GUIDE.format(base=where.base, spark=spark), encoding="utf-8")
        (Path(context) / "ca.crt").write_bytes(Path(certificates).read_bytes() if certificates else b"")
        docker("build", "--quiet", "--network", network, "--tag", tag, context)
    docker("push", "--quiet", tag)
    return tag


def size(image: str) -> int:
    """Bytes on disk of all layers."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", image))


def on_a_fresh_base(where: Place) -> Place:
    """The same base under a digest of its own, so that nothing an earlier bench built on it is in a build cache."""
    base = f"{where.repository}:base"
    with tempfile.TemporaryDirectory() as context:
        (Path(context) / "Dockerfile").write_text(f"FROM {where.base}\nLABEL run={RUN}\n", encoding="utf-8")
        docker("build", "--quiet", "--tag", base, context)
    docker("push", "--quiet", base)
    return Place(base=base, repository=where.repository)


def forget_wheels(version: str) -> None:
    """Remove the client's wheels from the bench's cache."""
    for wheel in (CACHE / "wheels").glob(f"{sdist_sha256(version)}-*"):
        wheel.unlink()


def sdist_sha256(version: str) -> str:
    """Of the client's published sdist, by which the cache names its wheels."""
    known = catalog.load()
    return known.line(known.spark(version)).patches[version].sha256


def fetch(version: str) -> None:
    """Put the client's wheel into the bench's cache."""
    known = catalog.load()
    spark = known.spark(version)
    target = index.Target(python="3.10", machine="x86_64", glibc="2.36")
    os.environ["DEPLOYKIT_CACHE"] = str(CACHE.resolve())
    wheelhouse.pyspark(spark, known.line(spark), target, jars=False, progress=Silent())


class Silent:
    """A `Progress` that says nothing."""

    def step(self, text: str) -> None:
        pass

    def advance(self, name: str, done: int, total: int) -> None:
        pass

    def log(self, line: str) -> None:
        pass
