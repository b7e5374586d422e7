"""What points to a Spark version, and what all of it together says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from deploykit.versions import SparkVersion


class Confidence(IntEnum):
    """How far to trust a piece of evidence."""

    LOW = 1  # an image tag: anybody can name an image anything
    MEDIUM = 2  # a driver's label: the version of the program that submitted the job
    HIGH = 3  # an executor's label: the version of the driver's own code
    CERTAIN = 4  # the server's own answer

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that names a Spark version: `source` is its kind, `where` it was seen, `server` whose version it is."""

    source: str
    version: SparkVersion
    where: str
    confidence: Confidence
    server: str


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The Spark version that a client should follow, and what speaks for and against it, strongest first."""

    version: SparkVersion
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    disagreements: tuple[str, ...]


def merge(evidence: Sequence[Evidence]) -> Detection:
    """Weigh the evidence: for each server the strongest counts, and of several servers the oldest decides.

    An older client works with a newer server, not the reverse. `evidence` must not be empty.
    """
    ordered = sorted(evidence, key=lambda item: (item.server, -item.confidence, item.version.key, item.where))
    servers = [tuple(group) for _, group in groupby(ordered, key=lambda item: item.server)]
    best = [group[0] for group in servers]
    oldest = min(best, key=lambda item: (item.version.key, -item.confidence))
    disagreements = [sentence for group in servers for sentence in _within(group)]
    if len({item.version.key for item in best}) > 1:
        each = ", ".join(f"{item.server} runs {item.version}" for item in best)
        disagreements.append(f"The servers differ: {each}. The oldest decides: a newer client would not fit it.")
    return Detection(
        version=oldest.version,
        confidence=oldest.confidence,
        evidence=tuple(sorted(evidence, key=lambda item: (-item.confidence, item.server, item.where))),
        disagreements=tuple(disagreements),
    )


def _within(group: tuple[Evidence, ...]) -> list[str]:
    """What differs about one server."""
    best = group[0]
    return [
        f"{best.server}: the {item.source} says {item.version}, the {best.source} {best.version}. "
        f"The {best.source if item.confidence < best.confidence else 'older one'} counts."
        for item in group[1:]
        if item.version.key != best.version.key
    ]
