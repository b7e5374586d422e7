"""Which policies and rules concern a pod: looked up once for all pods that selectors cannot tell apart."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from deploykit.deploy.policies.model import (
    Address,
    Direction,
    IPBlock,
    Network,
    Pod,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Service,
)
from deploykit.deploy.policies.selector import Labels

Group: TypeAlias = tuple[str, tuple[str | None, ...]]
"""A namespace and the values of the labels that a network's selectors ask for."""


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod at one of its addresses, if it has any yet, or an address that is no pod's."""

    pod: Pod | None = None
    address: Address | None = None

    def __str__(self) -> str:
        """The pod, or the address."""
        return f"pod {self.pod}" if self.pod else f"address {self.address}"


@dataclass(frozen=True)
class RuleRef:
    """A rule of a policy, by its position in the manifest's list, counted from 1."""

    policy: Policy
    direction: Direction
    position: int
    rule: Rule

    def __str__(self) -> str:
        """In words."""
        return f"{self.direction} rule {self.position} of policy {self.policy}"


class Index:
    """Look-ups in one network, remembered: the network is frozen, so an answer never changes."""

    def __init__(self, network: Network) -> None:
        """File the policies; the rest is looked up when it is asked for."""
        self.network = network
        self._filed: defaultdict[tuple[str, str, str], list[tuple[int, Policy]]] = defaultdict(list)
        for number, policy in enumerate(network.policies):
            for key, value in _insists_on(policy):
                self._filed[policy.namespace, key, value].append((number, policy))
        self._keys = tuple(sorted(_named_keys(network)))
        self._groups: dict[int, tuple[Pod, Group]] = {}
        self._selecting: dict[tuple[Group, Direction], tuple[Policy, ...]] = {}
        self._written: dict[tuple[Group, Direction], tuple[RuleRef, ...]] = {}
        self._by_pod: dict[tuple[Group, Direction, Group], frozenset[int]] = {}
        self._by_address: dict[tuple[Group, Direction, Address | None], frozenset[int]] = {}
        self._included: dict[tuple[Group, Direction, frozenset[int]], tuple[RuleRef, ...]] = {}
        self._rules: dict[tuple[Group, Direction, Group | None, Address | None], tuple[RuleRef, ...]] = {}
        self.opening: dict[tuple[int, int, Protocol, frozenset[str]], tuple[RuleRef, ...]] = {}
        """For `evaluate`: of rules, by the id of their tuple, those that open a port with these names."""
        self._backends: dict[int, tuple[Pod, ...]] = {}
        self._namespaces: dict[str, Labels] = {}
        self._pods_of: defaultdict[str, list[Pod]] = defaultdict(list)
        self._pod_at: dict[Address, Pod] = {}
        for pod in network.pods:
            self._pods_of[pod.namespace].append(pod)
            if not pod.host_network:
                self._pod_at.update(dict.fromkeys(pod.addresses, pod))
        self._service_at = {address: service for service in network.services for address in service.addresses}

    def group(self, pod: Pod) -> Group:
        """What this network's selectors see of a pod: the same for pods that they cannot tell apart."""
        known = self._groups.get(id(pod))
        if known is None:
            group = (pod.namespace, tuple(map(pod.labels.get, self._keys)))
            known = self._groups[id(pod)] = (pod, group)  # with the pod, so that its id is not given to another
        return known[1]

    def selecting(self, pod: Pod, direction: Direction) -> tuple[Policy, ...]:
        """The policies that isolate a pod in a direction, in the network's order."""
        key = (self.group(pod), direction)
        if key not in self._selecting:
            places = [(pod.namespace, "", ""), *((pod.namespace, *label) for label in pod.labels.items())]
            found = {
                number: policy
                for place in places
                for number, policy in self._filed.get(place, ())
                if policy.rules(direction) is not None and policy.pods.matches(pod.labels)
            }
            self._selecting[key] = tuple(found[number] for number in sorted(found))
        return self._selecting[key]

    def rules(self, pod: Pod, direction: Direction, peer: End) -> tuple[RuleRef, ...]:
        """The rules of all policies that isolate a pod whose peers include `peer`, at whatever port.

        The same rules are always the same tuple.
        """
        own = self.group(pod)
        group = None if peer.pod is None or peer.pod.host_network else self.group(peer.pod)
        key = (own, direction, group, peer.address)
        if key not in self._rules:
            included = self._including_pod(pod, direction, peer) | self._including_address(pod, direction, peer.address)
            written = self._all_rules(pod, direction)
            self._rules[key] = self._included.setdefault(
                (own, direction, included), tuple(written[number] for number in sorted(included))
            )
        return self._rules[key]

    def _all_rules(self, pod: Pod, direction: Direction) -> tuple[RuleRef, ...]:
        key = (self.group(pod), direction)
        if key not in self._written:
            self._written[key] = tuple(
                RuleRef(policy, direction, position, rule)
                for policy in self.selecting(pod, direction)
                for position, rule in enumerate(policy.rules(direction) or (), start=1)
            )
        return self._written[key]

    def _including_pod(self, pod: Pod, direction: Direction, peer: End) -> frozenset[int]:
        """The positions in `_all_rules` of the rules that name the peer by its labels."""
        if peer.pod is None or peer.pod.host_network:
            return frozenset()
        key = (self.group(pod), direction, self.group(peer.pod))
        if key not in self._by_pod:
            self._by_pod[key] = frozenset(
                number
                for number, ref in enumerate(self._all_rules(pod, direction))
                if any(isinstance(one, PodPeer) and self.includes(one, ref.policy, peer) for one in ref.rule.peers)
            )
        return self._by_pod[key]

    def _including_address(self, pod: Pod, direction: Direction, address: Address | None) -> frozenset[int]:
        """The positions in `_all_rules` of the rules that name an address, or everybody."""
        key = (self.group(pod), direction, address)
        if key not in self._by_address:
            self._by_address[key] = frozenset(
                number
                for number, ref in enumerate(self._all_rules(pod, direction))
                if not ref.rule.peers
                or any(isinstance(one, IPBlock) and _in_block(one, address) for one in ref.rule.peers)
            )
        return self._by_address[key]

    def includes(self, named: PodPeer | IPBlock, policy: Policy, peer: End) -> bool:
        """Whether what a rule names includes one end of a connection.

        Most plugins see a pod on the host's network as its node: by address, never by labels.
        """
        if isinstance(named, IPBlock):
            return _in_block(named, peer.address)
        if peer.pod is None or peer.pod.host_network:
            return False
        if named.namespaces is None:
            if peer.pod.namespace != policy.namespace:
                return False
        elif not named.namespaces.matches(self.namespace_labels(peer.pod.namespace)):
            return False
        return named.pods is None or named.pods.matches(peer.pod.labels)

    def namespace_labels(self, name: str) -> Labels:
        """The labels of a namespace, with its own name."""
        if name not in self._namespaces:
            self._namespaces[name] = self.network.namespace_labels(name)
        return self._namespaces[name]

    def backends(self, service: Service) -> tuple[Pod, ...]:
        """The pods that a Service selects."""
        if id(service) not in self._backends:
            wanted = service.selector.items()
            self._backends[id(service)] = tuple(
                pod for pod in self._pods_of[service.namespace] if wanted and wanted <= pod.labels.items()
            )
        return self._backends[id(service)]

    def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        """The pods of a namespace."""
        return tuple(self._pods_of.get(namespace, ()))

    def at(self, address: Address) -> Service | Pod | None:
        """What an address belongs to. A node's address belongs to no one pod."""
        return self._service_at.get(address) or self._pod_at.get(address)


def _in_block(block: IPBlock, address: Address | None) -> bool:
    """A pod that has no address yet is in a block only where every address is."""
    return block.holds(address) if address else block.cidr.prefixlen == 0 and not block.excepts


def _named_keys(network: Network) -> set[str]:
    """The keys of all pod labels that any policy asks for."""
    selectors = [policy.pods for policy in network.policies]
    for policy in network.policies:
        for rule in (*(policy.egress or ()), *(policy.ingress or ())):
            selectors += (peer.pods for peer in rule.peers if isinstance(peer, PodPeer) and peer.pods is not None)
    return {requirement.key for selector in selectors for requirement in selector.requirements}


def _insists_on(policy: Policy) -> Iterator[tuple[str, str]]:
    """Labels of which a selected pod must carry one; empty words where none can be named."""
    for requirement in policy.pods.requirements:
        if requirement.operator == "In":
            yield from ((requirement.key, value) for value in requirement.values)
            return
    yield "", ""
