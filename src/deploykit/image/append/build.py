"""From a plan to an image in its registry, without an engine: what is missing is made and sent, the tag comes last."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploykit import cache
from deploykit.errors import BuildError, IncompatibleError
from deploykit.image import integrity
from deploykit.image.append import base_image, existing_layers, facts_artifact, static
from deploykit.image.append.base_files import InLayers
from deploykit.image.append.base_image import BaseImage
from deploykit.image.append.compose import Composed, Placed, compose
from deploykit.image.build import Result
from deploykit.image.layers import Layer, LayerFile
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.registry.contents import FileContent
from deploykit.registry.mounts import Blobs

AT_ONCE = 3


Layers = Callable[[Plan, InLayers], Sequence[Layer]]


def build(
    plan: Plan,
    *,
    layers: Layers,
    registry: Registry,
    base: Registry,
    verified: bool,
    inside: Callable[[str], None] | None = None,
    progress: Progress,
) -> Result:
    """Make sure that the image is in its registry.

    Before it gets its tag, its files are looked at when `verified`, and `inside` tries it by `repository@digest`.
    """
    with cache.only_one(f"build-{hashlib.sha256(plan.reference.encode()).hexdigest()}", progress=progress):

        def make() -> Composed:
            return _image(plan, layers=layers, registry=registry, base=base, verified=verified, progress=progress)

        built = pushed = False
        if digest := registry.digest(plan.tag):
            progress.step(f"{plan.reference} is in the registry: nothing to build")
        else:
            composed, built = make(), True
            if inside is not None:
                registry.put_manifest(composed.digest, composed.manifest, composed.media_type)
                inside(f"{plan.repository}@{composed.digest}")
            # Asked again: another machine may have pushed it meanwhile, and a tag that is there is not pushed over.
            digest = registry.digest(plan.tag)
        if digest is None:
            progress.step(f"Pushing {plan.reference}")
            digest, pushed = registry.put_manifest(plan.tag, composed.manifest, composed.media_type), True
        healed = integrity.ensure(plan, digest, registry=registry, again=lambda: make().digest, progress=progress)
        return Result(reference=plan.reference, digest=digest, id="", built=built, pushed=pushed or healed)


def _image(
    plan: Plan, *, layers: Layers, registry: Registry, base: Registry, verified: bool, progress: Progress
) -> Composed:
    """All of the image in the registry, but no tag."""
    if plan.base.inventory.assumed or not plan.base.digest.startswith("sha256:"):
        raise IncompatibleError(
            f"{plan.base.reference} is not in a registry that could be asked.", fix="--base with an image of a registry"
        )
    below = base_image.find(base, plan.base.digest, platform=plan.platform)
    facts = base_image.facts(below, beside=registry, progress=progress)
    wanted = layers(plan, InLayers(image=below, facts=facts))
    here = Blobs(registry, reads=(base,))
    found = existing_layers.find(
        plan,
        {layer.name: layer.key for layer in wanted},
        registry,
        spare=[layer.name for layer in wanted if layer.make is not None],
        progress=progress,
    )
    made = {layer.name: _made(layer, progress) for layer in wanted if layer.name not in found}
    if verified:
        static.verify(plan, facts, made, unread=found, progress=progress)
    placed = [found.get(layer.name) or _put(layer, made[layer.name], here, progress) for layer in wanted]
    for layer in found.values():
        progress.step(f"Layer {layer.name}: there already ({layer.size / 1e6:.1f} MB)")
    _base_blobs(below, here, progress)
    composed = compose(plan, below.manifest.content, below.config, placed, base_type=below.manifest.media_type)
    registry.put_blob(composed.config)
    if registry.digest(facts_artifact.tag(below.manifest.digest)) is None:
        facts_artifact.leave(registry, below.manifest.digest, facts)
    return composed


def _made(layer: Layer, progress: Progress) -> LayerFile:
    """The file of a layer. One is made after the other: each is a stream, and memory is what a pod has little of."""
    if layer.make is None:
        raise BuildError(
            f"Layer {layer.name} cannot be made here, and no image of ours that was looked at has it.",
            why=layer.why,
            fix="--engine docker",
        )
    return layer.make(progress)


def _put(layer: Layer, made: LayerFile, here: Blobs, progress: Progress) -> Placed:
    sent = here.put(FileContent(digest=made.digest, size=made.size, path=made.path), progress=progress)
    progress.step(f"Layer {layer.name}: {'sent' if sent else 'there already'} ({made.size / 1e6:.1f} MB)")
    return Placed(
        name=layer.name,
        key=layer.key,
        digest=made.digest,
        size=made.size,
        diff_id=made.diff_id,
        media_type=made.media_type,
    )


def _base_blobs(below: BaseImage, here: Blobs, progress: Progress) -> None:
    """The base's layers in our repository; those that lie elsewhere by design (`urls`) stay there."""
    source = Blobs(below.registry)
    parts = {str(layer["digest"]): int(layer["size"]) for layer in below.layers if not layer.get("urls")}

    def take(part: tuple[str, int]) -> str:
        return here.take(*part, source=source, progress=progress)

    first, *others = parts.items()
    how = [take(first)]  # alone: it may have to log in
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        how += pool.map(take, others)
    said = ", ".join(f"{how.count(kind)} {kind}" for kind in ("there", "mounted", "copied") if kind in how)
    progress.step(f"The base's {len(parts)} layers: {said}")
