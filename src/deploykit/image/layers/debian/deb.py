"""A Debian package unpacked without root and without dpkg: an `ar` archive with a tar in it."""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from deploykit.errors import BuildError

MAGIC = b"!<arch>\n"
HEADER = 60


def unpack(package: Path, root: Path, *, below: tuple[str, ...]) -> None:
    """Put the files below some folders, such as `usr/lib/jvm`, under a root; links stay within it.

    Raises `BuildError` for what is no package, or is packed in a way that this Python does not read.
    """
    with package.open("rb") as file:
        size = _find(file, "data.tar")
        start = file.tell()
        part = cast("IO[bytes]", _Part(file, start, size))
        try:
            with tarfile.open(fileobj=part, mode="r|*") as archive:
                archive.extraction_filter = getattr(tarfile, "tar_filter", None)  # which Python 3.11.3 has not
                for member in _wanted(archive, below):
                    archive.extract(member, root)
        except tarfile.ReadError as error:
            raise BuildError(f"{package.name} cannot be unpacked.", why=f"{error}.") from None


def _find(file: IO[bytes], name: str) -> int:
    """Go to a member of an `ar` archive; returns its size in bytes."""
    if file.read(len(MAGIC)) == MAGIC:
        while len(header := file.read(HEADER)) == HEADER:
            size = int(header[48:58])
            if header[:16].decode().strip().rstrip("/").startswith(name):
                return size
            file.seek(size + size % 2, 1)
    raise BuildError(f"{Path(file.name).name} is no Debian package.")


def _wanted(archive: tarfile.TarFile, below: tuple[str, ...]) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        path = PurePosixPath(member.name.removeprefix("./"))
        if not any(path.is_relative_to(folder) for folder in below):
            continue
        if ".." in path.parts:
            raise BuildError(f"A package has {member.name} in it, which leads out of it.")
        if member.issym() and member.linkname.startswith("/"):
            up = "../" * (len(path.parts) - 1)
            member.linkname = f"{up}{member.linkname.lstrip('/')}"
        yield member


class _Part:
    """A part of a file, as a stream."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._left = file, size
        file.seek(start)

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data
