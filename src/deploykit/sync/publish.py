"""Make sure that an image is in the registry, whole, with what belongs to it; only what is missing is done."""

from dataclasses import dataclass, replace

from deploykit.detect.evidence import Detection
from deploykit.errors import BuildError, DeploykitError
from deploykit.image import source_hashes
from deploykit.image.build import build
from deploykit.image.engine import Engine
from deploykit.image.label_names import INPUTS, SOURCES
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.planning import exact, quick, shown
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.request import Request
from deploykit.supply_chain import attach, complete, sign
from deploykit.sync import find
from deploykit.sync.drift import Labels, Wanted
from deploykit.sync.find import Found

TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Target:
    """What image is to be there, and where; `sign_key` is what it is to be signed with, if it is."""

    wanted: Wanted
    detection: Detection | None
    registry: Registry
    sign_key: str | None
    progress: Progress

    @property
    def request(self) -> Request:
        """The request for just the client that is wanted."""
        return replace(self.wanted.request, client=self.wanted.client.release, avoid=self.wanted.avoid)


@dataclass(frozen=True, kw_only=True)
class Published:
    """An image by the digest that the registry gives its tag, with its labels."""

    image: ImageReference
    labels: Labels
    built: bool
    pushed: bool


def make(target: Target, *, verified: bool) -> Published:
    """Plan, build, verify and push the image, unless all of it is in the registry, and what belongs to it.

    Two machines that both found no such tag, and built, push one after the other; the tag then names the second image.
    Each asks again after its push, so both go on with what the tag names. What remains: the first may ask before the
    second pushes. Its values then name an image by a digest that no tag names any more, and which is there as long as
    the registry keeps such images; once it is removed, the next sync sees it and takes the other.
    """
    registry, progress = target.registry, target.progress
    engine = Engine(timeout=target.request.timeout)
    plan = exact(target.request, target.detection, engine=engine, progress=progress)
    built = pushed = False
    for _ in range(TRIES):
        result = build(plan, push=True, verified=verified, engine=engine, progress=progress)
        built, pushed = built or result.built, pushed or result.pushed
        labels = _own(plan, result.digest, registry)
        complete(plan, plan.reference, result.digest, registry=registry, key=target.sign_key, progress=progress)
        named = registry.digest(plan.tag)
        if named == result.digest:
            image = ImageReference(plan.repository, plan.tag, named)
            return Published(image=image, labels=labels, built=built, pushed=pushed)
    raise BuildError(
        f"{plan.reference} was pushed, but its tag does not stay what it is.",
        why="The registry does not know it." if named is None else "Another image is pushed to it again and again.",
        fix="run it again",
    )


def completed(found: Found, target: Target) -> str:
    """Attach what belongs to an image that was there: who pushed it may have been killed before that was done.

    Returns why there is no bill of materials, where there can be none. Those of an index belong to its images.
    """
    digest, inputs = found.image.digest, found.labels.get(INPUTS, "")
    registry, key, index = target.registry, target.sign_key, target.wanted.index_of
    materials = attach.ours(registry, digest, inputs)
    if materials is None and not index and (plan := _plan_of(found.labels, target)) is not None:
        complete(plan, str(found.image), digest, registry=registry, key=key, progress=target.progress)
        return ""
    if key:
        for signed in filter(None, (digest, materials)):
            sign.sign(registry, signed, key=key, progress=target.progress, what=f"{registry.repository}@{signed}")
    return (
        ""
        if materials or index
        else f"{found.image.tag} has no bill of materials: what it was made from is not known here."
    )


def _plan_of(labels: Labels, target: Target) -> Plan | None:
    """The plan that an image was made by; None where none of these is: as remembered here, as it would be made here,
    as an engine can read it."""
    if labels.get(SOURCES) != source_hashes.label(source_hashes.hashes()):
        return None  # another deploykit made it, and no plan of this one is the same
    engine = Engine(timeout=target.request.timeout)
    for work_out in (quick, _shown, exact):
        if work_out is exact and not engine.answers():
            return None  # without an engine, all of the base would have to be read for it
        try:
            plan = work_out(target.request, target.detection, engine=engine, progress=target.progress)
        except DeploykitError:
            continue
        if plan.inputs == labels.get(INPUTS):
            return plan
    return None


def _shown(request: Request, detection: Detection | None, *, engine: Engine, progress: Progress) -> Plan:
    return shown(request, detection, engine=engine, progress=progress)[0]


def _own(plan: Plan, digest: str, registry: Registry) -> Labels:
    """The labels of an image that was made from the plan's inputs; anything else under its tag is refused."""
    labels = find.labels(registry, digest, platform=plan.platform)
    if labels is None or labels.get(INPUTS) != plan.inputs:
        raise BuildError(
            f"{plan.reference} in the registry is another image than the plan's.",
            why="Its labels do not name these inputs, and a tag that is there is never pushed over.",
            fix="find out who pushed it, remove it, and sync again",
        )
    return labels
