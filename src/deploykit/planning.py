"""From a request to a plan: detect, look at the base, lock. `image` asks about all, `plan` about what is unknown."""

from deploykit import catalog, plan
from deploykit.catalog import Catalog
from deploykit.detect.evidence import Detection, merge
from deploykit.errors import UnreachableError
from deploykit.image import base, java
from deploykit.image.base import Base
from deploykit.image.engine import Engine
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.request import Request
from deploykit.versions import SparkVersion


def detected(request: Request) -> Detection | None:
    """What the server or the namespace of a request says; None where the request names a version."""
    if request.server:
        from deploykit.detect.connect import ask

        return merge([ask(request.server, request.timeout)])
    if request.namespace:
        from deploykit.detect.kubernetes_pods import spark_pods
        from deploykit.detect.pods import evidence

        pods = spark_pods(request.namespace, context=request.context, timeout=request.timeout)
        return merge(evidence(request.namespace, pods))
    return None


def exact(request: Request, detection: Detection | None, *, engine: Engine, progress: Progress) -> Plan:
    """The plan to build by: the base is read and Java's version looked up. Needs an engine."""
    engine.ping()
    known = catalog.load()
    server = _server(request, detection, known)
    found = base.resolve(_reference(request, known), platform=request.platform, engine=engine, progress=progress)
    version = java.resolve(request, found, known, engine=engine, progress=progress)
    return plan.make(request, server=server, base=found, java=version, catalog=known)


def quick(request: Request, detection: Detection | None, *, engine: Engine, progress: Progress) -> Plan:
    """The plan to show: from what was read before or is assumed. Only a base that nobody knows is looked at."""
    known = catalog.load()
    server = _server(request, detection, known)
    reference = _reference(request, known)
    found = base.remembered(reference, platform=request.platform, catalog=known) or _look(
        reference, request, engine, progress
    )
    return plan.make(request, server=server, base=found, java=java.remembered(request, found, known), catalog=known)


def _look(reference: str, request: Request, engine: Engine, progress: Progress) -> Base:
    try:
        engine.ping()
    except UnreachableError as error:
        raise UnreachableError(
            f"Nothing is known about {reference} on this machine, and no Docker engine can read it.",
            why=error.why,
            fix="start Docker, or leave --base out to plan with what the published image is assumed to hold",
        ) from None
    return base.resolve(reference, platform=request.platform, engine=engine, progress=progress)


def _server(request: Request, detection: Detection | None, known: Catalog) -> SparkVersion:
    return known.spark(request.spark or "") if detection is None else detection.version


def _reference(request: Request, known: Catalog) -> str:
    if request.base:
        return request.base
    wanted = request.mage or known.defaults.mage
    release = known.mage.get(wanted)
    return release.reference if release else f"mageai/mageai:{wanted}"
