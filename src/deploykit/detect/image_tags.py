"""Read the Spark version out of an image reference, such as `ilum/spark:3.5.3-delta`."""

import re
from dataclasses import dataclass

from deploykit.image_reference import ImageReference
from deploykit.versions import SparkVersion

_MAJORS = range(3, 10)
_FIRST_WITH_CONNECT = (3, 4)
# A version, with the word that it belongs to: `hadoop-3.2.0`, `spark3.5.1`, `4.1.1`, `v4.1.1`, `Spark-v4.0.1`.
_VERSION = re.compile(
    r"(?:^|[-_.])(?P<word>(?:spark[-_]?)?[a-z]*?)[-_]?v?(?P<version>\d+\.\d+\.\d+)(?![\d.])", re.IGNORECASE
)
_SPARK = frozenset({"spark", "pyspark", "sparkconnect"})
_BARE = frozenset({"", "s"})  # `s3.5.1-h3.3.4`: Spark and Hadoop, as Open Data Hub writes them
_PRE_RELEASE = re.compile(r"[-.](preview\d*|rc\d+|snapshot)(?![a-z0-9])", re.IGNORECASE)
_FLAVOUR = re.compile(r"-(?!latest)([A-Za-z]+)")
_CALLED_SPARK = re.compile(r"(py|apache)?spark(\d+|connect|py|r)?")
_OWN = frozenset({"job", "jobs", "app", "apps", "application", "applications", "etl", "pipeline", "pipelines"})
"""Words of a name that say whose version the tag has: the program's that was put on top of Spark."""


@dataclass(frozen=True)
class Reading:
    """What a tag says: the version; or, where it names several and nothing tells which is Spark's, all of them."""

    version: SparkVersion | None = None
    several: tuple[str, ...] = ()


def spark_version(reference: str) -> SparkVersion | None:
    """The Spark version that a reference names for sure, or `None`."""
    return read(reference).version


def read(reference: str) -> Reading:
    """Read a reference. A digest says nothing about a version, and neither does `latest`, nor `3.5` without a patch.

    A tag may hold the versions of other things too (`3.1.1-hadoop-3.2.0-java-11`). A version with the word "spark"
    counts; one without any word counts where the image is called something with "spark". Of several of these, one from
    before Spark 3.4 is another thing's: it had no Spark Connect.

    >>> str(read("datamechanics/spark:3.5.1-hadoop-3.3.4-java-17").version)
    '3.5.1'
    >>> read("team/spark-delta:3.5.1-3.2.0").version, read("team/spark:4.0.0-3.5.1").several
    (SparkVersion(major=3, minor=5, patch=1, suffix=''), ('4.0.0', '3.5.1'))
    """
    image = ImageReference.split(reference)
    name, tag = image.repository.rpartition("/")[2], image.tag
    found = [(_word(match["word"]), match) for match in _VERSION.finditer(tag)]
    named = [match for word, match in found if word in _SPARK]
    bare = [match for word, match in found if word in _BARE and _is_spark(name)]
    possible = [match for match in named or bare if int(match["version"].split(".")[0]) in _MAJORS]
    if len({match["version"] for match in possible}) > 1:
        possible = [match for match in possible if _line(match) >= _FIRST_WITH_CONNECT] or possible
    several = tuple(dict.fromkeys(match["version"] for match in possible))
    if len(several) != 1:
        return Reading(several=several)
    return Reading(SparkVersion.parse(several[0] + _suffix(tag[possible[0].end() :])))


def _word(text: str) -> str:
    return re.sub(r"[-_]", "", text).lower()


def _line(match: re.Match[str]) -> tuple[int, int]:
    major, minor, _ = match["version"].split(".")
    return int(major), int(minor)


def _is_spark(name: str) -> bool:
    words = re.split(r"[-_.]", name.lower())
    return any(map(_CALLED_SPARK.fullmatch, words)) and not _OWN.intersection(words)


def _suffix(rest: str) -> str:
    """`-delta`, a flavour that ends the tag, or `-rc1`, which is not the release yet."""
    early = _PRE_RELEASE.match(rest)
    if early:
        return f"-{early[1]}"
    flavour = _FLAVOUR.fullmatch(rest)
    return f"-{flavour[1]}" if flavour else ""
