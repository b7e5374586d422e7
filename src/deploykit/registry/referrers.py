"""What is attached to an image: OCI 1.1's referrers, and the tag that takes their place where a registry has none."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deploykit.errors import BuildError
from deploykit.registry.manifest import OCI_INDEX, OCI_MANIFEST, compact, sha256

if TYPE_CHECKING:
    from deploykit.registry.client import Registry

EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
PAUSES = (0.0, 0.0, 0.2, 0.5, 1.0)
"""Seconds before each look at a list, of a registry that does not say who keeps it: it may do so, a moment later."""


def fallback_tag(digest: str) -> str:
    """The tag of the index that lists what is attached to a digest."""
    return digest.replace(":", "-")


def artifact(
    subject: Mapping[str, Any], *, artifact_type: str, data: bytes, media_type: str, annotations: Mapping[str, str]
) -> dict[str, Any]:
    """The manifest of an artifact with one file, attached to `subject`."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": {"mediaType": EMPTY_TYPE, "digest": sha256(EMPTY), "size": len(EMPTY)},
        "layers": [{"mediaType": media_type, "digest": sha256(data), "size": len(data)}],
        "subject": subject,
        "annotations": dict(annotations),
    }


def attach(
    registry: "Registry",
    subject: str,
    *,
    artifact_type: str,
    data: bytes,
    media_type: str,
    annotations: Mapping[str, str],
) -> str:
    """Push the artifact: its blobs, its manifest and, where the registry does not list it by itself, the index.

    Whether it does it says when it takes the manifest (`OCI-Subject`): it may list it a moment later.
    """
    to = registry.manifest(subject)
    if to is None:
        raise BuildError(f"{registry.repository} has no {subject} to attach anything to.")
    content = artifact(
        to.descriptor, artifact_type=artifact_type, data=data, media_type=media_type, annotations=annotations
    )
    raw = compact(content)
    digest = sha256(raw)
    registry.put_blob(EMPTY)
    registry.put_blob(data)

    def is_listed() -> bool:
        return any(found["digest"] == digest for found in registry.referrers(to.digest))

    if registry.digest(digest) is not None and is_listed():
        return digest
    if registry.put_referrer(raw, OCI_MANIFEST):
        return digest
    entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(raw), "artifactType": artifact_type}
    for pause in PAUSES:  # another process may write the index between our reading and writing it
        time.sleep(pause)
        if is_listed():
            return digest
        _enlist(registry, to.digest, entry | {"annotations": dict(annotations)})
    raise BuildError(f"What was attached to {registry.repository}@{to.digest} is not listed there.", fix="run it again")


def _enlist(registry: "Registry", subject: str, entry: Mapping[str, Any]) -> None:
    tag = fallback_tag(subject)
    index = registry.manifest(tag)
    others = () if index is None else [other for other in index.parts if other["digest"] != entry["digest"]]
    content = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*others, entry]}
    registry.put_manifest(tag, compact(content), OCI_INDEX)
