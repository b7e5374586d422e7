"""One layer of a base, read once: its facts and the sources that a list names, kept by the layer's digest."""

import importlib.metadata
import re
import tarfile
import zipfile
from collections.abc import Callable

from deploykit import cache
from deploykit.image.append import base_sources, facts, stream
from deploykit.image.append.facts import Distribution, Facts
from deploykit.progress import Progress
from deploykit.registry.contents import Content

TEXTS = re.compile(
    r"app/run_app\.sh|etc/passwd|(etc|usr/lib)/os-release|etc/apt/sources\.list(\.d/debian\.sources)?"
    r"|(.*/)?(site|dist)-packages/[^/]+\.pth|(.*/)?pyvenv\.cfg"
)
METADATA = re.compile(r"((?:.*/)?[^/]+\.(?:dist|egg)-info)/(METADATA|PKG-INFO|requires\.txt)|(.*/[^/]+\.egg-info)")
NAMES = re.compile(
    r"(usr/|usr/local/)?lib(64)?/([^/]+-linux-gnu/)?[^/]+\.so(\.[0-9.]+)?"  # shared libraries
    r"|(.*/)?bin/(python|pip|tini|dumb-init)[^/]*"
    r"|(.*/)?lib/python3\.\d+/([^/]+|lib-dynload/[^/]+)"  # the standard library's top
    r"|(.*/)?(site|dist)-packages/[^/]+"
)
FOLDER_LINKS = re.compile(r"bin|sbin|lib|lib64|usr/(bin|lib)|usr/local/(bin|lib)")
GLIBC = re.compile(r"(.*/)?libc(\.so\.6|-\d+\.\d+\.so)")
PATCHLEVEL = re.compile(r"(.*/)?include/(python3\.\d+)/patchlevel\.h")
LARGEST = 1 << 24


def scan(content: Content, *, progress: Progress) -> Facts:
    """The facts of a layer: from the cache, else by reading all of it once."""
    if (known := Facts.from_json(cache.read_json("base-layers", _key(content)))) is not None:
        return known
    return _read(content, progress)


def archive(content: Content, *, progress: Progress) -> zipfile.ZipFile:
    """The listed sources of a layer, see `base_sources`: from the cache, else by reading all of it once."""
    if (kept := base_sources.kept(content.digest)) is not None:
        return kept
    _read(content, progress)
    return zipfile.ZipFile(base_sources.place(content.digest))


def _read(content: Content, progress: Progress) -> Facts:
    found = _Layer()
    with base_sources.keeping(content.digest) as kept:
        for member, read in stream.entries(content, progress=progress):
            path = member.name.removeprefix("./").strip("/")
            if member.size <= LARGEST:
                found.see(path, member, read)
            kept.see(path, member, read)
    cache.write_json("base-layers", _key(content), found.facts().to_json())
    return found.facts()


def _key(content: Content) -> str:
    return content.digest.replace(":", "-")


class _Layer:
    """Facts while they are collected."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.names: set[str] = set()
        self.programs: set[str] = set()
        self.versions: dict[str, str] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.gone: set[str] = set()
        self.opaque: set[str] = set()

    def see(self, path: str, member: tarfile.TarInfo, read: Callable[[], bytes]) -> None:
        """Take what is worth to be known of one entry."""
        folder, _, name = path.rpartition("/")
        if name == ".wh..wh..opq":
            self.opaque.add(folder)
        elif name.startswith(".wh."):
            self.gone.add(f"{folder}/{name[4:]}".lstrip("/"))
        elif NAMES.fullmatch(path) or GLIBC.fullmatch(path) or TEXTS.fullmatch(path) or FOLDER_LINKS.fullmatch(path):
            self._take(path, member, read)
        elif (match := METADATA.fullmatch(path)) and member.isreg():
            distribution, file = (match[1], match[2]) if match[1] else (match[3], "PKG-INFO")
            self.metadata.setdefault(distribution, {})[file] = _text(read())
        elif PATCHLEVEL.fullmatch(path) and (version := re.search(r'PY_VERSION\s+"([^"]+)"', _text(read()))):
            self.versions[path] = version[1]

    def _take(self, path: str, member: tarfile.TarInfo, read: Callable[[], bytes]) -> None:
        if NAMES.fullmatch(path):
            self.names.add(path)
        if member.issym():
            self.links[path] = member.linkname
        elif member.islnk():
            self.links[path] = f"/{member.linkname.removeprefix('./').lstrip('/')}"
        elif member.isreg():
            if member.mode & 0o111:
                self.programs.add(path)
            if TEXTS.fullmatch(path):
                self.texts[path] = _text(read())
            if GLIBC.fullmatch(path) and (version := re.search(rb"stable release version (\d+\.\d+)", read())):
                self.versions[path] = version[1].decode()

    def facts(self) -> Facts:
        """All of it."""
        return facts.Facts(
            texts=self.texts,
            links=self.links,
            names=frozenset(self.names),
            programs=frozenset(self.programs),
            versions=self.versions,
            distributions={
                path: distribution
                for path, files in self.metadata.items()
                if (distribution := _distribution(files)) is not None
            },
            gone=frozenset(self.gone),
            opaque=frozenset(self.opaque),
        )


class _Read(importlib.metadata.Distribution):
    """Metadata that is read elsewhere, read as Python does."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def read_text(self, filename: str) -> str | None:
        return self._files.get(filename)

    def locate_file(self, path: object) -> object:  # type: ignore[override] # no file is looked for
        return path


def _distribution(files: dict[str, str]) -> Distribution | None:
    read = _Read(files)
    name = (read.metadata["Name"] or "") if "METADATA" in files or "PKG-INFO" in files else ""
    if not name:
        return None
    return Distribution(name=name, version=read.version, requires=tuple(read.requires or ()))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
