"""A layer as a registry gets it: gzip whose bytes depend on the content alone, and on one pinned compressor.

What `zlib` writes differs from machine to machine: the original, zlib-ng, Apple's and Intel's all go by that name.
libdeflate gives the same bytes for the same input and version, and comes with a wheel whose version is pinned. It takes
whole buffers, so that a layer is a chain of gzip members of 1 MiB, which every reader of gzip takes for one.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

MEMBER = 1 << 20
LEVEL = 6


@dataclass(frozen=True, kw_only=True)
class Digests:
    """`diff_id` is of the tar, `digest` and `size` (bytes) are of what is pushed."""

    diff_id: str
    digest: str
    size: int


def compressor() -> str:
    """What decides the compressed bytes beside the content, such as `libdeflate-0.9.0-6-1048576`."""
    import deflate

    return f"libdeflate-{deflate.__version__}-{LEVEL}-{MEMBER}"


def write(content: Iterable[bytes], target: IO[bytes]) -> Digests:
    """Compress a stream into a file; holds a few MB of it at a time."""
    import deflate

    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    for member in _members(content):
        plain.update(member)
        data = deflate.gzip_compress(member, LEVEL)
        packed.update(data)
        size += len(data)
        target.write(data)
    return Digests(diff_id=f"sha256:{plain.hexdigest()}", digest=f"sha256:{packed.hexdigest()}", size=size)


def _members(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one size, whatever the pieces were."""
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) >= MEMBER:
            yield bytes(held[:MEMBER])
            del held[:MEMBER]
    if held:
        yield bytes(held)
