"""Ask many sources at once, within one time limit: one that is silent costs its own answer, and no more."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from deploykit.asking import Asking
from deploykit.detect.evidence import Evidence, NotAsked
from deploykit.errors import UnreachableError
from mage_ilum.deadline import Deadline

_GRACE = 0.25
"""Seconds after the limit in which a source that gave up by itself can still say why."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a source says; `then` are sources that can be asked now that this one answered."""

    evidence: tuple[Evidence, ...] = ()
    unclear: tuple[str, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    then: "tuple[Source, ...]" = ()


@dataclass(frozen=True)
class Source:
    """A place that may name a Spark version. `ask` raises `UnreachableError` where it does not."""

    name: str
    ask: Callable[[], Answer]


def ask_all(sources: Iterable[Source], limit: Deadline) -> Answer:
    """All answers as one. An error that is not the source's own, such as `UsageError`, is raised."""
    asking = Asking[Source, Answer]()
    for source in sources:
        asking.ask(source, partial(_asked, source))
    whole = Answer()
    while asking.waiting:
        if (answered := asking.answer(limit.left + _GRACE)) is None:
            late = tuple(NotAsked(source=source.name, error=_too_late(source, limit)) for source in asking.waiting)
            return together((whole, Answer(not_asked=late)))
        answer = answered[1]
        whole = together((whole, answer))
        for more in answer.then:
            asking.ask(more, partial(_asked, more))
    return whole


def together(answers: Iterable[Answer]) -> Answer:
    """Several answers as one."""
    each = tuple(answers)
    return Answer(
        evidence=tuple(item for answer in each for item in answer.evidence),
        unclear=tuple(sentence for answer in each for sentence in answer.unclear),
        not_asked=tuple(item for answer in each for item in answer.not_asked),
    )


def _asked(source: Source) -> Answer:
    try:
        return source.ask()
    except UnreachableError as error:
        return Answer(not_asked=(NotAsked(source=source.name, error=error),))


def _too_late(source: Source, limit: Deadline) -> UnreachableError:
    return UnreachableError(
        f"The {source.name} did not answer within {limit.seconds:g} s.", fix="try again, or with a longer --timeout"
    )
