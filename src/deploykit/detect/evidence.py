"""What points to a Spark version, and what all of it together says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import groupby

from deploykit.errors import UnreachableError
from deploykit.versions import SparkVersion


class Confidence(IntEnum):
    """How far to trust a piece of evidence. Up to `SLIGHT` it is a plan; from `LOW` on something runs."""

    GUESS = 0  # the default image of a cluster or a chart: any job may name another
    SLIGHT = 1  # what a job or an operator's object asks for: nothing is seen to run
    LOW = 2  # the tag of a running pod's image: anybody can name an image anything
    MEDIUM = 3  # a driver's label: the version of the program that submitted the job
    HIGH = 4  # an executor's label: the version of the driver's own code
    CERTAIN = 5  # the server's own answer

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that names a Spark version: `source` is its kind, `where` it was seen, `server` whose version it is.

    `application` ties what two sources say of one server together: the id of Spark's application, or the operator's
    object. `note` says why it may be out of date.
    """

    source: str
    version: SparkVersion
    where: str
    confidence: Confidence
    server: str
    application: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NotAsked:
    """A source that gave no evidence: not allowed, not there, not in time, or nothing in it."""

    source: str
    error: UnreachableError

    @property
    def why(self) -> str:
        """What happened, and its cause."""
        return f"{self.error.what} {self.error.why}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The Spark version that a client should follow, and what speaks for and against it, strongest first."""

    version: SparkVersion
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    disagreements: tuple[str, ...]
    not_asked: tuple[NotAsked, ...] = ()

    @property
    def decisive(self) -> Evidence:
        """The evidence that decides."""
        return next(
            item for item in self.evidence if (item.version, item.confidence) == (self.version, self.confidence)
        )


def merge(
    evidence: Sequence[Evidence], *, unclear: Sequence[str] = (), not_asked: Sequence[NotAsked] = ()
) -> Detection:
    """Weigh the evidence: for each server the strongest counts, and of several servers the oldest decides.

    An older client works with a newer server, not the reverse. What runs comes before what is only asked for, and that
    before a default. `unclear` are sentences about what names no version for sure. `evidence` must not be empty.
    """
    joined = _joined(evidence)
    tier = max(_tier(item) for item in joined)
    deciding = sorted((item for item in joined if _tier(item) == tier), key=_strongest_first)
    best = {server: next(group) for server, group in groupby(deciding, key=lambda item: item.server)}
    oldest = min(best.values(), key=lambda item: (item.version.key, -item.confidence))
    return Detection(
        version=oldest.version,
        confidence=oldest.confidence,
        evidence=tuple(sorted(joined, key=lambda item: (-item.confidence, item.server, item.where))),
        disagreements=(*_differ(joined, best), *_servers_differ(best), *unclear),
        not_asked=tuple(not_asked),
    )


def _tier(item: Evidence) -> Confidence:
    """Whether it is seen to run, asked for, or a default."""
    return min(item.confidence, Confidence.LOW)


def _strongest_first(item: Evidence) -> tuple[object, ...]:
    return (item.server, -item.confidence, bool(item.note), item.version.key, item.where)


def _joined(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence with one name for one server, however many sources know it."""
    running = [item for item in evidence if item.confidence >= Confidence.LOW]
    names = {item.application: item.server for item in running if item.application}
    answered = {item.server for item in running if item.confidence is Confidence.CERTAIN}
    seen = {item.server for item in running} - answered
    if len(answered) == len(seen) == 1 and not _proves_two(running):
        names |= dict.fromkeys((key for key, server in names.items() if server in seen), *answered)
        return [_named(item, names, aliases=dict.fromkeys(seen, *answered)) for item in evidence]
    return [_named(item, names, aliases={}) for item in evidence]


def _named(item: Evidence, names: dict[str, str], *, aliases: dict[str, str]) -> Evidence:
    return replace(item, server=names.get(item.application) or aliases.get(item.server, item.server))


def _proves_two(running: Sequence[Evidence]) -> bool:
    """Whether the driver of the pods cannot be the server that answered: its own code is of another version."""
    sure = {item.version.key for item in running if item.confidence >= Confidence.HIGH}
    return len(sure) > 1


def _differ(evidence: Sequence[Evidence], best: dict[str, Evidence]) -> list[str]:
    """What names another version than what counts."""
    versions = {item.version.key for item in best.values()}
    chosen = set(best.values())
    said = []
    for item in sorted(evidence, key=_strongest_first):
        counts = best.get(item.server)
        if counts is None:
            if item.version.key not in versions:
                said.append(_stale(item, sorted(best.values(), key=lambda one: one.version.key)))
        elif item not in chosen and item.version.key != counts.version.key:
            which = f"The {counts.source}" if _beats(counts, item) else "The older one"
            note = f" {item.note}" if item.note else ""
            said.append(
                f"{counts.server}: the {item.source} says {item.version}, the {counts.source} {counts.version}. "
                f"{which} counts.{note}"
            )
    return said


def _beats(one: Evidence, other: Evidence) -> bool:
    return (one.confidence, not one.note) > (other.confidence, not other.note)


def _stale(item: Evidence, counting: Sequence[Evidence]) -> str:
    """A plan that nothing follows."""
    versions = list(dict.fromkeys(str(one.version) for one in counting))
    runs, asked = ("runs", "is asked for") if len(versions) == 1 else ("run", "are asked for")
    instead = f"{' and '.join(versions)} {runs if _tier(counting[0]) is Confidence.LOW else asked}"
    return f"{item.where}: the {item.source} says {item.version}, but {instead}. {item.note}".rstrip()


def _servers_differ(best: dict[str, Evidence]) -> list[str]:
    if len({item.version.key for item in best.values()}) < 2:
        return []
    each = ", ".join(
        f"{server} {'runs' if _tier(item) is Confidence.LOW else 'asks for'} {item.version}"
        for server, item in sorted(best.items())
    )
    return [f"The servers differ: {each}. The oldest decides: a newer client would not fit it."]
