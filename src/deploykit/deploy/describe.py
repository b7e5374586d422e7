"""Completes a deployment with where Spark is: from the server's address alone, or from what the cluster shows."""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.locate import locate
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UsageError
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.errors import AddressError


def address_for_values(text: str) -> ConnectAddress:
    """The address of a server as a values file may hold it.

    Raises `UsageError` for what is no address, and for parameters, which never come back in the error.
    """
    try:
        address = ConnectAddress.parse(text)
    except AddressError as error:
        raise UsageError(error.what, why=error.why, fix=error.fix) from None
    if address.parameters:
        raise UsageError(
            "The server's address has parameters, which do not belong into a values file",
            why="a token there would be readable to whoever may read the release",
            fix="put the whole address into a Secret under the key ILUM_SPARK_CONNECT_URL, name it in "
            "ilum.server.existingSecret, and give --server without parameters",
        )
    return address


def from_address(deployment: Deployment, address: ConnectAddress, labels: Mapping[str, str]) -> Deployment:
    """Without a cluster: `SERVICE.NAMESPACE.svc` names the namespace of Spark's pods, an IP address stands for itself.

    Raises `UsageError` for any other name, since policies see neither names nor Services. `spark.corp` may be a
    Service as well as a machine of a company, so it is refused too.
    """
    deployment = replace(deployment, host=address.host, port=address.port)
    if (network := _network(address.host)) is not None:
        return replace(deployment, cidrs=(network,))
    match address.host.split("."):
        case [_, namespace, "svc", *_]:
            return replace(deployment, namespace=namespace, driver_labels=labels or DRIVER_LABELS)
    raise UsageError(
        f"{address.host} does not say in which namespace the Spark driver runs",
        why="the NetworkPolicies have to name its pods, or its addresses if it runs elsewhere",
        fix="--server sc://SERVICE.NAMESPACE.svc:15002, sc://IP:15002, or --namespace NAMESPACE",
    )


def from_cluster(
    deployment: Deployment, cluster: Cluster, namespace: str, address: ConnectAddress | None, labels: Mapping[str, str]
) -> Deployment:
    """With the cluster's word: the driver in the namespace, the Service that fits it or that the chart has to make.

    Raises `UsageError` when the address names no Service of that namespace.
    """
    found = locate(
        cluster.spark_pods(namespace),
        cluster.services(namespace),
        namespace=namespace,
        service=_service(address.host, namespace) if address else "",
        labels=labels,
    )
    return replace(
        deployment,
        # Every pod's search list completes it with the cluster's own domain, whatever that is.
        host="" if found.create else f"{found.service}.{namespace}.svc",
        port=found.port,
        namespace=namespace,
        driver_labels=found.labels,
        create_service=found.create,
        service_name=found.service or deployment.service_name,
    )


def _service(host: str, namespace: str) -> str:
    """The Service that a host names, which has to be one of the namespace."""
    if _network(host) is None:
        match host.split("."):
            case [service]:
                return service
            case [service, own] | [service, own, "svc", *_] if own == namespace:
                return service
    raise UsageError(
        f"{host} names no Service in namespace {namespace}",
        why="--server and --namespace have to mean the same Spark, or the policies lead Mage to another one",
        fix="give only one of the two, or a --namespace that is the Service's",
    )


def _network(host: str) -> str | None:
    """An IP address as the network that holds it alone."""
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return None


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
