"""A layer's compressed bytes depend on its content alone."""

import gzip
import hashlib
import io
import random

from deploykit.image.layers import compressed


def packed(pieces):
    target = io.BytesIO()
    digests = compressed.write(pieces, target)
    return target.getvalue(), digests


def content(size):
    made = random.Random(1)
    return b"".join(b"line %d\n" % made.randrange(1000) for _ in range(size // 8))


def test_it_is_gzip_and_says_what_is_in_it():
    data = content(3_000_000)
    written, digests = packed([data])
    assert gzip.decompress(written) == data
    assert digests.diff_id == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert digests.digest == f"sha256:{hashlib.sha256(written).hexdigest()}"
    assert digests.size == len(written) < len(data) / 3


def test_how_the_content_came_in_pieces_changes_nothing():
    data = content(2_500_000)
    assert packed([data]) == packed(data[at : at + 7000] for at in range(0, len(data), 7000))


def test_the_bytes_are_those_of_every_machine():
    # Another digest here means that images which were made before are made anew: a new compressor, level or size.
    assert compressed.compressor() == "libdeflate-0.9.0-6-1048576"
    written, digests = packed([content(1_500_000)])
    assert digests.digest == "sha256:bca4e92de42b1c2ef234dbb8d36fa936722228139721670302690ae30ae9b61b"
    assert written[:10] == bytes.fromhex("1f8b08000000000000ff"), "no name, no date, no system"


def test_an_empty_layer_is_gzip_too():
    written, _ = packed([bytes(1024)])
    assert gzip.decompress(written) == bytes(1024)
