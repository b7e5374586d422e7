"""What NetworkPolicies see of a cluster, as frozen values. Nothing here asks a cluster or reads a file."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Literal, TypeAlias

from deploykit.deploy.policies.selector import Labels, Selector

if TYPE_CHECKING:
    from deploykit.deploy.policies.index import Index

Protocol: TypeAlias = Literal["TCP", "UDP", "SCTP"]
Direction: TypeAlias = Literal["egress", "ingress"]
Address: TypeAlias = IPv4Address | IPv6Address
Block: TypeAlias = IPv4Network | IPv6Network

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label with its own name that the API server gives every namespace."""
JOB_LABELS = ("batch.kubernetes.io/job-name", "job-name")
"""The labels with its Job's name that the API server gives every pod of a Job."""


@dataclass(frozen=True)
class ContainerPort:
    """A port that a container declares. Declaring it opens nothing: policies use the name, if there is one."""

    number: int
    name: str = ""
    protocol: Protocol = "TCP"


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod that runs, or one that a workload's template would make; that one has no addresses yet."""

    namespace: str
    name: str
    labels: Labels = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()
    """One for each family that it has."""
    ports: tuple[ContainerPort, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What its containers are told by values that are written there; those of Secrets are not. May hold a password."""
    host_network: bool = False
    """It has its node's addresses, and no policy selects it."""
    node: str = ""
    node_addresses: tuple[Address, ...] = ()

    def numbers(self, name: str, protocol: Protocol) -> frozenset[int]:
        """The numbers of the ports that are declared under a name."""
        return frozenset(port.number for port in self.ports if (port.name, port.protocol) == (name, protocol))

    def port_names(self, number: int, protocol: Protocol) -> frozenset[str]:
        """The names under which a port is declared."""
        return frozenset(
            port.name for port in self.ports if port.number == number and port.protocol == protocol and port.name
        )

    def __str__(self) -> str:
        """Its namespace and name."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class PodPeer:
    """Pods by their labels and those of their namespaces. `None` is a selector that is not there."""

    pods: Selector | None = None
    namespaces: Selector | None = None
    """`None`: the policy's own namespace only."""

    def __str__(self) -> str:
        """In words."""
        who = f"pods with {self.pods}" if self.pods and self.pods.requirements else "all pods"
        if self.namespaces is None:
            return f"{who} of the policy's namespace"
        if not self.namespaces.requirements:
            return f"{who} of all namespaces"
        return f"{who} in namespaces with {self.namespaces}"


@dataclass(frozen=True)
class IPBlock:
    """A range of addresses, without the ranges that are taken out of it."""

    cidr: Block
    excepts: tuple[Block, ...] = ()

    def holds(self, address: Address) -> bool:
        """Whether an address is in it; never for one of the other family."""
        first, last = self._ends
        if address.version != self.cidr.version or not first <= int(address) <= last:
            return False
        return not any(address in hole for hole in self.excepts)

    @cached_property
    def _ends(self) -> tuple[int, int]:
        """As numbers: the standard library's `in` computes them each time, and large tables ask often."""
        return int(self.cidr.network_address), int(self.cidr.broadcast_address)

    def __str__(self) -> str:
        """In words."""
        return f"{self.cidr}" + (f" except {', '.join(map(str, self.excepts))}" if self.excepts else "")


@dataclass(frozen=True)
class PolicyPort:
    """A port, a range `port` to `end`, a port's name, or with `None` every port of a protocol."""

    protocol: Protocol = "TCP"
    port: int | str | None = None
    end: int | None = None

    def __str__(self) -> str:
        """In words."""
        number = "all ports" if self.port is None else f"{self.port}" + (f"-{self.end}" if self.end else "")
        return f"{self.protocol} {number}"


@dataclass(frozen=True)
class Rule:
    """Allows what matches a peer and a port. No peers: all peers. No ports: all ports of all protocols."""

    peers: tuple[PodPeer | IPBlock, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A NetworkPolicy. The rules of a direction that it does not apply to are `None`; `()` allows nothing."""

    namespace: str
    name: str
    pods: Selector = field(default_factory=Selector)
    ingress: tuple[Rule, ...] | None = ()
    egress: tuple[Rule, ...] | None = None
    types_given: bool = True
    """Whether the manifest says `policyTypes`; on a live object the API server has filled it in."""

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        """Its rules of one direction."""
        return self.egress if direction == "egress" else self.ingress

    def __str__(self) -> str:
        """Its namespace and name."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service and the pod port, by number or name, that it leads to."""

    port: int
    target: int | str
    name: str = ""
    protocol: Protocol = "TCP"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address and port behind a Service that has no selector, as the Service `kubernetes` has none."""

    address: Address
    port: int
    name: str = ""
    protocol: Protocol = "TCP"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Service. Its address is rewritten to a pod's address and port before policies are applied."""

    namespace: str
    name: str
    selector: Labels = field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    addresses: tuple[Address, ...] = ()
    """All that kube-proxy rewrites: cluster IPs, external IPs, addresses of the load balancer."""
    headless: bool = False
    external_name: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    """Where it leads when it has no selector."""

    def __str__(self) -> str:
        """Its namespace and name."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Network:
    """All that decides: pods, policies, Services, and the labels of namespaces by their names."""

    pods: tuple[Pod, ...] = ()
    policies: tuple[Policy, ...] = ()
    services: tuple[Service, ...] = ()
    namespaces: Mapping[str, Labels] = field(default_factory=dict)
    """A namespace that is not listed has the one label that every namespace has."""
    unread: tuple[str, ...] = ()
    """Sentences about what could not be read of a live cluster, so that answers can say it."""
    seen: frozenset[str] | None = None
    """The namespaces all of whose pods and Services are here; `None`: all of them, as far as this network goes."""

    def sees(self, namespaces: Collection[str]) -> bool:
        """Whether what is not here of these namespaces is not there either."""
        return self.seen is None or self.seen.issuperset(namespaces)

    def namespace_labels(self, name: str) -> Labels:
        """The labels of a namespace, with its own name."""
        return {**self.namespaces.get(name, {}), NAMESPACE_NAME: name}

    def pod(self, namespace: str, name: str) -> Pod:
        """A pod by its name; raises `KeyError` when there is none."""
        for pod in self.pods:
            if (pod.namespace, pod.name) == (namespace, name):
                return pod
        raise KeyError(f"{namespace}/{name}")

    def service(self, namespace: str, name: str) -> Service:
        """A Service by its name; raises `KeyError` when there is none."""
        for service in self.services:
            if (service.namespace, service.name) == (namespace, name):
                return service
        raise KeyError(f"{namespace}/{name}")

    @cached_property
    def index(self) -> "Index":
        """Look-ups in this network, made when they are first needed."""
        from deploykit.deploy.policies.index import Index

        return Index(self)

    @cached_property
    def known_namespaces(self) -> frozenset[str]:
        """Every namespace that is listed or holds something."""
        held = (item.namespace for group in (self.pods, self.policies, self.services) for item in group)
        return frozenset(self.namespaces) | frozenset(held)
