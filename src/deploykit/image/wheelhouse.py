"""All wheels of an image, fetched to the cache and checked there: the build itself needs no package index."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploykit import cache
from deploykit.catalog import Sdist, SparkLine
from deploykit.errors import BuildError, IncompatibleError
from deploykit.image import download, index, pyspark_wheel
from deploykit.image.index import File, NoSolutionError, Target
from deploykit.progress import Progress
from deploykit.versions import SparkVersion


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel, or another file for the image, in the cache: the name it bears, and its SHA-256."""

    file: str
    path: Path
    sha256: str

    def check(self, at: Path | None = None) -> None:
        """Raise `BuildError` where the file, or its copy `at` another place, is not the one that was kept.

        What lay on a disk for a year may have changed; it is removed from the cache then.
        """
        with (at or self.path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            self.path.unlink(missing_ok=True)
            raise BuildError(
                f"{self.file} changed in the cache.",
                why=f"Its SHA-256 is {found}, not {self.sha256}. It was removed.",
                fix="run it again",
            )


def sdist(spark: SparkVersion, line: SparkLine, target: Target, *, ca_file: Path | None) -> Sdist:
    """The published sdist of a client; the index is asked only for a patch that the catalog does not know."""
    if known := line.patches.get(spark.release):
        return known
    if stored := cache.read_json("sdists", spark.release):
        return Sdist(**stored)
    file = _locate_sdist(spark, line, target, ca_file)
    cache.write_json("sdists", spark.release, {"sha256": file.sha256, "size": file.size})
    return Sdist(sha256=file.sha256, size=file.size)


def dependencies(files: Sequence[File], target: Target, *, ca_file: Path | None, progress: Progress) -> list[Wheel]:
    """The locked wheels beside PySpark, from the cache or the index."""
    there = {file.sha256: cache.intact(file.sha256) for file in files}
    missing = [file for file in files if there[file.sha256] is None]
    pins = {file.name: file.version for file in missing}
    locked = {file.name: file.sha256 for file in missing}
    found = index.locate(pins, target, locked=locked, ca_file=ca_file) if missing else ()
    located = {file.sha256: file for file in found}
    return [
        Wheel(
            file=file.file,
            path=there[file.sha256]
            or download.into_cache(located.get(file.sha256, file), ca_file=ca_file, progress=progress),
            sha256=file.sha256,
        )
        for file in files
    ]


def pyspark(
    spark: SparkVersion,
    line: SparkLine,
    target: Target,
    *,
    jars: bool,
    ca_file: Path | None = None,
    progress: Progress,
) -> Wheel:
    """PySpark's wheel, packed from its sdist the first time; only the wheel is kept."""
    source = sdist(spark, line, target, ca_file=ca_file)
    key = _key(source, line, jars=jars)
    name = pyspark_wheel.file_name(spark.release, jars=jars)
    if digest := _packed(key):
        return Wheel(file=name, path=cache.blob(digest), sha256=digest)
    file = replace(_locate_sdist(spark, line, target, ca_file), sha256=source.sha256, size=source.size)
    with cache.only_one(key, progress=progress):
        digest = _packed(key)
        if digest is None:
            with download.streamed(file, ca_file=ca_file, progress=progress) as path:
                progress.step(f"Packing {name}")
                packed = path.with_name(name)
                pyspark_wheel.pack(path, spark.release, packed, jars=jars, bounds=_bounds(line, jars=jars))
                with packed.open("rb") as content:
                    digest = hashlib.file_digest(content, "sha256").hexdigest()
                cache.keep(packed, digest)
                cache.write_json("wheels", key, {"sha256": digest})
    return Wheel(file=name, path=cache.blob(digest), sha256=digest)


def to_fetch(files: Sequence[File], source: Sdist, line: SparkLine, *, jars: bool) -> int:
    """How many bytes a build has to fetch: what the cache does not hold."""
    missing = sum(file.size for file in files if not cache.blob(file.sha256).is_file())
    return missing + (0 if _packed(_key(source, line, jars=jars)) else source.size)


def _key(source: Sdist, line: SparkLine, *, jars: bool) -> str:
    bounds = sorted(_bounds(line, jars=jars).items())
    recipe = hashlib.sha256(f"{pyspark_wheel.FORMAT} {bounds}".encode()).hexdigest()[:8]
    return f"{source.sha256}{'' if jars else '-nojars'}-{recipe}"


def _bounds(line: SparkLine, *, jars: bool) -> dict[str, str]:
    """The whole wheel is the published one, word for word; the one without jars states what was measured."""
    return {} if jars else line.bounds


def _packed(key: str) -> str | None:
    """The hash of the wheel that was packed before, if the cache still holds it."""
    stored = cache.read_json("wheels", key)
    if stored is None or not cache.blob(stored["sha256"]).is_file():
        return None
    digest: str = stored["sha256"]
    return digest


def _locate_sdist(spark: SparkVersion, line: SparkLine, target: Target, ca_file: Path | None) -> File:
    try:
        (file,) = index.locate({"pyspark": spark.release}, target, ca_file=ca_file)
    except NoSolutionError:
        raise IncompatibleError(
            f"There is no published client for Spark {spark}.",
            why="The package index has no pyspark of that version.",
            fix=f"--client with one of {', '.join(line.patches)}",
        ) from None
    return file
