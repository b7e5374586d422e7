"""Completes a deployment with where Spark is: from the server's address alone, or from what the cluster shows."""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.locate import locate
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UsageError
from mage_ilum.address import ConnectAddress


def from_address(deployment: Deployment, address: ConnectAddress, labels: Mapping[str, str]) -> Deployment:
    """Without a cluster: a Service's name holds the namespace of Spark's pods, an IP address stands for itself.

    Raises `UsageError` for any other name, since policies see neither names nor Services.
    """
    deployment = replace(deployment, host=address.host, port=address.port)
    try:
        return replace(deployment, cidrs=(str(ipaddress.ip_network(address.host)),))
    except ValueError:
        pass
    match address.host.split("."):
        case [_, namespace] | [_, namespace, "svc", *_]:
            return replace(deployment, namespace=namespace, driver_labels=labels or DRIVER_LABELS)
    raise UsageError(
        f"{address.host} does not say in which namespace the Spark driver runs",
        why="the NetworkPolicies have to name its pods, or its addresses if it runs elsewhere",
        fix="--server sc://SERVICE.NAMESPACE.svc.cluster.local:15002, sc://IP:15002, or --namespace NAMESPACE",
    )


def from_cluster(
    deployment: Deployment, cluster: Cluster, namespace: str, address: ConnectAddress | None, labels: Mapping[str, str]
) -> Deployment:
    """With the cluster's word: the driver in the namespace, the Service that fits it or that the chart has to make."""
    found = locate(
        cluster.spark_pods(namespace),
        cluster.services(namespace),
        namespace=namespace,
        service=address.host.split(".")[0] if address else "",
        labels=labels,
    )
    return replace(
        deployment,
        host="" if found.create else f"{found.service}.{namespace}.svc.cluster.local",
        port=found.port,
        namespace=namespace,
        driver_labels=found.labels,
        create_service=found.create,
        service_name=found.service or deployment.service_name,
    )


def parse_api_servers(given: tuple[str, ...]) -> ApiServer:
    """Read `ADDRESS:PORT` texts; raises `UsageError`."""
    cidrs: list[str] = []
    ports: list[int] = []
    for text in given:
        host, _, port = text.rpartition(":")
        try:
            cidrs.append(str(ipaddress.ip_network(host.strip("[]"))))
            ports.append(int(port))
        except ValueError:
            raise UsageError(f"--api-server {text!r} is not ADDRESS:PORT, such as 192.0.2.10:6443") from None
    return ApiServer(cidrs=tuple(dict.fromkeys(cidrs)), ports=tuple(dict.fromkeys(ports)))
