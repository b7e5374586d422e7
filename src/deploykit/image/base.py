"""The base image: which one exactly, and what is in it."""

import hashlib
import json
from dataclasses import dataclass

from deploykit import cache
from deploykit.catalog import Catalog
from deploykit.errors import IncompatibleError, UnreachableError, UsageError
from deploykit.image.engine import Engine
from deploykit.image.inventory import Inventory, script
from deploykit.image_reference import ImageReference
from deploykit.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Base:
    """The image that ours starts from.

    `digest` is what its registry calls it, or, for an image that only the engine has, its id; empty where nothing could
    be asked. `pinned` is what `FROM` names. `note` says what is not certain about it.
    """

    reference: str
    digest: str
    pinned: str
    inventory: Inventory
    note: str = ""

    @property
    def identity(self) -> str:
        """What tells this base from others: its digest or id, else the only thing that is known, its reference."""
        return self.digest or self.reference


def resolve(reference: str, *, platform: str, engine: Engine, progress: Progress) -> Base:
    """The base as it is now: by digest, with the inventory that was read inside it. Needs an engine."""
    digest, note = _digest_now(reference, engine)
    if digest is None:
        return _local_only(reference, platform=platform, engine=engine)
    pinned = _pinned(reference, digest)
    inventory = _cached_inventory(digest, platform)
    if inventory is None:
        if (local := engine.local(pinned)) is None or local.platform != platform:
            engine.pull(pinned, platform=platform, progress=progress)
        progress.step(f"Reading what is in {reference}")
        inventory = _read(pinned, platform=platform, engine=engine)
        remember(digest, platform, inventory)
    remember_digest(reference, digest)
    return Base(reference=reference, digest=digest, pinned=pinned, inventory=inventory, note=note)


def remembered(reference: str, *, platform: str, catalog: Catalog) -> Base | None:
    """The base as it was last read or, for a published Mage image, as the catalog assumes it; asks nobody."""
    digest = ImageReference.split(reference).digest or remembered_digest(reference) or ""
    if digest and (inventory := _cached_inventory(digest, platform)):
        pinned = _pinned(reference, digest)
        return Base(reference=reference, digest=digest, pinned=pinned, inventory=inventory, note="as last read")
    for release in catalog.mage.values():
        if reference == release.reference:
            return Base(
                reference=reference,
                digest="",
                pinned=reference,
                inventory=Inventory.from_catalog(release, platform=platform),
                note="assumed: the image was never read on this machine",
            )
    return None


def remember(digest: str, platform: str, inventory: Inventory) -> None:
    """Keep what was read in a base, for as long as the program that reads it stays the same."""
    cache.write_json("inventories", _key(digest, platform), inventory.to_json())


def remember_digest(reference: str, digest: str) -> None:
    """Keep what a registry called a reference."""
    cache.write_json("references", _name(reference), {"digest": digest})


def remembered_digest(reference: str) -> str | None:
    """What a registry called a reference when it was last asked."""
    return (cache.read_json("references", _name(reference)) or {}).get("digest")


def _digest_now(reference: str, engine: Engine) -> tuple[str | None, str]:
    """The digest of a reference, and what is not certain about it; None for an image that only the engine has."""
    if exact := ImageReference.split(reference).digest:
        return exact, ""
    try:
        digest = engine.digest(reference)
    except UnreachableError as error:
        known = remembered_digest(reference)
        if known or (known := _repo_digest(reference, engine)):
            return known, f"its registry could not be asked ({error.why}): the last known digest"
        if engine.local(reference):
            return None, ""
        raise UnreachableError(
            f"The registry of the base image {reference} could not be asked.",
            why=error.why,
            fix="--base with the Mage image of a registry that this machine reaches, or `docker login`",
        ) from None
    if digest is None and engine.local(reference) is None:
        raise UsageError(f"There is no image {reference}.", fix="--base with a Mage image that exists")
    return digest, ""


def _repo_digest(reference: str, engine: Engine) -> str | None:
    local = engine.local(reference)
    named = () if local is None else map(ImageReference.split, local.repo_digests)
    return next((one.digest for one in named if one.repository == ImageReference.split(reference).repository), None)


def _pinned(reference: str, digest: str) -> str:
    return str(ImageReference(ImageReference.split(reference).repository, digest=digest))


def _local_only(reference: str, *, platform: str, engine: Engine) -> Base:
    local = engine.local(reference)
    if local is None:
        raise UsageError(f"There is no image {reference}.", fix="--base with a Mage image that exists")
    if local.platform != platform:
        raise IncompatibleError(
            f"{reference} is for {local.platform}, not for {platform}.", fix=f"--platform {local.platform}"
        )
    inventory = _cached_inventory(local.id, platform)
    if inventory is None:
        inventory = _read(reference, platform=platform, engine=engine)
        remember(local.id, platform, inventory)
    note = "only the engine has it: pinned by its id, not by a registry's digest"
    return Base(reference=reference, digest=local.id, pinned=reference, inventory=inventory, note=note)


def _read(pinned: str, *, platform: str, engine: Engine) -> Inventory:
    finished = engine.run(pinned, ["python3", "-c", script()], platform=platform, entrypoint=[], user="0:0")
    lines = finished.output.strip().splitlines()
    try:
        report = json.loads(lines[-1]) if finished.status == 0 and lines else None
    except ValueError:
        report = None
    if report is None:
        why = lines[-1] if lines else f"python3 ended with {finished.status} and said nothing."
        raise IncompatibleError(
            f"{pinned} could not say what is in it.", why=why, fix="--base with a Mage image: it has a python3"
        )
    return Inventory.from_report(report, reference=pinned)


def _cached_inventory(digest: str, platform: str) -> Inventory | None:
    value = cache.read_json("inventories", _key(digest, platform))
    return None if value is None else Inventory.from_json(value)


def _key(digest: str, platform: str) -> str:
    """Another reading script gives another key, so an old cache never answers for it."""
    reader = hashlib.sha256(script().encode()).hexdigest()[:8]
    return f"{digest.replace(':', '-')}-{platform.replace('/', '-')}-{reader}"


def _name(reference: str) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()
