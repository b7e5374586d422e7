"""The record beside a values file: small, stable, and nothing depends on it."""

import json
from pathlib import Path

import pytest

from deploykit.image_reference import ImageReference
from deploykit.sync import record
from deploykit.sync.record import EMPTY, KEPT, Entry


def entry(number: int, *, image: int | None = None) -> Entry:
    return Entry(
        at=f"2026-11-23T00:00:{number:02}Z",
        server=f"4.1.{number}",
        image=f"registry.example:5000/mage:tag{image or number}@sha256:{image or number:064}",
        why=("server: Spark 4.0.5 -> 4.1.1",),
        deploykit="0.1.0",
    )


def labels(number: int) -> dict[str, str]:
    return {"io.deploykit.spark": f"4.1.{number}"}


def test_it_lies_beside_the_values():
    assert record.path(Path("dev/values.yaml")) == Path("dev/values.yaml.sync.json")


def test_what_is_written_is_read_and_the_same_record_gives_the_same_bytes(tmp_path):
    kept = EMPTY.having(entry(1), labels(1)).having(entry(2), labels(2))
    file = tmp_path / "record.json"
    file.write_text(record.to_text(kept), encoding="utf-8")
    assert record.read(file) == kept
    assert record.to_text(record.read(file)) == record.to_text(kept)
    assert record.to_text(kept).endswith("}\n")


def test_it_keeps_the_last_syncs_and_the_labels_of_the_images_they_name():
    kept = EMPTY
    for number in range(1, KEPT + 6):
        kept = kept.having(entry(number), labels(number))
    assert [item.server for item in kept.syncs] == [f"4.1.{number}" for number in range(6, KEPT + 6)]
    assert set(kept.images) == {item.image.partition("@")[2] for item in kept.syncs}


def test_an_image_that_was_deployed_twice_is_named_once_the_newest_first():
    kept = EMPTY.having(entry(1), labels(1)).having(entry(2), labels(2)).having(entry(3, image=1), labels(1))
    first, second = kept.newest_first()
    assert first == ImageReference("registry.example:5000/mage", "tag1", f"sha256:{1:064}")
    assert second.tag == "tag2"
    assert kept.labels(first) == labels(1)


def test_a_sync_that_was_killed_before_it_wrote_the_values_is_told_once():
    once = EMPTY.having(entry(1), labels(1))
    assert once.having(entry(1), labels(1)) == once


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"images": [], "syncs": []}', '{"images": {}, "syncs": [{}]}', "<<<<<<< HEAD"],
)
def test_one_that_cannot_be_read_counts_as_none_and_says_so(tmp_path, text):
    file = tmp_path / "record.json"
    file.write_text(text, encoding="utf-8")
    kept = record.read(file)
    assert (kept.images, kept.syncs) == (EMPTY.images, EMPTY.syncs)
    assert "record.json cannot be read" in kept.problem
    assert record.read(tmp_path / "nothing.json") == EMPTY


def test_it_holds_no_more_than_it_says():
    held = json.loads(record.to_text(EMPTY.having(entry(1), labels(1) | {"io.deploykit.layers": "long"})))
    assert set(held) == {"images", "syncs"}
    assert list(held["images"].values()) == [labels(1)]
    assert set(held["syncs"][0]) == {"at", "server", "image", "why", "deploykit"}
