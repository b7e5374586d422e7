"""Where each environment stands: asked side by side, within one limit; who is silent is a cell, not an error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from deploykit import catalog
from deploykit.asking import Asking
from deploykit.deploy import values_image
from deploykit.errors import DeploykitError, UnreachableError
from deploykit.image_reference import ImageReference
from deploykit.planning import base_reference
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.sync import ask, client, find, record
from deploykit.sync.ask import Server
from deploykit.sync.drift import Drift, Labels, compare
from deploykit.sync.environment import Environment
from deploykit.sync.record import Entry
from mage_ilum.deadline import Deadline


@dataclass(frozen=True, kw_only=True)
class Status:
    """One environment. `registry` is `there`, `missing`, or `not asked`; `drift` is None where it is not known."""

    environment: Environment
    server: Server | None
    image: ImageReference | None
    registry: str
    syncs: tuple[Entry, ...]
    drift: tuple[Drift, ...] | None
    problems: tuple[str, ...]


def look(environments: Sequence[Environment], *, progress: Progress) -> list[Status]:
    """The status of each, in order, after the longest `timeout` of them at the latest."""
    deployed = [_deployed(environment) for environment in environments]
    questions: dict[tuple[int, str], Callable[[], object]] = {}
    for number, (environment, (image, _)) in enumerate(zip(environments, deployed, strict=True)):
        questions[number, "server"] = _ask_server(environment, progress)
        if image is not None and image.digest:
            questions[number, "registry"] = _ask_registry(environment, image)
    answers = _within(max(environment.request.timeout for environment in environments), questions)
    return [
        _status(environment, image, problems, answers.get((number, "server")), answers.get((number, "registry")))
        for number, (environment, (image, problems)) in enumerate(zip(environments, deployed, strict=True))
    ]


def _deployed(environment: Environment) -> tuple[ImageReference | None, tuple[str, ...]]:
    try:
        text = values_image.read(environment.values)
        return values_image.image(text, where=environment.values), ()
    except DeploykitError as error:
        return None, (_sentence(error),)


def _ask_server(environment: Environment, progress: Progress) -> Callable[[], Server]:
    return lambda: ask.server(environment, max_wait=0, progress=progress)


@dataclass(frozen=True, kw_only=True)
class _Deployed:
    """What the registry says: the labels of the deployed image, None where it is absent, and the base's digest."""

    labels: Labels | None
    base_digest: str


def _ask_registry(environment: Environment, image: ImageReference) -> Callable[[], _Deployed]:
    request = environment.request

    def deployed() -> _Deployed:
        registry = Registry.of(image.repository, request)
        known = record.read(record.path(environment.values)).labels(image)
        if known is None:
            known = find.labels(registry, image.digest, platform=request.platform)
        elif registry.digest(image.digest) is None:
            known = None
        base = base_reference(request, catalog.load())
        return _Deployed(labels=known, base_digest=find.base_digest(base, known, request) if known else "")

    return deployed


def _status(
    environment: Environment,
    image: ImageReference | None,
    problems: tuple[str, ...],
    server: object,
    deployed: object,
) -> Status:
    kept = record.read(record.path(environment.values))
    problems += tuple(_sentence(answer) for answer in (server, deployed) if isinstance(answer, DeploykitError))
    there = isinstance(deployed, _Deployed) and deployed.labels is not None
    drift = None
    if isinstance(server, Server) and not problems:
        try:
            wanted = client.wanted(environment, server)
        except DeploykitError as error:
            problems += (_sentence(error),)
        else:
            known = deployed.labels if isinstance(deployed, _Deployed) else None
            wanted = replace(wanted, base_digest=deployed.base_digest if isinstance(deployed, _Deployed) else "")
            known = known or kept.labels(image)
            drift = compare(wanted.where_it_runs(known), image, present=there, labels=known)
    problems += (kept.problem,) if kept.problem else ()
    return Status(
        environment=environment,
        server=server if isinstance(server, Server) else None,
        image=image,
        registry=("there" if there else "missing") if isinstance(deployed, _Deployed) else "not asked",
        syncs=kept.syncs,
        drift=drift,
        problems=problems,
    )


def _within(seconds: float, questions: Mapping[tuple[int, str], Callable[[], object]]) -> dict[tuple[int, str], object]:
    """The answer to each question, or the `DeploykitError` that it met; who is late is left behind."""
    asking = Asking[tuple[int, str], object]()
    for key, question in questions.items():
        asking.ask(key, partial(_or_error, question))
    late = f"did not answer within {seconds:g} s; --timeout gives it longer."
    return {
        **{key: UnreachableError(f"The {key[1]} {late}") for key in questions},
        **asking.answers(Deadline(seconds)),
    }


def _or_error(question: Callable[[], object]) -> object:
    try:
        return question()
    except DeploykitError as error:
        return error


def _sentence(error: DeploykitError) -> str:
    return f"{error.what} {error.why}".strip()
