"""What a registry says of an image without its engine: the digest of a reference, and the image's labels."""

import json
from dataclasses import dataclass, field

from deploykit.deploy.reference import ImageReference
from deploykit.errors import DeploykitError
from deploykit.kubernetes_api import SECONDS
from deploykit.registry import Registry


@dataclass(frozen=True)
class Registered:
    """An image as its registry has it now."""

    digest: str
    labels: dict[str, str] = field(default_factory=dict)
    platforms: frozenset[str] = frozenset()
    """The digests of an index's images, one of which a node may name in the index's place."""


def ask(reference: str) -> Registered | None:
    """Ask the registry; `None` where it does not say, which proves nothing."""
    named = ImageReference.split(reference)
    registry = Registry(named.repository, timeout=SECONDS)
    try:
        found = registry.manifest(named.version)
        platforms = [str(part["digest"]) for part in found.parts] if found else []
        image = registry.manifest(platforms[0]) if platforms else found  # labels are the same in each
        if found is None or image is None:
            return None
        config = json.loads(registry.blob(str(image.content["config"]["digest"])))
        return Registered(found.digest, dict(config.get("config", {}).get("Labels") or {}), frozenset(platforms))
    except (DeploykitError, ValueError, KeyError, TypeError, AttributeError):
        return None
