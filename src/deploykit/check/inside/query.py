"""One query from a pod: it needs executors, which the way to Spark does not."""

from collections.abc import Mapping, Sequence
from functools import partial

from deploykit.check.inside import answers
from deploykit.check.inside.exec import execute
from deploykit.check.inside.kinds import Kind
from deploykit.check.inside.lifecycle import START_SECONDS
from deploykit.check.inside.said import Said
from deploykit.check.model import Step, Walk
from deploykit.deadline import within
from deploykit.kubernetes_api import KubernetesApi

_SESSION_SECONDS = 10
"""Beside a query's own limit: for Python's start, and for the session."""
_GRACE_SECONDS = 0.2


def first_able(found: Sequence[Kind], walks: Mapping[str, Walk]) -> Kind | None:
    """The first kind that runs and has reached Spark."""
    return next((kind for kind in found if kind.running and not walks[kind.name].failure), None)


def query(api: KubernetesApi, kind: Kind, url: str | None, seconds: int) -> tuple[Step, ...]:
    """Ask from the pod of this kind that runs; for after the walks, whose limit it does not touch."""
    command = ("python3", "-m", "mage_ilum.check", "-o", "json", "--query-seconds", str(seconds))
    place = (kind.namespace, kind.running, str(kind.container["name"]))
    limit = seconds + _SESSION_SECONDS
    ask = partial(execute, api, place, (*command, *((url,) if url else ())), limit)
    try:
        said = within(limit + _GRACE_SECONDS, ask)  # a name that is not looked up, or a login, has no limit of its own
    except TimeoutError:
        said = Said(problem="silent", seconds=limit)
    walk = answers.walk_of(kind, said, seconds=limit, start_seconds=START_SECONDS)
    return tuple(step for step in walk.steps if step.name == "query" or step.outcome == "failed")
