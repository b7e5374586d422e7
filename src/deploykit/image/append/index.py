"""One name for the images of several platforms: an index, whose tag is made of theirs."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploykit.errors import BuildError
from deploykit.plan import Plan
from deploykit.registry import Manifest, Registry
from deploykit.registry.manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, compact, sha256


def tag(plans: Sequence[Plan]) -> str:
    """`<mage>-spark<spark>-<profile>-<first 8 of a hash of all their inputs>`: as the tag of one image is."""
    return f"{plans[0].tag.rpartition('-')[0]}-{inputs(plan.inputs for plan in plans)[:8]}"


def inputs(images: Iterable[str]) -> str:
    """The hash that stands for the inputs of several images, each a hash itself; their order says nothing."""
    return hashlib.sha256("".join(sorted(images)).encode()).hexdigest()


def index(images: Mapping[str, Manifest]) -> dict[str, Any]:
    """The index of images by their platforms, of the kind that they are of themselves; pure."""
    kinds = {image.media_type for image in images.values()}
    entries = []
    for platform, image in sorted(images.items()):
        system, _, machine = platform.partition("/")
        entries.append({**image.descriptor, "platform": {"architecture": machine, "os": system}})
    media_type = DOCKER_LIST if kinds == {DOCKER_MANIFEST} else OCI_INDEX
    return {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}


def put(plans: Sequence[Plan], registry: Registry) -> tuple[str, str]:
    """Put the index of images that are in the registry there; returns its tag and digest. What is there stays.

    Raises `BuildError` where that names images which the registry has not, or not all of.
    """
    images: dict[str, Manifest] = {}
    for plan in plans:
        found = registry.manifest(plan.tag)
        if found is None:
            raise BuildError(f"{plan.reference} is not in the registry.", fix="run it again")
        images[plan.platform] = found
    content = index(images)
    raw, named = compact(content), tag(plans)
    digest = registry.digest(named) or registry.put_manifest(named, raw, content["mediaType"])
    if digest != sha256(raw) and (lost := registry.missing(digest)):
        raise BuildError(
            f"{registry.repository}:{named} names an image that the registry has lost, or a part of one.",
            why=f"{lost[0]} is not there, and a tag that is there is never pushed over.",
            fix="remove the tag from the registry, and run it again",
        )
    return named, digest
