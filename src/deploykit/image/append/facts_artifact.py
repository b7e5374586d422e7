"""What a base holds, left in our repository for the next machine: a few kB in the place of the base's layers."""

import gzip
import json

from deploykit.errors import BuildError, UnreachableError
from deploykit.image.append.facts import FORMAT, Facts
from deploykit.image.label_names import BASE_DIGEST
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact, sha256
from deploykit.registry.referrers import EMPTY, EMPTY_TYPE

KIND = "application/vnd.deploykit.base.v1+json"
LARGEST = 1 << 20


def tag(digest: str) -> str:
    """Named as signatures are, by the digest of what it is about; and by its form, for those who read another one."""
    return f"{digest.replace(':', '-')}.base{FORMAT}"


def read(registry: Registry, digest: str) -> Facts | None:
    """What was left there; None where nothing was, or nothing that this deploykit reads."""
    manifest = registry.manifest(tag(digest))
    if manifest is None or manifest.content.get("artifactType") != KIND:
        return None
    try:
        layer = manifest.content["layers"][0]
        if int(layer["size"]) > LARGEST:
            return None
        return Facts.from_json(json.loads(gzip.decompress(registry.blob(str(layer["digest"])))))
    except (BuildError, KeyError, IndexError, ValueError, OSError):
        return None


def leave(registry: Registry, digest: str, facts: Facts) -> bool:
    """Leave it there; whether the registry took it. Nothing depends on it but time."""
    data = gzip.compress(compact(facts.to_json()), mtime=0)
    content = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": KIND,
        "config": {"mediaType": EMPTY_TYPE, "digest": sha256(EMPTY), "size": len(EMPTY)},
        "layers": [{"mediaType": f"{KIND}+gzip", "digest": sha256(data), "size": len(data)}],
        "annotations": {BASE_DIGEST: digest},
    }
    try:
        registry.put_blob(EMPTY)
        registry.put_blob(data)
        registry.put_manifest(tag(digest), compact(content), OCI_MANIFEST)
    except (BuildError, UnreachableError):
        return False
    return True
