"""Asks a cluster, through the Kubernetes API: read-only, and never longer than 3 s for an answer."""

import ipaddress
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from deploykit.deploy.locate import Service, ServicePort, SparkPod
from deploykit.errors import UnreachableError, UsageError

SECONDS = 3.0
"""How long the API server may take to accept a connection, and to answer."""

CHART = "mage-ilum"
"""The value of `app.kubernetes.io/name` on what our chart makes."""

Item: TypeAlias = Mapping[str, Any]  # an object of the Kubernetes API, as JSON


@dataclass(frozen=True)
class ApiServer:
    """Where the API server really listens: what NetworkPolicies see behind the Service `kubernetes`."""

    cidrs: tuple[str, ...]
    ports: tuple[int, ...]


class Cluster:
    """The cluster of a kubeconfig's context, or the one that this runs in."""

    def __init__(self, context: str | None = None) -> None:
        """Read the kubeconfig; raises `UsageError` when there is none or it has no such context."""
        from kubernetes import client, config

        configuration = client.Configuration()
        try:
            # Named here, because the library reads the variable only once, when it is imported.
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=os.environ.get("KUBECONFIG"), context=context, client_configuration=configuration
            )
        except (config.ConfigException, OSError) as error:
            if context is not None or not _loaded_from_pod(configuration):
                raise UsageError(
                    "No usable kubeconfig" + (f" with a context {context!r}" if context else ""),
                    why=str(error).strip() or type(error).__name__,
                    fix="set KUBECONFIG, choose a context of `kubectl config get-contexts` with --context, "
                    "or leave --namespace out and give --server",
                ) from None
        configuration.retries = False
        api = client.ApiClient(configuration)
        self._host: str = configuration.host
        self._core = client.CoreV1Api(api)
        self._discovery = client.DiscoveryV1Api(api)

    def spark_pods(self, namespace: str) -> list[SparkPod]:
        """The pods of Spark jobs, drivers and executors, that run in a namespace."""
        items = self._list(
            "pods",
            self._core.list_namespaced_pod,
            namespace,
            label_selector="spark-role",
            field_selector="status.phase=Running",
        )
        return [_spark_pod(item) for item in items]

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace that select pods."""
        items = self._list("services", self._core.list_namespaced_service, namespace)
        return [_service(item) for item in items if item["spec"].get("selector")]

    def api_server(self) -> ApiServer:
        """The addresses behind the Service `kubernetes`."""
        items = self._list(
            "endpointslices.discovery.k8s.io",
            self._discovery.list_namespaced_endpoint_slice,
            "default",
            label_selector="kubernetes.io/service-name=kubernetes",
        )
        return _api_server(items)

    def _list(self, resource: str, method: Callable[..., Any], namespace: str, **selectors: str) -> list[Item]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer = method(namespace, _request_timeout=SECONDS, _preload_content=False, **selectors)
        except ApiException as error:
            raise UnreachableError(
                f"The cluster at {self._host} would not list {resource} in namespace {namespace}",
                why=f"HTTP {error.status} {error.reason}",
                fix=f"ask for the right: kubectl auth can-i list {resource} -n {namespace}",
            ) from None
        except (HTTPError, OSError) as error:
            raise UnreachableError(
                f"The cluster at {self._host} does not answer",
                why=type(error).__name__,
                fix="try `kubectl get --raw /readyz`; or leave --namespace out and give --server",
            ) from None
        items: list[Item] = json.loads(answer.data)["items"]
        return items


def _loaded_from_pod(configuration: object) -> bool:
    from kubernetes import config

    try:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        return False
    return True


def _spark_pod(item: Item) -> SparkPod:
    declared = (port for container in item["spec"]["containers"] for port in container.get("ports") or [])
    metadata = item["metadata"]
    return SparkPod(
        name=metadata["name"],
        labels=metadata.get("labels") or {},
        ports={port["name"]: port["containerPort"] for port in declared if "name" in port},
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
