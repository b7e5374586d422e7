"""What belongs to an image in the registry beside the image: its bill of materials and, with a key, signatures."""

from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.supply_chain import attach, sign


def complete(
    plan: Plan, reference: str, digest: str, *, registry: Registry, key: str | None, progress: Progress
) -> None:
    """Make sure that both are attached to `digest` in the registry; safe to repeat, and to be killed anywhere.

    `reference` is how the image is called in what is said. `key`: a file of cosign's, or the URI of a key that a KMS
    holds; both the image and the bill of materials are signed, for the image's signature says nothing about the latter.
    """
    materials = attach.attach(plan, digest, registry=registry, progress=progress)
    if key:
        for signed, what in ((digest, reference), (materials, "its bill of materials")):
            if signed:
                sign.sign(registry, signed, key=key, progress=progress, what=what)
