"""Read the Spark Connect objects of Kubeflow's and of Stackable's operator: what they ask for, not what runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.detect.images import from_image
from deploykit.detect.side_by_side import Answer
from deploykit.kubernetes_api import Item
from deploykit.spark_pods import DRIVER_CONTAINER
from deploykit.versions import SparkVersion


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator's kind of object, and how to read one: the version, the image, and why neither may run."""

    kind: str
    resource: str
    version: Callable[[Item], str]
    image: Callable[[Item], str]
    note: Callable[[Item], str]
    owner: Callable[[Mapping[str, str]], str]
    """The name of the object that a pod with these labels belongs to; empty for any other pod."""


API_VERSION = "v1alpha1"
"""The version of both operators' objects."""


def read(operator: Operator, namespace: str, item: Item) -> Answer:
    """What one object says of its server."""
    key = _key(operator, namespace, item["metadata"]["name"])
    note = operator.note(item)
    tagged = from_image(
        operator.image(item),
        source=f"{operator.kind} image",
        where=key,
        confidence=Confidence.SLIGHT,
        server=key,
        application=key,
        note=note,
    )
    try:
        version = SparkVersion.parse(operator.version(item).removeprefix("v"))
    except ValueError:
        return tagged
    asked = Evidence(
        source=f"{operator.kind} version",
        version=version,
        where=key,
        confidence=Confidence.SLIGHT,
        server=key,
        application=key,
        note=note,
    )
    return replace(tagged, evidence=(asked, *tagged.evidence))


def object_of(labels: Mapping[str, str], namespace: str) -> str:
    """The operator's object that a pod belongs to; empty where it belongs to none."""
    owners = ((operator, operator.owner(labels)) for operator in OPERATORS)
    return next((_key(operator, namespace, name) for operator, name in owners if name), "")


def _key(operator: Operator, namespace: str, name: str) -> str:
    return f"{namespace}/{operator.kind}/{name}"


def _kubeflow_image(item: Item) -> str:
    spec = item.get("spec") or {}
    template = (spec.get("server") or {}).get("template") or {}
    containers = (template.get("spec") or {}).get("containers") or ()
    own = (one.get("image") for one in containers if one.get("name") == DRIVER_CONTAINER)
    return str(next(filter(None, own), spec.get("image") or ""))


def _kubeflow_note(item: Item) -> str:
    state = (item.get("status") or {}).get("state")
    return "" if state in (None, "", "Ready") else f"Its state is {state}."


def _stackable_image(item: Item) -> Item:
    image: Item = (item.get("spec") or {}).get("image") or {}
    return image


def _stackable_note(item: Item) -> str:
    operation = (item.get("spec") or {}).get("clusterOperation") or {}
    if operation.get("stopped"):
        return "It is stopped."
    return "Its operator pauses: this may not be rolled out." if operation.get("reconciliationPaused") else ""


def _stackable_owner(labels: Mapping[str, str]) -> str:
    ours = labels.get("app.kubernetes.io/managed-by", "").startswith("spark.stackable.tech")
    server = labels.get("app.kubernetes.io/name") == "spark-connect"
    return labels.get("app.kubernetes.io/instance", "") if ours and server else ""


OPERATORS = (
    Operator(
        kind="SparkConnect",
        resource="sparkconnects.sparkoperator.k8s.io",
        version=lambda item: str((item.get("spec") or {}).get("sparkVersion") or ""),
        image=_kubeflow_image,
        note=_kubeflow_note,
        owner=lambda labels: labels.get("sparkoperator.k8s.io/connect-name", ""),
    ),
    Operator(
        kind="SparkConnectServer",
        resource="sparkconnectservers.spark.stackable.tech",
        version=lambda item: str(_stackable_image(item).get("productVersion") or ""),
        image=lambda item: str(_stackable_image(item).get("custom") or ""),
        note=_stackable_note,
        owner=_stackable_owner,
    ),
)
