"""Read the Spark version out of an image reference, such as `ilum/spark:3.5.3-delta`."""

import re

from deploykit.versions import SparkVersion

_OLDEST_MAJOR = 3  # Spark Connect came with 3.4: what looks older is another product's version
_NEWEST_MAJOR = 9
# A version, with the word that it belongs to: `hadoop-3.2.0`, `spark3.5.1`, `4.1.1`, `v4.1.1`.
_VERSION = re.compile(r"(?:^|[-_.])(?P<word>[a-z]*)[-_]?(?P<version>\d+\.\d+\.\d+)(?![\d.])", re.IGNORECASE)
_FLAVOUR = re.compile(r"-([A-Za-z]+)")


def spark_version(reference: str) -> SparkVersion | None:
    """The Spark version that a reference names, or `None`.

    A tag may hold the versions of other things too (`3.1.1-hadoop-3.2.0-java-11`). A version with the word "spark"
    counts; one without any word counts where the image is called something with "spark".
    """
    name, tag = _name_and_tag(reference)
    found = [(match["word"].lower(), match) for match in _VERSION.finditer(tag)]
    named = [match for word, match in found if word in {"spark", "pyspark"}]
    bare = [match for word, match in found if word in {"", "v"} and "spark" in name.lower()]
    for match in (*named, *bare):
        if _OLDEST_MAJOR <= int(match["version"].split(".")[0]) <= _NEWEST_MAJOR:
            flavour = _FLAVOUR.fullmatch(tag[match.end() :])
            return SparkVersion.parse(match["version"] + (f"-{flavour[1]}" if flavour else ""))
    return None


def _name_and_tag(reference: str) -> tuple[str, str]:
    """The last part of the repository's name, and the tag; a digest says nothing about a version."""
    last = reference.partition("@")[0].rpartition("/")[2]
    name, _, tag = last.partition(":")
    return name, tag
