"""Ask many sources at once, within one time limit: one that is silent costs its own answer, and no more."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

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
    """All answers as one. An error that is not the source's own, such as `UsageError`, is raised.

    The threads are daemons: one that hangs, in a look-up of a name or in a login program, is left behind.
    """
    answers: SimpleQueue[tuple[Source, Answer | Exception]] = SimpleQueue()
    waiting: list[Source] = []

    def start(source: Source) -> None:
        waiting.append(source)
        threading.Thread(target=_answer, args=(source, answers), name=f"detect-{source.name}", daemon=True).start()

    for source in sources:
        start(source)
    whole = Answer()
    while waiting:
        try:
            source, answer = answers.get(timeout=limit.left + _GRACE)
        except Empty:
            late = tuple(NotAsked(source=source.name, error=_too_late(source, limit)) for source in waiting)
            return together((whole, Answer(not_asked=late)))
        waiting.remove(source)
        if isinstance(answer, UnreachableError):
            answer = Answer(not_asked=(NotAsked(source=source.name, error=answer),))
        elif isinstance(answer, Exception):
            raise answer
        whole = together((whole, answer))
        for more in answer.then:
            start(more)
    return whole


def together(answers: Iterable[Answer]) -> Answer:
    """Several answers as one."""
    each = tuple(answers)
    return Answer(
        evidence=tuple(item for answer in each for item in answer.evidence),
        unclear=tuple(sentence for answer in each for sentence in answer.unclear),
        not_asked=tuple(item for answer in each for item in answer.not_asked),
    )


def _answer(source: Source, answers: "SimpleQueue[tuple[Source, Answer | Exception]]") -> None:
    try:
        answers.put((source, source.ask()))
    except Exception as error:
        answers.put((source, error))


def _too_late(source: Source, limit: Deadline) -> UnreachableError:
    return UnreachableError(
        f"The {source.name} did not answer within {limit.seconds:g} s.", fix="try again, or with a longer --timeout"
    )
