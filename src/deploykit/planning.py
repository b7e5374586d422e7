"""From a request to a plan: detect, look at the base, lock. `image` asks about all, `plan` about what is unknown."""

from contextlib import suppress
from dataclasses import replace

from deploykit import catalog, plan
from deploykit.catalog import Catalog
from deploykit.detect.ask import detect
from deploykit.detect.evidence import Detection
from deploykit.errors import DeploykitError, UnreachableError, UsageError
from deploykit.image import base, java
from deploykit.image.base import Base
from deploykit.image.engine import Engine
from deploykit.image.platform import of_nodes
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.request import Request, is_named
from deploykit.versions import SparkVersion


def detected(request: Request) -> Detection | None:
    """What those say whom a request names; None where it names a version itself."""
    if request.spark:
        return None
    return detect(request.where, timeout=request.timeout)


def for_nodes(request: Request, *, progress: Progress) -> Request:
    """The request for the platform of the nodes, where it asks a cluster and nobody named a platform.

    As it is where some of them have its platform, or where they may not be listed.
    """
    if not (request.namespace and request.any_platform):
        return request
    from deploykit.kubernetes_api import KubernetesApi

    with suppress(UnreachableError):
        nodes = of_nodes(KubernetesApi(request.context, timeout=request.timeout).list_objects("nodes"))
        chosen = request.platform if request.platform in nodes or not nodes else nodes[0]
        if nodes not in ([], [request.platform]):
            progress.step(f"For {chosen}: the cluster's nodes are {' and '.join(nodes)}; --platform names another")
        return replace(request, platform=chosen)
    return request


def exact(request: Request, detection: Detection | None, *, engine: Engine, progress: Progress) -> Plan:
    """The plan to build by: the base is read and Java's version looked up, by an engine or from the registry."""
    if request.verify_in and maker(request, engine) == plan.DOCKER:
        raise UsageError(
            "--verify-in is for an image that no engine makes.",
            why="Docker has the image before any registry does, and verifies it itself.",
            fix="--engine registry, or leave --verify-in out",
        )
    known = catalog.load()
    server = _server(request, detection, known)
    found, version, made_by = newest(request, engine=engine, progress=progress)
    made = plan.make(request, server=server, base=found, java=version, catalog=known, engine=made_by)
    if made_by == plan.DOCKER:
        return made
    from deploykit.image.append.left_out import possible

    return possible(made, progress=progress)


def newest(request: Request, *, engine: Engine, progress: Progress) -> tuple[Base, java.Java, str]:
    """Base and Java as they are now, and what makes an image of them."""
    known = catalog.load()
    reference = base_reference(request, known)
    if maker(request, engine) == plan.REGISTRY:
        from deploykit.image.append import resolve

        found = resolve.base(reference, request, known, progress=progress)
        return found, resolve.java(request, found, known, progress=progress), plan.REGISTRY
    if request.engine:  # one that nobody named has just answered
        engine.ping()
    found = base.resolve(reference, platform=request.platform, engine=engine, progress=progress)
    return found, java.resolve(request, found, known, engine=engine, progress=progress), plan.DOCKER


def maker(request: Request, engine: Engine) -> str:
    """What makes an image for this request: what it names, else an engine where one answers."""
    return request.engine or (plan.DOCKER if engine.answers() else plan.REGISTRY)


def quick(request: Request, detection: Detection | None, *, engine: Engine, progress: Progress) -> Plan:
    """The plan to show: from what was read before or is assumed. Only a base that nobody knows is looked at."""
    known = catalog.load()
    server = _server(request, detection, known)
    reference = base_reference(request, known)
    found = base.remembered(reference, platform=request.platform, catalog=known) or _look(
        reference, request, engine, progress
    )
    version = java.remembered(request, found, known)
    made_by = request.engine or plan.NOT_ASKED
    return plan.make(request, server=server, base=found, java=version, catalog=known, engine=made_by)


def shown(
    request: Request, detection: Detection | None, *, engine: Engine, progress: Progress
) -> tuple[Plan, str | DeploykitError | None]:
    """The plan of `quick`, as it would be made here, and its digest in the repository: None where that has it not, else
    why it did not say; asks an engine and the repository, where one is given.

    Where the repository cannot be asked, nothing is left out: `image` asks again.
    """
    made = quick(request, detection, engine=engine, progress=progress)
    if not is_named(request.repository):
        return made, None
    made = replace(made, engine=maker(request, engine))
    registry = Registry.of(made.repository, made)
    there = _digest(registry, made)
    if there is None and made.engine == plan.REGISTRY:
        from deploykit.image.append.left_out import without

        with suppress(UnreachableError):
            other = without(made, registry, progress=None)
            there = there if other.tag == made.tag else _digest(registry, other)
            made = other
    return made, there


def _digest(registry: Registry, made: Plan) -> str | DeploykitError | None:
    try:
        return registry.digest(made.tag)
    except DeploykitError as error:
        return error


def _look(reference: str, request: Request, engine: Engine, progress: Progress) -> Base:
    if maker(request, engine) == plan.DOCKER:
        if request.engine:
            engine.ping()
        return base.resolve(reference, platform=request.platform, engine=engine, progress=progress)
    from deploykit.image.append import resolve

    try:
        return resolve.base(reference, request, catalog.load(), progress=progress)
    except UnreachableError as error:
        raise UnreachableError(
            f"Nothing is known about {reference} on this machine, and neither Docker nor its registry can be asked.",
            why=error.why,
            fix="start Docker, or leave --base out to plan with what the published image is assumed to hold",
        ) from None


def _server(request: Request, detection: Detection | None, known: Catalog) -> SparkVersion:
    return known.spark(request.spark or "") if detection is None else detection.version


def base_reference(request: Request, known: Catalog) -> str:
    """The image that a request's own starts from, by the name that it gives it."""
    if request.base:
        return request.base
    wanted = request.mage or known.defaults.mage
    release = known.mage.get(wanted)
    return release.reference if release else f"mageai/mageai:{wanted}"
