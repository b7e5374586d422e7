"""May this pod open a connection there? Pure: the same network and question give the same answer.

Source of the rules: the API reference of networking.k8s.io/v1 and the concept page "Network Policies".
"""

from dataclasses import dataclass
from enum import StrEnum

from deploykit.deploy.policies.index import End, Index, RuleRef
from deploykit.deploy.policies.model import (
    Direction,
    Network,
    Pod,
    Policy,
    PolicyPort,
    Protocol,
)
from deploykit.deploy.policies.resolve import Place, Source, Target, parse_address, resolve


class Reason(StrEnum):
    """Why one direction is allowed or denied."""

    RULE = "a rule allows it"
    NO_RULE = "policies isolate the pod and none of their rules allows it"
    NOT_ISOLATED = "no policy isolates the pod in this direction"
    OUTSIDE = "policies select pods, and this end is none"
    HOST_NETWORK = "policies do not select pods on the host's network"
    LOCAL_NODE = "a pod's own node may always reach it"
    ITSELF = "policies cannot keep a pod from itself"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the policies of one end say, in one direction."""

    direction: Direction
    end: End
    """The end whose policies these are: the source for egress, the target for ingress."""
    peer: End
    reason: Reason
    policies: tuple[Policy, ...] = ()
    """Those that isolate the pod in this direction."""
    allowed_by: tuple[RuleRef, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether this direction lets the connection pass."""
        return self.reason is not Reason.NO_RULE


@dataclass(frozen=True, kw_only=True)
class Path:
    """What policies say about one connection."""

    place: Place
    egress: Decision
    ingress: Decision

    @property
    def allowed(self) -> bool:
        """Whether both directions let it pass."""
        return self.egress.allowed and self.ingress.allowed

    @property
    def decisions(self) -> tuple[Decision, Decision]:
        """Egress, then ingress."""
        return self.egress, self.ingress


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to one question: a path for each pod behind a Service, and for each address family."""

    source: Source
    target: Target
    port: int | str
    """As it was asked."""
    protocol: Protocol
    paths: tuple[Path, ...] = ()
    unresolved: str = ""
    """Where there is no path: the sentence that says why, such as a Service that selects no pod."""

    @property
    def allowed(self) -> bool:
        """Whether there is a path, and policies allow every one."""
        return bool(self.paths) and all(path.allowed for path in self.paths)

    @property
    def denied(self) -> tuple[Decision, ...]:
        """The decisions that stand in the way."""
        return tuple(decision for path in self.paths for decision in path.decisions if not decision.allowed)


def evaluate(
    network: Network, *, source: Source | str, target: Target | str, port: int | str, protocol: Protocol = "TCP"
) -> Answer:
    """May `source` open a connection to `port` of `target`?

    A text is an IP address; the address of a Service or pod of the network means that one. `port` is a number or a
    port's name: the Service's where the target is one. Raises `UsageError` for a text that is no address.
    """
    index = network.index
    origin = _source(index, source)
    found = resolve(index, origin, target, port, protocol)
    return Answer(
        source=origin,
        target=found.target,
        port=port,
        protocol=protocol,
        paths=tuple(_path(index, place) for place in found.places),
        unresolved=found.unresolved,
    )


def _source(index: Index, source: Source | str) -> Source:
    if isinstance(source, str):
        source = parse_address(source)
    if isinstance(source, Pod):
        return source
    known = index.at(source)
    return known if isinstance(known, Pod) else source


def _path(index: Index, place: Place) -> Path:
    return Path(
        place=place,
        egress=_decide(index, "egress", place.source, place.target, place),
        ingress=_decide(index, "ingress", place.target, place.source, place),
    )


def _decide(index: Index, direction: Direction, end: End, peer: End, place: Place) -> Decision:
    if end.pod is None:
        return Decision(direction=direction, end=end, peer=peer, reason=Reason.OUTSIDE)
    if end.pod.host_network:
        return Decision(direction=direction, end=end, peer=peer, reason=Reason.HOST_NETWORK)
    policies = index.selecting(end.pod, direction)
    allowed_by: tuple[RuleRef, ...] = ()
    if not policies:
        reason = Reason.NOT_ISOLATED
    elif peer.pod is not None and (peer.pod.name, peer.pod.namespace) == (end.pod.name, end.pod.namespace):
        reason = Reason.ITSELF
    elif direction == "ingress" and is_node_of(peer, end.pod):
        reason = Reason.LOCAL_NODE
    else:
        allowed_by = _opening(index, index.rules(end.pod, direction, peer), place)
        reason = Reason.RULE if allowed_by else Reason.NO_RULE
    return Decision(direction=direction, end=end, peer=peer, reason=reason, policies=policies, allowed_by=allowed_by)


def is_node_of(peer: End, pod: Pod) -> bool:
    """Whether an end is the node that a pod runs on: by address, or a pod on the host's network of that node."""
    if peer.pod is not None and not peer.pod.host_network:
        return False
    same = peer.pod is not None and bool(pod.node) and peer.pod.node == pod.node
    return same or peer.address in pod.node_addresses


def opens(ports: tuple[PolicyPort, ...], place: Place) -> bool:
    """Whether a rule with these ports is about the target's port. A name means what the target's pod declares."""
    for port in ports:
        if port.protocol == place.protocol and _holds(port, place):
            return True
    return not ports


def _opening(index: Index, rules: tuple[RuleRef, ...], place: Place) -> tuple[RuleRef, ...]:
    key = (id(rules), place.port, place.protocol, _names(place))
    if key not in index.opening:
        index.opening[key] = tuple(ref for ref in rules if opens(ref.rule.ports, place))
    return index.opening[key]


def _holds(port: PolicyPort, place: Place) -> bool:
    if port.port is None:
        return True
    if isinstance(port.port, int):
        return port.port <= place.port <= (port.end or port.port)
    return port.port in _names(place)


def _names(place: Place) -> frozenset[str]:
    """The names by which rules may mean the target's port."""
    pod = place.target.pod
    return frozenset() if pod is None or pod.host_network else pod.port_names(place.port, place.protocol)
