"""Whether a Mage project fits its image: pins that requirements.txt would move, sessions that Mage would open. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from deploykit.check.cluster.steps import failed, passed, warned
from deploykit.check.model import Step
from deploykit.errors import UsageError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

NAME = "project"
Held: TypeAlias = Mapping[str, Collection[str]]
"""The versions of a distribution that an image may hold, by its normalised name."""
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project, and what is known of the place it runs in; nothing is known of a mere folder's."""

    path: str
    metadata: str = ""
    """The text of `metadata.yaml`."""
    requirements: str = ""
    python: str = ""
    """The image's Python, `X.Y` or longer, by which pip leaves lines out; nothing is left out where it is not known."""
    held: Held = field(default_factory=dict)
    constrained: bool = True
    """Whether `PIP_CONSTRAINT` keeps these versions."""
    local_spark: bool | None = None
    """Whether there is Java and PySpark with its jars; `None`: not known."""
    spark_remote: bool = False


def read(folder: Path, *, spark: str | None = None) -> Project:
    """The project in a folder, held against the pins of every Spark line that deploykit has, or of one version.

    Raises `UsageError` where there is no project.
    """
    from deploykit import catalog
    from deploykit.check.project.facts import of_folder

    known = catalog.load()
    facts = of_folder(folder)
    if facts["metadata"] is None:
        raise UsageError(f"{folder} is no Mage project.", why="It has no metadata.yaml.", fix="--project DIR")
    return Project(
        path=str(folder),
        metadata=str(facts["metadata"]),
        requirements=str(facts["requirements"] or ""),
        python=known.mage[known.defaults.mage].assumed.python,
        held=_committed(spark),
    )


def steps(project: Project, *, where: str) -> tuple[Step, ...]:
    """The problems, or that there is none."""
    found = (*_moved(project, where), *_unjudged(project, where), *_sessions(project, where))
    what = "requirements.txt moves no pin, and Mage opens no Spark session of its own"
    return found or (passed(NAME, "project-fine", {"what": what}, where=where),)


def parse_constraints(text: str) -> Held:
    """`name==version` lines as pip reads them."""
    return {name: {version} for name, version in _pins(text)}


def _moved(project: Project, where: str) -> Iterator[Step]:
    for text, wanted in _requirements(project):
        name = _name(wanted)
        held = project.held.get(name)
        if held is None or (not wanted.url and any(wanted.specifier.contains(one, prereleases=True) for one in held)):
            continue
        effect = (
            "pip refuses the file as a whole, and installs none of it."
            if project.constrained
            else "pip would move the client away from the server."
        )
        shown = f"{name} {' or '.join(sorted(held))}"
        values = {"asked": text, "held": shown, "package": wanted.name, "effect": effect}
        yield failed("pins-moved", values, name=NAME, where=where)


def _unjudged(project: Project, where: str) -> Iterator[Step]:
    """What images of ours hold, and this one's version of it is not known: PySpark's, where nobody said which Spark."""
    from deploykit.image.lock import CONSTRAINED

    asked = ((_name(wanted), text) for text, wanted in _requirements(project))
    unknown = [text for name, text in asked if name in CONSTRAINED and name not in project.held]
    if unknown:
        yield warned(NAME, "pins-unjudged", {"asked": ", ".join(unknown)}, where=where)


def _requirements(project: Project) -> Iterator[tuple[str, "Requirement"]]:
    """The lines that name a distribution for this Python, as they were written and as pip reads them."""
    from packaging.requirements import Requirement

    for line in re.sub(r"\\\r?\n", "", project.requirements).splitlines():
        asked = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if asked and not asked.startswith("-"):
            with suppress(ValueError):  # no requirement, or a marker that compares what cannot be
                wanted = Requirement(re.split(r"\s--", asked, maxsplit=1)[0].strip())
                if _applies(wanted, project.python):
                    yield asked, wanted


def _applies(wanted: "Requirement", python: str) -> bool:
    """Whether pip takes it in an image with this Python."""
    if wanted.marker is None or not python:
        return True
    minor = ".".join(python.split(".")[:2])
    linux = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
    return wanted.marker.evaluate({**linux, "python_version": minor, "python_full_version": python})


def _name(wanted: "Requirement") -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(wanted.name)


def _sessions(project: Project, where: str) -> Iterator[Step]:
    config = _spark_config(project.metadata)
    if not config or config.get("use_custom_session") is True:
        return
    metadata = f"{project.path}/metadata.yaml"
    if project.spark_remote and "spark_master" not in config:
        keys = ", ".join(sorted(map(str, config)))
        yield failed("session-for-every-block", {"keys": keys, "metadata": metadata}, name=NAME, where=where)
    elif not project.spark_remote and project.local_spark is not False:
        master = str(config.get("spark_master") or "local")
        if project.local_spark:
            yield failed(
                "local-jvm", {"jvm": f"spark_master is {master}", "metadata": metadata}, name=NAME, where=where
            )
        else:
            jvm = f"spark_master is {master}, wherever the image has Java and the complete PySpark"
            yield warned(NAME, "local-jvm", {"jvm": jvm, "metadata": metadata}, where=where)


def _spark_config(metadata: str) -> Mapping[str, object]:
    """The section, without what Mage fills in by Jinja; empty where it cannot be read."""
    import yaml

    try:
        known = yaml.safe_load(_JINJA.sub("jinja", metadata))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    section = known.get("spark_config") if isinstance(known, dict) else None
    return section if isinstance(section, dict) else {}


def _committed(spark: str | None) -> Held:
    """What images of any Spark line hold, or of the one; PySpark itself only where its version is known."""
    from deploykit import assets, catalog
    from deploykit.image import committed
    from deploykit.image.lock import CONSTRAINED

    release = catalog.load().defaults.mage
    found: dict[str, set[str]] = {}
    for path in sorted((assets.image() / "locks").glob(f"mage-{release}-spark-*.toml")):
        of, _, python = path.stem.removeprefix(f"mage-{release}-").partition("-py")
        lock = committed.read(release, of, python)
        if lock is None or not f"{spark or of.removeprefix('spark-')}.".startswith(f"{of.removeprefix('spark-')}."):
            continue
        pins = [(file.name, file.version) for files in lock.files.values() for file in files]
        for name, version in (*lock.against.items(), *pins):
            if name in CONSTRAINED:
                found.setdefault(name, set()).add(version)
    return {**found, "pyspark": {spark}} if spark is not None else found


def _pins(text: str) -> Iterator[tuple[str, str]]:
    from packaging.utils import canonicalize_name

    for line in text.splitlines():
        name, separator, version = line.partition("#")[0].partition("==")
        if separator:
            yield canonicalize_name(name.strip()), version.strip()
