"""Read Spark's driver and executor pods: their labels, then the tags of their images."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.detect.image_tags import spark_version
from deploykit.errors import UnreachableError
from deploykit.spark_pods import SparkPod, connect_drivers
from deploykit.versions import SparkVersion


def evidence(namespace: str, pods: Sequence[SparkPod]) -> list[Evidence]:
    """What the pods say, one line for each kind of evidence and version.

    Where some drivers are Spark Connect servers by their port or class, only these applications count: the version
    of a batch job is of no interest. Raises `UnreachableError` where nothing names a version.
    """
    connect = connect_drivers(pods)
    if not connect:
        raise UnreachableError(
            f"No Spark driver runs in namespace {namespace}.",
            why="No running pod there has the label spark-role=driver.",
            fix="Start the Spark Connect job in Ilum, or name the namespace of its pods with --namespace.",
        )
    applications = {pod.application: f"{namespace}/{pod.name}" for pod in connect}
    seen: dict[tuple[Confidence, str, SparkVersion, str], list[str]] = defaultdict(list)
    for pod in pods:
        if pod.application in applications:
            for source, confidence, version in _clues(pod):
                seen[confidence, source, version, applications[pod.application]].append(f"{namespace}/{pod.name}")
    if not seen:
        raise UnreachableError(
            f"The Spark pods in namespace {namespace} do not say which Spark they run.",
            why="They carry no label spark-version, and their images' tags name no version.",
            fix="Ask the server itself: deploykit detect sc://host:15002",
        )
    return [
        Evidence(source=source, version=version, where=_where(names), confidence=confidence, server=server)
        for (confidence, source, version, server), names in seen.items()
    ]


def _clues(pod: SparkPod) -> Iterator[tuple[str, Confidence, SparkVersion]]:
    try:
        version = SparkVersion.parse(pod.labels.get("spark-version", ""))
    except ValueError:
        pass
    else:
        # A driver's label is written by what submits the job, an executor's by the driver's own code.
        yield f"{pod.role} label", Confidence.HIGH if pod.role == "executor" else Confidence.MEDIUM, version
    tagged = spark_version(pod.image)
    if tagged is not None:
        yield f"{pod.role} image", Confidence.LOW, tagged


def _where(names: list[str]) -> str:
    more = len(names) - 1
    return f"{min(names)} and {more} more" if more else names[0]
