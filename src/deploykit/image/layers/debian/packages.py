"""The newest version of packages that a set of suites offers, with the hash that each file must have."""

import lzma
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploykit.errors import without_credentials
from deploykit.image import download
from deploykit.image.index import File
from deploykit.image.layers.debian import release
from deploykit.image.layers.debian.sources import Suite
from deploykit.image.layers.debian.versions import order
from deploykit.progress import Progress

BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package for one architecture; `size` in bytes."""

    name: str
    version: str
    architecture: str
    url: str
    sha256: str
    size: int

    def fetch(self, *, ca_file: Path | None, progress: Progress) -> Path:
        """The package in the cache, its hash checked."""
        name = f"{self.name}_{self.architecture}.deb"
        file = File(name=self.name, version=self.version, file=name, url=self.url, sha256=self.sha256, size=self.size)
        return download.into_cache(file, ca_file=ca_file, progress=progress)


def newest(
    names: Mapping[str, str | None],
    suites: Sequence[Suite],
    architecture: str,
    *,
    trusted: bool = True,
    ca_file: Path | None,
    timeout: float,
    progress: Progress,
) -> dict[str, Package]:
    """The newest package of each name, or the one of the version it maps to; what no suite offers is left out.

    `trusted`: the lists' signatures are checked; else what is found must not be fetched. `timeout`: seconds that a
    mirror may take to answer. Raises `UnreachableError` where it does not, `BuildError` where its list is not Debian's.
    """
    found: dict[str, Package] = {}
    for suite in suites:
        text = _list(suite, trusted=trusted, ca_file=ca_file, timeout=timeout)
        for package in _offered(suite, names, text, architecture, ca_file=ca_file, progress=progress):
            if names[package.name] not in (None, package.version):
                continue
            if package.name not in found or order(found[package.name].version) < order(package.version):
                found[package.name] = package
    return found


def _list(suite: Suite, *, trusted: bool, ca_file: Path | None, timeout: float) -> str:
    url = f"{suite.address}/dists/{suite.name}/InRelease"
    signed = download.small(
        url,
        limit=release.LARGEST,
        what=f"Debian's list of packages, {without_credentials(url)}, could not be fetched.",
        fix="--apt-mirror, --ca-file or a proxy; a longer --timeout for a slow one",
        ca_file=ca_file,
        timeout=timeout,
    )
    return release.verified(signed, suite) if trusted else release.unverified(signed, suite)


def _offered(
    suite: Suite, names: Collection[str], text: str, architecture: str, *, ca_file: Path | None, progress: Progress
) -> Iterator[Package]:
    url, sha256, size = release.packages(text, suite, architecture)
    listed = File(name=suite.name, version="", file=f"{suite.name}-Packages.xz", url=url, sha256=sha256, size=size)
    wanted = tuple(f"Package: {name}\n".encode() for name in names)
    with lzma.open(download.into_cache(listed, ca_file=ca_file, progress=progress)) as file:
        for stanza in _stanzas(file):
            if stanza.startswith(wanted):
                yield _package(stanza.decode().splitlines(), suite)


def _stanzas(file: IO[bytes]) -> Iterator[bytes]:
    """The list has 60 000 of them in 50 MB: they are told apart a megabyte at a time."""
    rest = b""
    while block := file.read(BLOCK):
        *whole, rest = (rest + block).split(b"\n\n")
        yield from whole
    yield rest


def _package(lines: Sequence[str], suite: Suite) -> Package:
    fields = {name: rest.strip() for name, colon, rest in (line.partition(":") for line in lines) if colon}
    return Package(
        name=fields["Package"],
        version=fields["Version"],
        architecture=fields["Architecture"],
        url=f"{suite.address}/{fields['Filename']}",
        sha256=fields["SHA256"],
        size=int(fields["Size"]),
    )
