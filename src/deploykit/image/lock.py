"""The lock: every distribution that our layers add, resolved against what the base holds. Nothing of the base moves."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from deploykit import cache
from deploykit.catalog import Catalog, Extra, SparkLine
from deploykit.errors import IncompatibleError
from deploykit.image import committed, index
from deploykit.image.committed import CommittedLock
from deploykit.image.index import File, NoSolutionError, Target
from deploykit.image.inventory import Inventory
from deploykit.image.platform import MACHINES
from deploykit.versions import SparkVersion

CLIENTS = ("pyspark", "pyspark-client", "pyspark-connect")

# What a project's `requirements.txt` must not move: the client and what it is made of.
CONSTRAINED = (
    "pyspark", "grpcio", "grpcio-status", "protobuf", "googleapis-common-protos", "py4j", "pandas", "pyarrow", "numpy",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lock:
    """`added` are the wheels beside PySpark itself; `reused` maps those distributions of the base that the client needs
    to their versions; `source` says where the pins come from."""

    added: tuple[File, ...]
    reused: Mapping[str, str]
    source: str

    def constraints(self, spark: SparkVersion) -> tuple[str, ...]:
        """The `name==version` lines of `PIP_CONSTRAINT`."""
        versions = {**self.reused, **{file.name: file.version for file in self.added}, "pyspark": spark.release}
        return tuple(f"{name}=={versions[name]}" for name in CONSTRAINED if name in versions)


def target(inventory: Inventory) -> Target:
    """What wheels for a base have to fit."""
    return Target(python=inventory.python_minor, machine=inventory.machine, glibc=inventory.glibc)


def refuse_what_cannot_fit(
    spark: SparkVersion, line: SparkLine, inventory: Inventory, catalog: Catalog, *, base: str
) -> None:
    """Raise `IncompatibleError` with the two requirements that clash, where anything of the base would have to move."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name

    if not SpecifierSet(line.python).contains(inventory.python):
        raise IncompatibleError(
            f"Spark {spark} needs Python {line.python}; {base} has Python {inventory.python}.",
            why=f"The client of Spark {line.line} does not install on Python {inventory.python_minor}.",
            fix=f"a base with Python {line.python}, or {older_client(spark, inventory, catalog)}",
        )
    for name in CLIENTS:
        if version := inventory.distributions.get(name):
            raise IncompatibleError(
                f"{base} has a {name} {version} already; ours would have to replace it.",
                why="deploykit's layers only add files: what the base holds stays as it is.",
                fix=f"a base without {name} (--base), such as the published Mage image",
            )
    for text in line.requires:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        version = inventory.distributions.get(name)
        if version is not None and not requirement.specifier.contains(version, prereleases=True):
            raise IncompatibleError(
                f"Spark {spark} and {base} clash over {requirement.name}.",
                why=f"The client requires {text}; the base holds {requirement.name} {version}"
                + _held_by(name, inventory)
                + ", which our layers must not move.",
                fix=f"another base (--base), or a Spark line whose client takes {requirement.name} {version}",
            )


def resolve(
    spark: SparkVersion,
    line: SparkLine,
    inventory: Inventory,
    catalog: Catalog,
    *,
    base: str,
    ca_file: Path | None = None,
    avoid: Collection[str] = (),
) -> Lock:
    """The lock for a base: the committed one where it fits, else the one resolved before, else a new one.

    One with a pin that is to be avoided does not fit.
    """
    refuse_what_cannot_fit(spark, line, inventory, catalog, base=base)
    return _pinned(_of(line), _requirements(line, catalog), inventory, base=base, ca_file=ca_file, avoid=avoid)


def resolve_extra(
    extra: Extra,
    client: Lock,
    inventory: Inventory,
    *,
    base: str,
    ca_file: Path | None = None,
    avoid: Collection[str] = (),
) -> Lock:
    """The lock of an extra, beside what the base holds and the client adds: neither moves."""
    added = {file.name: file.version for file in client.added}
    beside = replace(inventory, distributions={**inventory.distributions, **added})
    return _pinned(_of(extra), extra.requires, beside, base=base, ca_file=ca_file, avoid=avoid)


def _of(what: SparkLine | Extra) -> str:
    """What a lock is called by."""
    return f"spark-{what.line}" if isinstance(what, SparkLine) else f"with-{what.name}"


