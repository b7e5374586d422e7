"""Spark's driver and executor pods, as the Kubernetes API shows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploykit.kubernetes_api import Item, KubernetesApi

CONNECT_PORT = 15002
"""The port that Spark Connect listens on in the driver pod."""
CONNECT_CLASS = "org.apache.spark.sql.connect."
"""How the names of Spark Connect's server classes begin."""


@dataclass(frozen=True)
class ContainerPort:
    """A TCP port that a container declares; the name may be empty."""

    number: int
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class SparkPod:
    """A running pod of a Spark job."""

    name: str
    labels: Mapping[str, str]
    ports: Sequence[ContainerPort] = ()
    image: str = ""
    command: Sequence[str] = ()
    """Command and arguments of Spark's own container."""

    @property
    def role(self) -> str:
        """`driver` or `executor`."""
        return self.labels["spark-role"]

    @property
    def application(self) -> str:
        """What a driver and its executors share: the id of one run."""
        return self.labels.get("spark-app-selector", self.name)

    @property
    def is_connect(self) -> bool:
        """Whether the pod is known to be a Spark Connect server.

        By its port, which drivers declare from Spark 4.1 on, or by the class that they run. A driver that is not
        known to be one may be one all the same.
        """
        declared = any(port.number == CONNECT_PORT for port in self.ports)
        return declared or any(word.startswith(CONNECT_CLASS) for word in self.command)

    def port(self, name: str) -> int | None:
        """The number of a port by its name, as a Service's `targetPort` may give it."""
        return next((port.number for port in self.ports if port.name == name), None)


def connect_drivers(pods: Iterable[SparkPod]) -> list[SparkPod]:
    """The drivers that are known to be Spark Connect servers; where none is known, all drivers."""
    drivers = [pod for pod in pods if pod.role == "driver"]
    return [pod for pod in drivers if pod.is_connect] or drivers


def running(api: KubernetesApi, namespace: str) -> list[SparkPod]:
    """The drivers and executors that run in a namespace and are not about to end."""
    items = api.list_objects(
        "pods",
        namespace,
        label_selector="spark-role in (driver, executor)",
        field_selector="status.phase=Running",
    )
    return [_read(item) for item in items if "deletionTimestamp" not in item["metadata"]]


def _read(item: Item) -> SparkPod:
    metadata, containers = item["metadata"], item["spec"]["containers"]
    own = f"spark-kubernetes-{metadata['labels']['spark-role']}"
    spark = next((container for container in containers if container["name"] == own), containers[0])
    declared = [port for container in containers for port in container.get("ports") or ()]
    return SparkPod(
        name=metadata["name"],
        labels=metadata["labels"],
        ports=tuple(
            ContainerPort(port["containerPort"], port.get("name", ""))
            for port in declared
            if port.get("protocol", "TCP") == "TCP"
        ),
        image=spark.get("image", ""),
        command=(*(spark.get("command") or ()), *(spark.get("args") or ())),
    )
