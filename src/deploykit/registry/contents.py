"""What a blob's bytes are read from: a file of this machine, or another repository. From any offset on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploykit.registry.transfers import BLOCK, Transfers


class Content(Protocol):
    """A blob: `digest` as registries write it, `size` in bytes."""

    @property
    def digest(self) -> str: ...

    @property
    def size(self) -> int: ...

    def blocks(self, offset: int) -> Iterator[bytes]:
        """The bytes from an offset on; `BrokenOffError` where they end too early."""


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """A file of this machine."""

    digest: str
    size: int
    path: Path

    def blocks(self, offset: int) -> Iterator[bytes]:
        """Read from the file."""
        with self.path.open("rb") as file:
            file.seek(offset)
            while block := file.read(BLOCK):
                yield block


@dataclass(frozen=True, kw_only=True)
class RemoteContent:
    """A blob of another repository, never kept here."""

    digest: str
    size: int
    source: Transfers
    url: str

    def blocks(self, offset: int) -> Iterator[bytes]:
        """Asked for when the first byte is wanted."""
        with self.source.receiving(self.url, offset=offset) as blocks:
            yield from blocks


class Part:
    """`length` bytes of a content from an offset on, as the body of a request."""

    def __init__(self, content: Content, offset: int, length: int) -> None:
        self._blocks = content.blocks(offset)
        self._length = length
        self._left = length

    def __len__(self) -> int:
        return self._length

    def read(self, _: int = -1, /) -> bytes:
        """The next block, whatever its size; empty at the end."""
        block = next(self._blocks, b"")[: self._left] if self._left else b""
        self._left -= len(block)
        return block
