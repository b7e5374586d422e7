"""A layer is what its digest says, or an error that says that it is not."""

import gzip
import hashlib
import random
from pathlib import Path

import pytest
import zstandard
from tests.unit.image.append.test_scan import content, in_two_members, layer

from deploykit.cli.output import Lines
from deploykit.errors import BuildError
from deploykit.image.append import stream

NAMED = pytest.mark.parametrize("compress", [bytes, gzip.compress, in_two_members, zstandard.compress])


def read(data: bytes, original: bytes, folder: Path) -> dict[str, bytes]:
    """The files in what lies where the original should."""
    found = content(original, folder)
    found.path.write_bytes(data)
    return {member.name: read() for member, read in stream.entries(found, progress=Lines()) if member.isreg()}


@NAMED
def test_every_file_is_read(compress, tmp_path):
    data = compress(layer())
    assert read(data, data, tmp_path)["./app/run_app.sh"] == b"#!/bin/sh\n"


@NAMED
def test_flipped_bytes_anywhere_are_told_as_damage(compress, tmp_path):
    original = compress(layer())
    seed = int(hashlib.sha256(original).hexdigest(), 16)
    places = {*range(0, 64), *random.Random(seed).sample(range(len(original)), min(200, len(original)))}
    for place in sorted(place for place in places if place < len(original)):
        data = bytearray(original)
        data[place] ^= 0xFF
        with pytest.raises(BuildError, match="is damaged where it lies") as caught:
            read(bytes(data), original, tmp_path)
        assert caught.value.fix == "push the base image there again"
