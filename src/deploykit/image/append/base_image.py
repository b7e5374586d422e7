"""The base where it lies: its manifest and configuration for one platform, and what its files say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploykit import cache
from deploykit.errors import BuildError, IncompatibleError
from deploykit.image.append import facts_artifact
from deploykit.image.append.facts import Facts, stacked
from deploykit.image.append.scan import scan
from deploykit.progress import Progress
from deploykit.registry import Manifest, Registry
from deploykit.registry.mounts import Blobs


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """One image, not an index; `config` is its configuration as JSON."""

    registry: Registry
    manifest: Manifest
    config: Mapping[str, Any]

    @property
    def layers(self) -> list[Mapping[str, Any]]:
        """The descriptors of its layers, lowest first."""
        return list(self.manifest.content["layers"])


def find(registry: Registry, digest: str, *, platform: str) -> BaseImage:
    """The image of a digest, which may be an index; raises `IncompatibleError` where it is for other platforms."""
    found = registry.manifest(digest)
    if found is not None and found.parts and found.part(platform) is None:
        offered = sorted(f"{(one.get('platform') or {}).get('architecture')}" for one in found.parts)
        raise IncompatibleError(
            f"{registry.repository} is not there for {platform}.", why=f"It is for {', '.join(offered)}."
        )
    manifest = None if found is None else registry.image(found, platform=platform)
    if manifest is None:
        raise BuildError(f"{registry.repository} has lost {digest}.", fix="push the base image there again")
    if "layers" not in manifest.content:
        raise IncompatibleError(f"{registry.repository}@{digest} is no image.", why=f"It is {manifest.media_type}.")
    config = registry.config_of(manifest)
    built_for = f"{config.get('os')}/{config.get('architecture')}"
    if built_for != platform:
        raise IncompatibleError(
            f"{registry.repository} is for {built_for}, not for {platform}.", fix=f"--platform {built_for}"
        )
    return BaseImage(registry=registry, manifest=manifest, config=config)


def facts(base: BaseImage, *, beside: Registry | None, progress: Progress) -> Facts:
    """What the base's files say: from the cache, from what lies in the repository `beside`, else from its layers."""
    digest = base.manifest.digest
    key = digest.replace(":", "-")
    if (cached := Facts.from_json(cache.read_json("base-facts", key))) is not None:
        return cached
    if beside is not None and (told := facts_artifact.read(beside, digest)) is not None:
        cache.write_json("base-facts", key, told.to_json())
        return told
    size = sum(int(layer["size"]) for layer in base.layers)
    progress.step(f"Reading what is in {base.registry.repository}: its layers, once ({size / 1e6:.0f} MB)")
    blobs = Blobs(base.registry)
    found = stacked(
        scan(blobs.content(str(layer["digest"]), int(layer["size"])), progress=progress) for layer in base.layers
    )
    cache.write_json("base-facts", key, found.to_json())
    return found
