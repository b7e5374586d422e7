"""Where pods ask for names: the cluster's DNS, in the variants that policies have to tell apart."""

from collections.abc import Iterator
from ipaddress import ip_address

from deploykit.deploy.policies.model import NAMESPACE_NAME, Network, Pod, PodPeer, Protocol, Service
from deploykit.deploy.policies.selector import Requirement
from deploykit.deploy.policies.table import Destination

DNS = "DNS"
"""What these destinations are to Mage."""
SYSTEM = ("kube-system", "openshift-dns")
"""The namespaces that a cluster's DNS is in, one of them."""
NODE_LOCAL = ip_address("169.254.20.10")
"""Where NodeLocal DNSCache listens on each node, unless it is set up otherwise."""
_PROTOCOLS: tuple[Protocol, ...] = ("UDP", "TCP")
_NODE_LOCAL_LABEL = ("k8s-app", "node-local-dns")


def destinations(network: Network) -> tuple[Destination, ...]:
    """The DNS servers of the network, each by UDP and TCP.

    The Services with a port 53 of the system namespaces, and with NodeLocal DNSCache its address on the node. In a
    network that shows none, as manifests alone do not, OpenShift's where a rule names it, else kube-dns as almost every
    cluster has it.
    """
    found: list[tuple[str, Service | Pod | str]] = [
        (f"{DNS} {service}", service) for service in network.services if _is_dns(service)
    ]
    if any(_NODE_LOCAL_LABEL in pod.labels.items() for pod in network.pods):
        found.append(("NodeLocal DNSCache", str(NODE_LOCAL)))
    if not found:
        return tuple(_assumed(network))
    return tuple(
        Destination(name=f"{name} {protocol}", target=target, port=53, protocol=protocol, what=DNS)
        for name, target in found
        for protocol in _PROTOCOLS
    )


def is_cache(peer: PodPeer) -> bool:
    """Whether a peer is the pods of NodeLocal DNSCache, which a rule for its address names beside it, there or not."""
    return (
        peer.pods is not None
        and Requirement(_NODE_LOCAL_LABEL[0], "In", _NODE_LOCAL_LABEL[1:]) in peer.pods.requirements
    )


def is_known(network: Network) -> bool:
    """Whether the network shows DNS servers."""
    return any(_is_dns(service) for service in network.services)


_KUBE_DNS = Pod(namespace="kube-system", name="kube-dns", labels={"k8s-app": "kube-dns"})
_OPENSHIFT = Pod(
    namespace="openshift-dns", name="dns-default", labels={"dns.operator.openshift.io/daemonset-dns": "default"}
)


def _assumed(network: Network) -> Iterator[Destination]:
    rules = (rule for policy in network.policies for rule in policy.egress or ())
    selectors = (peer.namespaces for rule in rules for peer in rule.peers if isinstance(peer, PodPeer))
    named = {requirement for one in selectors if one is not None for requirement in one.requirements}
    openshift = Requirement(NAMESPACE_NAME, "In", (_OPENSHIFT.namespace,)) in named
    pod, port = (_OPENSHIFT, 5353) if openshift else (_KUBE_DNS, 53)
    for protocol in _PROTOCOLS:
        name = f"{DNS} {pod} {protocol}"
        yield Destination(name=name, target=pod, port=port, protocol=protocol, assumed=True, what=DNS)


def _is_dns(service: Service) -> bool:
    asked = any((port.port, port.protocol) == (53, "UDP") for port in service.ports)
    # The Service of NodeLocal DNSCache, kube-dns-upstream, is for the cache itself.
    return service.namespace in SYSTEM and asked and not service.headless and not service.name.endswith("-upstream")
