"""An image as its registry has it: the files of its layers, its configuration, and copies of it elsewhere."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploykit.cli.output import Lines
from deploykit.image.append import existing_layers, stream
from deploykit.image.append.compose import Placed
from deploykit.image_reference import ImageReference
from deploykit.registry import Manifest, Registry
from deploykit.registry.mounts import Blobs


@dataclass(frozen=True)
class File:
    """One path of our layers, as it is in a container."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    mtime: int
    link: str
    sha256: str


def files(exact: str, base: str) -> dict[str, File]:
    """Every path that the layers above the base's have in a container."""
    registry, manifest = _found(exact)
    below = _found(base)[1].content["layers"]
    assert manifest.content["layers"][: len(below)] == below, "the base's own layers are all there, as they are"
    found: dict[str, File] = {}
    for layer in manifest.content["layers"][len(below) :]:
        found |= _of_layer(registry, layer["digest"], layer["size"])
    return found


def named(exact: str, name: str) -> dict[str, File]:
    """The paths of one layer of ours, by its name, of an image without an index."""
    layer = layers(exact)[name]
    return _of_layer(_found(exact)[0], layer.digest, layer.size)


def layers(exact: str) -> dict[str, Placed]:
    """The layers of ours, by name, of an image without an index."""
    registry, manifest = _found(exact)
    return {layer.name: layer for layer in existing_layers.read(manifest, registry.config_of(manifest))}


def _of_layer(registry: Registry, digest: str, size: int) -> dict[str, File]:
    """Every path of one layer."""
    return {
        member.name.strip("/"): File(
            kind=member.type,
            mode=member.mode & 0o7777,
            owner=(member.uid, member.gid),
            mtime=0 if member.isdir() else int(member.mtime),
            link=member.linkname,
            sha256=hashlib.sha256(read()).hexdigest() if member.isreg() else "",
        )
        for member, read in stream.entries(Blobs(registry).content(digest, size), progress=Lines())
    }


def config(exact: str) -> dict[str, Any]:
    """The configuration of one image, not of an index."""
    registry, manifest = _found(exact)
    return dict(registry.config_of(manifest))


def settings(config: Mapping[str, Any]) -> dict[str, object]:
    """What an image's configuration says of its containers, but for what made the image."""
    names = ("User", "WorkingDir", "Cmd", "Entrypoint", "ExposedPorts", "Volumes")
    labels = {name: text for name, text in config["Labels"].items() if name != "io.deploykit.engine"}
    return {**{name: config.get(name) for name in names}, "Env": set(config["Env"]), "Labels": labels}


def copy(exact: str, repository: str, *, tag: str) -> None:
    """An image, under another tag in another repository of the same registry."""
    (source, manifest), target = _found(exact), Registry(repository)
    for part in (manifest.content["config"], *manifest.content["layers"]):
        Blobs(target).take(part["digest"], part["size"], source=Blobs(source), progress=Lines())
    target.put_manifest(tag, manifest.raw, manifest.media_type)


def _found(image: str) -> tuple[Registry, Manifest]:
    named = ImageReference.split(image)
    registry = Registry(named.repository)
    manifest = registry.manifest(named.version)
    assert manifest is not None, f"{image} is not in its registry"
    return registry, manifest
