"""The sources of a base that a worker imports, by our lists: kept when its layers are read, each layer's in an archive.

An archive has the listed sources of one layer, and empty files that stand for bytecode which lies beside them. It is
named by the layer and by the lists, so that who finds it needs to read nothing.
"""

import os
import re
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deploykit import cache, files
from deploykit.image import warm_list
from deploykit.image.append.facts import Facts, stacked

LIBRARY = re.compile(r"(?:.*/)?lib/python3\.\d+/(.+\.py)")
BYTECODE = re.compile(r"(.*/)__pycache__/([^/.]+)\.cpython-3\d+\.pyc")
LARGEST = 1 << 21
"""Bytes of one source; the largest that a worker imports is far below."""
KEPT = 20_000_000
"""Bytes of archives; a base has 13 MB."""
DAY = 86400


class Sources:
    """An archive while a layer is read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._listed = warm_list.of_all()

    def see(self, path: str, member: tarfile.TarInfo, read: Callable[[], bytes]) -> None:
        """Keep an entry that a list names; of one that is no file of ours to read, that it hides what lies below."""
        bytecode = BYTECODE.fullmatch(path)
        source = LIBRARY.fullmatch(f"{bytecode[1]}{bytecode[2]}.py" if bytecode else path)
        if source is None or source[1] not in self._listed:
            return
        is_kept = member.isreg() and member.size <= LARGEST
        entry = zipfile.ZipInfo(path)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG if is_kept else stat.S_IFLNK) << 16
        self._archive.writestr(entry, read() if is_kept and not bytecode else b"")


def place(layer: str) -> Path:
    """Where the archive of a layer is, once that was read with the lists of this deploykit."""
    return cache.root() / "base-sources" / f"{layer.replace(':', '-')}-{warm_list.sha256_of_all()[:16]}.zip"


def kept(layer: str) -> zipfile.ZipFile | None:
    """The archive of a layer, from now on one of today, and open: nobody takes it away. A damaged one is none."""
    try:
        archive = zipfile.ZipFile(place(layer))
        os.utime(place(layer))
    except (FileNotFoundError, zipfile.BadZipFile):
        return None
    return archive


@contextmanager
def keeping(layer: str) -> Iterator[Sources]:
    """A new archive, which is there when the block ends well."""
    with files.writing(place(layer)) as file, zipfile.ZipFile(file, "w") as archive:
        yield Sources(archive)
    with cache.only_one("base-sources"):
        _forget_oldest(place(layer).parent)


def _forget_oldest(folder: Path) -> None:
    """Down to `KEPT`, but for what was made or used today: a build may be about to read it."""
    found = sorted(((path.stat(), path) for path in folder.glob("*.zip")), key=lambda one: one[0].st_mtime)
    excess = sum(status.st_size for status, _ in found) - KEPT
    for status, path in found:
        if excess <= 0 or status.st_mtime > time.time() - DAY:
            return
        path.unlink(missing_ok=True)
        excess -= status.st_size


def shown(archives: Mapping[str, zipfile.ZipFile], facts: Mapping[str, Facts]) -> Mapping[str, str]:
    """Which layer each listed file of a base is in, with what is above in the place of what is below, lowest first."""

    def of(layer: str, archive: zipfile.ZipFile) -> Facts:
        files = {entry.filename: stat.S_ISREG(entry.external_attr >> 16) for entry in archive.infolist()}
        links = {path: "" for path, is_file in files.items() if not is_file}
        texts = dict.fromkeys(files.keys() - links.keys(), layer)
        return replace(facts[layer], texts=texts, links={**facts[layer].links, **links})

    return stacked(of(layer, archive) for layer, archive in archives.items()).texts
