"""Asks a cluster, through the Kubernetes API, for what a deployment has to know about it."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from deploykit import spark_pods
from deploykit.deploy.control_plane import CILIUM_LABELS
from deploykit.deploy.locate import Service, ServicePort
from deploykit.deploy.policies.mage import OURS
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import SECONDS, Item, KubernetesApi
from deploykit.spark_pods import SparkPod


@dataclass(frozen=True)
class ApiServer:
    """Where the API server really listens: what NetworkPolicies see behind the Service `kubernetes`."""

    cidrs: tuple[str, ...]
    ports: tuple[int, ...]


class Cluster:
    """The cluster of a kubeconfig's context, or the one that this runs in."""

    def __init__(self, context: str | None = None, *, timeout: float = SECONDS) -> None:
        """Read the kubeconfig; `timeout` and what is raised are those of `KubernetesApi`."""
        self._api = KubernetesApi(context, timeout=timeout)

    def spark_pods(self, namespace: str) -> list[SparkPod]:
        """The pods of Spark jobs, drivers and executors, that run or start in a namespace."""
        return spark_pods.alive(self._api, namespace)

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace that select pods."""
        items = self._api.list_objects("services", namespace)
        return [_service(item) for item in items if item["spec"].get("selector")]

    def network_policies(self, namespace: str) -> list[Item]:
        """The NetworkPolicies of a namespace."""
        return self._api.list_objects("networkpolicies.networking.k8s.io", namespace)

    def named_port(self, namespace: str, service: Service, name: str) -> int | None:
        """The number that a port's name has in the pods behind a Service; `None` where no running pod says."""
        selector = ",".join(f"{key}={value}" for key, value in service.selector.items())
        pods = self._api.list_objects("pods", namespace, label_selector=selector, field_selector="status.phase=Running")
        containers = (container for pod in pods for container in pod["spec"]["containers"])
        ports = (port for container in containers for port in container.get("ports") or ())
        return next((port["containerPort"] for port in ports if port.get("name") == name), None)

    def node_addresses(self) -> frozenset[str] | None:
        """The addresses of the nodes; `None` where they may not be read, as few people may."""
        try:
            nodes = self._api.list_objects("nodes")
        except UnreachableError:
            return None
        return frozenset(one["address"] for node in nodes for one in node["status"].get("addresses") or ())

    def has_cilium(self) -> bool:
        """Whether pods of Cilium run in kube-system, as far as that may be read."""
        try:
            return bool(self._api.list_objects("pods", "kube-system", label_selector=CILIUM_LABELS))
        except UnreachableError:
            return False

    def api_server(self) -> ApiServer:
        """The addresses behind the Service `kubernetes`."""
        return _api_server(
            self._api.list_objects(
                "endpointslices.discovery.k8s.io",
                "default",
                label_selector="kubernetes.io/service-name=kubernetes",
            )
        )


def is_ours(item: Item) -> bool:
    """Whether a release of our chart made it."""
    return (item["metadata"].get("labels") or {}).get("app.kubernetes.io/name") == OURS


def _service(item: Item) -> Service:
    spec = item["spec"]
    return Service(
        name=item["metadata"]["name"],
        selector=spec["selector"],
        ports=tuple(_service_ports(spec)),
        headless=spec.get("clusterIP") == "None",
        ours=is_ours(item),
    )


def _service_ports(spec: Item) -> Iterator[ServicePort]:
    for port in spec.get("ports") or []:
        if port.get("protocol", "TCP") == "TCP":
            yield ServicePort(port=port["port"], target=port.get("targetPort", port["port"]))


def _api_server(slices: list[Item]) -> ApiServer:
    addresses = {address for item in slices for endpoint in item["endpoints"] for address in endpoint["addresses"]}
    ports = {port["port"] for item in slices for port in item["ports"]}
    networks = sorted(map(ipaddress.ip_network, addresses), key=lambda network: (network.version, network))
    return ApiServer(cidrs=tuple(map(str, networks)), ports=tuple(sorted(ports)))
