"""The bill of materials beside its image in the registry, as an OCI artifact that refers to it."""

from collections.abc import Mapping
from typing import Any

from deploykit.errors import BuildError
from deploykit.image.label_names import INPUTS
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import RefusedError, Registry
from deploykit.supply_chain.sbom import MEDIA_TYPE, sbom


def attached(registry: Registry, digest: str) -> list[Mapping[str, Any]]:
    """The descriptors of all bills of materials that are attached to an image, whoever made them."""
    return registry.referrers(digest, artifact_type=MEDIA_TYPE)


def ours(registry: Registry, digest: str, inputs: str) -> str | None:
    """The digest of the one that deploykit attached to an image that was made from these inputs."""
    for entry in attached(registry, digest):
        if (entry.get("annotations") or {}).get(INPUTS) == inputs:
            return str(entry["digest"])
    return None


def document(registry: Registry, artifact: str) -> bytes:
    """A bill of materials by its artifact's digest; raises `BuildError` where the registry does not have all of it."""
    manifest = registry.manifest(artifact)
    layers: list[Mapping[str, Any]] = [] if manifest is None else [*manifest.content.get("layers", ())]
    if len(layers) != 1:
        raise BuildError(f"the registry has lost {artifact}")
    return registry.blob(str(layers[0]["digest"]))


def attach(plan: Plan, digest: str, *, registry: Registry, progress: Progress) -> str | None:
    """Make sure that it is there; returns its digest.

    None, and a word to the person, for an image of other inputs, of which the plan knows nothing, and for a registry
    that takes images alone: the image is there and fits all the same.
    """
    if found := ours(registry, digest, plan.inputs):
        return found
    labels = registry.labels(digest, platform=plan.platform) or {}
    if labels.get(INPUTS) != plan.inputs:
        progress.step(f"No bill of materials for {digest[:19]}: it was made from other inputs than this plan's")
        return None
    progress.step("Attaching the bill of materials")
    document = sbom(plan, labels=labels, digest=digest)
    try:
        return registry.attach(
            digest,
            artifact_type=MEDIA_TYPE,
            data=document,
            media_type=MEDIA_TYPE,
            annotations={INPUTS: plan.inputs},
        )
    except RefusedError as error:
        if not error.final:
            raise
        progress.step(f"The registry does not take the bill of materials. {error.why}")
        return None
