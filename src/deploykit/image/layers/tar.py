"""A layer's tar, written so that the same files give the same bytes everywhere: as Docker's builder writes it.

Python's own `tarfile` is not used: what it writes differs a little between its versions, and from Docker's. With the
same headers, a layer that was made here has the same `diff_id` as one of the same files that an engine built.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploykit.errors import BuildError

EPOCH = 315532800
"""1980, the earliest date that a wheel can hold: of every file, also on the Docker path."""
BLOCK = 512
CHUNK = 1 << 20
_FOLDER, _FILE, _LINK, _EXTENDED = b"5", b"0", b"2", b"x"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file, folder or link: its path in the image without the first slash, its mode, and where its content lies."""

    path: str
    mode: int
    source: Path
    size: int = 0
    link: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith("/")


def entries(root: Path) -> Iterator[Entry]:
    """Everything below a folder, each folder before what is in it, by name."""
    for source in sorted(root.iterdir(), key=lambda path: path.name.encode()):
        yield from _entries(source, source.name)


def _entries(source: Path, path: str) -> Iterator[Entry]:
    status = source.lstat()
    if stat.S_ISDIR(status.st_mode):
        yield Entry(path=f"{path}/", mode=status.st_mode & 0o777, source=source)
        for child in sorted(source.iterdir(), key=lambda child: child.name.encode()):
            yield from _entries(child, f"{path}/{child.name}")
    elif stat.S_ISREG(status.st_mode):
        yield Entry(path=path, mode=status.st_mode & 0o777, source=source, size=status.st_size)
    elif stat.S_ISLNK(status.st_mode):
        yield Entry(path=path, mode=0o777, source=source, link=str(source.readlink()))
    else:
        raise BuildError(f"/{path} is no file, folder or link.", why="Layers of ours hold nothing else.")


def blocks(root: Path) -> Iterator[bytes]:
    """The tar of everything below a folder, piece by piece."""
    for entry in entries(root):
        yield header(entry)
        if entry.size:
            with entry.source.open("rb") as file:
                yield from _content(file, entry)
    yield bytes(2 * BLOCK)


def _content(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    left = entry.size
    while left:
        piece = file.read(min(CHUNK, left))
        if not piece:
            raise BuildError(f"/{entry.path} became shorter while it was packed.", fix="run it again")
        left -= len(piece)
        yield piece
    yield bytes(-entry.size % BLOCK)


def header(entry: Entry) -> bytes:
    """The header of an entry, with an extended one before it where its path is too long or not ASCII."""
    path, link = entry.path.encode(), entry.link.encode()
    kind, bits = (
        (_FOLDER, stat.S_IFDIR) if entry.is_folder else (_LINK, stat.S_IFLNK) if link else (_FILE, stat.S_IFREG)
    )
    split = _split(path) if path.isascii() else None
    records = b"" if split else _record(b"path", path)
    if len(link) > 100 or not link.isascii():
        records = _record(b"linkpath", link) + records
    prefix, name = split or (b"", _ascii(path)[:100])
    plain = _header(prefix, name, bits=bits | entry.mode, size=entry.size, kind=kind, link=_ascii(link)[:100])
    if not records:
        return plain
    folder, _, last = path.rstrip(b"/").rpartition(b"/")
    about = _ascii(b"/".join(filter(None, (folder, b"PaxHeaders.0", last))))[:100]
    extended = _header(b"", about, bits=0, size=len(records), kind=_EXTENDED, epoch=0, owner=b"")
    return extended + records + bytes(-len(records) % BLOCK) + plain


def _header(
    prefix: bytes,
    name: bytes,
    *,
    bits: int,
    size: int,
    kind: bytes,
    link: bytes = b"",
    epoch: int = EPOCH,
    owner: bytes = b"root",
) -> bytes:
    fields = b"".join(
        (
            name.ljust(100, b"\0"),
            b"%07o\0" % bits,
            b"%07o\0" % 0,  # user
            b"%07o\0" % 0,  # group
            b"%011o\0" % size,
            b"%011o\0" % epoch,
            b" " * 8,
            kind,
            link.ljust(100, b"\0"),
            b"ustar\x0000",
            owner.ljust(32, b"\0"),
            owner.ljust(32, b"\0"),
            b"%07o\0" % 0,  # device
            b"%07o\0" % 0,
            prefix.ljust(155, b"\0"),
        )
    ).ljust(BLOCK, b"\0")
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _split(path: bytes) -> tuple[bytes, bytes] | None:
    """Prefix and name of a path, as USTAR has them; None for a path that does not fit."""
    if len(path) <= 100:
        return b"", path
    at = path.rstrip(b"/")[:156].rfind(b"/")
    prefix, name = path[:at], path[at + 1 :]
    return (prefix, name) if at > 0 and 0 < len(name) <= 100 else None


def _record(key: bytes, value: bytes) -> bytes:
    """One record of an extended header, which begins with its own length."""
    rest = b" %s=%s\n" % (key, value)
    size = len(rest)
    while size != len(rest) + len(str(size)):
        size = len(rest) + len(str(size))
    return b"%d%s" % (size, rest)


def _ascii(path: bytes) -> bytes:
    return bytes(byte for byte in path if byte < 0x80)
