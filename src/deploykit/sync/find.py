"""Images that are in a registry already: what they are, and which of them fits."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from deploykit.errors import BuildError, DeploykitError, UnreachableError
from deploykit.image.label_names import BASE_NAME, JAVA, PLATFORM, SPARK
from deploykit.image_reference import ImageReference
from deploykit.registry import Registry
from deploykit.registry.manifest import labels_of
from deploykit.request import Request
from deploykit.sync.drift import Labels, Wanted
from deploykit.sync.record import Record

AT_ONCE = 4
MOST = 30
"""Tags whose labels are asked for: three questions each, which registries count."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An image of the repository, by digest, with its labels; whether all of it is there."""

    image: ImageReference
    labels: Labels
    whole: bool


def tagged(reference: str, request: Request) -> str | None:
    """The digest that a registry gives a reference now; None where it is absent."""
    named = ImageReference.split(reference)
    return named.digest or Registry.of(named.repository, request).digest(named.version)


def base_digest(base: str, labels: Labels | None, request: Request) -> str:
    """The digest of the wanted base, asked for only where an image names another base: it may be the same one."""
    if labels is not None and labels.get(BASE_NAME) == base:
        return ""
    try:
        return tagged(base, request) or ""
    except DeploykitError:
        return ""  # an engine may have the base all the same, and the names are compared


def labels(registry: Registry, reference: str, *, platform: str) -> Labels | None:
    """The labels of an image, and its platform as one more; None where it, or the part that has them, is absent.

    An index has those of its image for that platform, else of another one, and all of its platforms.
    """
    manifest = registry.manifest(reference)
    if manifest is None:
        return None
    try:
        image = registry.image(manifest, platform=platform, or_another=True)
        config = None if image is None else registry.config_of(image)
    except BuildError:
        if registry.missing_blobs(manifest):
            return None
        raise
    if config is None:
        return None
    where = ",".join(manifest.platforms) or f"{config.get('os')}/{config.get('architecture')}"
    return {PLATFORM: where, **labels_of(config)}


def fitting(wanted: Wanted, *, registry: Registry, record: Record, say: Callable[[str], None]) -> Found | None:
    """An image that is what is wanted: one that was deployed before, else the tag that looks newest.

    One that has lost a part is taken last, for a push may heal it.
    """
    damaged: Found | None = None
    for candidate, known in _candidates(wanted, registry=registry, record=record, say=say):
        if candidate.whole:
            say(f"{candidate.image.tag} {known}, and fits")
            return candidate
        say(f"{candidate.image.tag} fits, but its registry has lost a part of it")
        damaged = damaged or candidate
    return damaged


def _candidates(
    wanted: Wanted, *, registry: Registry, record: Record, say: Callable[[str], None]
) -> Iterator[tuple[Found, str]]:
    for image in record.newest_first():
        known = record.labels(image)
        if known is None or image.repository != registry.repository or not wanted.fits(known):
            continue
        if (found := _look(registry, image, known)) is not None:
            yield found, "was deployed before"
    try:
        tags = registry.tags()
    except UnreachableError as error:
        # Some registries list no tags to those who may pull and push all the same: the plan's own tag is asked for. One
        # that tells of no tag at all cannot be synced with.
        registry.digest("latest")
        say(f"The tags of {registry.repository} could not be listed: {error.why}")
        return
    named = _named(tags, wanted)
    if len(named) > MOST:
        say(f"{len(named) - MOST} of {len(named)} tags for this Spark are not looked at")
    for image, known in _labelled(named[:MOST], wanted, registry, say):
        if (found := _look(registry, image, known)) is not None:
            yield found, "is in the registry"


def _look(registry: Registry, image: ImageReference, known: Labels) -> Found | None:
    lost = registry.missing(image.digest)
    return None if image.digest in lost else Found(image=image, labels=known, whole=not lost)


def _named(tags: Iterable[str], wanted: Wanted) -> list[str]:
    """Tags of our form for the Spark and the profile: of the newest Mage, and then of the newest patch, first."""
    spark = re.escape(f"{wanted.client.line}.") + (r"\d+" if wanted.newer_patch else str(wanted.client.patch))
    form = re.compile(rf".+-spark{spark}-{wanted.request.profile}-[0-9a-f]{{8}}")
    fits = (tag for tag in tags if form.fullmatch(tag))
    return sorted(fits, key=lambda tag: (_numbers(tag.rpartition("-")[0]), tag), reverse=True)


def _labelled(
    tags: list[str], wanted: Wanted, registry: Registry, say: Callable[[str], None]
) -> list[tuple[ImageReference, Labels]]:
    """Those whose labels fit, the newest Spark and then the newest Java first; one that cannot be read is left out."""
    from concurrent.futures import ThreadPoolExecutor

    def ask(tag: str) -> tuple[ImageReference, Labels] | None:
        digest = registry.digest(tag)
        try:
            known = None if digest is None else labels(registry, digest, platform=wanted.request.platform)
            fits = known is not None and wanted.fits(known)
        except (BuildError, KeyError, ValueError) as error:
            say(f"{tag} cannot be read, and is left out: {error}")
            return None
        if digest is None or known is None or not fits:
            return None
        return ImageReference(registry.repository, tag, digest), known

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        fits = [found for found in pool.map(ask, tags) if found is not None]
    return sorted(fits, key=_age, reverse=True)


def _age(found: tuple[ImageReference, Labels]) -> tuple[list[int], list[int], str]:
    """Nothing else of an image tells how new it is."""
    image, known = found
    return _numbers(known[SPARK]), _numbers(known.get(JAVA, "")), image.tag


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
