"""A layer that can be made on this machine, and its file once it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploykit import cache
from deploykit.image.layers import compressed, tar
from deploykit.progress import Progress

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, kw_only=True)
class LayerFile:
    """A compressed tar in the cache; `diff_id` is the digest of what is in it, `size` in bytes."""

    path: Path
    diff_id: str
    digest: str
    size: int
    media_type: str = MEDIA_TYPE


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer by the key that it is wanted by: one of that key can be taken from any image of ours.

    `make` is None where this machine cannot make it, and `why` says what it lacks.
    """

    name: str
    key: str
    make: Callable[[Progress], LayerFile] | None
    why: str = ""


def made(name: str, key: str, fill: Callable[[Path, Path, Progress], None], progress: Progress) -> LayerFile:
    """The layer's file, from the cache or made now: `fill` gets an empty folder to fill, and another one to work in."""
    stored = f"{key}-{compressed.compressor()}"
    if (known := _cached(stored)) is not None:
        return known
    with cache.only_one(f"layer-{key}", progress=progress), cache.scratch() as folder:
        if (known := _cached(stored)) is not None:
            return known
        progress.step(f"Making layer {name}")
        work = folder / "work"
        work.mkdir()
        fill(folder / "layer", work, progress)
        packed = folder / "packed"
        with packed.open("wb") as file:
            digests = compressed.write(tar.blocks(folder / "layer"), file)
        cache.keep(packed, digests.digest.removeprefix("sha256:"))
        cache.write_json("layers", stored, {"diff_id": digests.diff_id, "digest": digests.digest})
    return LayerFile(
        path=cache.blob(digests.digest.removeprefix("sha256:")),
        diff_id=digests.diff_id,
        digest=digests.digest,
        size=digests.size,
    )


def _cached(stored: str) -> LayerFile | None:
    known = cache.read_json("layers", stored)
    if known is None:
        return None
    path = cache.intact(known["digest"].removeprefix("sha256:"))
    if path is None:
        return None
    return LayerFile(path=path, diff_id=known["diff_id"], digest=known["digest"], size=path.stat().st_size)
