"""The entries of a layer in a registry, as they come: nothing is kept on disk, whatever its size or compression."""

import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from deploykit.errors import BuildError, UnreachableError
from deploykit.progress import Progress
from deploykit.registry.backoff import Backoff
from deploykit.registry.contents import Content
from deploykit.registry.errors import BrokenOffError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
TRIES = 5


def entries(content: Content, *, progress: Progress) -> Iterator[tuple[tarfile.TarInfo, Callable[[], bytes]]]:
    """Each entry of a layer, and a function that reads its bytes before the next one is asked for.

    Raises `BuildError` where the bytes are not those of the digest, at the end at the latest: use nothing before that.
    """
    received = hashlib.sha256()
    compressed = _resumed(content, received.update, progress)
    with _whole(content, tarfile.ReadError):
        reader = io.BufferedReader(_Raw(_decompressed(compressed, content)), 1 << 18)
        with tarfile.open(fileobj=reader, mode="r|", errors="surrogateescape") as archive:
            for member in archive:
                archive.members = []  # type: ignore[attr-defined] # a layer has 100 000, and none is looked up again
                yield member, partial(_read, archive, member, content)
        while reader.read(1 << 18):
            pass
    if f"sha256:{received.hexdigest()}" != content.digest:
        raise _damaged(content)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo, content: Content) -> bytes:
    with _whole(content, tarfile.ReadError):
        file = archive.extractfile(member)
        return b"" if file is None else file.read()


@contextmanager
def _whole(content: Content, kind: type[Exception]) -> Iterator[None]:
    """What cannot be read, as the error of a layer that is not what it was."""
    try:
        yield
    except kind:
        raise _damaged(content) from None


def _damaged(content: Content) -> BuildError:
    return BuildError(f"{content.digest} is damaged where it lies.", fix="push the base image there again")


def _resumed(content: Content, seen: Callable[[bytes], None], progress: Progress) -> Iterator[bytes]:
    done, backoff = 0, Backoff(content.digest[:19], tries=TRIES, progress=progress)
    while done < content.size:
        try:
            for block in content.blocks(done):
                seen(block)
                done += len(block)
                backoff.reset()
                progress.advance(content.digest[:19], done, content.size)
                yield block
            if done < content.size:
                raise BrokenOffError("it ended too early")
        except BrokenOffError as error:
            if not backoff.again(error.asked):
                raise UnreachableError(
                    f"{content.digest} could not be read from its registry.", why=f"{error}.", fix="run it again"
                ) from None


def _decompressed(blocks: Iterator[bytes], content: Content) -> Iterator[bytes]:
    first = next(blocks, b"")
    if first.startswith(GZIP):
        with _whole(content, zlib.error):
            yield from _members(first, blocks, lambda: zlib.decompressobj(wbits=31))
    elif first.startswith(ZSTD):
        import zstandard

        with _whole(content, zstandard.ZstdError):
            yield from _members(first, blocks, zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj)
    else:
        yield first
        yield from blocks


def _members(first: bytes, blocks: Iterator[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    """Some compressors write many members, one after the other: pigz, eStargz, parallel zstd."""
    current = make()
    data = first
    while True:
        if data:
            yield current.decompress(data)
        if current.eof:
            data, current = current.unused_data, make()
            if data.strip(b"\0"):
                continue
        if not (data := next(blocks, b"")):
            return


class _Raw(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as the class above has it
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
