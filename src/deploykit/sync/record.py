"""The record beside a values file: what images are, and the last syncs. It saves questions and keeps history, no more:
without it, everything is found again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploykit.image_reference import ImageReference
from deploykit.sync.drift import FACTS

KEPT = 20


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One sync that changed the values: `at` in UTC, the server's version, the image by digest, and why."""

    at: str
    server: str
    image: str
    why: tuple[str, ...]
    deploykit: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """`images` maps digests to the labels of their image; `syncs` is oldest first. `problem`: why a file that is there
    was not read."""

    images: Mapping[str, Mapping[str, str]]
    syncs: tuple[Entry, ...]
    problem: str = ""

    def labels(self, image: ImageReference | None) -> Mapping[str, str] | None:
        """What is known of an image by its digest."""
        return None if image is None else self.images.get(image.digest)

    def newest_first(self) -> list[ImageReference]:
        """The images that were deployed, each once."""
        names = dict.fromkeys(entry.image for entry in reversed(self.syncs))
        return [ImageReference.split(name) for name in names]

    def having(self, entry: Entry, labels: Mapping[str, str]) -> "Record":
        """The record after a sync. One that was killed before it wrote the values is not told twice."""
        last = self.syncs[-1] if self.syncs else None
        again = last is not None and (last.image, last.server) == (entry.image, entry.server)
        syncs = (self.syncs if again else (*self.syncs, entry))[-KEPT:]
        named = {ImageReference.split(each.image).digest for each in syncs}
        facts = {name: labels[name] for name in FACTS if name in labels}
        images = {**self.images, ImageReference.split(entry.image).digest: facts}
        return replace(self, syncs=syncs, images={key: images[key] for key in sorted(named & images.keys())})


EMPTY = Record(images={}, syncs=())


def path(values: Path) -> Path:
    """Where the record of a values file lies: `values.yaml` has `values.yaml.sync.json` beside it."""
    return values.with_name(f"{values.name}.sync.json")


def read(file: Path) -> Record:
    """The record; an absent one is empty, and so is one that cannot be read, as after a conflict in Git."""
    try:
        return _record(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return EMPTY
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return replace(
            EMPTY,
            problem=f"{file} cannot be read, as after a conflict in Git: repair it to have its history back. "
            f"The next sync that writes keeps it as {aside(file).name} and begins a new one.",
        )


def set_aside(file: Path) -> None:
    """Keep a record that cannot be read beside the one that takes its place; what is no file stays in the way."""
    if file.is_file():
        file.replace(aside(file))


def aside(file: Path) -> Path:
    """Where a record that could not be read is kept."""
    return file.with_name(f"{file.name}.unread")


def to_text(record: Record) -> str:
    """The file's text: the same record gives the same bytes."""
    value = {"images": record.images, "syncs": [asdict(entry) for entry in record.syncs]}
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _record(value: Mapping[str, Any]) -> Record:
    return Record(
        images={
            digest: {str(name): str(text) for name, text in labels.items()}
            for digest, labels in value["images"].items()
        },
        syncs=tuple(
            Entry(
                at=str(entry["at"]),
                server=str(entry["server"]),
                image=str(entry["image"]),
                why=tuple(map(str, entry["why"])),
                deploykit=str(entry["deploykit"]),
            )
            for entry in value["syncs"]
        ),
    )
