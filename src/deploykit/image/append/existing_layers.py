"""Layers that images of ours in the repository have already: found by name and key, used by digest."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any

from deploykit.errors import BuildError, UnreachableError
from deploykit.image.append.candidates import candidates
from deploykit.image.append.compose import Placed
from deploykit.image.label_names import ENGINE, LAYERS
from deploykit.image.layers.keys import SHOWN
from deploykit.plan import WARM, Plan
from deploykit.progress import Progress
from deploykit.registry import Manifest, Registry
from deploykit.registry.client import AT_ONCE
from deploykit.registry.manifest import labels_of

FROM_ANY = ("jre", WARM)
"""Layers to take from images that an engine built too. Those hold the same files in other bytes, so that what can be
made here in seconds is made here: then it is the same everywhere."""


def find(
    plan: Plan,
    wanted: Mapping[str, str],
    registry: Registry,
    *,
    spare: Collection[str] = (),
    progress: Progress | None = None,
) -> dict[str, Placed]:
    """Layers by name, of those that are wanted (name to key); a registry that lists no tags has none.

    Which image a layer is taken from does not depend on what else is wanted. `spare`: those that can be made as well.
    Where no others are left to find, a registry that does not answer ends the search; else `UnreachableError` does.
    """
    found: dict[str, Placed] = {}
    try:
        tags = registry.tags()
    except UnreachableError:
        return found

    @cache
    def look(tag: str) -> tuple[Placed, ...]:
        try:
            digest = registry.digest(tag)
            return () if digest is None else _layers(digest, registry, plan.platform)
        except (BuildError, KeyError, ValueError):
            return ()  # an image that has lost a part, or is none

    def look_at(tags: Sequence[str]) -> Iterator[Placed]:
        """The nearest alone, which mostly has all; then several at once."""
        yield from chain.from_iterable(map(look, tags[:1]))
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for first in range(1, len(tags), AT_ONCE):
                yield from chain.from_iterable(pool.map(look, tags[first : first + AT_ONCE]))

    try:
        for name, key in wanted.items():
            images = candidates(name, plan, tags)
            for layer in look_at(images.first):
                if (layer.name, layer.key[:SHOWN]) == (name, key[:SHOWN]) and registry.has_blob(layer.digest):
                    found[name] = layer
                    break
            else:
                if images.beyond and progress is not None:
                    asked = f"{images.limit} of {len(images.tags)} images of ours that may have it"
                    progress.step(f"Layer {name}: not found, and only {asked} were looked at")
    except UnreachableError as error:
        if not wanted.keys() - found.keys() <= set(spare):
            raise
        if progress is not None:
            progress.step(f"Layers of other images are looked for no further: {error.what} {error.why}")
    return found


@cache
def _layers(digest: str, registry: Registry, platform: str) -> tuple[Placed, ...]:
    """Layers to take from an image. It is looked at for the plan and for the build, and read once: registries count
    how often a manifest is."""
    found = registry.manifest(digest)
    manifest = None if found is None else registry.image(found, platform=platform)
    if manifest is None or "layers" not in manifest.content:
        return ()
    config = registry.config_of(manifest)
    if f"{config.get('os')}/{config.get('architecture')}" != platform:
        return ()
    from_any = labels_of(config).get(ENGINE) != "registry"
    return tuple(layer for layer in read(manifest, config) if not from_any or layer.name in FROM_ANY)


def read(manifest: Manifest, config: Mapping[str, Any]) -> list[Placed]:
    """The layers of an image of ours, by its label; none where it has no such label."""
    named = [text.partition("=")[::2] for text in labels_of(config).get(LAYERS, "").split()]
    pairs = list(zip(manifest.content["layers"], config["rootfs"]["diff_ids"], strict=True))
    made_by = [str(one.get("created_by")) for one in config.get("history") or () if not one.get("empty_layer")]
    if made_by and "WORKDIR" in made_by[-1]:  # Docker's builders make a layer of it, though it adds nothing
        pairs.pop()
    if not named or len(named) >= len(pairs):
        return []
    return [
        Placed(
            name=name,
            key=key,
            digest=str(part["digest"]),
            size=int(part["size"]),
            diff_id=str(diff_id),
            media_type=str(part["mediaType"]),
        )
        for (name, key), (part, diff_id) in zip(named, pairs[-len(named) :], strict=True)
    ]
