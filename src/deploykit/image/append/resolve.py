"""The base and the Java of a plan without an engine: from the registry, from the base's files, and from Debian."""

from deploykit.catalog import Catalog
from deploykit.errors import UnreachableError, UsageError
from deploykit.image import base as bases
from deploykit.image import java as javas
from deploykit.image.append import base_image, read_inventory
from deploykit.image.base import Base
from deploykit.image.java import Java
from deploykit.image_reference import ImageReference
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.request import Request


def base(reference: str, request: Request, catalog: Catalog, *, progress: Progress) -> Base:
    """The base as it is now: by digest, with the inventory that its files tell."""
    registry = Registry.of(ImageReference.split(reference).repository, request, progress=progress)
    digest, note = _digest(reference, registry)
    pinned = f"{registry.repository}@{digest}"
    remembered = bases.remembered(pinned, platform=request.platform, catalog=catalog)
    if remembered is not None:
        inventory = remembered.inventory
    else:
        image = base_image.find(registry, digest, platform=request.platform)
        facts = base_image.facts(
            image, beside=Registry.of(request.repository, request, progress=progress), progress=progress
        )
        inventory = read_inventory.inventory(facts, image.config, reference=pinned)
        bases.remember(digest, request.platform, inventory)
    bases.remember_digest(reference, digest)
    return Base(reference=reference, digest=digest, pinned=pinned, inventory=inventory, note=note)


def java(request: Request, base: Base, catalog: Catalog, *, progress: Progress) -> Java:
    """The newest version that the base's Debian offers, by its own lists of packages."""

    def ask(package: str) -> str:
        from deploykit.image.layers import debian

        registry = Registry.of(ImageReference.split(base.reference).repository, request, progress=progress)
        image = base_image.find(registry, base.digest, platform=request.platform)
        facts = base_image.facts(
            image, beside=Registry.of(request.repository, request, progress=progress), progress=progress
        )
        found = debian.newest(
            {package: None},
            debian.suites(facts.text, mirror=request.apt_mirror, sources=request.sources),
            request.platform.partition("/")[2],
            trusted=False,
            ca_file=request.ca_file,
            timeout=request.timeout,
            progress=progress,
        )
        return found[package].version if package in found else ""

    return javas.newest(request, base, catalog, ask=ask, progress=progress)


def _digest(reference: str, registry: Registry) -> tuple[str, str]:
    named = ImageReference.split(reference)
    if named.digest:
        return named.digest, ""
    try:
        found = registry.digest(named.version)
    except UnreachableError as error:
        known = bases.remembered_digest(reference)
        if known is None:
            raise
        return known, f"its registry could not be asked ({error.why}): the last known digest"
    if found is None:
        raise UsageError(f"There is no image {reference}.", fix="--base with a Mage image that exists")
    return found, ""
