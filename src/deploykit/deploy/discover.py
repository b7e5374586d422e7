"""Asks a cluster, through the Kubernetes API, for what a deployment has to know about it."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from deploykit import spark_pods
from deploykit.deploy.locate import Service, ServicePort
from deploykit.kubernetes_api import Item, KubernetesApi
from deploykit.spark_pods import SparkPod

CHART = "mage-ilum"
"""The value of `app.kubernetes.io/name` on what our chart makes."""


@dataclass(frozen=True)
class ApiServer:
    """Where the API server really listens: what NetworkPolicies see behind the Service `kubernetes`."""

    cidrs: tuple[str, ...]
    ports: tuple[int, ...]


class Cluster:
    """The cluster of a kubeconfig's context, or the one that this runs in."""

    def __init__(self, context: str | None = None) -> None:
        """Read the kubeconfig; raises `UsageError` when there is none or it has no such context."""
        self._api = KubernetesApi(context)

    def spark_pods(self, namespace: str) -> list[SparkPod]:
        """The pods of Spark jobs, drivers and executors, that run in a namespace."""
        return spark_pods.running(self._api, namespace)

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace that select pods."""
        items = self._api.list_objects("services", namespace)
        return [_service(item) for item in items if item["spec"].get("selector")]

    def api_server(self) -> ApiServer:
        """The addresses behind the Service `kubernetes`."""
        return _api_server(
            self._api.list_objects(
                "endpointslices.discovery.k8s.io",
                "default",
                label_selector="kubernetes.io/service-name=kubernetes",
            )
        )


def _service(item: Item) -> Service:
    spec = item["spec"]
    return Service(
        name=item["metadata"]["name"],
        selector=spec["selector"],
        ports=tuple(_service_ports(spec)),
        headless=spec.get("clusterIP") == "None",
        ours=(item["metadata"].get("labels") or {}).get("app.kubernetes.io/name") == CHART,
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
