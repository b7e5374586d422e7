"""What has drifted: the server and the request on one side, the deployed image on the other. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from deploykit.image.label_names import (
    BASE_DIGEST,
    BASE_NAME,
    INPUTS,
    JAVA,
    MAGE,
    PLATFORM,
    PROFILE,
    PYTHON,
    SOURCES,
    SPARK,
    WARM,
    WITH,
)
from deploykit.image.platform import MACHINES
from deploykit.image_reference import ImageReference
from deploykit.request import Request
from deploykit.versions import SparkVersion

Labels = Mapping[str, str]

FACTS = (
    BASE_NAME, BASE_DIGEST, SPARK, INPUTS, JAVA, MAGE,
    PLATFORM, PROFILE, PYTHON, SOURCES, WARM,
    WITH,
)  # fmt: skip
"""The labels that a sync reads."""


class Kind(StrEnum):
    """Kinds of drift. The first four are always looked at and always act; the others are for `sync --full`."""

    SERVER = "server"
    IMAGE = "image"
    REQUEST = "request"
    VALUES = "values"
    BASE = "base"
    JAVA = "java"
    WHEEL = "wheel"
    PATCH = "patch"
    DEPLOYKIT = "deploykit"


class Policy(StrEnum):
    """What a kind of drift leads to."""

    REBUILD = "rebuild"
    REPORT = "report"
    IGNORE = "ignore"


DEFAULTS: Mapping[Kind, Policy] = MappingProxyType(
    {
        Kind.BASE: Policy.REPORT,
        Kind.JAVA: Policy.REBUILD,
        Kind.WHEEL: Policy.REPORT,
        Kind.PATCH: Policy.IGNORE,
        Kind.DEPLOYKIT: Policy.REPORT,
    }
)
"""The kinds that have a policy."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing that differs: what there is, and what it should be."""

    kind: Kind
    before: str
    after: str
    policy: Policy = Policy.REBUILD

    @property
    def acts(self) -> bool:
        """Whether it changes anything by itself."""
        return self.policy is Policy.REBUILD

    def __str__(self) -> str:
        return f"{self.kind}: {self.before} -> {self.after}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an image has to be; `client` is what a new one gets.

    `base` is a reference; `base_digest` is what it is now, where that was asked. `avoid` are `name==version` pins that
    a new image must not have.
    """

    client: SparkVersion
    server: SparkVersion
    request: Request
    base: str
    base_digest: str = ""
    because: str = ""
    """What asks for this client, where that is not plain."""
    newer_patch: bool = False
    """A client of a newer patch than the server's fits too."""
    any_platform: bool = False
    """Nobody asked for the request's platform."""
    index_of: str = ""
    """The platforms of the deployed index, if it is one: only another index of them may take its place."""
    avoid: tuple[str, ...] = ()

    def where_it_runs(self, deployed: Labels | None) -> "Wanted":
        """For the platform of the deployed image, unless one was asked for: whose machine syncs does not matter."""
        named = (deployed or {}).get(PLATFORM, "")
        platforms = named.split(",")
        if not self.any_platform:
            return self
        own = self.request.platform
        known = [platform for platform in platforms if platform in MACHINES.values()]
        asked = replace(self.request, platform=own if own in known or not known else known[0])
        return replace(self, request=asked, index_of=named if len(platforms) > 1 else "")

    def spark_fits(self, release: str) -> bool:
        """Whether a client of this version is the one that is wanted."""
        if release == self.client.release or not self.newer_patch or not release:
            return release == self.client.release
        version = SparkVersion.parse(release)
        return version.line == self.server.line and version >= self.server

    def differences(self, labels: Labels) -> list[tuple[str, str]]:
        """How an image with these labels differs from the request, as pairs of what there is and what is asked for.

        A label that is not there says nothing: images from before it had one are not rebuilt for that.
        """
        request = self.request
        asked = {
            "profile": (PROFILE, str(request.profile)),
            "with": (WITH, " ".join(sorted(set(request.extras)))),
            "Mage": (MAGE, request.mage or labels.get(MAGE, "")),
            "platform": (PLATFORM, self.index_of or request.platform),
            "warm": (WARM, str(request.warm).lower()),
        }
        found = [
            (f"{name} {labels.get(label) or 'none'}", f"{name} {value or 'none'}")
            for name, (label, value) in asked.items()
            if labels.get(label, "" if name == "with" else value) != value
        ]
        # The same image under another name, such as a mirror's, is the same base.
        if labels.get(BASE_NAME) != self.base and (not self.base_digest or labels.get(BASE_DIGEST) != self.base_digest):
            found.append((f"base {labels.get(BASE_NAME, 'unknown')}", f"base {self.base}"))
        return found

    def fits(self, labels: Labels) -> bool:
        """Whether an image with these labels is what is wanted."""
        return self.spark_fits(labels.get(SPARK, "")) and not self.differences(labels)


def compare(
    wanted: Wanted, deployed: ImageReference | None, *, present: bool, labels: Labels | None
) -> tuple[Drift, ...]:
    """What makes a sync act. `labels` are those of the deployed image, None where nobody could say."""
    if deployed is None or not deployed.digest:
        before = "no image" if deployed is None else f"{deployed.repository}:{deployed.tag} without a digest"
        return (Drift(kind=Kind.VALUES, before=before, after=f"an image for Spark {wanted.client.release}"),)
    found: list[Drift] = []
    repository = wanted.request.repository
    if deployed.repository != repository:
        found.append(Drift(kind=Kind.REQUEST, before=f"repository {deployed.repository}", after=repository))
    elif not present:
        name = f"{deployed.tag or deployed.repository}@{deployed.digest[:19]}"
        found.append(Drift(kind=Kind.IMAGE, before=name, after="the registry does not have it, or not all of it"))
    if labels is not None:
        release = labels.get(SPARK, "")
        if not wanted.spark_fits(release):
            asked = ", ".join(filter(None, (wanted.client.release, wanted.because)))
            found.append(Drift(kind=Kind.SERVER, before=f"Spark {release or 'none'}", after=asked))
        found += [Drift(kind=Kind.REQUEST, before=old, after=new) for old, new in wanted.differences(labels)]
    return tuple(found)
