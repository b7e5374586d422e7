"""The plan: the one object that every later step takes, with nothing else it could disagree with."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from deploykit.catalog import Catalog, Sdist, SparkLine
from deploykit.compat import UdfVerdict, Verdict, client_for, compare, udfs
from deploykit.errors import IncompatibleError
from deploykit.image import label_names, pyspark_wheel, source_hashes, warm_list, wheelhouse
from deploykit.image import lock as locking
from deploykit.image.base import Base
from deploykit.image.extras import PlannedExtra
from deploykit.image.java import Java
from deploykit.image.lock import Lock
from deploykit.request import Profile, Request
from deploykit.versions import SparkVersion

DOCKER, REGISTRY, NOT_ASKED = "docker", "registry", ""
"""What makes the image: an engine, or nobody but us, in its registry. The files are the same, and so is the tag, unless
something has to be left out."""
BYTECODE, WARM, RECORDING = "bytecode", "warm", "recording"
"""What may be left out of an image: it starts more slowly, and works all the same. Without the recording its warm layer
is made by the list of the Mage release (`image.warm_list`)."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be built, and why. `warm`: as asked for; `left_out` says what that costs, by the names above."""

    server: SparkVersion
    spark: SparkVersion
    line: SparkLine
    verdict: Verdict
    udfs: UdfVerdict
    profile: Profile
    base: Base
    lock: Lock
    extras: tuple[PlannedExtra, ...]
    sdist: Sdist
    java: Java
    java_modules: tuple[str, ...]
    java_package: str
    warm: bool
    compiler: str
    """The full version of the Python that compiles the client; empty where none does."""
    platform: str
    repository: str
    ca_file: Path | None
    apt_mirror: str | None
    apt_sources: str | None
    maven_mirror: str | None
    network: str | None
    engine: str = DOCKER
    left_out: Mapping[str, str] = field(default_factory=dict)
    verify_in: str | None = None
    insecure_registry: tuple[str, ...] = ()
    timeout: float = 3.0

    @property
    def mage(self) -> str:
        """The Mage release in the base."""
        return self.base.inventory.mage

    @cached_property
    def inputs(self) -> str:
        """SHA-256 of everything that decides what is in the image; where it is fetched from is no part of that."""
        value: dict[str, object] = {
            "base": self.base.identity,
            "platform": self.platform,
            "spark": [self.spark.release, self.sdist.sha256, pyspark_wheel.FORMAT, self.line.bounds],
            "profile": self.profile,
            "lock": sorted([file.file, file.sha256] for file in self.lock.added),
            "constraints": self.lock.constraints(self.spark),
            "java": [self.java_package, self.java.version, self.java_modules] if self.profile.java else None,
            "warm": self.warm,
            "sources": self.source_hashes,
        }
        if self.extras:
            value["extras"] = [extra.inputs for extra in self.extras]
        if self.compiler != self.base.inventory.python:
            value["compiler"] = self.compiler
        if self.left_out:
            value["left_out"] = sorted(self.left_out)
        if RECORDING in self.left_out:
            value["warm_list"] = warm_list.sha256(self.mage)
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

    @cached_property
    def source_hashes(self) -> Mapping[str, str]:
        """The hash of each source of our layers, read once: tag, labels and the key of each layer are made of it."""
        return source_hashes.hashes()

    @property
    def tag(self) -> str:
        """`<mage>-spark<spark>-<profile>-<first 8 of the inputs' hash>`: same inputs, same tag."""
        return tag(mage=self.mage, spark=self.spark.release, profile=self.profile, inputs=self.inputs)

    @property
    def reference(self) -> str:
        """The image's repository and tag."""
        return f"{self.repository}:{self.tag}"

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of the image."""
        from deploykit.image.layers import keys

        return {
            "org.opencontainers.image.title": "Mage with a Spark Connect client",
            label_names.BASE_NAME: self.base.reference,
            label_names.BASE_DIGEST: self.base.digest,
            label_names.MAGE: self.mage,
            label_names.SPARK: self.spark.release,
            label_names.PYTHON: self.base.inventory.python,
            label_names.PROFILE: str(self.profile),
            label_names.JAVA: self.java.version,
            label_names.WARM: str(self.warm).lower(),
            label_names.SOURCES: source_hashes.label(self.source_hashes),
            label_names.VERSION: version("deploykit"),
            label_names.INPUTS: self.inputs,
            label_names.LAYERS: keys.label(keys.keys(self)),
            **({label_names.WITH: " ".join(extra.name for extra in self.extras)} if self.extras else {}),
            **({label_names.LEFT_OUT: " ".join(sorted(self.left_out))} if self.left_out else {}),
        }


def tag(*, mage: str, spark: str, profile: str, inputs: str) -> str:
    """`<mage>-spark<spark>-<profile>-<first 8 of the inputs' hash>`: how an image is called."""
    return f"{mage}-spark{spark}-{profile}-{inputs[:8]}"


def make(
    request: Request, *, server: SparkVersion, base: Base, java: Java, catalog: Catalog, engine: str = DOCKER
) -> Plan:
    """Work out the plan for a server; raises `IncompatibleError` where nothing fits, and why."""
    client = client_for(server, request.client, catalog)
    inventory = base.inventory
    if request.mage and request.mage != inventory.mage:
        raise IncompatibleError(
            f"{base.reference} holds Mage {inventory.mage}, not {request.mage}.",
            fix=f"--mage {inventory.mage}, or another --base",
        )
    line = catalog.lines.get(client.line) or catalog.line(
        client, fix=f"a newer deploykit, or {locking.older_client(client, inventory, catalog)}"
    )
    locked = locking.resolve(
        client, line, inventory, catalog, base=base.reference, ca_file=request.ca_file, avoid=request.avoid
    )
    extras = tuple(
        PlannedExtra(
            name=name,
            lock=locking.resolve_extra(
                catalog.extras[name],
                locked,
                inventory,
                base=base.reference,
                ca_file=request.ca_file,
                avoid=request.avoid,
            ),
            artifacts=catalog.extras[name].artifacts,
        )
        for name in sorted(set(request.extras))
    )
    modules = (*catalog.java.modules, *(catalog.java.local if request.profile.jars else ()))
    return Plan(
        server=server,
        spark=client,
        line=line,
        verdict=compare(client, server),
        udfs=udfs(inventory.python, request.executor_python),
        profile=request.profile,
        base=base,
        lock=locked,
        extras=extras,
        sdist=wheelhouse.sdist(client, line, locking.target(inventory), ca_file=request.ca_file),
        java=java,
        java_modules=tuple(sorted(modules)),
        java_package=catalog.java.package,
        warm=request.warm,
        compiler=inventory.python,
        platform=request.platform,
        repository=request.repository,
        ca_file=request.ca_file,
        apt_mirror=request.apt_mirror,
        apt_sources=request.sources,
        maven_mirror=request.maven_mirror,
        network=request.network,
        engine=engine,
        verify_in=request.verify_in,
        insecure_registry=request.insecure_registry,
        timeout=request.timeout,
    )