def _pinned(
    of: str,
    requirements: Sequence[str],
    inventory: Inventory,
    *,
    base: str,
    ca_file: Path | None,
    avoid: Collection[str],
) -> Lock:
    pins = committed.read(inventory.mage, of, inventory.python_minor)
    files = () if pins is None else pins.files.get(inventory.platform, ())
    wanted = tuple(file for file in files if f"{file.name}=={file.version}" not in avoid)
    if pins is not None and files and wanted == files and pins.fits(inventory.distributions):
        return _lock(files, inventory, reused=pins.against, source="committed")
    key = _key((*requirements, *(f"not {pin}" for pin in avoid)), inventory)
    if stored := cache.read_json("resolved", key):
        files = tuple(File(**file) for file in stored["files"])
        return _lock(files, inventory, source="resolved before for this base")
    files = _from_index(requirements, inventory, prefer=wanted, avoid=avoid, base=base, ca_file=ca_file)
    cache.write_json("resolved", key, {"files": [asdict(file) for file in files]})
    return _lock(files, inventory, source="resolved now for this base")


def _requirements(line: SparkLine, catalog: Catalog) -> tuple[str, ...]:
    """What has to be in the image beside PySpark itself."""
    return (*line.requires, *catalog.image_requires)


def _lock(files: Sequence[File], inventory: Inventory, *, source: str, reused: Mapping[str, str] | None = None) -> Lock:
    held = inventory.distributions
    return Lock(
        added=tuple(file for file in files if file.name not in held),
        reused={**(reused or {}), **{file.name: file.version for file in files if file.name in held}},
        source=source,
    )


def _from_index(
    requirements: Sequence[str],
    inventory: Inventory,
    *,
    prefer: Sequence[File],
    avoid: Collection[str] = (),
    base: str,
    ca_file: Path | None,
) -> tuple[File, ...]:
    """Ask the index. Committed pins are kept where they fit, so that the same base gives the same lock next year."""
    held = inventory.distributions
    preferred = {file.name: file.version for file in prefer}
    fits = target(inventory)
    try:
        try:
            files = index.resolve(requirements, fits, held=held, preferred=preferred, avoid=avoid, ca_file=ca_file)
        except NoSolutionError:
            if not preferred:
                raise
            files = index.resolve(requirements, fits, held=held, preferred={}, avoid=avoid, ca_file=ca_file)
    except NoSolutionError as error:
        raise IncompatibleError(
            f"No set of versions fits both what is added and {base}.",
            why=error.why,
            fix="another base (--base) or another Spark version",
        ) from None
    return tuple(files)


def for_every_platform(what: SparkLine | Extra, inventory: Inventory, catalog: Catalog, *, base: str) -> CommittedLock:
    """A fresh lock to commit: resolved on the base's platform, the same versions then located for the others."""
    requirements = what.requires if isinstance(what, Extra) else _requirements(what, catalog)
    files = _from_index(requirements, inventory, prefer=(), base=base, ca_file=None)
    lock = _lock(files, inventory, source="")
    pins = {file.name: file.version for file in lock.added}
    return CommittedLock(
        mage=inventory.mage,
        of=_of(what),
        python=inventory.python_minor,
        against=lock.reused,
        files={
            platform: tuple(
                replace(file, url="")
                for file in index.locate(pins, replace(target(inventory), machine=machine), ca_file=None)
            )
            for machine, platform in MACHINES.items()
        },
    )


def _held_by(name: str, inventory: Inventory) -> str:
    """`` (mage-ai 0.9.80 requires typing_extensions==4.11.0)``, where a distribution of the base says so."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    for holder, texts in inventory.requires.items():
        for text in texts:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if canonicalize_name(requirement.name) == name and requirement.specifier:
                return (
                    f" ({holder} {inventory.distributions[holder]} requires {requirement.name}{requirement.specifier})"
                )
    return ""


def older_client(spark: SparkVersion, inventory: Inventory, catalog: Catalog) -> str:
    """The way out where no client of a server's own line can be had: an older one works, with a warning."""
    from packaging.specifiers import SpecifierSet

    versions = [
        version
        for line in catalog.lines.values()
        if SpecifierSet(line.python).contains(inventory.python)
        for version in map(SparkVersion.parse, line.patches)
        if version < spark and version.line != spark.line
    ]
    return f"an older client: --client {max(versions)}" if versions else "another base: no older client fits either"


def _key(requirements: Iterable[str], inventory: Inventory) -> str:
    inputs = [
        sorted(requirements),
        dict(inventory.distributions),
        inventory.python_minor,
        inventory.machine,
        inventory.glibc,
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
