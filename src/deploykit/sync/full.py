"""The kinds of drift that cost more than a question, side by side: base, Java, wheels, patches, deploykit itself.

An image that the registry still names may have lost a part, which is looked for here too.
"""

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import unquote

from deploykit import catalog
from deploykit.catalog import Catalog
from deploykit.errors import DeploykitError
from deploykit.image import index, source_hashes
from deploykit.image.engine import Engine
from deploykit.image.index import Target
from deploykit.image.label_names import BASE_DIGEST, INPUTS, JAVA, PYTHON, SOURCES, SPARK
from deploykit.image.platform import MACHINES
from deploykit.planning import newest
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.supply_chain import attach
from deploykit.sync import find
from deploykit.sync.drift import Drift, Kind, Policy, Wanted
from deploykit.sync.environment import Environment
from deploykit.sync.find import Found
from deploykit.versions import SparkVersion

_PYPI = re.compile(r"pkg:pypi/(?P<name>[^@?#]+)@(?P<version>[^?#]+)(?:[?#].*)?")


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was found; what could not be looked at and why, a sentence each; and what a new image has to be."""

    drift: tuple[Drift, ...]
    notes: tuple[str, ...]
    wanted: Wanted


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The image that is looked at, and what it should be."""

    image: Found
    wanted: Wanted
    registry: Registry
    known: Catalog
    progress: Progress

    @property
    def target(self) -> Target:
        """What wheels for the image have to fit; its glibc is that of the Mage image that the catalog knows."""
        request = self.wanted.request
        assumed = self.known.mage[self.known.defaults.mage].assumed
        python = self.image.labels.get(PYTHON, assumed.python)
        machine = next(name for name, platform in MACHINES.items() if platform == request.platform)
        return Target(python=".".join(python.split(".")[:2]), machine=machine, glibc=assumed.glibc)


class NotLookedError(Exception):
    """Why a kind of drift could not be looked for."""


def look(environment: Environment, image: Found, wanted: Wanted, *, registry: Registry, progress: Progress) -> Looked:
    """Look for every kind whose policy is not `ignore`, and for parts of the image that its registry has lost.

    Each has the limits of its own questions; one that cannot be asked costs its own answer.
    """
    subject = Subject(image=image, wanted=wanted, registry=registry, known=catalog.load(), progress=progress)
    policies = {Kind.IMAGE: Policy.REBUILD, **environment.policies}
    asked = [kind for kind in _LOOKS if policies[kind] is not Policy.IGNORE]
    with ThreadPoolExecutor(max_workers=len(_LOOKS)) as pool:
        answers = {kind: pool.submit(_LOOKS[kind], subject) for kind in asked}
        drift: list[Drift] = []
        notes: list[str] = []
        for kind, answer in answers.items():
            try:
                found = answer.result()
            except NotLookedError as error:
                notes.append(f"{kind} was not looked at: {error}")
            except DeploykitError as error:
                notes.append(f"{kind} was not looked at: {error.what} {error.why}".strip())
            else:
                drift += [Drift(kind=kind, before=old, after=new, policy=policies[kind]) for old, new in found]
    return Looked(drift=tuple(drift), notes=tuple(notes), wanted=_mended(wanted, drift))


def _mended(wanted: Wanted, drift: list[Drift]) -> Wanted:
    """With the newer client, and without the wheels that were taken back."""
    for item in (item for item in drift if item.acts):
        if item.kind is Kind.PATCH:
            wanted = replace(wanted, client=SparkVersion.parse(item.after))
        elif item.kind is Kind.WHEEL:
            wanted = replace(wanted, avoid=(*wanted.avoid, item.before))
    return wanted


_Differences = list[tuple[str, str]]


def _image(subject: Subject) -> _Differences:
    """The registry still names the image, and has lost a part of it."""
    image = subject.image.image
    missing = subject.registry.missing(image.digest)
    return [(image.tag or image.digest[:19], f"its registry has lost {missing[0][:19]}")] if missing else []


def _base(subject: Subject) -> _Differences:
    """The base's tag names another image than the one that was built on."""
    if "@" in subject.wanted.base:
        return []
    digest = find.tagged(subject.wanted.base, subject.wanted.request)
    if digest is None:
        raise NotLookedError(f"{subject.wanted.base} is not in its registry any more.")
    built = subject.image.labels.get(BASE_DIGEST, "")
    return [] if built == digest else [(f"{subject.wanted.base} {built[:19]}", digest[:19])]


def _java(subject: Subject) -> _Differences:
    """Debian has another Java than the one in the image."""
    request = subject.wanted.request
    if not request.profile.java:
        return []
    _, now, _ = newest(request, engine=Engine(timeout=request.timeout), progress=subject.progress)
    built = subject.image.labels.get(JAVA, "")
    return [] if built == now.version else [(f"Java {built}", now.version)]


def _wheel(subject: Subject) -> _Differences:
    """The authors of a wheel, or of the client itself, took it back."""
    pins = _pins(subject)
    taken = index.yanked(pins, subject.target, ca_file=subject.wanted.request.ca_file)
    return [(f"{name}=={pins[name]}", f"yanked: {reason}") for name, reason in sorted(taken.items()) if name in pins]


def _patch(subject: Subject) -> _Differences:
    """The client's line has a newer patch than the image: by the catalog, and by the index where it answers.

    A client that was pinned stays what it is.
    """
    if subject.wanted.request.client:
        return []
    line = subject.wanted.server.line
    patch = subject.known.newest_patch(line)
    try:
        published = index.newest("pyspark", f"=={line}.*", subject.target, ca_file=subject.wanted.request.ca_file)
        patch = max(patch, SparkVersion.parse(published))
    except (DeploykitError, ValueError):
        pass  # the catalog has an answer too
    built = SparkVersion.parse(subject.image.labels[SPARK])
    return [(built.release, patch.release)] if built.line == line and patch > built else []


def _deploykit(subject: Subject) -> _Differences:
    """This deploykit puts something else into an image than the one that built it."""
    built = subject.image.labels.get(SOURCES, "")
    now = source_hashes.label(source_hashes.hashes())
    return [] if built == now else [(f"sources {built or 'of an older deploykit'}", now)]


_LOOKS: Mapping[Kind, Callable[[Subject], _Differences]] = {
    Kind.IMAGE: _image,
    Kind.BASE: _base,
    Kind.JAVA: _java,
    Kind.WHEEL: _wheel,
    Kind.PATCH: _patch,
    Kind.DEPLOYKIT: _deploykit,
}


def _pins(subject: Subject) -> dict[str, str]:
    """The Python distributions that our layers added, by the image's SBOM."""
    registry, digest = subject.registry, subject.image.image.digest
    if subject.wanted.index_of and (manifest := registry.manifest(digest)) is not None:
        digest = manifest.part(subject.wanted.request.platform) or digest
    artifact = attach.ours(registry, digest, subject.image.labels.get(INPUTS, ""))
    if artifact is None:
        raise NotLookedError("the image has no SBOM of deploykit's, which would name its wheels.")
    try:
        parts = json.loads(attach.document(registry, artifact))["components"]
        found = [_PYPI.fullmatch(str(part.get("purl", ""))) for part in parts]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotLookedError("the image's SBOM cannot be read as CycloneDX.") from None
    return {match["name"]: unquote(match["version"]) for match in found if match}
