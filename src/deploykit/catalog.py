"""`images/mage/catalog.toml` as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from deploykit import assets
from deploykit.errors import IncompatibleError, UsageError
from deploykit.versions import SparkVersion


@dataclass(frozen=True, kw_only=True)
class Sdist:
    """A published source distribution: SHA-256 in hex, size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A bound that running it showed. `declared` is what it replaces; empty where nothing is declared."""

    declared: str
    real: str
    because: str


@dataclass(frozen=True, kw_only=True)
class SparkLine:
    """What the client of one Spark line needs."""

    line: str
    python: str
    declared: tuple[str, ...]
    measured: tuple[Measured, ...]
    patches: Mapping[str, Sdist]

    @property
    def bounds(self) -> dict[str, str]:
        """Declared requirements, and the measured ones that take their place."""
        return {measured.declared: measured.real for measured in self.measured if measured.declared}

    @property
    def requires(self) -> tuple[str, ...]:
        """The requirements that count: declared, with the measured bounds in the place of those they replace."""
        added = tuple(measured.real for measured in self.measured if not measured.declared)
        return tuple(self.bounds.get(requirement, requirement) for requirement in self.declared) + added


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What a published Mage image is taken to hold where it cannot be read."""

    python: str
    glibc: str
    site_packages: str
    distributions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class MageRelease:
    """One Mage release and its published image."""

    release: str
    reference: str
    assumed: Assumed


@dataclass(frozen=True, kw_only=True)
class Java:
    """The Debian package the JRE is made from, and the modules it keeps."""

    package: str
    assumed: str
    modules: tuple[str, ...]
    local: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file of a Maven repository: `group:artifact:version`, SHA-256 in hex, size in bytes."""

    coordinates: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Its file name, such as `kyuubi-hive-jdbc-shaded-1.9.2.jar`."""
        return self.path.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Where it lies in a repository, by Maven's layout."""
        group, name, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{name}/{version}/{name}-{version}.jar"


@dataclass(frozen=True, kw_only=True)
class Extra:
    """What an image gets where it is asked for."""

    name: str
    java: bool
    requires: tuple[str, ...]
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a request is filled up with."""

    mage: str
    profile: str
    repository: str


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """The whole table."""

    defaults: Defaults
    lines: Mapping[str, SparkLine]
    mage: Mapping[str, MageRelease]
    java: Java
    image_requires: tuple[str, ...]
    extras: Mapping[str, Extra]

    def spark(self, text: str, option: str = "--spark") -> SparkVersion:
        """The exact Spark version that a person asked for; raises `UsageError` that lists what there is."""
        try:
            version = SparkVersion.parse(text)
        except ValueError:
            if line := self.lines.get(text):
                raise UsageError(
                    f"{option} {text} names a Spark line; the client has to be exact.",
                    fix=f"one of its patches: {', '.join(line.patches)}",
                ) from None
            raise UsageError(
                f"{option} {text!r} is not a Spark version.",
                why="A Spark version is three numbers, such as 4.1.1.",
                fix=f"a version of a known line: {', '.join(self.lines)}",
            ) from None
        if version.suffix:
            raise UsageError(f"{option} {text} has a suffix, which no client has.", fix=f"{option} {version.release}")
        return version

    def newest_patch(self, line: str) -> SparkVersion:
        """The newest patch of a known line."""
        return max(map(SparkVersion.parse, self.lines[line].patches))

    def line(self, version: SparkVersion, *, fix: str = "a newer deploykit") -> SparkLine:
        """The line of a version; raises `IncompatibleError` where it is not known."""
        try:
            return self.lines[version.line]
        except KeyError:
            raise IncompatibleError(
                f"Spark {version} is of a line that this deploykit does not know.",
                why=f"Known are {', '.join(self.lines)}; what a client of another line needs was never measured.",
                fix=fix,
            ) from None


@cache
def load() -> Catalog:
    """Read the catalog that travels with this deploykit."""
    table = tomllib.loads((assets.image() / "catalog.toml").read_text(encoding="utf-8"))
    java = table["java"]
    return Catalog(
        defaults=Defaults(**table["defaults"]),
        lines={
            line: SparkLine(
                line=line,
                python=entry["python"],
                declared=tuple(entry["requires"]),
                measured=tuple(Measured(**{"declared": "", **measured}) for measured in entry.get("measured", ())),
                patches={version: Sdist(**sdist) for version, sdist in entry["patches"].items()},
            )
            for line, entry in table["spark"].items()
        },
        mage={
            release: MageRelease(release=release, reference=entry["reference"], assumed=Assumed(**entry["assumed"]))
            for release, entry in table["mage"].items()
        },
        java=Java(
            package=java["package"],
            assumed=java["assumed"],
            modules=tuple(java["modules"]),
            local=tuple(java["local"]),
        ),
        image_requires=tuple(table["image"]["requires"]),
        extras={
            name: Extra(
                name=name,
                java=entry["java"],
                requires=tuple(entry["requires"]),
                artifacts=tuple(Artifact(**artifact) for artifact in entry["artifacts"]),
            )
            for name, entry in table["extra"].items()
        },
    )
