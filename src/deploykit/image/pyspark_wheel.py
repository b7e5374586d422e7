"""PySpark's wheel, packed from its published sdist: whole, or without jars.

The sdist holds everything that its `setup.py` would put into a wheel, under other names; `_PLACES` says where each part
goes. Packing it here runs no foreign code, needs no build back end, and repeats byte for byte. A test compares the
result, file by file, with the wheel that pip builds.

Without jars, `jars/`, `examples/`, `data/` and the launcher scripts stay out: 6 MB instead of 455. It is marked by the
local version `+nojars`, which `==` still matches, and states the measured bounds where they differ from the declared
ones. `pyspark/jars` has to be a folder all the same, or Mage exits with 255 when it looks for Spark's home; a wheel
holds no empty folder, so it gets a text file.
"""

import base64
import hashlib
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

FORMAT = 2  # part of the cache key: raise it when the same sdist is packed in another way

_PLACES = {
    "deps/jars": "pyspark/jars",
    "deps/bin": "pyspark/bin",
    "deps/sbin": "pyspark/sbin",
    "deps/data": "pyspark/data",
    "deps/licenses": "pyspark/licenses",
    "deps/examples": "pyspark/examples/src/main/python",
    "lib": "pyspark/python/lib",
    "pyspark": "pyspark",
}
_LEFT_OUT_WITHOUT_JARS = ("deps/jars", "deps/data", "deps/examples")
_SCRIPTS = ("deps/bin", "pyspark/find_spark_home.py")
_PKG_INFO = PurePosixPath("PKG-INFO")
_REQUIRES = PurePosixPath("pyspark.egg-info/requires.txt")
_WHEEL = "Wheel-Version: 1.0\nGenerator: deploykit\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n"
_NOTE = "This client has no jars: it talks to a Spark Connect server and cannot start a Spark of its own.\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def version(release: str, *, jars: bool) -> str:
    """The version that the wheel bears."""
    return release if jars else f"{release}+nojars"


def file_name(release: str, *, jars: bool) -> str:
    """The wheel's file name."""
    return f"pyspark-{version(release, jars=jars)}-py2.py3-none-any.whl"


def pack(sdist: Path, release: str, target: Path, *, jars: bool, bounds: Mapping[str, str] | None = None) -> None:
    """Write the wheel of `sdist` to `target`. Members are in the sdist's order, dated 1980, and root's.

    `bounds` maps declared requirements to those that take their place in the metadata: a project that asks for
    `pyspark[connect]` could not be satisfied beside a base that holds what works but not what is declared.
    """
    named = f"pyspark-{version(release, jars=jars)}"
    pkg_info = requires = ""
    with tarfile.open(sdist, "r|gz") as archive, zipfile.ZipFile(target, "w") as file:
        wheel = _Wheel(file)
        for member in archive:  # one pass: going back in a compressed stream means to unpack it again
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            place = _place(path, jars=jars)
            if not member.isfile() or (place is None and path not in (_PKG_INFO, _REQUIRES)):
                continue
            content = _read(archive, member)
            if path == _PKG_INFO:
                pkg_info = content.decode()
            elif path == _REQUIRES:
                requires = content.decode()
            elif place is not None:
                wheel.add(place, content, executable=bool(member.mode & 0o111))
                if jars and any(path.is_relative_to(script) for script in _SCRIPTS):
                    wheel.add(f"{named}.data/scripts/{path.name}", _script(content), executable=True)
        if not jars:
            wheel.add("pyspark/jars/README.txt", _NOTE.encode())
        renamed = pkg_info.replace(f"\nVersion: {release}\n", f"\nVersion: {version(release, jars=jars)}\n", 1)
        wheel.add(f"{named}.dist-info/METADATA", _with_bounds(_metadata(renamed, requires), bounds or {}).encode())
        wheel.add(f"{named}.dist-info/WHEEL", _WHEEL.encode())
        wheel.add(f"{named}.dist-info/top_level.txt", b"pyspark\n")
        wheel.finish(f"{named}.dist-info/RECORD")


class _Wheel:
    """A wheel in the making, with its record."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._record: list[str] = []

    def add(self, name: str, content: bytes, *, executable: bool = False) -> None:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._record.append(f"{name},sha256={digest},{len(content)}")
        self._write(name, content, executable=executable)

    def finish(self, name: str) -> None:
        self._write(name, "\n".join([*self._record, f"{name},,", ""]).encode(), executable=False)

    def _write(self, name: str, content: bytes, *, executable: bool) -> None:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.external_attr = (0o100755 if executable else 0o100644) << 16
        # Jars and zips are compressed already: to do it again takes a minute and saves nothing.
        packed = name.endswith((".jar", ".zip"))
        entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        self._file.writestr(entry, content)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _script(content: bytes) -> bytes:
    """A launcher as installers want it: a Python script begins with `#!python`, whatever it began with."""
    first, newline, rest = content.partition(b"\n")
    return b"#!python" + newline + rest if first.startswith(b"#!") and b"python" in first else content


def _place(path: PurePosixPath, *, jars: bool) -> str | None:
    """Where a file of the sdist goes in the wheel; None for what does not go there."""
    for source, place in _PLACES.items():
        if path.is_relative_to(source):
            if not jars and source in _LEFT_OUT_WITHOUT_JARS:
                return None
            return str(PurePosixPath(place) / path.relative_to(source))
    return None


def _metadata(pkg_info: str, requires: str) -> str:
    """The sdist's metadata with the requirements that older build back ends left in `requires.txt`."""
    head, blank, body = pkg_info.partition("\n\n")
    if "\nRequires-Dist:" in head:
        return pkg_info
    kept = [line for line in head.splitlines() if not line.startswith("Provides-Extra:")]
    return "\n".join([*kept, *_requirements(requires)]) + blank + body


def _with_bounds(metadata: str, bounds: Mapping[str, str]) -> str:
    from packaging.requirements import Requirement

    replaced = {_key(Requirement(declared)): real for declared, real in bounds.items()}
    lines = metadata.split("\n")
    for number, line in enumerate(lines):
        if not line:
            break  # what follows is the description
        if line.startswith("Requires-Dist: "):
            text, semicolon, marker = line.removeprefix("Requires-Dist: ").partition(";")
            lines[number] = f"Requires-Dist: {replaced.get(_key(Requirement(text)), text)}{semicolon}{marker}"
    return "\n".join(lines)


def _key(requirement: "Requirement") -> tuple[str, "SpecifierSet"]:
    return requirement.name.lower(), requirement.specifier


def _requirements(text: str) -> Iterator[str]:
    """`requires.txt` as metadata lines: requirements first, then a section for each extra."""
    extra = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            extra = line.strip("[]")
            yield f"Provides-Extra: {extra}"
        elif extra:
            yield f'Requires-Dist: {line}; extra == "{extra}"'
        else:
            yield f"Requires-Dist: {line}"
