"""What a registry says of an image without its engine: the digest of a reference, and the image's labels."""

from dataclasses import dataclass, field

from deploykit.errors import DeploykitError
from deploykit.image_reference import ImageReference
from deploykit.kubernetes_api import SECONDS
from deploykit.registry import Registry
from deploykit.registry.manifest import labels_of


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
        # Labels are the same in each image of an index.
        image = None if found is None else registry.image(found, platform="linux/amd64", or_another=True)
        if found is None or image is None:
            return None
        return Registered(found.digest, labels_of(registry.config_of(image)), frozenset(found.platforms.values()))
    except (DeploykitError, ValueError, KeyError, TypeError, AttributeError):
        return None
