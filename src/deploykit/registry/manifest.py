"""Manifests and their media types."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPTED = ", ".join((OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_LIST))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest or an index: `raw` are the bytes that `digest` (`sha256:…`) is of."""

    digest: str
    media_type: str
    content: Mapping[str, Any]
    raw: bytes

    @property
    def parts(self) -> tuple[Mapping[str, Any], ...]:
        """The manifests of an index; none for the manifest of one image."""
        return tuple(self.content.get("manifests") or ())

    @property
    def descriptor(self) -> dict[str, Any]:
        """What another manifest refers to it by."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.raw)}

    def blobs(self) -> tuple[str, ...]:
        """The digests of config and layers, each once; without layers that lie elsewhere by design."""
        layers = [layer for layer in self.content.get("layers") or () if not layer.get("urls")]
        return tuple(dict.fromkeys(str(part["digest"]) for part in (self.content.get("config"), *layers) if part))

    @property
    def platforms(self) -> dict[str, str]:
        """The digests of an index's images by their platforms, such as `linux/amd64`, in order; of several for one the
        first. What an engine says of the images, beside them, has none."""
        named = {
            f"{about.get('os')}/{about.get('architecture')}": str(part["digest"])
            for part in reversed(self.parts)
            if (about := part.get("platform") or {})
        }
        return {name: named[name] for name in sorted(named) if name != "unknown/unknown"}

    def part(self, platform: str) -> str | None:
        """The digest of an index's image for a platform; a variant behind it, as in `linux/arm64/v8`, says nothing."""
        return self.platforms.get("/".join(platform.split("/")[:2]))


def labels_of(config: Mapping[str, Any]) -> dict[str, str]:
    """The labels that are in an image's configuration."""
    return {str(name): str(text) for name, text in ((config.get("config") or {}).get("Labels") or {}).items()}


def is_manifest(content: Mapping[str, Any]) -> bool:
    """Whether what it refers to is named by digests, as in every manifest but those of Docker's first schema."""
    lists = [content.get("manifests") or [], content.get("layers") or [], [content.get("config") or {"digest": ""}]]
    return all(
        isinstance(parts, list)
        and all(isinstance(part, dict) and isinstance(part.get("digest"), str) for part in parts)
        for parts in lists
    )


def sha256(data: bytes) -> str:
    """A digest as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def compact(content: Mapping[str, Any]) -> bytes:
    """JSON of which the same content always gives the same bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
