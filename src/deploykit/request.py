"""What was asked for. Flags come before the environment, that before `deploykit.toml` and the catalog's defaults."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from deploykit import catalog
from deploykit.detect.where import Where
from deploykit.errors import UsageError
from deploykit.files import read_text
from deploykit.image_reference import ImageReference


def is_named(repository: str) -> bool:
    """Whether somebody said where the image belongs: what a request has otherwise is a name for one engine alone."""
    return repository != catalog.load().defaults.repository


class Profile(StrEnum):
    """What the image carries beside Mage and the client."""

    CONNECT = "connect"
    SLIM = "slim"
    FULL = "full"

    @property
    def java(self) -> bool:
        """Whether there is a Java runtime."""
        return self is not Profile.SLIM

    @property
    def jars(self) -> bool:
        """Whether PySpark's jars are there, for local Spark sessions."""
        return self is Profile.FULL


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request for an image. Either `spark` says which Spark it is for, or `where` says whom to ask.

    `sharing`: further servers that share the image of `server`. `timeout`: seconds for each question to a registry or
    a cluster, and for all that is asked which Spark runs. `any_platform`: nobody asked for `platform`, which is this
    machine's. `avoid`: `name==version` pins that the image must not have.
    `engine`: `docker` or `registry`; None: what there is. `verify_in`: `[CONTEXT/]NAMESPACE`, for what no engine made.
    """

    spark: str | None = None
    server: str | None = None
    sharing: tuple[str, ...] = ()
    namespace: str | None = None
    context: str | None = None
    ilum_core: str | None = None
    helm_values: str | None = None
    client: str | None = None
    executor_python: str | None = None
    mage: str | None = None
    base: str | None = None
    profile: Profile
    extras: tuple[str, ...] = ()
    repository: str
    platform: str
    any_platform: bool = False
    warm: bool = True
    ca_file: Path | None = None
    apt_mirror: str | None = None
    apt_sources: Path | None = None
    maven_mirror: str | None = None
    network: str | None = None
    engine: str | None = None
    verify_in: str | None = None
    insecure_registry: tuple[str, ...] = ()
    timeout: float = 3.0
    avoid: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        asked = [f"--{name.replace('_', '-')}" for name in ("server", "namespace", "ilum_core") if getattr(self, name)]
        if self.spark and asked:
            raise UsageError(
                f"--spark and {' and '.join(asked)} were given; one says it.",
                fix="--spark 4.1.1, --server sc://host:15002 or --namespace ilum",
            )
        if not self.spark and not asked:
            raise UsageError("Which Spark?", fix="--spark 4.1.1, --server sc://host:15002 or --namespace ilum")
        if self.mage and not re.fullmatch(r"\d+(\.\d+)+[\w.]*", self.mage):
            raise UsageError(f"--mage {self.mage!r} is not a Mage release.", fix="--mage 0.9.80")
        if not self.profile.java and (needy := [name for name in self.extras if catalog.load().extras[name].java]):
            raise UsageError(
                f"--with {needy[0]} needs Java, which profile {self.profile} does not have.",
                fix=f"--profile {Profile.CONNECT}, or leave --with {needy[0]} out: mage_ilum.sql_engine needs no Java",
            )
        if self.executor_python and not re.fullmatch(r"3\.\d+(\.\d+)?", self.executor_python):
            raise UsageError(
                f"--executor-python {self.executor_python!r} is not a Python version.", fix="--executor-python 3.11"
            )
        if ImageReference.read(self.repository) != ImageReference(self.repository):
            raise UsageError(
                f"--repository {self.repository!r} is not the name of an image repository.",
                why="It is written without tag and digest, in lower case.",
                fix="--repository registry.example.com/team/mage-ilum",
            )
        if self.base is not None and ImageReference.read(self.base) is None:
            raise UsageError(f"--base {self.base!r} is not an image reference.", fix="--base mageai/mageai:0.9.80")
        if self.apt_mirror and not re.fullmatch(r"https?://[^\s'\"\\\[\]]+", self.apt_mirror):
            raise UsageError("--apt-mirror is not an address.", fix="--apt-mirror https://mirror.example.com/debian")
        if self.maven_mirror and not re.fullmatch(r"https?://[^\s'\"\\\[\]]+", self.maven_mirror):
            raise UsageError(
                "--maven-mirror is not an address.", fix="--maven-mirror https://maven.example.com/repository"
            )
        if self.apt_sources and not self.apt_sources.is_file():
            raise UsageError(
                f"--apt-sources {self.apt_sources} is not there.", fix="a file as apt keeps in sources.list.d"
            )
        if self.ca_file and not self.ca_file.is_file():
            raise UsageError(f"--ca-file {self.ca_file} is not there.", fix="a file with PEM certificates")

    @cached_property
    def sources(self) -> str | None:
        """The text of `apt_sources`; raises `UsageError` where it cannot be read."""
        return None if self.apt_sources is None else read_text(self.apt_sources)

    @property
    def where(self) -> Where:
        """Whom to ask which Spark runs; raises `UsageError` where nobody is named."""
        return Where(
            servers=(*((self.server,) if self.server else ()), *self.sharing),
            namespace=self.namespace,
            context=self.context,
            ilum_core=self.ilum_core,
            helm_release=self.helm_values,
            ca_file=self.ca_file,
        )
