"""`deploykit image --engine registry`: a plan, and everything that building it without an engine takes."""

from functools import partial

from deploykit.errors import UsageError
from deploykit.image.append.build import build
from deploykit.image.build import Result
from deploykit.image.layers import layers
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import Registry


def append(plan: Plan, *, push: bool, verified: bool, progress: Progress) -> Result:
    """Make sure that the image is in its registry; only there can it be."""
    if not push:
        raise UsageError("Without an engine an image is made in its registry, and nowhere else.", fix="--push")
    inside = None
    if verified and plan.verify_in:
        from deploykit.image.append import verify_in

        inside = partial(verify_in.verify, plan, where=plan.verify_in, progress=progress)
    return build(
        plan,
        layers=layers,
        registry=Registry.of(plan.repository, plan, progress=progress),
        base=Registry.of(ImageReference.split(plan.base.reference).repository, plan, progress=progress),
        verified=verified,
        inside=inside,
        progress=progress,
    )
