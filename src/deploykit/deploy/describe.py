"""Completes a deployment with where Spark is: from the server's address alone, or from what the cluster shows."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from deploykit.deploy import control_plane, ilum_services
from deploykit.deploy.discover import ApiServer, Cluster
from deploykit.deploy.ilum_services import Kind
from deploykit.deploy.isolation import isolating
from deploykit.deploy.locate import locate, name_to_make
from deploykit.deploy.values import DRIVER_LABELS, Deployment
from deploykit.errors import UnreachableError, UsageError
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
    deployment: Deployment,
    cluster: Cluster,
    namespace: str,
    address: ConnectAddress | None,
    labels: Mapping[str, str],
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Deployment:
    """With the cluster's word: the driver in the namespace, the Service that fits it or that the chart has to make.

    Whether policies isolate the driver is left open, and said, where they may not be read. Raises `UsageError` when the
    address names no Service of that namespace.
    """
    pods, services = cluster.spark_pods(namespace), cluster.services(namespace)
    found = locate(
        pods,
        services,
        namespace=namespace,
        service=_service(address.host, namespace) if address else "",
        labels=labels,
    )
    driver = next(pod for pod in pods if pod.name == found.driver)
    return replace(
        deployment,
        # Every pod's search list completes it with the cluster's own domain, whatever that is.
        host="" if found.create else f"{found.service}.{namespace}.svc",
        port=found.port,
        namespace=namespace,
        driver_labels=found.labels,
        create_service=found.create,
        service_name=found.service or name_to_make(services, deployment.service_name),
        ingress_policy=_is_isolated(cluster, namespace, driver.labels, say),
    )


def _is_isolated(cluster: Cluster, namespace: str, driver: Mapping[str, str], say: Callable[[str], None]) -> bool:
    try:
        policies = isolating(cluster.network_policies(namespace), driver, namespace=namespace)
    except UnreachableError as error:
        say(
            f"{error.what} So it is not known whether policies keep Mage away from the driver: if so, set "
            "ilum.server.ingressPolicy.create."
        )
        return False
    if policies:
        say(
            f"NetworkPolicy {', '.join(policies)} isolates the driver: the mage-ilum chart adds one that lets Mage's "
            f"pods in. Whoever installs it needs the right to create NetworkPolicies in namespace {namespace}."
        )
    return bool(policies)


def with_services(
    deployment: Deployment, kinds: Sequence[Kind], *, cluster: Cluster | None, namespace: str
) -> Deployment:
    """With services of Ilum, which are in this namespace: as the cluster has them or, without one, as they usually are.

    Raises `UnreachableError` when the cluster does not have one, `UsageError` when one could be several.
    """
    if cluster is None:
        return replace(deployment, services=tuple(ilum_services.assumed(kind, namespace) for kind in kinds))
    there = cluster.services(namespace) if kinds else []
    named = partial(cluster.named_port, namespace)
    found = (ilum_services.find(kind, there, namespace=namespace, named_ports=named) for kind in kinds)
    return replace(deployment, services=tuple(found))


def with_database(
    deployment: Deployment, *, cluster: Cluster | None, namespace: str, say: Callable[[str], None]
) -> Deployment:
    """With Ilum's PostgreSQL, for the Mage of Ilum's own module; says so where it is not in this namespace."""
    if cluster is None:
        return replace(deployment, database=ilum_services.assumed_database(namespace))
    named = partial(cluster.named_port, namespace)
    there = cluster.services(namespace)
    try:
        found = ilum_services.find(ilum_services.POSTGRESQL, there, namespace=namespace, named_ports=named)
    except (UnreachableError, UsageError) as error:
        say(
            f"{error.what} Name Ilum's namespace with --ilum-namespace; or say in a values file of your own where "
            "Mage's database is, in networkPolicy.database.to, or networkPolicy.database.none: true for SQLite."
        )
        return deployment
    return replace(deployment, database=found)


def api_server(cluster: Cluster, say: Callable[[str], None]) -> ApiServer:
    """The API server's own addresses; says where policies that name them are not enough."""
    found = cluster.api_server()
    nodes, cilium = cluster.node_addresses(), cluster.has_cilium()
    for warning in control_plane.warnings(found.cidrs, nodes=nodes, cilium=cilium):
        say(warning)
    return found


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
            if not 1 <= ports[-1] <= 65535:
                raise ValueError
        except ValueError:
            raise UsageError(f"--api-server {text!r} is not ADDRESS:PORT, such as 192.0.2.10:6443") from None
    return ApiServer(cidrs=tuple(dict.fromkeys(cidrs)), ports=tuple(dict.fromkeys(ports)))
