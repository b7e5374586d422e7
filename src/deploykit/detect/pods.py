"""Read Spark's driver and executor pods: their labels, then the tags of their images."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.detect.images import from_image
from deploykit.detect.operators import object_of
from deploykit.detect.side_by_side import Answer
from deploykit.errors import UnreachableError
from deploykit.spark_pods import CONNECT_ROLE, SparkPod, connect_drivers
from deploykit.versions import SparkVersion


def read(namespace: str, pods: Sequence[SparkPod]) -> Answer:
    """What the pods say, one line for each kind of evidence and version.

    Where some drivers are Spark Connect servers by their port or class, only these applications count: the version
    of a batch job is of no interest. Raises `UnreachableError` where nothing names a version.
    """
    connect = connect_drivers(pods)
    if not connect:
        raise UnreachableError(
            f"No Spark driver runs in namespace {namespace}.",
            why="No running pod there has the label spark-role=driver, or listens on Spark Connect's port.",
            fix="Start the Spark Connect job in Ilum (docs/spark-connect-server.md), or name the namespace of its pods "
            "with --namespace.",
        )
    seen: dict[Evidence, list[str]] = defaultdict(list)
    unclear: dict[str, None] = {}
    for driver in connect:
        for pod in (driver, *_executors(driver, pods)):
            answer = _clues(pod, driver, namespace)
            unclear |= dict.fromkeys(answer.unclear)
            for item in answer.evidence:
                seen[replace(item, where="")].append(item.where)
    if not seen:
        raise UnreachableError(
            f"The Spark pods in namespace {namespace} do not say which Spark they run.",
            why=" ".join(unclear) or "They carry no label spark-version, and their images' tags name no version.",
            fix="Ask the server itself: deploykit detect sc://host:15002",
        )
    evidence = tuple(replace(item, where=_where(names)) for item, names in seen.items())
    return Answer(evidence=evidence, unclear=tuple(unclear))


def application(driver: SparkPod, namespace: str) -> str:
    """What ties a driver to what other sources say of it: an operator's object, or the id of Spark's application."""
    return object_of(driver.labels, namespace) or driver.application


def _executors(driver: SparkPod, pods: Sequence[SparkPod]) -> list[SparkPod]:
    executors = (pod for pod in pods if pod.role == "executor")
    return [pod for pod in executors if pod.owner == driver.name or pod.application == driver.application]


def _clues(pod: SparkPod, driver: SparkPod, namespace: str) -> Answer:
    where, server, key = f"{namespace}/{pod.name}", f"{namespace}/{driver.name}", application(driver, namespace)
    tagged = from_image(
        pod.image,
        source=f"{pod.role} image",
        where=where,
        confidence=Confidence.LOW,
        server=server,
        application=key,
    )
    labelled = (
        Evidence(
            source=f"{pod.role} label",
            version=version,
            where=where,
            confidence=_trust(pod),
            server=server,
            application=key,
        )
        for version in _label(pod.labels)
    )
    return replace(tagged, evidence=(*labelled, *tagged.evidence))


def _label(labels: Mapping[str, str]) -> Iterator[SparkVersion]:
    try:
        yield SparkVersion.parse(labels.get("spark-version", ""))
    except ValueError:
        return


def _trust(pod: SparkPod) -> Confidence:
    """An executor's label is written by the driver's own code, a driver's by what submits the job, and that of
    Kubeflow's server is what a person wrote into the SparkConnect object."""
    if pod.role == "executor":
        return Confidence.HIGH
    return Confidence.LOW if pod.labels.get("spark-role") == CONNECT_ROLE else Confidence.MEDIUM


def _where(names: list[str]) -> str:
    more = len(names) - 1
    return f"{min(names)} and {more} more" if more else names[0]
