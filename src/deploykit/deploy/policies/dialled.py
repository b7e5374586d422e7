"""What an address means inside the cluster: a Service by its name, a pod, or something outside. Pure."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace

from deploykit.deploy.policies.model import Network, Service
from deploykit.deploy.policies.resolve import Target
from deploykit.kubernetes_api import Item

_SVC = "svc"


@dataclass(frozen=True, kw_only=True)
class Dialled:
    """A host and port as Mage's pods dial them; where the name is a Service's, which."""

    host: str
    port: int
    namespace: str = ""
    service: str = ""

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address, which nobody has to look up."""
        return _is_address(self.host)

    def __str__(self) -> str:
        """As in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def dialled(host: str, port: int, *, home: str) -> Dialled:
    """Read a host as a pod of namespace `home` would; two labels may be a Service and its namespace, or the internet.

    >>> dialled("spark-connect.ilum.svc.cluster.local", 15002, home="mage").namespace
    'ilum'
    >>> dialled("spark", 15002, home="mage")
    Dialled(host='spark', port=15002, namespace='mage', service='spark')
    >>> dialled("spark.example.com", 15002, home="mage").service
    ''
    """
    labels = host.rstrip(".").split(".")
    if _is_address(host) or (len(labels) > 2 and _SVC not in labels[2:4]):
        return Dialled(host=host, port=port)
    pod = len(labels) > 3 and labels[2] != _SVC  # HOSTNAME.SERVICE.NAMESPACE.svc, of a headless Service
    service, *rest = labels[1:] if pod else labels
    return Dialled(host=host, port=port, namespace=rest[0] if rest else home, service=service)


def at_service(wanted: Dialled, services: Iterable[Item]) -> Dialled:
    """An address with the Service that has it, such as a cluster IP or a load balancer's; unchanged where none has."""
    address = ipaddress.ip_address(wanted.host)
    for item in services:
        spec, balancer = item["spec"], (item.get("status") or {}).get("loadBalancer") or {}
        ingress = (one.get("ip") for one in balancer.get("ingress") or ())
        known = (*(spec.get("clusterIPs") or ()), *(spec.get("externalIPs") or ()), *ingress)
        if any(one and one != "None" and ipaddress.ip_address(one) == address for one in known):
            return replace(wanted, namespace=item["metadata"]["namespace"], service=item["metadata"]["name"])
    return wanted


def find(network: Network, wanted: Dialled) -> Target | None:
    """The Service, pod or address that is meant; `None` for a name that is nothing in this network."""
    if wanted.is_address:
        address = ipaddress.ip_address(wanted.host)
        return network.index.at(address) or address
    return find_service(network, wanted)


def find_service(network: Network, wanted: Dialled) -> Service | None:
    """The Service that a name is, if it is one."""
    if not wanted.service:
        return None
    try:
        return network.service(wanted.namespace, wanted.service)
    except KeyError:
        return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
