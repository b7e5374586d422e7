"""Where pods ask for names: the cluster's DNS, in the variants that policies have to tell apart."""

from ipaddress import ip_address

from deploykit.deploy.policies.model import Network, Pod, Service
from deploykit.deploy.policies.table import Destination

SYSTEM = ("kube-system", "openshift-dns")
"""The namespaces that a cluster's DNS is in, one of them."""
NODE_LOCAL = ip_address("169.254.20.10")
"""Where NodeLocal DNSCache listens on each node, unless it is set up otherwise."""
_NODE_LOCAL_LABEL = ("k8s-app", "node-local-dns")


def destinations(network: Network) -> tuple[Destination, ...]:
    """The DNS servers of the network, each by UDP and TCP.

    The Services with a port 53 of the system namespaces, and with NodeLocal DNSCache its address on the node. In a
    network that shows none, as manifests alone do not, kube-dns as almost every cluster has it.
    """
    found: list[tuple[str, Service | Pod | str]] = [
        (f"DNS {service}", service) for service in network.services if _is_dns(service)
    ]
    if any(_NODE_LOCAL_LABEL in pod.labels.items() for pod in network.pods):
        found.append(("NodeLocal DNSCache", str(NODE_LOCAL)))
    if not found:
        found.append(("DNS kube-system/kube-dns (assumed)", _ASSUMED))
    return tuple(
        Destination(name=f"{name} {protocol}", target=target, port=53, protocol=protocol)
        for name, target in found
        for protocol in ("UDP", "TCP")
    )


def is_known(network: Network) -> bool:
    """Whether the network shows DNS servers."""
    return any(_is_dns(service) for service in network.services)


_ASSUMED = Pod(namespace="kube-system", name="kube-dns", labels={"k8s-app": "kube-dns"})


def _is_dns(service: Service) -> bool:
    asked = any((port.port, port.protocol) == (53, "UDP") for port in service.ports)
    # The Service of NodeLocal DNSCache, kube-dns-upstream, is for the cache itself.
    return service.namespace in SYSTEM and asked and not service.headless and not service.name.endswith("-upstream")
