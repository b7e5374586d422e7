"""Spark's driver and executor pods, as the Kubernetes API shows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploykit.kubernetes_api import Item, KubernetesApi

CONNECT_PORT = 15002
"""The port that Spark Connect listens on in the driver pod."""
CONNECT_CLASS = "org.apache.spark.sql.connect."
"""How the names of Spark Connect's server classes begin."""
CONNECT_PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin"
"""What `spark.plugins` holds where another application is a Spark Connect server too."""
DRIVER_CONTAINER = "spark-kubernetes-driver"
"""The name of Spark's own container in a driver pod."""
RUN_LABEL = "spark-app-selector"
"""The label that a driver and its executors share. Another value each time a Spark job starts: nothing that selects by
it is stable."""
CONNECT_ROLE = "connect-server"
"""The label `spark-role` of a Spark Connect server that Kubeflow's operator made."""


@dataclass(frozen=True)
class ContainerPort:
    """A TCP port that a container declares; the name may be empty."""

    number: int
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class SparkPod:
    """A pod of a Spark job that runs or starts."""

    name: str
    labels: Mapping[str, str]
    ports: Sequence[ContainerPort] = ()
    image: str = ""
    command: Sequence[str] = ()
    """Command and arguments of Spark's own container."""
    settings: str = ""
    """The ConfigMap with what Spark's submission set for a driver."""
    owner: str = ""
    """The pod that made this one: an executor's driver."""
    plugin: bool = False
    """Its settings load Spark Connect into another application; whoever has read them says so."""

    @property
    def role(self) -> str:
        """`executor`, or `driver` for every other: a server that nobody submitted, or an operator made, is one too."""
        return "executor" if self.labels.get("spark-role") == "executor" else "driver"

    @property
    def application(self) -> str:
        """What a driver and its executors share: the id of one run."""
        return self.labels.get(RUN_LABEL, self.name)

    @property
    def is_connect(self) -> bool:
        """Whether the pod is known to be a Spark Connect server.

        By its port, which drivers declare from Spark 4.1 on, by the class that they run, by the plugin in its settings,
        or by the role that Kubeflow's operator gives it. A driver that is not known to be one may be one all the same.
        """
        declared = any(port.number == CONNECT_PORT for port in self.ports)
        runs = any(word.startswith(CONNECT_CLASS) for word in self.command)
        return declared or runs or self.plugin or self.labels.get("spark-role") == CONNECT_ROLE

    def port(self, name: str) -> int | None:
        """The number of a port by its name, as a Service's `targetPort` may give it."""
        return next((port.number for port in self.ports if port.name == name), None)


def connect_drivers(pods: Iterable[SparkPod]) -> list[SparkPod]:
    """The drivers that are known to be Spark Connect servers; where none is known, all drivers."""
    drivers = [pod for pod in pods if pod.role == "driver"]
    return [pod for pod in drivers if pod.is_connect] or drivers


def alive(api: KubernetesApi, namespace: str) -> list[SparkPod]:
    """The drivers and executors that run or start in a namespace and are not about to end.

    A server that restarts is one that clients will meet: while it was left out, it could not hold them back. Where no
    driver is among them, those Spark Connect servers count that nobody submitted: a Deployment or a StatefulSet runs
    them, without Spark's labels.
    """
    found = _list(api, namespace, f"spark-role in (driver, executor, {CONNECT_ROLE})")
    if not any(pod.role == "driver" for pod in found):
        found += [pod for pod in _list(api, namespace, "!spark-role") if pod.is_connect]
    return found


def _list(api: KubernetesApi, namespace: str, labels: str) -> list[SparkPod]:
    phases = "status.phase!=Succeeded,status.phase!=Failed"
    items = api.list_objects("pods", namespace, label_selector=labels, field_selector=phases)
    return [_read(item) for item in items if "deletionTimestamp" not in item["metadata"]]


def _read(item: Item) -> SparkPod:
    metadata, containers = item["metadata"], item["spec"]["containers"]
    declared = [port for container in containers for port in container.get("ports") or ()]
    spark = _spark_container(containers)
    volumes = {volume["name"]: volume.get("configMap") or {} for volume in item["spec"].get("volumes") or ()}
    owners = (owner for owner in metadata.get("ownerReferences") or () if owner["kind"] == "Pod")
    return SparkPod(
        name=metadata["name"],
        labels=metadata.get("labels") or {},
        ports=tuple(
            ContainerPort(port["containerPort"], port.get("name", ""))
            for port in declared
            if port.get("protocol", "TCP") == "TCP"
        ),
        image=spark.get("image", ""),
        command=(*(spark.get("command") or ()), *(spark.get("args") or ())),
        settings=volumes.get("spark-conf-volume-driver", {}).get("name", ""),
        owner=next((owner["name"] for owner in owners), ""),
    )


def _spark_container(containers: Sequence[Item]) -> Item:
    """Spark's own by its name, else the one that declares Spark Connect's port, else the first."""
    named = (one for one in containers if one["name"] in (DRIVER_CONTAINER, "spark-kubernetes-executor"))
    listens = (
        one for one in containers if any(port["containerPort"] == CONNECT_PORT for port in one.get("ports") or ())
    )
    return next(named, next(listens, containers[0]))
