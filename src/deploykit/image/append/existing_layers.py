"""Layers that images of ours in the repository have already: found by name and key, used by digest."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploykit.errors import BuildError, UnreachableError
from deploykit.image.append.compose import Placed
from deploykit.image.label_names import ENGINE, LAYERS
from deploykit.image.layers.keys import SHOWN
from deploykit.plan import WARM, Plan
from deploykit.registry import Manifest, Registry
from deploykit.registry.manifest import labels_of

LOOK_AT = 8
"""Images at most: each costs some 10 kB."""
FROM_ANY = ("jre", WARM)
"""Layers to take from images that an engine built too. Those hold the same files in other bytes, so that what can be
made here in seconds is made here: then it is the same everywhere."""
_TAG = re.compile(r"(?P<mage>[\w.]+)-spark(?P<spark>\d+\.\d+\.\d+)-(?P<profile>[a-z]+)-[0-9a-f]{8}")


def find(plan: Plan, wanted: Mapping[str, str], registry: Registry) -> dict[str, Placed]:
    """Layers by name, of those that are wanted (name to key); a registry that lists no tags has none."""
    found: dict[str, Placed] = {}
    try:
        tags = nearest(plan, registry.tags())
    except UnreachableError:
        return found
    for tag in tags[:LOOK_AT]:
        try:
            for layer in _layers(registry, tag, plan.platform):
                fits = layer.name not in found and wanted.get(layer.name, "")[:SHOWN] == layer.key[:SHOWN]
                if fits and registry.has_blob(layer.digest):
                    found[layer.name] = layer
        except (BuildError, KeyError, ValueError):
            continue  # an image that has lost a part, or is none
        if set(found) == set(wanted):
            break
    return found


def nearest(plan: Plan, tags: Sequence[str]) -> list[str]:
    """Tags of our form, those first that may share most."""

    def distance(tag: str) -> tuple[bool, bool, list[int], str]:
        match = _TAG.fullmatch(tag)
        assert match is not None
        spark = [int(number) for number in match["spark"].split(".")]
        ours = [int(number) for number in plan.spark.release.split(".")]
        return (
            match["mage"] != plan.mage,
            match["profile"] != plan.profile,
            [abs(there - here) for there, here in zip(spark, ours, strict=True)],
            tag,
        )

    return sorted((tag for tag in tags if _TAG.fullmatch(tag)), key=distance)


def _layers(registry: Registry, tag: str, platform: str) -> Iterator[Placed]:
    found = registry.manifest(tag)
    manifest = None if found is None else registry.image(found, platform=platform)
    if manifest is None or "layers" not in manifest.content:
        return
    config = registry.config_of(manifest)
    if f"{config.get('os')}/{config.get('architecture')}" != platform:
        return
    from_any = labels_of(config).get(ENGINE) != "registry"
    for layer in read(manifest, config):
        if not from_any or layer.name in FROM_ANY:
            yield layer


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
