"""All wheels of an image, fetched to the cache and checked there: the build itself needs no package index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploykit import cache
from deploykit.catalog import Sdist, SparkLine
from deploykit.errors import UsageError
from deploykit.image import download, index, pyspark_wheel
from deploykit.image.index import File, NoSolutionError, Target
from deploykit.progress import Progress
from deploykit.versions import SparkVersion


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel in the cache, and the name it bears."""

    file: str
    path: Path


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
    missing = {file.name: file.version for file in files if not cache.blob(file.sha256).is_file()}
    located = {file.sha256: file for file in index.locate(missing, target, ca_file=ca_file)} if missing else {}
    return [
        Wheel(
            file=file.file,
            path=download.into_cache(located.get(file.sha256, file), ca_file=ca_file, progress=progress),
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
    kept = cache.root() / "wheels" / f"{source.sha256}{'' if jars else '-nojars'}-{pyspark_wheel.FORMAT}.whl"
    wheel = Wheel(file=pyspark_wheel.file_name(spark.release, jars=jars), path=kept)
    if kept.is_file():
        return wheel
    file = _locate_sdist(spark, line, target, ca_file)
    locked = File(
        name="pyspark", version=spark.release, file=file.file, sha256=source.sha256, size=source.size, url=file.url
    )
    with cache.only_one(kept.stem):
        if kept.is_file():
            return wheel
        with download.streamed(locked, ca_file=ca_file, progress=progress) as path, cache.writing(kept) as output:
            progress.step(f"Packing {wheel.file}")
            pyspark_wheel.pack(path, spark.release, Path(output.name), jars=jars)
    return wheel


def _locate_sdist(spark: SparkVersion, line: SparkLine, target: Target, ca_file: Path | None) -> File:
    try:
        (file,) = index.locate({"pyspark": spark.release}, target, ca_file=ca_file)
    except NoSolutionError:
        raise UsageError(
            f"There is no published client for Spark {spark}.",
            why="The package index has no pyspark of that version.",
            fix=f"one of {', '.join(line.patches)}",
        ) from None
    return file
